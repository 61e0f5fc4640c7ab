// What is asked of `/api/v1/activity`, and how its answer becomes charts and tables.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import type { Signalled } from "@/api/queries";
import type { components } from "@/api/schema";
import { OTHER } from "@/charts/palette";
import { byAmount, type ChartSeries } from "@/charts/series";
import type { ChartData } from "@/charts/time-chart";
import { zone } from "@/format/times";
import { type Range, useRange } from "@/ranges";
import { charts as chartWords } from "@/texts/en/charts";
import { status as words } from "@/texts/en/status";
import { DIMENSIONS, type Dimension, groupOf, type StatusView } from "./filters";
import { MEASURED, type Measure } from "./measures";

type Schemas = components["schemas"];
export type Activity = Schemas["Activity"];
export type Sums = Schemas["Sums"];
export type Speed = Schemas["Speed"];
export type Part = Schemas["ShownPart"];

export function useActivity(view: StatusView) {
  return useQuery({ ...activityOf(view, useRange()), placeholderData: keepPreviousData });
}

// What is asked for a view and a time.
export function activityOf(view: StatusView, { range, from, to, seconds }: Range) {
  const filters = Object.fromEntries(DIMENSIONS.map((name) => [name, view[name]]).filter(([, value]) => value !== ""));
  const ends = from !== "" || to !== "" ? { from, to } : { range: seconds };
  const query = { group: groupOf(view), tz: zone, ...ends, ...filters };
  return {
    queryKey: ["usage", "activity", range, query],
    queryFn: ({ signal }: Signalled) => told(api.GET("/api/v1/activity", { params: { query }, signal })),
  };
}

export function volumeOf(activity: Activity, measure: Measure): ChartData {
  const { column } = MEASURED[measure];
  const series = byAmount(
    activity.series.map((one) => ({
      name: one.name,
      label: one.label || one.name || words.unnamed,
      values: one[column],
    })),
  );
  const others = activity.others;
  if (others !== null) series.push({ name: OTHER, label: chartWords.other, values: others[column] });
  return { ...timesOf(activity), series };
}

interface Lines {
  latency: ChartData;
  firstToken: ChartData;
  promptSpeed: ChartData;
  generationSpeed: ChartData;
}

// Lines that are always the same have colours of their own.
const FIRST = { colour: 0, pattern: 0 };
const SECOND = { colour: 3, pattern: 0 };

export function linesOf(activity: Activity): Lines {
  const times = timesOf(activity);
  const line = (label: string, look: ChartSeries["look"], name: keyof Speed): ChartSeries => ({
    name: label,
    label,
    look,
    values: activity.slots.speed?.map((speed) => speed[name]) ?? [],
    overall: activity.total.speed?.[name] ?? null,
  });
  return {
    latency: {
      ...times,
      series: [line(words.p50Line, FIRST, "latency_p50_ms"), line(words.p95Line, SECOND, "latency_p95_ms")],
    },
    firstToken: {
      ...times,
      series: [line(words.p50Line, FIRST, "first_token_p50_ms"), line(words.p95Line, SECOND, "first_token_p95_ms")],
    },
    promptSpeed: { ...times, series: [line(words.average, FIRST, "prompt_tokens_per_s")] },
    generationSpeed: { ...times, series: [line(words.average, FIRST, "generated_tokens_per_s")] },
  };
}

// Undefined while it is asked for, null where nobody knows (any more).
export function rowsOf(activity: Activity | undefined, dimension: Dimension): Part[] | null | undefined {
  if (activity === undefined) return undefined;
  return activity.tables[dimension]?.map((row) => ({ ...row, label: row.label || row.name || words.unnamed })) ?? null;
}

export function weekOf(activity: Activity, measure: Measure): number[][] {
  const week = Array.from({ length: 7 }, () => new Array<number>(24).fill(0));
  for (const cell of activity.heat ?? []) {
    const day = week[cell.weekday];
    if (day !== undefined) day[cell.hour] = cell[MEASURED[measure].column];
  }
  return week;
}

function timesOf(activity: Activity): Pick<ChartData, "times" | "slotSeconds"> {
  return { times: activity.slots.start_s, slotSeconds: activity.slot_s };
}
