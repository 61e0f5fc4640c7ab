// The page "Conversations": what people and models said to each other, of those whose conversations are kept.
import { IconMessages } from "@tabler/icons-react";
import { api, told } from "@/api/client";
import { useMay } from "@/api/session";
import { Empty } from "@/parts/empty";
import { later } from "@/parts/later";
import { PageHead } from "@/parts/page-head";
import { SettingsLink } from "@/parts/settings-link";
import { DataTable } from "@/table/data-table";
import { type Filter, FilterBar } from "@/table/filter-bar";
import { useKeyset } from "@/table/use-keyset";
import { useOpen } from "@/table/use-open";
import { conversations as words } from "@/texts/en/conversations";
import { useView } from "@/view";
import { CaptureSettings } from "./capture-settings";
import { Clear } from "./clear";
import { columns } from "./columns";

const ConversationPanel = later(() => import("./conversation-panel").then((module) => module.ConversationPanel));

const NARROWING = { key: "", user: "", team: "", provider: "", model: "", ip: "" };
const FILTERS: Filter[] = Object.entries(words.filters).map(([name, label]) =>
  name === "internal" ? { name, label, options: [{ value: "shown", label: words.internalShown }] } : { name, label },
);
const PAGE = 100;

export function Page() {
  const [view, change] = useView({ q: "", internal: "", ...NARROWING });
  const [open, setOpen] = useOpen();
  const filters = Object.fromEntries(
    Object.keys(NARROWING).flatMap((name) => {
      const value = view[name as keyof typeof NARROWING];
      return value ? [[name, value]] : [];
    }),
  );
  const query = { q: view.q, include_internal: view.internal !== "", ...filters };
  const found = useKeyset(["conversations", "list", query], (after) =>
    told(api.GET("/api/v1/conversations", { params: { query: { ...query, limit: PAGE, after } } })),
  );
  const isFiltered = view.q !== "" || Object.keys(filters).length > 0;

  return (
    <>
      <PageHead title={words.title} about={words.about}>
        {useMay("capture.read") ? <CaptureSettings /> : null}
        <SettingsLink q="conversations." />
        <Clear filters={filters} />
      </PageHead>
      <DataTable
        {...found}
        name={words.list}
        columns={columns}
        idOf={(row) => row.id}
        nameOf={(row) => row.title}
        onRetry={found.refetch}
        onOlder={found.loadOlder}
        onOpen={(row) => setOpen(row.id)}
        openId={open}
        filter={<FilterBar search={words.search} filters={FILTERS} view={view} change={change} />}
        empty={<Nothing isFiltered={isFiltered} />}
      />
      {open ? <ConversationPanel key={open} id={open} onClose={() => setOpen("")} /> : null}
    </>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  const maySay = useMay("capture.write");
  return isFiltered ? (
    <Empty icon={IconMessages} title={words.nothingFound} hint={words.nothingFoundHint} />
  ) : (
    <Empty icon={IconMessages} title={words.nothing} hint={maySay ? words.nothingHint : words.nothingHintRead} />
  );
}
