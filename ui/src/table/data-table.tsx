// The table of every list: what the server sorts and pages, as real table rows, of which only those in sight are drawn
// when there are many.
import { Box, Button, Paper } from "@mantine/core";
import { IconList } from "@tabler/icons-react";
import { type ReactNode, useRef } from "react";
import { Empty } from "@/parts/empty";
import { ProblemNote } from "@/parts/problem";
import { table as words } from "@/texts/en/table";
import type { Column, Sort } from "./column";
import classes from "./table.module.css";
import { SkeletonRows, TableBody } from "./table-body";
import { TableHead } from "./table-head";
import { TableTools } from "./table-tools";
import { useColumns } from "./use-columns";

export interface Selection {
  ids: ReadonlySet<string>;
  change: (ids: ReadonlySet<string>) => void;
}

interface Props<Row> {
  // What is listed: the table's name for those who do not see it, and where its columns are remembered.
  name: string;
  columns: Column<Row>[];
  rows: Row[];
  idOf: (row: Row) => string;
  // The row in words, where its id says nothing ("Select alice").
  nameOf?: (row: Row) => string;
  isLoading?: boolean;
  // What is shown is about to be replaced.
  isOutdated?: boolean;
  error?: unknown;
  onRetry?: () => void;
  hasOlder?: boolean;
  onOlder?: () => void;
  isLoadingOlder?: boolean;
  sort?: Sort | undefined;
  onSort?: (sort: Sort) => void;
  onOpen?: (row: Row) => void;
  openId?: string;
  selection?: Selection;
  // What can be done with the rows that are selected.
  bulk?: (ids: string[]) => ReactNode;
  // The path of the same rows as a file.
  csv?: string;
  empty?: ReactNode;
  // Stands beside columns and CSV: mostly a FilterBar.
  filter?: ReactNode;
  // What can be made here: stands last.
  actions?: ReactNode;
}

const SELECT_PX = 44;
const UNSAID_PX = 150;

export function DataTable<Row>(props: Props<Row>) {
  const { name, rows, idOf, selection, error, onRetry, empty } = props;
  const { shown, choices, toggle } = useColumns(name, props.columns);
  const scroller = useRef<HTMLElement>(null);
  const width = shown.reduce((sum, column) => sum + (column.width ?? UNSAID_PX), selection ? SELECT_PX : 0);
  const failed = error !== null && error !== undefined;
  const span = shown.length + (selection ? 1 : 0);

  return (
    <Paper withBorder radius="md" className={classes.frame}>
      <TableTools {...props} choices={choices} onToggle={toggle} />
      {failed ? (
        <Box px={16}>
          <ProblemNote error={error} {...(onRetry ? { onRetry } : {})} />
        </Box>
      ) : null}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section ref={scroller} className={classes.scroller} aria-label={name} tabIndex={0}>
        <table
          className={classes.table}
          aria-label={name}
          aria-busy={props.isLoading || props.isOutdated}
          data-outdated={props.isOutdated || undefined}
          style={{ minWidth: width }}
        >
          <colgroup>
            {selection ? <col style={{ width: SELECT_PX }} /> : null}
            {shown.map((column) => (
              <col key={column.id} style={column.width === undefined ? {} : { width: column.width }} />
            ))}
          </colgroup>
          <TableHead
            columns={shown}
            sort={props.sort}
            {...(props.onSort ? { onSort: props.onSort } : {})}
            {...(selection ? { selection } : {})}
            ids={selection ? rows.map(idOf) : []}
          />
          {props.isLoading && rows.length === 0 ? (
            <SkeletonRows span={span} />
          ) : (
            <TableBody {...props} columns={shown} scroller={scroller} />
          )}
        </table>
        {!props.isLoading && !failed && rows.length === 0
          ? (empty ?? <Empty icon={IconList} title={words.nothing} />)
          : null}
      </section>
      {props.hasOlder ? (
        <Box p={8} ta="center" className={classes.foot}>
          <Button variant="subtle" size="xs" loading={props.isLoadingOlder ?? false} onClick={props.onOlder}>
            {words.older}
          </Button>
        </Box>
      ) : null}
    </Paper>
  );
}
