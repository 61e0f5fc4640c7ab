// One row: opens what it stands for by click or Enter; arrows lead up and down.
import { Checkbox } from "@mantine/core";
import { type KeyboardEvent, type MouseEvent, useCallback } from "react";
import { table as words } from "@/texts/en/table";
import type { Column } from "./column";
import type { Selection } from "./data-table";
import classes from "./table.module.css";

interface Props<Row> {
  row: Row;
  id: string;
  index: number;
  columns: Column<Row>[];
  nameOf?: (row: Row) => string;
  onOpen?: (row: Row) => void;
  openId?: string;
  selection?: Selection;
  entryId: string;
  onEnter: (id: string) => void;
  measure?: (element: HTMLElement | null) => void;
}

const INTERACTIVE = "a, button, input, label, select, textarea";

export function TableRow<Row>(props: Props<Row>) {
  const { row, id, index, columns, onOpen, selection, measure } = props;
  const open = useCallback(() => onOpen?.(row), [onOpen, row]);
  const reachable = onOpen ? { tabIndex: props.entryId === id ? 0 : -1, onFocus: () => props.onEnter(id) } : {};
  return (
    <tr
      {...reachable}
      ref={measure}
      data-index={index}
      className={classes.row}
      data-opens={onOpen ? true : undefined}
      data-selected={selection?.ids.has(id) || undefined}
      aria-current={props.openId === id ? "true" : undefined}
      onClick={(event) => isOnRowItself(event) && open()}
      onKeyDown={(event) => steer(event, open)}
    >
      {selection ? (
        <td>
          <Checkbox
            size="xs"
            aria-label={words.select(props.nameOf?.(row) ?? id)}
            checked={selection.ids.has(id)}
            onChange={() => selection.change(toggled(selection.ids, id))}
          />
        </td>
      ) : null}
      {columns.map((column) => (
        <td key={column.id} data-align={column.align} className={column.align === "right" ? "figures" : undefined}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

// A press on something within the row, on a menu that hangs from it, or the end of marking text opens nothing.
function isOnRowItself(event: MouseEvent<HTMLTableRowElement>): boolean {
  const target = event.target as Element;
  if (!event.currentTarget.contains(target)) return false;
  if (target.closest(INTERACTIVE) !== null) return false;
  return (window.getSelection()?.toString() ?? "") === "";
}

function steer(event: KeyboardEvent<HTMLTableRowElement>, open: () => void): void {
  if (event.target !== event.currentTarget) return;
  if (event.key === "Enter") open();
  const beside =
    event.key === "ArrowDown" ? "nextElementSibling" : event.key === "ArrowUp" ? "previousElementSibling" : null;
  const other = beside === null ? null : event.currentTarget[beside];
  if (other instanceof HTMLElement && other.hasAttribute("tabindex")) {
    event.preventDefault();
    other.focus();
  }
}

function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const after = new Set(ids);
  if (!after.delete(id)) after.add(id);
  return after;
}
