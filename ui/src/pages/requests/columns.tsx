// The columns of the list of requests.
import { Text } from "@mantine/core";
import { duration } from "@/format/figures";
import { absolute, momentOf } from "@/format/times";
import { Money, Tokens } from "@/parts/figure";
import { Foreign } from "@/parts/foreign";
import { StateBadge } from "@/parts/state-badge";
import type { Column } from "@/table/column";
import { IdCell } from "@/table/id-cell";
import { requests } from "@/texts/en/requests";
import { answeredModel, type Row, stateOf } from "./row";

const heads = requests.columns;
const US_PER_MS = 1000;

function Status({ row }: { row: Row }) {
  const word = row.end_reason === "completed" ? "" : requests.ends[row.end_reason];
  const status = row.status === 0 || (word !== "" && row.status === 200) ? "" : String(row.status);
  return <StateBadge state={stateOf(row)} word={`${status} ${word}`.trim()} />;
}

// What was asked for, and beneath it what answered where that is called otherwise.
function Model({ row }: { row: Row }) {
  const answered = answeredModel(row);
  const isOther = answered !== "" && (answered !== row.requested_model || row.count === 0);
  return (
    <>
      <Text size="sm" truncate component="div">
        <Foreign text={row.requested_model} />
      </Text>
      {isOther ? (
        <Text size="xs" c="dimmed" truncate component="div">
          <Foreign text={`→ ${answered}`} />
          {row.count === 0 ? <span title={requests.partHint}>{` · ${requests.part}`}</span> : null}
        </Text>
      ) : null}
    </>
  );
}

export const columns: Column<Row>[] = [
  {
    id: "time",
    head: heads.time,
    width: 116,
    cell: (row) => (
      <Text component="time" fz={13} className="figures" dateTime={row.started_at} title={absolute(row.started_at)}>
        {momentOf(row.started_at)}
      </Text>
    ),
  },
  { id: "status", head: heads.status, width: 140, cell: (row) => <Status row={row} /> },
  { id: "key", head: heads.key, width: 96, cell: (row) => <Foreign text={row.key_name} /> },
  {
    id: "who",
    head: heads.who,
    width: 140,
    hidden: true,
    cell: (row) => <Foreign text={[row.user, row.team].filter(Boolean).join(" · ")} />,
  },
  { id: "model", head: heads.model, cell: (row) => <Model row={row} /> },
  { id: "provider", head: heads.provider, width: 92, cell: (row) => <Foreign text={row.provider} /> },
  { id: "tool", head: heads.tool, width: 88, cell: (row) => <Foreign text={row.client_tool} /> },
  { id: "ip", head: heads.ip, width: 130, hidden: true, cell: (row) => row.client_ip },
  { id: "operation", head: heads.operation, width: 130, hidden: true, cell: (row) => row.operation },
  { id: "error", head: heads.error, width: 170, hidden: true, cell: (row) => <Foreign text={row.error_code} /> },
  {
    id: "input",
    head: heads.input,
    width: 76,
    align: "right",
    cell: (row) => <Tokens value={row.usage.input_tokens} />,
  },
  {
    id: "cached",
    head: heads.cached,
    width: 80,
    align: "right",
    cell: (row) => <Tokens value={row.usage.cached_input_tokens} />,
  },
  {
    id: "output",
    head: heads.output,
    width: 76,
    align: "right",
    cell: (row) => <Tokens value={row.usage.output_tokens} />,
  },
  {
    id: "cost",
    head: heads.cost,
    width: 100,
    align: "right",
    cell: (row) => <Money nano={row.cost_nano_usd} estimated={row.estimated && row.cost_nano_usd !== null} />,
  },
  {
    id: "first",
    head: heads.first,
    width: 84,
    align: "right",
    cell: (row) => duration(row.first_token_us > 0 ? row.first_token_us / US_PER_MS : null),
  },
  {
    id: "latency",
    head: heads.latency,
    width: 84,
    align: "right",
    cell: (row) => duration(row.latency_us / US_PER_MS),
  },
  {
    id: "id",
    head: heads.id,
    width: 260,
    hidden: true,
    cell: (row) => <IdCell id={row.id} what={requests.requestId} />,
  },
];
