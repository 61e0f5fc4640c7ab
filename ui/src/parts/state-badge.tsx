// Ok, soon, stopped, unknown: a colour, an icon and a word, never a colour alone.
import { Badge } from "@mantine/core";
import { type Icon, IconAlertTriangle, IconCircleCheck, IconCircleX, IconHelpCircle } from "@tabler/icons-react";
import { parts as words } from "@/texts/en/parts";

export type State = keyof typeof words.status;

const LOOKS: Readonly<Record<State, readonly [string, Icon]>> = {
  ok: ["var(--ok)", IconCircleCheck],
  soon: ["var(--soon)", IconAlertTriangle],
  stopped: ["var(--stopped)", IconCircleX],
  unknown: ["var(--soft)", IconHelpCircle],
};

export function StateBadge({ state, word, hint }: { state: State; word?: string; hint?: string }) {
  const [colour, Picture] = LOOKS[state];
  return (
    <Badge
      variant="outline"
      radius="sm"
      tt="none"
      fw={500}
      title={hint}
      leftSection={<Picture size={14} aria-hidden />}
      styles={{ root: { color: colour, borderColor: "var(--line)" } }}
    >
      {word ?? words.status[state]}
    </Badge>
  );
}
