// Who and what did most, by each of what a request is told apart by; a name narrows the page to it.
import { SimpleGrid } from "@mantine/core";
import type { ReactNode } from "react";
import { Money, Tokens } from "@/parts/figure";
import { type RankColumn, RankTable } from "@/table/rank-table";
import { status as words } from "@/texts/en/status";
import { type Activity, type Part, rowsOf } from "./activity";
import { pickedOf, type StatusView, toggled } from "./filters";

const TABLES = ["model", "provider", "key", "tool", "ip"] as const;

const COLUMNS: readonly RankColumn<Part>[] = [
  {
    id: "requests",
    head: words.columns.requests,
    width: 106,
    value: (row) => row.requests,
    cell: (row) => <Tokens value={row.requests} />,
  },
  {
    id: "input",
    head: words.columns.input,
    width: 70,
    value: (row) => row.input_tokens,
    cell: (row) => <Tokens value={row.input_tokens} />,
  },
  {
    id: "output",
    head: words.columns.output,
    width: 70,
    value: (row) => row.output_tokens,
    cell: (row) => <Tokens value={row.output_tokens} />,
  },
  {
    id: "cost",
    head: words.columns.cost,
    width: 90,
    value: (row) => row.cost_nano_usd,
    cell: (row) => <Money nano={row.cost_nano_usd} />,
  },
  { id: "failed", head: words.columns.failed, width: 70, value: (row) => row.failed, cell: failedOf },
];

interface Props {
  activity: Activity | undefined;
  view: StatusView;
  change: (changes: Partial<StatusView>) => void;
  // Stands beside the last table.
  children: ReactNode;
}

export function Breakdowns({ activity, view, change, children }: Props) {
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing={16} my={16}>
      {TABLES.map((dimension) => (
        <RankTable
          key={dimension}
          name={words.tables[dimension]}
          head={words.groups[dimension]}
          rows={rowsOf(activity, dimension)}
          idOf={(row) => row.name}
          labelOf={(row) => row.label}
          columns={COLUMNS}
          by="requests"
          picked={pickedOf(dimension, view)}
          onPick={(name) => change(toggled(dimension, name, view))}
          empty={rowsOf(activity, dimension) === null ? words.unknown : words.none}
        />
      ))}
      {children}
    </SimpleGrid>
  );
}

function failedOf(row: Part) {
  return row.failed > 0 ? <Tokens value={row.failed} /> : <span>0</span>;
}
