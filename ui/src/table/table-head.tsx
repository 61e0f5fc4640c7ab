// The head of a table: names of columns that stay in sight, the order where the server keeps one, and "all".
import { Checkbox } from "@mantine/core";
import { IconArrowDown, IconArrowsSort, IconArrowUp } from "@tabler/icons-react";
import { table as words } from "@/texts/en/table";
import type { Column, Sort } from "./column";
import type { Selection } from "./data-table";
import classes from "./table.module.css";

interface Props<Row> {
  columns: Column<Row>[];
  sort: Sort | undefined;
  onSort?: (sort: Sort) => void;
  selection?: Selection;
  ids: string[];
}

export function TableHead<Row>({ columns, sort, onSort, selection, ids }: Props<Row>) {
  return (
    <thead className={classes.head}>
      <tr>
        {selection ? (
          <th scope="col">
            <SelectAll selection={selection} ids={ids} />
          </th>
        ) : null}
        {columns.map((column) => (
          <th key={column.id} scope="col" data-align={column.align} aria-sort={orderOf(column, sort)}>
            {column.sort && onSort ? <SortButton column={column} sort={sort} onSort={onSort} /> : column.head}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function SelectAll({ selection, ids }: { selection: Selection; ids: string[] }) {
  const chosen = ids.filter((id) => selection.ids.has(id)).length;
  const all = ids.length > 0 && chosen === ids.length;
  return (
    <Checkbox
      size="xs"
      aria-label={words.selectAll}
      checked={all}
      indeterminate={chosen > 0 && !all}
      onChange={() => selection.change(new Set(all ? [] : ids))}
    />
  );
}

interface SortProps<Row> {
  column: Column<Row>;
  sort: Sort | undefined;
  onSort: (sort: Sort) => void;
}

// The first press shows the largest first where figures stand, the first of the alphabet where words do.
function SortButton<Row>({ column, sort, onSort }: SortProps<Row>) {
  const current = sort?.id === column.id;
  const descending = current ? !sort.descending : column.align === "right";
  const Picture = !current ? IconArrowsSort : sort.descending ? IconArrowDown : IconArrowUp;
  return (
    <button
      type="button"
      className={`${classes.sort} plain`}
      aria-label={words.sortBy(column.head)}
      onClick={() => onSort({ id: column.id, descending })}
    >
      {column.head}
      <Picture size={13} aria-hidden data-current={current || undefined} />
    </button>
  );
}

function orderOf<Row>(column: Column<Row>, sort: Sort | undefined): "ascending" | "descending" | undefined {
  if (sort?.id !== column.id) return undefined;
  return sort.descending ? "descending" : "ascending";
}
