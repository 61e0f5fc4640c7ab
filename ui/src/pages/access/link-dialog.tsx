// A link or a code that is told once: to be copied now.
import { Modal, Stack, Text } from "@mantine/core";
import { Time } from "@/parts/figure";
import { ShownOnce } from "@/snippets/shown-once";
import { access } from "@/texts/en/access";
import { parts } from "@/texts/en/parts";

export interface Told {
  title: string;
  label: string;
  hint: string;
  text: string;
  until?: string | null;
}

export function ToldDialog({ told, onClose }: { told: Told | null; onClose: () => void }) {
  return (
    <Modal
      opened={told !== null}
      onClose={onClose}
      title={told?.title}
      size="lg"
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": parts.close }}
    >
      {told === null ? null : (
        <Stack gap={12}>
          <ShownOnce text={told.text} label={told.label} hint={told.hint} />
          {told.until ? (
            <Text size="sm" c="dimmed">
              {access.people.linkUntil} <Time at={told.until} />
            </Text>
          ) : null}
        </Stack>
      )}
    </Modal>
  );
}
