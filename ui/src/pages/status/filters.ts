// By what the page may be narrowed, in the address and in what is asked for.
import type { Filter } from "@/table/filter-bar";
import { status as words } from "@/texts/en/status";
import type { Activity } from "./activity";

export type Dimension = keyof typeof words.groups;
export const DIMENSIONS = Object.keys(words.groups) as Dimension[];

// Keys are asked for by their id and chosen by their name: those that the page tells of.
export function filtersOf(activity: Activity | undefined): Filter[] {
  const keys = (activity?.tables.key ?? []).map(({ name, label }) => ({ value: name, label: label || name }));
  return DIMENSIONS.map((name) => ({
    name,
    label: words.groups[name],
    ...(name === "key" && keys.length > 0 ? { options: keys } : {}),
  }));
}

export const DEFAULTS = {
  model: "",
  provider: "",
  key: "",
  user: "",
  team: "",
  ip: "",
  tool: "",
  group: "model",
  measure: "tokens",
};

export type StatusView = { [Name in keyof typeof DEFAULTS]: string };

export function groupOf(view: StatusView): Dimension {
  return DIMENSIONS.find((one) => one === view.group) ?? "model";
}

// What stands in the address for a name of a dimension. A model is told with its provider, and asked for beside it.
export function filterOf(dimension: Dimension, name: string): Partial<StatusView> {
  if (dimension !== "model") return { [dimension]: name };
  const cut = name.indexOf("/");
  return { provider: name.slice(0, Math.max(cut, 0)), model: name.slice(cut + 1) };
}

export function pickedOf(dimension: Dimension, view: StatusView): string {
  if (dimension !== "model") return view[dimension];
  return view.model === "" ? "" : `${view.provider}/${view.model}`;
}

// What a press on a name changes: it alone, or no longer.
export function toggled(dimension: Dimension, name: string, view: StatusView): Partial<StatusView> {
  if (name === "") return {};
  const isPicked = pickedOf(dimension, view) === name;
  return isPicked ? filterOf(dimension, "") : filterOf(dimension, name);
}
