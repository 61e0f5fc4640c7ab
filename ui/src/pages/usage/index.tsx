// The page "Usage": who and what the money and the tokens went to. One request answers tiles, chart and table; a row
// leads to what it is made of.
import { Box, Button, NativeSelect, SegmentedControl, Tooltip } from "@mantine/core";
import { IconChartAreaLine, IconDownload } from "@tabler/icons-react";
import { useMemo, useRef } from "react";
import { queries } from "@/api/queries";
import { type Reach, useMay, useReach } from "@/api/session";
import { ZoomChip } from "@/charts/zoom-chip";
import type { Asked } from "@/pages";
import { Empty } from "@/parts/empty";
import { PageHead } from "@/parts/page-head";
import { useRange } from "@/ranges";
import { sortOf, sortText } from "@/table/column";
import { DataTable } from "@/table/data-table";
import { type Filter, FilterBar } from "@/table/filter-bar";
import { usage as words } from "@/texts/en/usage";
import { useView, viewOf } from "@/view";
import { CheckButton, Checked, useBooks } from "./books";
import { UsageChart } from "./chart";
import { columnsOf, inOrder } from "./columns";
import { type Days, dayEnds, daysOf } from "./days";
import { type By, byOf, DEFAULTS, FILTERS, filterOf, GROUPINGS, type UsageView, WITHIN } from "./grouping";
import { askedOf, type Row, reportOf, rowsOf, totalRow, type Usage, useReport } from "./report";
import { UsageTiles } from "./tiles";

const BY_COST = { id: "cost", descending: true };

export function ask({ search, session, range }: Asked): void {
  const view = viewOf(defaultsFor(session.may["usage.read"] ?? "-"), search);
  void queries.prefetchQuery(reportOf(view, daysOf(range)));
}

export function Page() {
  const [view, change] = useView(defaultsFor(useReach("usage.read")));
  const days = daysOf(useRange());
  const { data: usage, error, refetch, isPlaceholderData } = useReport(view, days);
  const books = useBooks();
  const by = byOf(view);
  const filters = useFilters(usage, view);
  const sort = useMemo(() => sortOf(view.sort) ?? BY_COST, [view.sort]);
  const rows = useMemo(
    () => (usage ? [...inOrder(rowsOf(usage), sort), ...totalOf(usage.groups.length, usage.total)] : []),
    [usage, sort],
  );
  const open = (row: Row) => {
    if (by === "day") change({ ...dayEnds(row.id), by: "model", sort: "" });
    else change({ ...filterOf(by, row.id), by: WITHIN[by] });
  };
  return (
    <>
      <PageHead title={words.title} about={words.about}>
        <ZoomChip />
        {useMay("ledger.verify") ? <CheckButton books={books} /> : null}
        {useMay("ledger.read") ? <DownloadRows view={view} days={days} /> : null}
      </PageHead>
      <Checked books={books} />
      <UsageTiles now={usage?.total} before={usage?.previous ?? undefined} />
      <UsageChart usage={usage} days={days} view={view} change={change} />
      <Groupings by={by} onChange={change} />
      <DataTable
        name={words.table(words.groups[by])}
        columns={columnsOf({ by, total: usage?.total, onOpen: open })}
        rows={rows}
        idOf={(row) => (row.isTotal ? "\u0000total" : row.id)}
        nameOf={(row) => row.label}
        isLoading={usage === undefined && !error}
        isOutdated={isPlaceholderData}
        error={error}
        onRetry={() => void refetch()}
        sort={sort}
        onSort={(next) => change({ sort: sortText(next) })}
        csv={`/api/v1/usage?${new URLSearchParams({ ...askedOf(view, days), by, format: "csv" })}`}
        filter={<FilterBar filters={filters} view={view} change={change} />}
        empty={<Empty icon={IconChartAreaLine} title={words.nothing} hint={words.nothingHint} />}
      />
    </>
  );
}

// Keys are asked for by their id; whoever came here through a key's name goes on reading the name.
function useFilters(usage: Usage | undefined, view: UsageView): readonly Filter[] {
  const seen = useRef(new Map<string, string>());
  for (const group of usage?.groups ?? []) if (group.key_id) seen.current.set(group.key_id, group.name);
  const name = seen.current.get(view.key);
  if (!name) return FILTERS;
  return FILTERS.map((filter) =>
    filter.name === "key" ? { ...filter, options: [{ value: view.key, label: name }] } : filter,
  );
}

// Who sees only what is theirs has little to compare but models.
function defaultsFor(reach: Reach) {
  const isOwn = reach === "own" || reach === "children";
  return { ...DEFAULTS, ...(isOwn ? { by: "model" } : {}), from: "", to: "" };
}

interface GroupingsProps {
  by: By;
  onChange: (changes: Partial<UsageView>) => void;
}

function Groupings({ by, onChange }: GroupingsProps) {
  const data = GROUPINGS.map((value) => ({ value, label: words.groups[value] }));
  // Days stand in their order, all else by what it cost.
  const choose = (value: string) => onChange({ by: value, sort: value === "day" ? "-name" : "" });
  return (
    <Box my={16}>
      <SegmentedControl visibleFrom="sm" aria-label={words.by} data={data} value={by} onChange={choose} />
      <NativeSelect
        hiddenFrom="sm"
        label={words.by}
        data={data}
        value={by}
        onChange={(event) => choose(event.currentTarget.value)}
      />
    </Box>
  );
}

// A total of one row would say it twice.
function totalOf(groups: number, total: Parameters<typeof totalRow>[0]): Row[] {
  return groups > 1 ? [totalRow(total)] : [];
}

function DownloadRows({ view, days }: { view: UsageView; days: Days }) {
  return (
    <Tooltip label={words.rowsHint}>
      <Button
        component="a"
        variant="default"
        download
        href={`/api/v1/ledger/export?${new URLSearchParams(askedOf(view, days))}`}
        leftSection={<IconDownload size={16} aria-hidden />}
      >
        {words.rows}
      </Button>
    </Tooltip>
  );
}
