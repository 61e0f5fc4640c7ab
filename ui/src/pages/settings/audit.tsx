// The audit log: who changed what and when, before and after, and whether anybody altered it since.
import { Alert, Button, Group, Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconHistory, IconShieldCheck } from "@tabler/icons-react";
import { useState } from "react";
import { api, told } from "@/api/client";
import type { components } from "@/api/schema";
import { Copy } from "@/parts/copy";
import { Empty } from "@/parts/empty";
import { Time } from "@/parts/figure";
import { later } from "@/parts/later";
import { tellOf } from "@/parts/problem";
import type { Column } from "@/table/column";
import { DataTable } from "@/table/data-table";
import { FilterBar } from "@/table/filter-bar";
import { useKeyset } from "@/table/use-keyset";
import { settings } from "@/texts/en/settings";
import { useView } from "@/view";
import { changedFields, type Entry } from "./audit-panel";

const AuditPanel = later(() => import("./audit-panel").then((module) => module.AuditPanel));

const words = settings.audit;

type Verdict = components["schemas"]["ShownState"];

const COLUMNS: Column<Entry>[] = [
  { id: "at", head: words.columns.at, width: 130, cell: (row) => <Time at={row.at} /> },
  { id: "actor", head: words.columns.actor, width: 160, cell: (row) => row.actor.name || words.server },
  { id: "action", head: words.columns.action, width: 170, cell: (row) => <span className="mono">{row.action}</span> },
  { id: "subject", head: words.columns.subject, width: 200, cell: (row) => row.subject.name || row.subject.kind },
  { id: "change", head: words.columns.change, cell: changeText },
  { id: "address", head: words.columns.address, width: 130, hidden: true, cell: (row) => row.actor.address },
  { id: "number", head: words.columns.number, width: 80, align: "right", hidden: true, cell: (row) => row.number },
];

const FILTERS = [
  {
    name: "kind",
    label: words.filters.kind,
    options: Object.entries(words.kinds).map(([value, label]) => ({ value, label })),
  },
  { name: "actor", label: words.filters.actor },
  { name: "action", label: words.filters.action },
  { name: "subject", label: words.filters.subject },
  { name: "from", label: words.filters.from },
  { name: "to", label: words.filters.to },
];
const NO_FILTER = { q: "", kind: "", actor: "", action: "", subject: "", from: "", to: "" };
const ROWS = 100;

export function Audit() {
  const [view, change] = useView({ ...NO_FILTER, open: "" });
  const { open, ...filters } = view;
  const said = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== "")) as Partial<
    typeof filters
  >;
  const query = { ...said, ...timesOf(said) };
  const list = useKeyset(["audit", "list", query], (after) =>
    told(api.GET("/api/v1/audit", { params: { query: { ...query, limit: ROWS, ...(after ? { after } : {}) } } })),
  );
  return (
    <>
      <Verify />
      <DataTable
        name={words.name}
        columns={COLUMNS}
        rows={list.rows}
        idOf={(row) => String(row.number)}
        isLoading={list.isLoading}
        isOutdated={list.isOutdated}
        error={list.error}
        onRetry={list.refetch}
        hasOlder={list.hasOlder}
        onOlder={list.loadOlder}
        isLoadingOlder={list.isLoadingOlder}
        onOpen={(row) => change({ open: String(row.number) })}
        openId={open}
        csv={`/api/v1/audit?${new URLSearchParams({ ...query, format: "csv" })}`}
        filter={<FilterBar search={words.search} filters={FILTERS} view={view} change={change} />}
        empty={<Empty icon={IconHistory} title={words.empty} />}
      />
      {open ? (
        <AuditPanel
          entry={list.rows.find((row) => String(row.number) === open)}
          isLoading={list.isLoading}
          onClose={() => change({ open: "" })}
        />
      ) : null}
    </>
  );
}

// A day or a moment, as people type it, in their zone; what is no time is left to the server to refuse.
function timesOf({ from, to }: { from?: string; to?: string }): { from?: string; to?: string } {
  const moment = (text: string) => {
    const time = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text);
    return Number.isNaN(time.getTime()) ? text : time.toISOString();
  };
  return { ...(from ? { from: moment(from) } : {}), ...(to ? { to: moment(to) } : {}) };
}

function changeText(row: Entry) {
  if (row.before === null && row.after !== null) return <Text size="sm">{words.made}</Text>;
  if (row.after === null) return <Text size="sm">{row.before === null ? words.unset : words.gone}</Text>;
  return (
    <Text size="sm" truncate>
      {changedFields(row).join(", ")}
    </Text>
  );
}

function Verify() {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [busy, setBusy] = useState(false);
  const verify = async () => {
    setBusy(true);
    await told(api.GET("/api/v1/audit/verify", { params: { query: {} } })).then(setVerdict, tellOf);
    setBusy(false);
  };
  return (
    <Group mb={16} gap={16} align="flex-start">
      <Button
        variant="default"
        loading={busy}
        leftSection={<IconShieldCheck size={16} aria-hidden />}
        onClick={() => void verify()}
      >
        {words.verify}
      </Button>
      <div role="status" style={{ flex: "1 1 320px", minWidth: 0 }}>
        {verdict === null ? null : verdict.ok ? (
          <Alert
            variant="default"
            icon={<IconCircleCheck size={18} color="var(--ok)" />}
            title={words.verified(verdict.entries)}
          >
            <Text size="xs">{words.head}</Text>
            <Group gap={4} wrap="nowrap">
              <Text size="xs" className="mono" truncate>
                {verdict.head}
              </Text>
              <Copy text={verdict.head} what={words.hash} />
            </Group>
          </Alert>
        ) : (
          <Alert color="red" icon={<IconCircleX size={18} />} title={words.broken(verdict.broken_at)} />
        )}
      </div>
    </Group>
  );
}
