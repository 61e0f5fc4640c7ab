// Limits as the server tells of them, with how it stands with each; amounts of costs are dollars as text.
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import type { components } from "@/api/schema";
import { count, money } from "@/format/figures";
import type { Metric } from "@/format/limits";
import type { State } from "@/parts/state-badge";
import { quota as words } from "@/texts/en/quota";

export type Limit = components["schemas"]["ListedLimit"];
export type Standing = components["schemas"]["UseNow"]["state"];
export type ScopeKind = keyof typeof words.scopes;
export type Amount = number | string;

const NANO = 1e9;

export const STATES: Readonly<Record<Standing, State>> = { ok: "ok", soon: "soon", stopped: "stopped", over: "soon" };

// Writes amounts of a metric: `$2.50`, `1.24 M`.
export function writerOf(metric: Metric): (value: number) => string {
  return metric === "cost_usd" ? (value) => money(value * NANO) : count;
}

export function amountText(metric: Metric, amount: Amount): string {
  return writerOf(metric)(Number(amount));
}

// As the server takes it: dollars as text, so that every digit counts.
export function amountOf(metric: Metric, amount: number): Amount {
  return metric === "cost_usd" ? String(amount) : amount;
}

// `key:*` is each key, `team:physics` the team physics.
export function scopeWords(scope: string): string {
  const [kind, name] = splitScope(scope);
  if (name === "*" && kind in words.each) return words.each[kind as keyof typeof words.each];
  const said = kind in words.scopes ? words.scopes[kind as ScopeKind] : kind;
  return name === "" ? said : words.scopeWords(said, name);
}

export function splitScope(scope: string): [string, string] {
  const at = scope.indexOf(":");
  return at < 0 ? [scope, ""] : [scope.slice(0, at), scope.slice(at + 1)];
}

export function isTemplate(limit: { scope: string }): boolean {
  return limit.scope.endsWith(":*");
}

export function isBoosted(limit: Limit, now: number = Date.now()): boolean {
  return limit.boost_until !== null && Number(limit.boost) > 0 && new Date(limit.boost_until).getTime() > now;
}

// When a window begins anew: null is never, undefined is not to be told, since it slides or has not begun.
export function resetOf(window: string, resetsAt: string | null): string | null | undefined {
  return resetsAt ?? (window === "lifetime" ? null : undefined);
}

// Everybody whom it counts, or one of them, may begin anew. Returns what was given back.
export async function resetUse(limit: Limit, scope: string | null) {
  const params = { path: { limit_id: limit.id } };
  const { data } = await told(api.POST("/api/v1/limits/{limit_id}/reset", { params, body: scope ? { scope } : {} }));
  await stale("limits", "keys");
  return data;
}
