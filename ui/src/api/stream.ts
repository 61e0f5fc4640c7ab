// A stream of events that one page follows while it is looked at. A tab that is hidden gives its stream back, and opens it
// again when it is shown.
import { useEffect, useEffectEvent, useState } from "react";
import { follow, useIsShown } from "./event-source";
import { useLive } from "./live";

// `lost`: the server is away or refuses; it is tried again.
export type StreamState = "off" | "opening" | "open" | "lost";

interface Following {
  // Where to; null follows nothing.
  path: string | null;
  // What is done with events, by their names; the names stay the same.
  events: Readonly<Record<string, (data: unknown) => void>>;
  // Before the first event of each connection.
  onOpen?: () => void;
}

// Follows `path` while live is on and the tab is shown.
export function useStream({ path, events, onOpen }: Following): StreamState {
  const { on } = useLive();
  const isShown = useIsShown();
  const [state, setState] = useState<StreamState>("opening");
  const told = useEffectEvent((name: string, data: unknown) => events[name]?.(data));
  const opened = useEffectEvent(() => onOpen?.());
  const wanted = on && isShown ? path : null;
  const names = Object.keys(events).join(" ");

  useEffect(() => {
    if (wanted === null) return setState("off");
    setState("opening");
    return follow(wanted, names.split(" "), {
      opened: () => {
        setState("open");
        opened();
      },
      lost: () => setState("lost"),
      told: (name, data) => told(name, data),
    });
  }, [wanted, names]);
  return state;
}
