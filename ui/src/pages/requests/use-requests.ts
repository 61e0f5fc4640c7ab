// The requests that are shown: pages from the newest on, and those that end meanwhile, of the same filters.
import { useMemo, useRef, useState } from "react";
import { api, told } from "@/api/client";
import { merged, useTail } from "@/api/tail";
import { secondsOf } from "@/ranges";
import { useKeyset } from "@/table/use-keyset";
import type { Row } from "./row";

const PAGE = 100;
const MOST_NEW = 400;
// How often the list is asked for anew at most, where more requests end than are told one by one.
const ANEW_MS = 5000;

// `range` is in the address for people; the server is asked from a moment on.
export type RequestFilter = Readonly<Record<string, string>>;

export function useRequests(filter: RequestFilter, isHeld: boolean) {
  const query = useMemo(() => queryOf(filter), [filter]);
  const [running, setRunning] = useState<number | null>(null);
  const askedAt = useRef(0);
  const again = () => {
    if (Date.now() - askedAt.current < ANEW_MS) return;
    askedAt.current = Date.now();
    pages.refetch();
  };
  const tail = useTail<Row>({
    path: "to" in query ? null : `/api/v1/ledger/stream?${new URLSearchParams(query)}`,
    name: "request",
    others: {
      begin: (data) => (data as { missed: boolean }).missed && again(),
      skipped: () => isHeld || again(),
      running: (data) => setRunning((data as { requests: number }).requests),
    },
    isHeld,
    most: MOST_NEW,
    onOpen: () => pages.rows.length > 0 && again(),
  });
  const pages = useKeyset<Row>(
    // Not below the scope of requests: the stream tells of each, so nothing has to be asked again.
    ["ledger", query],
    (after) => told(api.GET("/api/v1/ledger", { params: { query: { ...query, limit: PAGE, after } as never } })),
    tail.state !== "opening",
  );
  const rows = useMemo(() => merged(tail.rows, pages.rows, placeOf), [tail.rows, pages.rows]);
  return {
    ...pages,
    isLoading: pages.isLoading || (tail.state === "opening" && rows.length === 0),
    rows,
    running,
    waiting: tail.waiting,
    csv: `/api/v1/ledger?${new URLSearchParams({ ...query, format: "csv" })}`,
  };
}

// Rises with time; a row's own.
function placeOf(row: Row): string {
  return `${String(row.started_us).padStart(17, "0")} ${row.id}`;
}

function queryOf({ range = "", ...filter }: RequestFilter): Record<string, string> {
  const said = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ""));
  if (range === "" || said.from !== undefined) return said;
  return { ...said, from: new Date(Date.now() - secondsOf(range) * 1000).toISOString() };
}
