// Providers: the list, problems first; details in a side panel; adding and changing in a dialog.
import { Button } from "@mantine/core";
import { IconPlus, IconRefresh, IconServer2 } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { useMay } from "@/api/session";
import { tellDone } from "@/parts/done";
import { Empty } from "@/parts/empty";
import { later } from "@/parts/later";
import { PageHead } from "@/parts/page-head";
import { tellOf } from "@/parts/problem";
import { SettingsLink } from "@/parts/settings-link";
import { DataTable } from "@/table/data-table";
import { FilterBar } from "@/table/filter-bar";
import { providers as words } from "@/texts/en/providers";
import { useView } from "@/view";
import { idOf, type Provider, refreshProvider, useProviders } from "./provider";
import { COLUMNS } from "./provider-cells";

const ProviderPanel = later(() => import("./provider-panel").then((module) => module.ProviderPanel));

const AddDialog = lazy(() => import("./add-dialog").then(({ AddDialog: component }) => ({ default: component })));
const EditDialog = lazy(() => import("./edit-dialog").then(({ EditDialog: component }) => ({ default: component })));

const ORIGINS = Object.entries(words.origins).map(([value, label]) => ({ value, label }));

export function Page() {
  const [view, change] = useView({ q: "", origin: "", open: "", add: "" });
  const [edited, edit] = useState("");
  const may = useMay("providers.write");
  const asked = useProviders(view.q, view.origin);
  const rows = asked.data ?? [];
  const isFiltered = view.q !== "" || view.origin !== "";
  const addButton = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => change({ add: "yes" })}>
      {words.add}
    </Button>
  );
  const path = new URLSearchParams({
    format: "csv",
    ...(view.q ? { q: view.q } : {}),
    ...(view.origin ? { origin: view.origin } : {}),
  });

  return (
    <>
      <PageHead title={words.title} about={words.about}>
        <SettingsLink q="join by themselves" />
        {may ? <RefreshAll rows={rows} /> : null}
        {may ? addButton : null}
      </PageHead>
      <DataTable
        name={words.title}
        columns={COLUMNS}
        rows={rows}
        idOf={idOf}
        nameOf={(row) => row.name}
        isLoading={asked.isLoading}
        isOutdated={asked.isPlaceholderData}
        error={asked.error}
        onRetry={() => void asked.refetch()}
        onOpen={(row) => change({ open: idOf(row) })}
        openId={view.open}
        csv={`/api/v1/providers?${path}`}
        filter={
          <FilterBar
            search={words.search}
            filters={[{ name: "origin", label: words.filters.origin, options: ORIGINS }]}
            view={view}
            change={change}
          />
        }
        empty={
          <Empty
            icon={IconServer2}
            title={isFiltered ? words.nothingFound : words.empty}
            {...(isFiltered ? {} : { hint: words.emptyHint })}
          >
            {isFiltered || !may ? null : addButton}
          </Empty>
        }
      />
      {view.open !== "" ? (
        <ProviderPanel
          id={view.open}
          rows={rows}
          isLoading={asked.isLoading}
          onClose={() => change({ open: "" })}
          onEdit={edit}
        />
      ) : null}
      <Suspense>
        {view.add !== "" && may ? (
          <AddDialog preset={view.add} onPreset={(add) => change({ add })} onClose={() => change({ add: "" })} />
        ) : null}
        {edited !== "" ? <EditDialog name={edited} onClose={() => edit("")} /> : null}
      </Suspense>
    </>
  );
}

function RefreshAll({ rows }: { rows: readonly Provider[] }) {
  const [busy, setBusy] = useState(false);
  const askAll = async () => {
    setBusy(true);
    const names = rows.filter((row) => row.enabled && !row.shadowed).map((row) => row.name);
    await Promise.all(names.map(refreshProvider)).then(() => tellDone(words.refreshedAll), tellOf);
    setBusy(false);
  };
  return (
    <Button
      variant="default"
      loading={busy}
      leftSection={<IconRefresh size={16} aria-hidden />}
      onClick={() => void askAll()}
    >
      {words.refreshAll}
    </Button>
  );
}
