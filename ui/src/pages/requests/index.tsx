// The page "Requests": every request as it ends, and the whole story of each.
import { Button, Text } from "@mantine/core";
import { IconArrowUp, IconListDetails } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { type UIEvent, useMemo, useState } from "react";
import { useReach } from "@/api/session";
import { exact } from "@/format/figures";
import { Empty } from "@/parts/empty";
import { later } from "@/parts/later";
import { PageHead } from "@/parts/page-head";
import { DataTable } from "@/table/data-table";
import { type Filter, FilterBar, type FilterOption } from "@/table/filter-bar";
import { useOpen } from "@/table/use-open";
import { requests as words } from "@/texts/en/requests";
import { useView } from "@/view";
import { columns } from "./columns";
import classes from "./requests.module.css";
import { useRequests } from "./use-requests";

const StoryPanel = later(() => import("./story-panel").then((module) => module.StoryPanel));

type FilterName = keyof typeof words.filters;

const NAMES = Object.keys(words.filters) as FilterName[];
const NONE = Object.fromEntries(NAMES.map((name) => [name, ""])) as Record<FilterName, string>;
const OPTIONS: Partial<Record<FilterName, FilterOption[]>> = {
  status: optionsOf(words.statuses),
  range: optionsOf(words.ranges),
  end_reason: optionsOf(words.ends),
  stream: optionsOf({ true: words.yes, false: words.no }),
};
const FILTERS: Filter[] = NAMES.map((name) => {
  const options = OPTIONS[name];
  return { name, label: words.filters[name], ...(options ? { options } : {}) };
});
// What is one's own has no other people in it.
const OF_OTHERS: readonly string[] = ["user", "team"];
const AT_TOP_PX = 8;

export function Page() {
  const [view, change] = useView({ q: "", ...NONE });
  const [open, setOpen] = useOpen();
  const [isReading, setReading] = useState(false);
  const [isReleased, setReleased] = useState(false);
  const reach = useReach("ledger.read");
  const key = JSON.stringify(view);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for the view.
  const filter = useMemo(() => ({ ...view }), [key]);
  const found = useRequests(filter, (isReading || open !== "") && !isReleased);
  const filters = reach === "own" ? FILTERS.filter((one) => !OF_OTHERS.includes(one.name)) : FILTERS;
  const isFiltered = Object.values(view).some((value) => value !== "");

  const look = (event: UIEvent) => {
    const isDown = (event.target as Element).scrollTop > AT_TOP_PX;
    if (isDown !== isReading) setReading(isDown);
    if (!isDown) setReleased(false);
  };
  const showNew = () => {
    setReleased(true);
    document.querySelector(`section[aria-label="${words.list}"]`)?.scrollTo({ top: 0 });
  };
  return (
    <>
      <PageHead title={words.title} about={words.about}>
        {found.running === null ? null : (
          <Text size="sm" c="dimmed" className="figures" role="status">
            {words.running(exact(found.running))}
          </Text>
        )}
      </PageHead>
      <div className={classes.list} onScrollCapture={look}>
        {found.waiting > 0 && open === "" ? (
          <Button
            className={classes.waiting}
            size="xs"
            radius="xl"
            leftSection={<IconArrowUp size={14} aria-hidden />}
            onClick={showNew}
          >
            {words.waiting(found.waiting)}
          </Button>
        ) : null}
        <DataTable
          {...found}
          name={words.list}
          columns={columns}
          idOf={(row) => row.id}
          onRetry={found.refetch}
          onOlder={found.loadOlder}
          onOpen={(row) => setOpen(row.id)}
          openId={open}
          filter={<FilterBar search={words.search} filters={filters} view={view} change={change} />}
          empty={<Nothing isFiltered={isFiltered} />}
        />
      </div>
      {open ? <StoryPanel key={open} id={open} onClose={() => setOpen("")} /> : null}
    </>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty icon={IconListDetails} title={words.nothingFound} hint={words.nothingFoundHint} />;
  return (
    <Empty icon={IconListDetails} title={words.nothing} hint={words.nothingHint}>
      <Button component={Link} {...{ to: "/playground" as never }} variant="default">
        {words.toPlayground}
      </Button>
    </Empty>
  );
}

function optionsOf(texts: Readonly<Record<string, string>>): FilterOption[] {
  return Object.entries(texts).map(([value, label]) => ({ value, label }));
}
