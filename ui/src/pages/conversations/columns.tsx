// The columns of the list of conversations.
import { Badge, Group, Text } from "@mantine/core";
import { count } from "@/format/figures";
import { Money, Time, Tokens } from "@/parts/figure";
import { Foreign, legible } from "@/parts/foreign";
import type { Column } from "@/table/column";
import { conversations } from "@/texts/en/conversations";
import type { Conversation } from "./use-conversation";

const heads = conversations.columns;
const NANO = 1e9;

function Title({ row }: { row: Conversation }) {
  return (
    <Group gap={8} wrap="nowrap">
      <Text size="sm" fw={500} truncate component="bdi" c={row.title ? undefined : "dimmed"}>
        {legible(row.title) || conversations.untitled}
      </Text>
      {row.requests === 0 ? (
        <Badge variant="default" size="sm" tt="none" fw={500}>
          {conversations.internalOnly}
        </Badge>
      ) : null}
    </Group>
  );
}

export const columns: Column<Conversation>[] = [
  { id: "title", head: heads.title, cell: (row) => <Title row={row} /> },
  { id: "last", head: heads.last, width: 120, cell: (row) => <Time at={row.last_at} /> },
  { id: "key", head: heads.key, width: 150, cell: (row) => <Foreign text={row.key} /> },
  {
    id: "who",
    head: heads.who,
    width: 150,
    hidden: true,
    cell: (row) => <Foreign text={[row.user, row.team].filter(Boolean).join(" · ")} />,
  },
  { id: "model", head: heads.model, width: 180, cell: (row) => <Foreign text={row.model} /> },
  { id: "provider", head: heads.provider, width: 120, hidden: true, cell: (row) => <Foreign text={row.provider} /> },
  { id: "ip", head: heads.ip, width: 130, hidden: true, cell: (row) => row.client_ip },
  { id: "begun", head: heads.begun, width: 120, hidden: true, cell: (row) => <Time at={row.begun_at} /> },
  { id: "requests", head: heads.requests, width: 96, align: "right", cell: (row) => <Tokens value={row.requests} /> },
  { id: "tokens", head: heads.tokens, width: 96, align: "right", cell: (row) => <Tokens value={row.total_tokens} /> },
  {
    id: "cost",
    head: heads.cost,
    width: 104,
    align: "right",
    cell: (row) => <Money nano={row.cost_usd === null ? null : Number(row.cost_usd) * NANO} />,
  },
  { id: "size", head: heads.size, width: 96, align: "right", hidden: true, cell: (row) => `${count(row.bytes)}B` },
];
