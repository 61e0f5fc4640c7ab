// Time ranges: how far back a page looks. In the address as `range`; a page says what it looks at when there is none.
import { useMatches } from "@tanstack/react-router";
import { frame } from "./texts/en/frame";
import { type Search, useView, viewOf } from "./view";

export type RangeName = keyof typeof frame.ranges;
export const RANGES = Object.keys(frame.ranges) as RangeName[];
export const DEFAULT_RANGE: RangeName = "8h";

const UNIT_S: Readonly<Record<string, number>> = { h: 3600, d: 86_400 };

export function secondsOf(range: string): number {
  const unit = UNIT_S[range.slice(-1)];
  const amount = Number(range.slice(0, -1));
  return unit !== undefined && amount > 0 ? amount * unit : 8 * 3600;
}

export type Range = {
  range: string;
  from: string;
  to: string;
  seconds: number;
};

// The range that an address says, for a page that looks so far back when there is none.
export function rangeOf(search: Search, usual?: RangeName): Range {
  return withSeconds(viewOf(unsaid(usual), search));
}

function unsaid(usual: RangeName = DEFAULT_RANGE): Omit<Range, "seconds"> {
  return { range: usual, from: "", to: "" };
}

function withSeconds({ range, from, to }: Omit<Range, "seconds">): Range {
  return { range, from, to, seconds: secondsOf(range) };
}

// The range of the address, with the two ends of it where somebody has drawn one in a chart (ISO times), else "".
export function useRange() {
  const page = useMatches().at(-1)?.staticData.page;
  const [view, change] = useView(unsaid(page?.ranged));
  return {
    ...withSeconds(view),
    setRange: (range: string) => change({ range, from: "", to: "" }),
    setEnds: (from: string, to: string) => change({ from, to }),
  };
}
