// A chart in words, for those who do not see it.
import { charts as words } from "@/texts/en/charts";
import type { Shape } from "./plot-options";
import { type ChartSeries, overallOf, sumOf, totalsOf } from "./series";
import { slotName } from "./times";

const LARGEST = 3;

interface Told {
  shape: Shape;
  times: readonly number[];
  slotSeconds: number;
  series: readonly ChartSeries[];
  short: (value: number) => string;
}

export function summaryOf({ shape, times, slotSeconds, series, short }: Told): string {
  if (shape === "lines") return series.map((one) => lineOf(one, short)).join(" ");
  const totals = totalsOf(series, times.length);
  const peak = totals.indexOf(Math.max(...totals));
  const name = (slot: number) => slotName(times[slot] ?? 0, slotSeconds);
  const whole = words.stackSummary(
    name(0),
    name(times.length - 1),
    short(sumOf(totals)),
    short(totals[peak] ?? 0),
    name(peak),
  );
  return `${whole} ${words.parts(partsOf(series, short))}`;
}

// What is under the crosshair, in one sentence.
export function slotTold(at: number | null, { times, slotSeconds, series, short }: Told): string {
  if (at === null) return words.whole;
  const figures = series.map((one) => `${one.label} ${figure(one.values[at], short)}`);
  return `${slotName(times[at] ?? 0, slotSeconds)}: ${figures.join(", ")}`;
}

function partsOf(series: readonly ChartSeries[], short: (value: number) => string): string {
  return series
    .map((one) => ({ label: one.label, sum: sumOf(one.values) }))
    .sort((one, other) => other.sum - one.sum)
    .slice(0, LARGEST)
    .map((one) => `${one.label} ${short(one.sum)}`)
    .join(", ");
}

function lineOf(series: ChartSeries, short: (value: number) => string): string {
  const values = series.values.filter((value) => value !== null);
  if (values.length === 0) return "";
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return words.lineSummary(series.label, short(low), short(high), figure(overallOf(series), short));
}

function figure(value: number | null | undefined, short: (value: number) => string): string {
  return value === null || value === undefined ? "–" : short(value);
}
