// A key just made: shown this once, with a snippet that works, and the wait for its first request.
import { Button, Group, Modal, Stack } from "@mantine/core";
import type { components } from "@/api/schema";
import { parts } from "@/texts/en/parts";
import { snippets as words } from "@/texts/en/snippets";
import { FirstRequest } from "./first-request";
import { ShownOnce } from "./shown-once";
import { SnippetView } from "./snippet-view";
import { useModelsOf } from "./use-models";

export type MadeKey = components["schemas"]["MadeKey"];

interface Props {
  made: MadeKey | null;
  base?: string;
  onClose: () => void;
}

export function NewKeyDialog({ made, base, onClose }: Props) {
  return (
    <Modal
      opened={made !== null}
      onClose={onClose}
      title={words.keyTitle(made?.name ?? "")}
      size="lg"
      // The key would be gone for ever by one press beside the dialog.
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": parts.close }}
    >
      {made === null ? null : <NewKey made={made} {...(base ? { base } : {})} onDone={onClose} />}
    </Modal>
  );
}

function NewKey({ made, base, onDone }: { made: MadeKey; base?: string; onDone: () => void }) {
  const models = useModelsOf(made.key);
  return (
    <Stack gap={16}>
      <ShownOnce text={made.key} label={words.key} />
      <SnippetView apiKey={made.key} models={models.data ?? []} {...(base ? { base } : {})} />
      <FirstRequest keyId={made.id} />
      <Group justify="flex-end">
        <Button onClick={onDone}>{words.done}</Button>
      </Group>
    </Stack>
  );
}
