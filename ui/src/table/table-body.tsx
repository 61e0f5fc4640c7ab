// The rows: all of them while they are few, else those in sight; what draws these is loaded by the first long list.
import { Skeleton } from "@mantine/core";
import { type RefObject, useState } from "react";
import { later } from "@/parts/later";
import type { Column } from "./column";
import type { Selection } from "./data-table";
import { TableRow } from "./table-row";

// A list's rows have their own type, which `later` forgets.
const RowsInSight = later<RowsProps<unknown>>(
  () => import("./rows-in-sight").then((module) => module.RowsInSight),
  (props) => <AllRows {...props} rows={props.rows.slice(0, MANY)} />,
) as unknown as typeof import("./rows-in-sight")["RowsInSight"];

const MANY = 100;

interface Props<Row> {
  columns: Column<Row>[];
  rows: Row[];
  idOf: (row: Row) => string;
  nameOf?: (row: Row) => string;
  onOpen?: (row: Row) => void;
  openId?: string;
  selection?: Selection;
  scroller: RefObject<HTMLElement | null>;
}

export function TableBody<Row>(props: Props<Row>) {
  // One row is in the order of the Tab key; arrows lead to the others.
  const [entry, setEntry] = useState("");
  const { rows, idOf } = props;
  const entryId = rows.some((row) => idOf(row) === entry) ? entry : rows[0] ? idOf(rows[0]) : "";
  const rowProps = { ...props, entryId, onEnter: setEntry };
  if (rows.length <= MANY) return <AllRows {...rowProps} />;
  return <RowsInSight {...rowProps} />;
}

export type RowsProps<Row> = Props<Row> & { entryId: string; onEnter: (id: string) => void };

function AllRows<Row>({ rows, idOf, ...rest }: RowsProps<Row>) {
  return (
    <tbody>
      {rows.map((row, index) => (
        <TableRow key={idOf(row)} {...rest} row={row} id={idOf(row)} index={index} />
      ))}
    </tbody>
  );
}

const SKELETONS = ["a", "b", "c", "d", "e", "f", "g", "h"];

export function SkeletonRows({ span }: { span: number }) {
  return (
    <tbody>
      {SKELETONS.map((name) => (
        <tr key={name}>
          <td colSpan={span}>
            <Skeleton h={14} radius="sm" />
          </td>
        </tr>
      ))}
    </tbody>
  );
}
