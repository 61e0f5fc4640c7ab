// What stands in the cells of the list of limits.
import { Badge, Group, Stack, Text, Tooltip } from "@mantine/core";
import { LimitBar } from "@/charts/limit-bar";
import { limitWords } from "@/format/limits";
import { absolute, fromNow } from "@/format/times";
import { StateBadge } from "@/parts/state-badge";
import type { Column } from "@/table/column";
import { quota as words } from "@/texts/en/quota";
import {
  amountText,
  isBoosted,
  isTemplate,
  type Limit,
  resetOf,
  STATES,
  type Standing,
  scopeWords,
  writerOf,
} from "./limit";

const texts = words.list;

export const COLUMNS: Column<Limit>[] = [
  { id: "limit", head: texts.columns.limit, width: 240, cell: (row) => <Said row={row} /> },
  { id: "use", head: texts.columns.use, width: 370, cell: (row) => <Use row={row} /> },
  { id: "state", head: texts.columns.state, width: 150, cell: (row) => <StateOf row={row} /> },
  { id: "mode", head: texts.columns.mode, width: 90, hidden: true, cell: (row) => words.modes[row.mode] },
  { id: "boost", head: texts.columns.boost, width: 150, cell: (row) => <Boost row={row} /> },
  { id: "origin", head: texts.columns.origin, width: 120, cell: (row) => <From row={row} /> },
  { id: "comment", head: texts.columns.comment, width: 200, hidden: true, cell: (row) => row.comment },
];

function Said({ row }: { row: Limit }) {
  return (
    <Stack gap={0}>
      <Text size="sm" fw={600} truncate>
        {scopeWords(row.scope)}
      </Text>
      <Text size="xs" c="dimmed" className="figures" truncate>
        {limitWords(row)}
      </Text>
    </Stack>
  );
}

export function Use({ row }: { row: Limit }) {
  const { use } = row;
  if (use === null || use === undefined) {
    return (
      <Text size="xs" c="dimmed">
        {row.shadowed ? texts.shadowed : row.metric === "concurrency" ? texts.running : ""}
      </Text>
    );
  }
  return (
    <Stack gap={0} py={6}>
      <LimitBar
        name={`${scopeWords(use.scope)}, ${limitWords(row)}`}
        used={Number(use.used)}
        reserved={Number(use.held)}
        amount={Number(use.allowed)}
        format={writerOf(row.metric)}
        resetsAt={resetOf(row.window, use.resets_at)}
      />
      {isTemplate(row) && use.counters > 0 ? (
        <Text size="xs" c="dimmed" truncate>
          {texts.counters(scopeWords(use.scope), use.counters, use.not_ok)}
        </Text>
      ) : null}
    </Stack>
  );
}

export function StateOf({ row }: { row: Limit }) {
  return row.use ? <StandingBadge state={row.use.state} /> : null;
}

export function StandingBadge({ state }: { state: Standing }) {
  const hint = words.stateHints[state];
  return (
    <Tooltip label={hint} disabled={hint === ""}>
      <Group component="span" display="inline-flex">
        <StateBadge state={STATES[state]} word={words.states[state]} />
      </Group>
    </Tooltip>
  );
}

function Boost({ row }: { row: Limit }) {
  if (!isBoosted(row) || row.boost_until === null) return null;
  return (
    <Tooltip label={absolute(row.boost_until)}>
      <Badge variant="light" tt="none" fw={500} className="figures">
        {words.boosted(amountText(row.metric, row.boost), fromNow(row.boost_until))}
      </Badge>
    </Tooltip>
  );
}

export function From({ row }: { row: Limit }) {
  const badge = (
    <Badge variant="light" color="gray" tt="none" fw={500} radius="sm">
      {words.origins[row.origin]}
    </Badge>
  );
  const hint = row.shadowed ? texts.shadowed : row.declared_at;
  return hint ? <Tooltip label={hint}>{badge}</Tooltip> : badge;
}
