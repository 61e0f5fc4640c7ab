// What a chart over time shows, and the sums that are drawn and told of it.
import type { Look } from "./palette";

export interface ChartSeries {
  // What is told to whoever is asked for this series; may be empty.
  name: string;
  // What people read.
  label: string;
  values: readonly (number | null)[];
  // Where the colour is not the name's own: lines that are always the same, such as p50 and p95.
  look?: Look;
  // The figure for the whole range, where it is not the sum.
  overall?: number | null;
}

// Series on top of each other: each row is its own values and those of all before it, so that the first stands on the
// ground and the last is the highest.
export function stacked(series: readonly ChartSeries[], slots: number): number[][] {
  let below = new Array<number>(slots).fill(0);
  return series.map((one) => {
    below = below.map((value, slot) => value + (one.values[slot] ?? 0));
    return below;
  });
}

export function sumOf(values: readonly (number | null)[]): number {
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

// The largest first: in a stack they stand on the ground.
export function byAmount(series: readonly ChartSeries[]): ChartSeries[] {
  const sums = new Map(series.map((one) => [one, sumOf(one.values)]));
  return [...series].sort((one, other) => (sums.get(other) ?? 0) - (sums.get(one) ?? 0));
}

export function overallOf(series: ChartSeries): number | null {
  return series.overall === undefined ? sumOf(series.values) : series.overall;
}

// The sums of all series by slot.
export function totalsOf(series: readonly ChartSeries[], slots: number): number[] {
  return stacked(series, slots).at(-1) ?? new Array<number>(slots).fill(0);
}

export function isEmpty(series: readonly ChartSeries[]): boolean {
  return series.every((one) => one.values.every((value) => value === null || value === 0));
}

// The slot that a time falls into: `times` are when the slots begin, in seconds, the oldest first.
export function slotAt(times: readonly number[], time: number): number | null {
  let [low, high] = [0, times.length - 1];
  if (high < 0 || time < (times[0] ?? 0)) return null;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((times[middle] ?? 0) <= time) low = middle;
    else high = middle - 1;
  }
  return low;
}
