// What is asked of `/api/v1/usage`, and how its answer becomes a chart and a table.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import type { Signalled } from "@/api/queries";
import type { components } from "@/api/schema";
import { OTHER } from "@/charts/palette";
import { byAmount } from "@/charts/series";
import type { ChartData } from "@/charts/time-chart";
import { charts as chartWords } from "@/texts/en/charts";
import { usage as words } from "@/texts/en/usage";
import { allDays, type Days } from "./days";
import { type By, byOf, FILTERS, type Stacked, stackedBy, type UsageView } from "./grouping";
import { MEASURED, type Measure } from "./measures";

type Schemas = components["schemas"];
export type Sums = Schemas["Sums"];
export type Usage = Schemas["Usage"];
type Series = Schemas["ShownSeries"];

export interface Row extends Sums {
  // What it is asked for by; empty is what has no name.
  id: string;
  label: string;
  isTotal: boolean;
}

const DAY_S = 86_400;

// What both the page and the files are asked with.
export function askedOf(view: UsageView, days: Days) {
  const filters = FILTERS.map(({ name }) => [name, view[name as keyof UsageView]]).filter(([, value]) => value !== "");
  return { ...days, ...(Object.fromEntries(filters) as Record<string, string>) };
}

export function useReport(view: UsageView, days: Days) {
  return useQuery({ ...reportOf(view, days), placeholderData: keepPreviousData });
}

// What is asked for a view and some days.
export function reportOf(view: UsageView, days: Days) {
  const [by, part] = [byOf(view), stackedBy(byOf(view))];
  const asked = askedOf(view, days);
  const query = queryOf(by, part, asked);
  return {
    queryKey: ["usage", "report", by, asked],
    queryFn: ({ signal }: Signalled) => told(api.GET("/api/v1/usage", { params: { query }, signal })),
  };
}

function queryOf(by: By, part: Stacked, asked: Record<string, string>) {
  // biome-ignore lint/suspicious/noThenProperty: the server's name for what days are split by; nobody awaits this.
  return { ...asked, by, then: part, compare: "previous" as const };
}

export function rowsOf(usage: Usage): Row[] {
  return usage.groups.map((group) => ({
    ...group,
    id: group.key_id || group.name,
    label: group.name || words.unnamed,
    isTotal: false,
  }));
}

export function totalRow(total: Sums): Row {
  return { ...total, id: "total", label: words.total, isTotal: true };
}

export function chartOf({ stack }: Usage, days: Days, measure: Measure): ChartData {
  const times = allDays(days).map((day) => Date.parse(day) / 1000);
  const slots = new Map((stack?.start_s ?? []).map((start, at) => [start, at]));
  const { column } = MEASURED[measure];
  const valuesOf = (one: Series) => times.map((time) => one[column][slots.get(time) ?? -1] ?? 0);
  const series = byAmount(
    (stack?.series ?? []).map((one) => ({
      name: one.name,
      label: one.label || one.name || words.unnamed,
      values: valuesOf(one),
    })),
  );
  const others = stack?.others;
  if (others) series.push({ name: OTHER, label: chartWords.other, values: valuesOf(others) });
  return { times, slotSeconds: DAY_S, series };
}
