// The dialog of a confirmation: what goes, what follows, and the name that may be asked for.
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { parts as words } from "@/texts/en/parts";
import { ProblemNote } from "./problem";

export interface ConfirmProps {
  opened: boolean;
  // What will be done, as a question or a title: "Revoke alice?"
  title: string;
  // What follows from it.
  consequence: string;
  // The button: a verb with its object.
  verb: string;
  // Has to be typed first, where given.
  name?: string;
  onClose: () => void;
  onConfirm: () => Promise<unknown>;
}

export function ConfirmDialog({ opened, onClose, title, ...rest }: ConfirmProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ "aria-label": words.close }}>
      <Question onClose={onClose} {...rest} />
    </Modal>
  );
}

function Question({ consequence, verb, name, onClose, onConfirm }: Omit<ConfirmProps, "opened" | "title">) {
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const confirm = async () => {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Stack gap={16}>
      <Text size="sm">{consequence}</Text>
      {name === undefined ? null : (
        <TextInput
          label={words.confirmName(name)}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          data-autofocus
          autoComplete="off"
        />
      )}
      {error === null ? null : <ProblemNote error={error} />}
      <Group justify="flex-end" gap={8}>
        <Button variant="default" onClick={onClose}>
          {words.cancel}
        </Button>
        <Button
          color="red"
          loading={busy}
          disabled={name !== undefined && typed !== name}
          onClick={() => void confirm()}
        >
          {verb}
        </Button>
      </Group>
    </Stack>
  );
}
