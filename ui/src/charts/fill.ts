// How full a quota or limit is, in the three states that people know: ok, soon, stopped.
import type { State } from "@/parts/state-badge";

// The same bounds as TokenRouter-Go's rings and the Classroom panel's bars have, so that nobody learns new ones.
const SOON = 0.7;
const STOPPED = 0.9;

export type Fill = Exclude<State, "unknown">;

// `share` is what is used and held, 0 to 1 (and beyond).
export function fillOf(share: number): Fill {
  if (share >= STOPPED) return "stopped";
  return share >= SOON ? "soon" : "ok";
}
