// Keys: as a tree where nothing is searched for, else as a plain list; what can be done with many at once.
import { Button } from "@mantine/core";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { api, told } from "@/api/client";
import { useMay, useReach } from "@/api/session";
import { Empty } from "@/parts/empty";
import { later } from "@/parts/later";
import type { MadeKey } from "@/snippets/new-key";
import { DataTable } from "@/table/data-table";
import { type Filter, FilterBar } from "@/table/filter-bar";
import { useKeyset } from "@/table/use-keyset";
import { useOpen } from "@/table/use-open";
import { access } from "@/texts/en/access";
import { useView } from "@/view";
import { switchKeys } from "./key-actions";
import { keyColumns } from "./key-columns";
import type { ListedKey } from "./key-draft";
import { useKeyTree } from "./key-tree";

// A key is told once: what shows it is there before one can be made.
const newKey = () => import("@/snippets/new-key");
const CreateKey = later(async () => (await Promise.all([import("./create-key"), newKey()]))[0].CreateKey);
const KeyPanel = later(async () => (await Promise.all([import("./key-panel"), newKey()]))[0].KeyPanel);
const RevokeKeys = later(() => import("./revoke-keys").then((module) => module.RevokeKeys));
const NewKeyDialog = later(() => newKey().then((module) => module.NewKeyDialog));

const words = access.keys;
const FILTERS = { q: "", role: "", state: "", team: "", user: "", parent: "", origin: "" };
type View = { [Name in keyof typeof FILTERS]: string };

export function KeysTab() {
  const [view, change] = useView(FILTERS);
  const [open, setOpen] = useOpen();
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<MadeKey | null>(null);
  const keys = useKeys(view);
  const { rows, toggle } = useKeyTree(keys.rows, !isFiltered(view));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const mayCreate = useMay("keys.create");
  const mayRevoke = useMay("keys.revoke");
  const columns = useMemo(() => keyColumns(toggle), [toggle]);
  const create = mayCreate ? (
    <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setCreating(true)}>
      {words.create}
    </Button>
  ) : null;

  return (
    <>
      <DataTable
        name={access.tabs.keys}
        columns={columns}
        {...keys}
        rows={rows}
        idOf={(row) => row.shown.id}
        nameOf={(row) => row.shown.name}
        onRetry={keys.refetch}
        onOlder={keys.loadOlder}
        onOpen={(row) => setOpen(row.shown.id)}
        openId={open}
        csv={csvPath(view)}
        filter={<FilterBar search={words.search} filters={filters()} view={view} change={change} />}
        actions={create}
        empty={
          <Empty icon={IconKey} title={words.empty} hint={words.emptyHint}>
            {create}
          </Empty>
        }
        {...(mayRevoke
          ? {
              selection: { ids: selected, change: setSelected },
              bulk: (ids: string[]) => (
                <BulkActions
                  keys={rows.map((row) => row.shown).filter((key) => ids.includes(key.id) && key.origin === "database")}
                  onDone={() => setSelected(new Set())}
                />
              ),
            }
          : {})}
      />
      {open ? <KeyPanel key={open} id={open} onClose={() => setOpen("")} onOpen={setOpen} onMade={setMade} /> : null}
      {creating ? <CreateKey onClose={() => setCreating(false)} onMade={setMade} /> : null}
      {made ? <NewKeyDialog made={made} onClose={() => setMade(null)} /> : null}
    </>
  );
}

function isFiltered(view: View): boolean {
  return Object.values(view).some((value) => value !== "");
}

// Only the tops of the tree at first. Whoever does not see all keys is told theirs whole: the one above may be
// another's, and then it is a top to them.
function useKeys(view: View) {
  const all = useReach("keys.read") === "all";
  const query = { ...wanted(view), ...(all && !isFiltered(view) ? { top: true } : {}), figures: true };
  return useKeyset<ListedKey>(["keys", "list", query], (after) =>
    told(api.GET("/api/v1/keys", { params: { query: { ...query, ...(after ? { after } : {}) } } })),
  );
}

function wanted(view: View): Record<string, string> {
  return Object.fromEntries(Object.entries(view).filter(([, value]) => value !== ""));
}

function csvPath(view: View): string {
  return `/api/v1/keys?${new URLSearchParams({ ...wanted(view), format: "csv" })}`;
}

function filters(): Filter[] {
  const options = (named: Readonly<Record<string, string>>) =>
    Object.entries(named).map(([value, label]) => ({ value, label }));
  return [
    { name: "state", label: words.state, options: options(words.filterStates) },
    { name: "role", label: words.role, options: options(access.roles) },
    { name: "team", label: words.team },
    { name: "user", label: words.owner },
    { name: "parent", label: words.parent },
    { name: "origin", label: words.origin, options: options(words.filterOrigins) },
  ];
}

function BulkActions({ keys, onDone }: { keys: ListedKey[]; onDone: () => void }) {
  const [revoking, setRevoking] = useState(false);
  const mayChange = useMay("keys.change");
  const turn = (enabled: boolean) => void switchKeys(keys, enabled).then(onDone);
  return (
    <>
      {mayChange ? (
        <>
          <Button variant="default" size="xs" onClick={() => turn(false)} disabled={keys.length === 0}>
            {words.bulkDisable}
          </Button>
          <Button variant="default" size="xs" onClick={() => turn(true)} disabled={keys.length === 0}>
            {words.bulkEnable}
          </Button>
        </>
      ) : null}
      <Button color="red" size="xs" onClick={() => setRevoking(true)} disabled={keys.length === 0}>
        {words.bulkRevoke}
      </Button>
      {revoking ? <RevokeKeys keys={keys} onClose={() => setRevoking(false)} onRevoked={onDone} /> : null}
    </>
  );
}
