// A form that makes or changes something: its fields, what went wrong, and one button that says what it does.
import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { FormEvent, ReactNode } from "react";
import { isConflict } from "@/api/tagged";
import { ProblemNote } from "@/parts/problem";
import { access } from "@/texts/en/access";
import { parts } from "@/texts/en/parts";

interface Props {
  verb: string;
  disabled?: boolean;
  onClose: () => void;
  // Does it; the form closes when it is done, and tells when it fails.
  onSubmit: () => Promise<unknown>;
  // Loads anew what is changed here, when somebody else was quicker.
  onReload?: () => void;
  children: ReactNode;
}

export function FormDialog({ title, size = "md", ...rest }: Props & { title: string; size?: "md" | "lg" }) {
  return (
    <Modal opened onClose={rest.onClose} title={title} size={size} closeButtonProps={{ "aria-label": parts.close }}>
      <FormFrame {...rest} />
    </Modal>
  );
}

export function FormFrame({ verb, disabled = false, onClose, onSubmit, onReload, children }: Props) {
  const doing = useMutation({ mutationFn: onSubmit, onSuccess: onClose });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    doing.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap={16}>
        {children}
        <FormProblem error={doing.error} {...(onReload ? { onReload } : {})} />
        <Group justify="flex-end" gap={8}>
          <Button variant="default" onClick={onClose}>
            {parts.cancel}
          </Button>
          <Button type="submit" loading={doing.isPending} disabled={disabled}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

// A conflict says so and offers what is there now; everything else is told as it is.
function FormProblem({ error, onReload }: { error: unknown; onReload?: () => void }) {
  const words = access.form;
  if (error === null) return null;
  if (!isConflict(error) || onReload === undefined) return <ProblemNote error={error} />;
  return (
    <Alert role="alert" color="yellow" title={words.conflict}>
      <Text size="sm" mb={8}>
        {words.conflictHint}
      </Text>
      <Button variant="default" size="xs" onClick={onReload}>
        {words.reload}
      </Button>
    </Alert>
  );
}
