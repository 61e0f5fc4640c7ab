// What has come since a list was asked for, newest first: told by a stream, gathered for a moment so that many are drawn
// at once, bounded, and held back while somebody reads further down.
import { useEffect, useMemo, useRef, useState } from "react";
import { type StreamState, useStream } from "./stream";

interface Wanted {
  // The stream of what the list shows, with the list's filters; another path begins anew, null follows nothing.
  path: string | null;
  // The events that are rows.
  name: string;
  // What is done with others.
  others?: Readonly<Record<string, (data: unknown) => void>>;
  // Keeps what is shown as it is.
  isHeld: boolean;
  // So many are kept; the oldest go first.
  most: number;
  // Before the first event of each connection: what came while there was none is to be asked for.
  onOpen?: () => void;
}

export interface Tail<Row> {
  rows: Row[];
  // How many have come that are held back.
  waiting: number;
  state: StreamState;
  clear: () => void;
}

interface News<Row> {
  // Oldest first.
  rows: readonly Row[];
  // How many have gone to keep the bound.
  gone: number;
}

const GATHERED_MS = 250;

export function useTail<Row>({ path, name, others, isHeld, most, onOpen }: Wanted): Tail<Row> {
  const [news, setNews] = useState<News<Row>>({ rows: [], gone: 0 });
  const [shownUpTo, setShownUpTo] = useState<number | null>(null);
  const gathered = useRef<Row[]>([]);
  const timer = useRef<number | undefined>(undefined);

  const take = () => {
    timer.current = undefined;
    const come = gathered.current;
    gathered.current = [];
    setNews((before) => bounded({ rows: [...before.rows, ...come], gone: before.gone }, most));
  };
  const state = useStream({
    path,
    events: {
      ...others,
      [name]: (row) => {
        gathered.current.push(row as Row);
        timer.current ??= window.setTimeout(take, GATHERED_MS);
      },
    },
    ...(onOpen ? { onOpen } : {}),
  });
  const clear = () => {
    gathered.current = [];
    setNews({ rows: [], gone: 0 });
    setShownUpTo((before) => (before === null ? null : 0));
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: another path is another list.
  useEffect(() => {
    clear();
    return () => window.clearTimeout(timer.current);
  }, [path]);
  const total = news.gone + news.rows.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what counts is how many there were when it was held.
  useEffect(() => setShownUpTo(isHeld ? total : null), [isHeld]);

  const upTo = shownUpTo ?? total;
  const rows = useMemo(() => news.rows.slice(0, Math.max(0, upTo - news.gone)).toReversed(), [news, upTo]);
  return { rows, waiting: total - upTo, state, clear };
}

function bounded<Row>({ rows, gone }: News<Row>, most: number): News<Row> {
  const over = rows.length - most;
  return over > 0 ? { rows: rows.slice(over), gone: gone + over } : { rows, gone };
}

// Returns what is in either list, newest first; `placeOf` rises with time, and is a row's own.
export function merged<Row>(tail: Row[], page: Row[], placeOf: (row: Row) => string): Row[] {
  if (tail.length === 0) return page;
  const known = new Set(page.map(placeOf));
  const come = tail.filter((row) => !known.has(placeOf(row)));
  const first = page[0];
  const last = come.at(-1);
  const all = [...come, ...page];
  // Mostly the one follows the other; then nothing has to be sorted.
  if (first === undefined || last === undefined || placeOf(last) > placeOf(first)) return all;
  return all.toSorted((one, other) => (placeOf(one) < placeOf(other) ? 1 : -1));
}
