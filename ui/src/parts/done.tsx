// What was done, in passing; with a way back where there is one.
import { Button, Group, Text } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { parts as words } from "@/texts/en/parts";
import { takeBack, tell } from "./notice";
import { tellOf } from "./problem";

const SHOWN_MS = 4000;
const UNDO_MS = 10_000;

export function tellDone(what: string, undo?: () => Promise<unknown>): void {
  const id = `done-${performance.now()}`;
  void tell({
    id,
    color: "indigo",
    icon: <IconCheck size={16} aria-hidden />,
    closeButtonProps: { "aria-label": words.close },
    autoClose: undo ? UNDO_MS : SHOWN_MS,
    message: (
      <Group justify="space-between" wrap="nowrap" gap={12}>
        <Text size="sm">{what}</Text>
        {undo ? (
          <Button
            variant="light"
            size="compact-sm"
            onClick={() => {
              void takeBack(id);
              undo().catch(tellOf);
            }}
          >
            {words.undo}
          </Button>
        ) : null}
      </Group>
    ),
  });
}
