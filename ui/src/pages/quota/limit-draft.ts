// A limit that is being made, and what of it is sent.
import type { components } from "@/api/schema";
import type { Metric } from "@/format/limits";
import { zone } from "@/format/times";
import type { quota } from "@/texts/en/quota";
import { amountOf, type ScopeKind } from "./limit";

export type Each = `each-${keyof typeof quota.each}`;
export type Whom = ScopeKind | Each;
export type WindowKind = keyof typeof quota.create.windows;

export interface Draft {
  whom: Whom;
  subject: string;
  metric: Metric;
  amount: number | "";
  window: WindowKind;
  seconds: number | "";
  tz: string;
  weekStart: string;
  mode: "hard" | "soft";
  carryOver: number | "";
  comment: string;
}

export const NEW: Draft = {
  whom: "key",
  subject: "",
  metric: "tokens",
  amount: "",
  window: "month",
  seconds: "",
  tz: zone,
  weekStart: "monday",
  mode: "hard",
  carryOver: "",
  comment: "",
};

const CALENDAR: readonly WindowKind[] = ["hour", "day", "week", "month"];
const SPANS: readonly WindowKind[] = ["interval", "sliding"];

export function isCalendar(window: WindowKind): boolean {
  return CALENDAR.includes(window);
}

export function isSpan(window: WindowKind): boolean {
  return SPANS.includes(window);
}

// What begins anew, so that something of it can be taken over.
export function begins(window: WindowKind): boolean {
  return isCalendar(window) || window === "interval";
}

export function needsSubject(whom: Whom): boolean {
  return whom !== "global" && !whom.startsWith("each-");
}

export function scopeOf({ whom, subject }: Draft): string {
  if (whom === "global") return whom;
  return whom.startsWith("each-") ? `${whom.slice("each-".length)}:*` : `${whom}:${subject.trim()}`;
}

export function isComplete(draft: Draft): boolean {
  if (draft.amount === "" || (needsSubject(draft.whom) && draft.subject.trim() === "")) return false;
  return draft.metric === "concurrency" || !isSpan(draft.window) || draft.seconds !== "";
}

export function windowOf({ window, seconds }: Draft): string {
  return isSpan(window) ? `${window}:${seconds}s` : window;
}

export function bodyOf(draft: Draft): components["schemas"]["NewLimit"] {
  const { metric, window, tz, weekStart, carryOver, mode, comment } = draft;
  const isCounted = metric !== "concurrency";
  return {
    scope: scopeOf(draft),
    metric,
    amount: amountOf(metric, Number(draft.amount)),
    mode,
    comment,
    ...(isCounted ? { window: windowOf(draft) } : {}),
    ...(isCounted && isCalendar(window) ? { tz } : {}),
    ...(isCounted && window === "week" ? { week_start: weekStart } : {}),
    ...(isCounted && begins(window) && carryOver !== "" ? { carry_over: amountOf(metric, carryOver) } : {}),
  };
}
