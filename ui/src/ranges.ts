// Time ranges: how far back a page looks. In the address as `range`; a page says what it looks at when there is none.
import { useMatches } from "@tanstack/react-router";
import { frame } from "./texts/en/frame";
import { useView } from "./view";

export type RangeName = keyof typeof frame.ranges;
export const RANGES = Object.keys(frame.ranges) as RangeName[];
export const DEFAULT_RANGE: RangeName = "8h";

const UNIT_S: Readonly<Record<string, number>> = { h: 3600, d: 86_400 };

export function secondsOf(range: string): number {
  const unit = UNIT_S[range.slice(-1)];
  const amount = Number(range.slice(0, -1));
  return unit !== undefined && amount > 0 ? amount * unit : 8 * 3600;
}

// The range of the address, with the two ends of it where somebody has drawn one in a chart (ISO times), else "".
export function useRange() {
  const page = useMatches().at(-1)?.staticData.page;
  const [view, change] = useView({ range: page?.ranged ?? DEFAULT_RANGE, from: "", to: "" });
  return {
    range: view.range,
    from: view.from,
    to: view.to,
    seconds: secondsOf(view.range),
    setRange: (range: string) => change({ range, from: "", to: "" }),
    setEnds: (from: string, to: string) => change({ from, to }),
  };
}
