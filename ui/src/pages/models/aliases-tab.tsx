// Aliases: names of one's own, where they lead now, and which profile counts.
import { Button, Stack } from "@mantine/core";
import { IconArrowsSplit2, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useMay } from "@/api/session";
import { Empty } from "@/parts/empty";
import { later } from "@/parts/later";
import { DataTable } from "@/table/data-table";
import { FilterBar } from "@/table/filter-bar";
import { aliases as words } from "@/texts/en/aliases";
import { useView } from "@/view";
import { ActiveProfile } from "./active-profile";
import { type Alias, GLOBAL, idOf, useAliases } from "./alias";
import { ALIAS_COLUMNS } from "./alias-columns";

const CreateAlias = later(() => import("./alias-form").then((module) => module.CreateAlias));
const AliasPanel = later(() => import("./alias-panel").then((module) => module.AliasPanel));

export function AliasesTab() {
  // `of` is whose the open one is: two scopes may have aliases of one name.
  const [view, change] = useView({ q: "", scope: "", open: "", of: GLOBAL });
  const [creating, setCreating] = useState(false);
  const mayWrite = useMay("aliases.write");
  const query = { ...(view.q ? { q: view.q } : {}), ...(view.scope ? { scope: view.scope } : {}) };
  const { first, ...found } = useAliases(query);
  const isFiltered = view.q !== "" || view.scope !== "";
  const show = (alias: Alias) => change({ open: alias.name, of: alias.scope });
  const create = mayWrite ? (
    <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setCreating(true)}>
      {words.create}
    </Button>
  ) : null;
  return (
    <Stack gap={16}>
      {first ? <ActiveProfile list={first} rows={found.rows} /> : null}
      <DataTable
        {...found}
        name={words.list}
        columns={ALIAS_COLUMNS}
        idOf={idOf}
        onRetry={found.refetch}
        onOlder={found.loadOlder}
        onOpen={show}
        openId={view.open ? `${view.of} ${view.open}` : ""}
        csv={`/api/v1/aliases?${new URLSearchParams({ ...query, format: "csv" })}`}
        filter={
          <FilterBar
            search={words.search}
            filters={[{ name: "scope", label: words.scopeFilter }]}
            view={view}
            change={change}
          />
        }
        actions={create}
        empty={
          isFiltered ? (
            <Empty icon={IconArrowsSplit2} title={words.nothingFound} />
          ) : (
            <Empty icon={IconArrowsSplit2} title={words.empty} hint={words.emptyHint}>
              {create}
            </Empty>
          )
        }
      />
      {view.open ? (
        <AliasPanel
          key={`${view.of} ${view.open}`}
          name={view.open}
          scope={view.of}
          list={first}
          onClose={() => change({ open: "", of: GLOBAL })}
        />
      ) : null}
      {creating ? (
        <CreateAlias profiles={first?.profiles ?? []} onClose={() => setCreating(false)} onMade={show} />
      ) : null}
    </Stack>
  );
}
