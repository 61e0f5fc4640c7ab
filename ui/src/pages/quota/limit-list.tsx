// The limits that one may see, each with its bar; filters in the address; details and what can be done in a panel.
import { Button } from "@mantine/core";
import { IconGauge, IconPlus } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { api, told } from "@/api/client";
import { useMay, useReach } from "@/api/session";
import { limitWords, type Metric } from "@/format/limits";
import { Empty } from "@/parts/empty";
import { later } from "@/parts/later";
import { DataTable } from "@/table/data-table";
import { FilterBar } from "@/table/filter-bar";
import { useKeyset } from "@/table/use-keyset";
import { limits } from "@/texts/en/limits";
import { quota as words } from "@/texts/en/quota";
import { useView } from "@/view";
import { type ScopeKind, scopeWords } from "./limit";
import { COLUMNS } from "./limit-cells";

const LimitPanel = later(() => import("./limit-panel").then((module) => module.LimitPanel));

const texts = words.list;
const CreateLimit = lazy(() => import("./create-limit").then(({ CreateLimit: component }) => ({ default: component })));

const ROWS = 100;
const FILTERS = [
  {
    name: "state",
    label: texts.filters.state,
    options: [
      { value: "near", label: texts.near },
      { value: "stopped", label: texts.stopped },
    ],
  },
  { name: "kind", label: texts.filters.kind, options: optionsOf(words.scopes) },
  { name: "metric", label: texts.filters.metric, options: optionsOf(limits.metrics) },
  { name: "team", label: texts.filters.team },
];

export function LimitList() {
  const [view, change] = useView({ q: "", state: "", kind: "", metric: "", team: "", open: "", add: "" });
  const { open, add, ...filters } = view;
  const may = useMay("limits.write");
  const seesAll = useReach("limits.read") === "all";
  const said = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ""));
  const list = useKeyset(["limits", "list", said], (after) => {
    const { state, kind, metric, ...named } = said;
    const query = {
      ...named,
      ...(state ? { state: state as "near" | "stopped" } : {}),
      ...(kind ? { kind: kind as ScopeKind } : {}),
      ...(metric ? { metric: metric as Metric } : {}),
      ...(after ? { after } : {}),
      use: true,
      limit: ROWS,
    };
    return told(api.GET("/api/v1/limits", { params: { query } }));
  });
  const isFiltered = Object.keys(said).length > 0;
  const create = (
    <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => change({ add: "yes" })}>
      {texts.add}
    </Button>
  );
  const nothing = seesAll ? texts.empty : texts.emptyOwn;
  return (
    <>
      <DataTable
        name={texts.name}
        columns={COLUMNS}
        rows={list.rows}
        idOf={(row) => row.id}
        nameOf={(row) => `${scopeWords(row.scope)}, ${limitWords(row)}`}
        isLoading={list.isLoading}
        isOutdated={list.isOutdated}
        error={list.error}
        onRetry={list.refetch}
        hasOlder={list.hasOlder}
        onOlder={list.loadOlder}
        isLoadingOlder={list.isLoadingOlder}
        onOpen={(row) => change({ open: row.id })}
        openId={open}
        csv={`/api/v1/limits?${new URLSearchParams({ ...said, use: "true", format: "csv" })}`}
        filter={<FilterBar search={texts.search} filters={FILTERS} view={view} change={change} />}
        actions={may ? create : null}
        empty={
          <Empty
            icon={IconGauge}
            title={isFiltered ? texts.nothingFound : nothing}
            {...(isFiltered ? {} : { hint: texts.emptyHint })}
          >
            {isFiltered || !may ? null : create}
          </Empty>
        }
      />
      {open ? (
        <LimitPanel
          limit={list.rows.find((row) => row.id === open)}
          isLoading={list.isLoading}
          onClose={() => change({ open: "" })}
        />
      ) : null}
      <Suspense>{add && may ? <CreateLimit onClose={() => change({ add: "" })} /> : null}</Suspense>
    </>
  );
}

function optionsOf(labels: Readonly<Record<string, string>>) {
  return Object.entries(labels).map(([value, label]) => ({ value, label }));
}
