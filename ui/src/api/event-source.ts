// A connection that the server tells events over, kept open: it comes back when it breaks or was refused. A browser opens
// six connections to a server for all of its tabs together, so only what is shown keeps one.
import { useEffect, useState } from "react";

const AGAIN_MS = 5000;

interface Told {
  opened: () => void;
  lost: () => void;
  told: (name: string, data: unknown) => void;
}

// A browser comes back by itself when a connection breaks, but not when the server has refused it.
export function follow(path: string, names: string[], { opened, lost, told }: Told): () => void {
  let source: EventSource;
  let timer: number | undefined;
  const open = () => {
    source = new EventSource(path);
    source.onopen = opened;
    for (const name of names) {
      source.addEventListener(name, (event) => told(name, JSON.parse((event as MessageEvent<string>).data)));
    }
    source.onerror = () => {
      lost();
      if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(open, AGAIN_MS);
    };
  };
  open();
  return () => {
    window.clearTimeout(timer);
    source.close();
  };
}

// Whether the tab is looked at.
export function useIsShown(): boolean {
  const [isShown, setIsShown] = useState(!document.hidden);
  useEffect(() => {
    const look = () => setIsShown(!document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return isShown;
}
