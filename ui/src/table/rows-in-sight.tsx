// Of many rows those in sight, with room for the others above and below.
import { useVirtualizer } from "@tanstack/react-virtual";
import classes from "./table.module.css";
import type { RowsProps } from "./table-body";
import { TableRow } from "./table-row";

const ROW_PX = 44;
const BESIDE = 12;

export function RowsInSight<Row>({ rows, idOf, scroller, ...rest }: RowsProps<Row>) {
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: BESIDE,
  });
  const drawn = virtual.getVirtualItems();
  const above = drawn[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (drawn.at(-1)?.end ?? 0);
  return (
    <tbody>
      <Room height={above} />
      {drawn.map(({ index }) => {
        const row = rows[index];
        if (row === undefined) return null;
        return (
          <TableRow key={idOf(row)} {...rest} row={row} id={idOf(row)} index={index} measure={virtual.measureElement} />
        );
      })}
      <Room height={below} />
    </tbody>
  );
}

function Room({ height }: { height: number }) {
  return height > 0 ? <tr aria-hidden className={classes.room} style={{ height }} /> : null;
}
