// By what usage is grouped and narrowed, and where one gets to from a row.
import type { Filter } from "@/table/filter-bar";
import { usage as words } from "@/texts/en/usage";

export type By = keyof typeof words.groups;
export type Stacked = Exclude<By, "day">;

export const GROUPINGS = Object.keys(words.groups) as By[];
export const FILTERS: readonly Filter[] = Object.entries(words.filters).map(([name, label]) => ({ name, label }));
export const DEFAULTS = {
  by: "team",
  measure: "cost",
  sort: "-cost",
  team: "",
  user: "",
  key: "",
  model: "",
  provider: "",
};

export type UsageView = { [Name in keyof typeof DEFAULTS]: string };

// What a row of each kind is made of: a team of people, a person of keys.
export const WITHIN: Readonly<Record<Stacked, Stacked>> = {
  team: "user",
  user: "key",
  key: "model",
  provider: "model",
  model: "key",
};

export function byOf(view: UsageView): By {
  return GROUPINGS.find((one) => one === view.by) ?? "team";
}

// Days are stacked by something else than themselves.
export function stackedBy(by: By): Stacked {
  return by === "day" ? "model" : by;
}

type Names = Partial<Record<Stacked, string>>;

// What narrows the page to one name. A model is told with its provider, and asked for beside it.
export function filterOf(by: Stacked, name: string): Names {
  if (by !== "model") return { [by]: name };
  const cut = name.indexOf("/");
  return { provider: name.slice(0, Math.max(cut, 0)), model: name.slice(cut + 1) };
}

export function pickedOf(by: Stacked, view: UsageView): string {
  if (by !== "model") return view[by];
  return view.model === "" ? "" : `${view.provider}/${view.model}`;
}
