// The columns of the catalogue.
import { Badge, Group, Text } from "@mantine/core";
import { count, duration, percent, rate } from "@/format/figures";
import { Tokens } from "@/parts/figure";
import { Foreign } from "@/parts/foreign";
import { StateBadge } from "@/parts/state-badge";
import type { Column } from "@/table/column";
import { models as words } from "@/texts/en/models";
import { type Model, stateOf } from "./model";
import { Price } from "./price";

const heads = words.columns;
const SHOWN_ALIASES = 1;

export function Status({ model }: { model: Model }) {
  return <StateBadge state={stateOf(model)} word={words.statuses[model.status]} />;
}

function Name({ model }: { model: Model }) {
  const aliases = model.aliases.map((one) => one.name).join(", ");
  const note = !model.listed ? words.notListed : !model.offered ? words.notOffered : aliases && `← ${aliases}`;
  return (
    <>
      <Text size="sm" truncate component="div" title={model.model}>
        <Foreign text={model.model} />
      </Text>
      {note ? (
        <Text size="xs" c="dimmed" truncate component="div" title={note}>
          <Foreign text={note} />
        </Text>
      ) : null}
    </>
  );
}

function Aliases({ model }: { model: Model }) {
  const [first, ...others] = model.aliases;
  if (first === undefined) return null;
  return (
    <Group gap={4} wrap="nowrap" title={model.aliases.map((one) => one.name).join(", ")}>
      <Badge variant="default" radius="sm" fw={500} miw={0}>
        <Foreign text={first.name} />
      </Badge>
      {others.length >= SHOWN_ALIASES ? <Text size="xs" c="dimmed">{`+${others.length}`}</Text> : null}
    </Group>
  );
}

export const COLUMNS: Column<Model>[] = [
  { id: "provider", head: heads.provider, width: 96, sort: true, cell: (row) => <Foreign text={row.provider} /> },
  { id: "name", head: heads.name, width: 132, sort: true, cell: (row) => <Name model={row} /> },
  { id: "status", head: heads.status, width: 108, sort: true, cell: (row) => <Status model={row} /> },
  {
    id: "input_price",
    head: heads.input,
    width: 104,
    align: "right",
    sort: true,
    cell: (row) => <Price usd={row.input_per_1m} />,
  },
  {
    id: "output_price",
    head: heads.output,
    width: 116,
    align: "right",
    sort: true,
    cell: (row) => <Price usd={row.output_per_1m} />,
  },
  {
    id: "cached_price",
    head: heads.cached,
    width: 104,
    align: "right",
    hidden: true,
    cell: (row) => <Price usd={row.cached_input_per_1m} />,
  },
  {
    id: "context",
    head: heads.context,
    width: 92,
    align: "right",
    sort: true,
    cell: (row) => count(row.context_tokens),
  },
  {
    id: "requests",
    head: heads.requests,
    width: 104,
    align: "right",
    sort: true,
    cell: (row) => count(row.requests),
  },
  {
    id: "tokens",
    head: heads.tokens,
    width: 92,
    align: "right",
    sort: true,
    cell: (row) => <Tokens value={row.input_tokens + row.output_tokens} />,
  },
  {
    id: "prompt_speed",
    head: heads.promptSpeed,
    width: 80,
    align: "right",
    hidden: true,
    cell: (row) => rate(row.prompt_tokens_per_s),
  },
  {
    id: "speed",
    head: heads.speed,
    width: 80,
    align: "right",
    sort: true,
    cell: (row) => rate(row.generated_tokens_per_s),
  },
  {
    id: "first_token",
    head: heads.firstToken,
    width: 122,
    align: "right",
    sort: true,
    cell: (row) => duration(row.first_token_ms),
  },
  {
    id: "failures",
    head: heads.failures,
    width: 84,
    align: "right",
    sort: true,
    cell: (row) => percent(row.failure_rate),
  },
  { id: "aliases", head: heads.aliases, width: 124, hidden: true, cell: (row) => <Aliases model={row} /> },
];
