// What changes on the server, as it changes: one stream of events for the whole UI, which makes what is shown stale.
// Whoever pauses it keeps what they see until they ask.
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from "react";
import { follow, useIsShown } from "./event-source";
import { queries, type Scope, stale } from "./queries";

interface Live {
  on: boolean;
  connected: boolean;
  set: (on: boolean) => void;
}

const Current = createContext<Live>({ on: false, connected: false, set: () => undefined });

// What the server tells of as one, and the UI asks for in two places.
const ALSO: Partial<Record<Scope, readonly Scope[]>> = { usage: ["usage", "requests"] };
// Changes that come close together are one refresh.
const GATHERED_MS = 1500;
const REMEMBERED = "tokenrouter.live";

export function LiveProvider({ children }: { children: ReactNode }) {
  const [on, setOn] = useState(() => localStorage.getItem(REMEMBERED) !== "off");
  const [connected, setConnected] = useState(false);
  const isShown = useIsShown();

  useEffect(() => {
    localStorage.setItem(REMEMBERED, on ? "on" : "off");
    if (!on || !isShown) return;
    return followChanges(setConnected);
  }, [on, isShown]);

  const live = useMemo(() => ({ on, connected: on && connected, set: setOn }), [on, connected]);
  return <Current value={live}>{children}</Current>;
}

export function useLive(): Live {
  return use(Current);
}

// From the first connection on, which begins before anything is asked for, or from when somebody looked away.
let missed = false;

function followChanges(told: (connected: boolean) => void): () => void {
  const waiting = new Set<Scope>();
  let timer: number | undefined;

  const refresh = () => {
    timer = undefined;
    const scopes = [...waiting];
    waiting.clear();
    void stale(...scopes);
  };
  const changed = (data: unknown) => {
    const { scopes } = data as { scopes: Scope[] };
    for (const scope of scopes.flatMap((one) => ALSO[one] ?? [one])) waiting.add(scope);
    timer ??= window.setTimeout(refresh, GATHERED_MS);
  };
  const leave = follow("/api/v1/events", ["changed"], {
    opened: () => {
      told(true);
      // Whatever happened while nobody listened was not told.
      if (missed) void queries.invalidateQueries();
      missed = true;
    },
    lost: () => told(false),
    told: (_name, data) => changed(data),
  });
  return () => {
    missed = true;
    window.clearTimeout(timer);
    leave();
    told(false);
  };
}
