// The catalogue: every model that one may use, with what it costs, how it is and how fast it was.
import { Button, Group, Switch, Text } from "@mantine/core";
import { IconGauge, IconRefresh, IconSparkles } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/session";
import { tellDone } from "@/parts/done";
import { Empty } from "@/parts/empty";
import { Time } from "@/parts/figure";
import { later } from "@/parts/later";
import { tellOf } from "@/parts/problem";
import { useRange } from "@/ranges";
import { sortOf, sortText } from "@/table/column";
import { DataTable } from "@/table/data-table";
import { type Filter, FilterBar } from "@/table/filter-bar";
import { useOpen } from "@/table/use-open";
import { models as words } from "@/texts/en/models";
import { useView } from "@/view";
import { type ModelList, NO_FILTER, refreshAll, useModels, wanted } from "./model";
import { COLUMNS } from "./model-columns";

const ModelPanel = later(() => import("./model-panel").then((module) => module.ModelPanel));

const USUAL_SORT = "-requests";

export function Catalogue() {
  const [view, change] = useView({ ...NO_FILTER, sort: USUAL_SORT });
  const [open, setOpen] = useOpen();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const { seconds } = useRange();
  const mayBenchmark = useMay("benchmark.run");
  const { sort, ...filters } = view;
  const query = wanted(filters, sort, seconds);
  const { first, ...found } = useModels(query);
  return (
    <>
      <DataTable
        {...found}
        name={words.list}
        columns={COLUMNS}
        idOf={(row) => row.id}
        onRetry={found.refetch}
        onOlder={found.loadOlder}
        onOpen={(row) => setOpen(row.id)}
        openId={open}
        sort={sortOf(sort)}
        onSort={(next) => change({ sort: sortText(next) })}
        csv={`/api/v1/models?${new URLSearchParams({ ...query, format: "csv" })}`}
        filter={
          <>
            <FilterBar search={words.search} filters={filtersOf(first)} view={view} change={change} />
            <Switch
              size="xs"
              label={words.onlyFree}
              checked={view.free === "true"}
              onChange={(event) => change({ free: event.currentTarget.checked ? "true" : "" })}
            />
          </>
        }
        empty={<Nothing isFiltered={Object.values(filters).some((value) => value !== "")} />}
        {...(mayBenchmark
          ? {
              selection: { ids: selected, change: setSelected },
              bulk: (ids: string[]) => <BenchmarkThese names={ids} />,
            }
          : {})}
      />
      {first ? <Freshness list={first} /> : null}
      {open ? <ModelPanel key={open} name={open} onClose={() => setOpen("")} /> : null}
    </>
  );
}

function filtersOf(list: ModelList | undefined): Filter[] {
  const options = (named: Readonly<Record<string, string>>) =>
    Object.entries(named).map(([value, label]) => ({ value, label }));
  const either = options({ true: words.yes, false: words.no });
  const providers = (list?.providers ?? []).map((one) => ({ value: one.name, label: `${one.name} (${one.models})` }));
  return [
    { name: "provider", label: words.filters.provider, options: providers },
    { name: "status", label: words.filters.status, options: options(words.statuses) },
    { name: "priced", label: words.filters.priced, options: either },
    { name: "used", label: words.filters.used, options: either },
    { name: "in_profile", label: words.filters.in_profile, options: either },
  ];
}

function BenchmarkThese({ names }: { names: string[] }) {
  const navigate = useNavigate();
  const go = () => void navigate({ to: ".", search: { tab: "benchmark", models: names.join(",") } as never });
  return (
    <Button variant="default" size="xs" leftSection={<IconGauge size={14} aria-hidden />} onClick={go}>
      {words.benchmarkThese}
    </Button>
  );
}

function Freshness({ list }: { list: ModelList }) {
  return (
    <Group gap={16} mt={8} px={4}>
      <Text size="xs" c="dimmed" className="figures">
        {words.counts(list.total, list.priced, list.free)}
      </Text>
      {list.prices_updated_at ? (
        <Text size="xs" c="dimmed" component="div">
          {words.pricesAsOf} <Time at={list.prices_updated_at} />
        </Text>
      ) : null}
      <Text size="xs" c="dimmed" component="div" {...(list.counted.whole ? {} : { title: words.notWhole })}>
        {words.counted} <Time at={list.counted.since} />
      </Text>
    </Group>
  );
}

export function RefreshModels() {
  const { first } = useModels(wanted(NO_FILTER, USUAL_SORT, useRange().seconds));
  const [busy, setBusy] = useState(false);
  const refresh = async () => {
    setBusy(true);
    const names = (first?.providers ?? []).filter((one) => one.status !== "disabled").map((one) => one.name);
    await refreshAll(names).then(() => tellDone(words.refreshed), tellOf);
    setBusy(false);
  };
  return (
    <Button
      variant="default"
      loading={busy}
      title={words.refreshHint}
      leftSection={<IconRefresh size={16} aria-hidden />}
      onClick={() => void refresh()}
    >
      {words.refresh}
    </Button>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  const mayAdd = useMay("providers.write");
  if (isFiltered) return <Empty icon={IconSparkles} title={words.nothingFound} hint={words.nothingFoundHint} />;
  return (
    <Empty icon={IconSparkles} title={words.empty} hint={mayAdd ? words.emptyHint : words.emptyOwnHint}>
      {mayAdd ? (
        <Button component={Link} {...{ to: "/providers" as never, search: { add: "yes" } as never }} variant="default">
          {words.addProvider}
        </Button>
      ) : null}
    </Empty>
  );
}
