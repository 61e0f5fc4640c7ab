// An alias while it is written.
import type { components } from "@/api/schema";
import type { Alias } from "./alias";

export interface TargetDraft {
  // Tells the rows apart while they are written and moved.
  row: number;
  target: string;
  profile: string;
  weight: number;
}

export interface AliasDraft {
  targets: TargetDraft[];
  selection: string;
  fallback: string;
  use_light_model: boolean;
  light_model: string;
  light_model_threshold: number;
  sticky: boolean;
  hedge: boolean;
  hedge_after_s: number;
  hedge_percent: number;
  deadline_s: number;
  min_tokens_per_s: number;
  probe_s: number;
  continue_streams: boolean;
  refused_elsewhere: boolean;
  comment: string;
}

export const USUAL_PROFILE = "default";

// What an alias is of which nothing is said; the server's own defaults.
export const NEW_ALIAS: AliasDraft = {
  targets: [{ row: 1, target: "", profile: USUAL_PROFILE, weight: 1 }],
  selection: "ordered",
  fallback: "",
  use_light_model: false,
  light_model: "",
  light_model_threshold: 100,
  sticky: true,
  hedge: false,
  hedge_after_s: 0,
  hedge_percent: 5,
  deadline_s: 0,
  min_tokens_per_s: 0,
  probe_s: 5,
  continue_streams: false,
  refused_elsewhere: false,
  comment: "",
};

export function draftOf(alias: Alias): AliasDraft {
  const names = Object.keys(NEW_ALIAS).filter((name) => name !== "targets") as (keyof AliasDraft & keyof Alias)[];
  const rest = Object.fromEntries(names.map((name) => [name, alias[name]]));
  const targets = alias.targets.map((target, index) => ({ row: index + 1, ...target }));
  return { ...NEW_ALIAS, ...rest, targets };
}

export function bodyOf({ targets, ...rest }: AliasDraft): components["schemas"]["ChangedAlias"] {
  const said = targets.filter(({ target }) => target.trim() !== "");
  return {
    ...rest,
    targets: said.map(({ target, profile, weight }) => ({
      target: target.trim(),
      profile: profile.trim() || USUAL_PROFILE,
      weight,
    })),
  };
}

export function moved(targets: TargetDraft[], index: number, by: number): TargetDraft[] {
  const after = [...targets];
  const [taken] = after.splice(index, 1);
  if (taken) after.splice(index + by, 0, taken);
  return after;
}

export function withTarget(targets: TargetDraft[]): TargetDraft[] {
  const row = Math.max(0, ...targets.map((one) => one.row)) + 1;
  return [...targets, { row, target: "", profile: targets.at(-1)?.profile ?? USUAL_PROFILE, weight: 1 }];
}
