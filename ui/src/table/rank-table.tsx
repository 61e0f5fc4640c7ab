// A short table of who or what did most: all rows are here, so it is sorted here; a name filters the page by it.
import { Button } from "@mantine/core";
import { type ReactNode, useMemo, useState } from "react";
import { Panel } from "@/parts/panel";
import { table as words } from "@/texts/en/table";
import type { Column, Sort } from "./column";
import classes from "./table.module.css";
import { SkeletonRows } from "./table-body";
import { TableHead } from "./table-head";

export interface RankColumn<Row> {
  id: string;
  head: string;
  value: (row: Row) => number | null;
  cell: (row: Row) => ReactNode;
  width?: number;
}

interface Props<Row> {
  name: string;
  // What the rows are ("Model").
  head: string;
  // Undefined while they are asked for, null where nobody knows them.
  rows: readonly Row[] | null | undefined;
  idOf: (row: Row) => string;
  labelOf: (row: Row) => string;
  columns: readonly RankColumn<Row>[];
  // By which column at first, the largest first.
  by: string;
  picked?: string;
  onPick?: (id: string) => void;
  empty: string;
  actions?: ReactNode;
}

const AT_FIRST = 8;
const NAME_PX = 150;
const FIGURE_PX = 80;
const NAME = "name";

export function RankTable<Row>({ name, head, rows, idOf, labelOf, columns, by, empty, actions, ...picks }: Props<Row>) {
  const [sort, setSort] = useState<Sort>({ id: by, descending: true });
  const [all, setAll] = useState(false);
  const sorted = useMemo(() => inOrder(rows ?? [], sort, columns, labelOf), [rows, sort, columns, labelOf]);
  const share = sharesOf(rows ?? [], columns.find((column) => column.id === sort.id) ?? columns[0]);
  // What has no name is not asked for, and so is never what is picked.
  const isPicked = (row: Row) => idOf(row) !== "" && picks.picked === idOf(row);
  const shown: Column<Row>[] = [
    {
      id: NAME,
      head,
      sort: true,
      cell: (row) => <Name id={idOf(row)} label={labelOf(row)} share={share(row)} {...picks} />,
    },
    ...columns.map((column) => ({ width: FIGURE_PX, ...column, align: "right" as const, sort: true })),
  ];
  return (
    <Panel title={name} flush actions={actions}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <div className={classes.scroller} tabIndex={0}>
        <table
          className={`${classes.table} ${classes.rank}`}
          aria-label={name}
          style={{ minWidth: NAME_PX + columns.length * FIGURE_PX }}
        >
          <colgroup>
            {shown.map((column) => (
              <col key={column.id} style={column.width === undefined ? {} : { width: column.width }} />
            ))}
          </colgroup>
          <TableHead columns={shown} sort={sort} onSort={setSort} ids={[]} />
          {rows === undefined ? <SkeletonRows span={shown.length} /> : null}
          <tbody>
            {sorted.slice(0, all ? undefined : AT_FIRST).map((row) => (
              <tr key={idOf(row)} className={classes.row} aria-current={isPicked(row) || undefined}>
                {shown.map((column) => (
                  <td key={column.id} data-align={column.align} className={column.align ? "figures" : undefined}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
            {rows !== undefined && sorted.length === 0 ? (
              <tr>
                <td colSpan={shown.length} className={classes.none}>
                  {empty}
                </td>
              </tr>
            ) : null}
          </tbody>
        </table>
      </div>
      {sorted.length > AT_FIRST ? (
        <Button variant="subtle" size="xs" fullWidth onClick={() => setAll(!all)}>
          {all ? words.fewer : words.all(sorted.length)}
        </Button>
      ) : null}
    </Panel>
  );
}

interface NameProps {
  id: string;
  label: string;
  share: number;
  picked?: string;
  onPick?: (id: string) => void;
}

// The bar behind a name says how much of the largest it is.
function Name({ id, label, share, picked, onPick }: NameProps) {
  // Nothing can be asked for that has no name.
  const canPick = onPick !== undefined && id !== "";
  const bar = <span className={classes.share} style={{ width: `${share * 100}%` }} aria-hidden />;
  if (!canPick) {
    return (
      <span className={classes.ranked}>
        {bar}
        <span title={label}>{label}</span>
      </span>
    );
  }
  return (
    <button
      type="button"
      className={`${classes.ranked} plain`}
      aria-pressed={picked === id}
      title={label}
      onClick={() => onPick(id)}
    >
      {bar}
      <span>{label}</span>
    </button>
  );
}

function inOrder<Row>(
  rows: readonly Row[],
  sort: Sort,
  columns: readonly RankColumn<Row>[],
  labelOf: (row: Row) => string,
): Row[] {
  const column = columns.find((one) => one.id === sort.id);
  const direction = sort.descending ? -1 : 1;
  const compare = (one: Row, other: Row) =>
    column === undefined
      ? labelOf(one).localeCompare(labelOf(other))
      : (column.value(one) ?? -1) - (column.value(other) ?? -1);
  return [...rows].sort((one, other) => direction * compare(one, other));
}

function sharesOf<Row>(rows: readonly Row[], column: RankColumn<Row> | undefined): (row: Row) => number {
  const value = (row: Row) => Math.max(0, column?.value(row) ?? 0);
  const most = Math.max(0, ...rows.map(value));
  return (row) => (most > 0 ? value(row) / most : 0);
}
