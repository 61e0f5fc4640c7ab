// The columns of the table of usage, and the order of its rows: all rows are there, so they are sorted here.
import { Anchor, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { count, percent } from "@/format/figures";
import { Money, Tokens } from "@/parts/figure";
import type { Column, Sort } from "@/table/column";
import { usage as words } from "@/texts/en/usage";
import type { By } from "./grouping";
import type { Row, Sums } from "./report";

type Figure = (row: Row) => number | string;

const FIGURES: Readonly<Record<string, Figure>> = {
  name: (row) => row.label,
  cost: (row) => row.cost_nano_usd,
  requests: (row) => row.requests,
  failed: (row) => row.failed,
  input: (row) => row.input_tokens,
  output: (row) => row.output_tokens,
  cached: (row) => row.cached_input_tokens,
  reasoning: (row) => row.reasoning_tokens,
  unpriced: (row) => row.unpriced_requests,
};

export function inOrder(rows: readonly Row[], sort: Sort): Row[] {
  const figure = FIGURES[sort.id] ?? FIGURES.cost;
  if (figure === undefined) return [...rows];
  const direction = sort.descending ? -1 : 1;
  return [...rows].sort((one, other) => direction * compared(figure(one), figure(other)));
}

function compared(one: number | string, other: number | string): number {
  return typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other));
}

interface Asked {
  by: By;
  total: Sums | undefined;
  onOpen: (row: Row) => void;
}

export function columnsOf({ by, total, onOpen }: Asked): Column<Row>[] {
  const all = total?.cost_nano_usd ?? 0;
  return [
    { id: "name", head: words.groups[by], width: 220, sort: true, cell: (row) => <Name row={row} onOpen={onOpen} /> },
    figure("cost", words.columns.cost, (row) => <Money nano={row.cost_nano_usd} />),
    {
      ...figure("share", words.columns.share, (row) => (all > 0 ? percent(row.cost_nano_usd / all) : "–"), 76),
      sort: false,
    },
    figure("requests", words.columns.requests, (row) => <Tokens value={row.requests} />),
    figure("failed", words.columns.failed, (row) => count(row.failed), 84),
    figure("input", words.columns.input, (row) => <Tokens value={row.input_tokens} />),
    figure("output", words.columns.output, (row) => <Tokens value={row.output_tokens} />),
    figure("cached", words.columns.cached, (row) => <Tokens value={row.cached_input_tokens} />),
    figure("reasoning", words.columns.reasoning, (row) => <Tokens value={row.reasoning_tokens} />, 104),
    figure("unpriced", words.columns.unpriced, (row) => <Unpriced requests={row.unpriced_requests} />),
  ];
}

function figure(id: string, head: string, cell: (row: Row) => ReactNode, width = 96): Column<Row> {
  return { id, head, width, align: "right", sort: true, cell };
}

function Name({ row, onOpen }: { row: Row; onOpen: (row: Row) => void }) {
  if (row.isTotal || row.id === "") {
    return (
      <Text size="sm" fw={row.isTotal ? 600 : 400}>
        {row.label}
      </Text>
    );
  }
  return (
    <Anchor
      component="button"
      type="button"
      size="sm"
      truncate
      maw="100%"
      title={row.label}
      onClick={() => onOpen(row)}
    >
      {row.label}
    </Anchor>
  );
}

function Unpriced({ requests }: { requests: number }) {
  if (requests === 0) return <span>0</span>;
  return (
    <Text span inherit c="var(--soon)" title={words.unpricedHint}>
      {count(requests)}
    </Text>
  );
}
