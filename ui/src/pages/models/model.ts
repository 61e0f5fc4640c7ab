// Models as the server tells of them, and how each is in the words of the whole UI.
import { useQuery } from "@tanstack/react-query";
import { api, ask, told } from "@/api/client";
import { stale } from "@/api/queries";
import type { components } from "@/api/schema";
import { money } from "@/format/figures";
import type { State } from "@/parts/state-badge";
import { sortOf } from "@/table/column";
import { useKeyset } from "@/table/use-keyset";

export type Model = components["schemas"]["ShownModel"];
export type ModelList = components["schemas"]["ModelList"];
export type Counted = components["schemas"]["Counted"];

export const NO_FILTER = { q: "", provider: "", status: "", free: "", priced: "", used: "", in_profile: "" };
export type Filters = { [Name in keyof typeof NO_FILTER]: string };

const NANO = 1e9;
const PAGE_ROWS = 100;
const STATES: Readonly<Record<Model["status"], State>> = {
  online: "ok",
  offline: "stopped",
  "auth problem": "stopped",
  blocked: "stopped",
  unknown: "unknown",
  disabled: "unknown",
  cooling: "soon",
};

export function stateOf(model: Model): State {
  return STATES[model.status];
}

// US dollars as the server says them: text, so that no digit is lost.
export function price(usd: string | null): string {
  return money(usd === null ? null : Number(usd) * NANO);
}

export function isZero(usd: string | null): boolean {
  return usd !== null && Number(usd) === 0;
}

// What is asked for, as the address says it.
export function wanted(filters: Filters, sort: string, seconds: number): Record<string, string> {
  const order = sortOf(sort);
  const set = Object.entries(filters).filter(([, value]) => value !== "");
  return {
    ...Object.fromEntries(set),
    ...(order ? { sort: order.id, order: order.descending ? "desc" : "asc" } : {}),
    range: String(seconds),
  };
}

export function useModels(query: Record<string, string>) {
  return useKeyset<Model, ModelList>(["models", "list", query], (after) =>
    told(
      api.GET("/api/v1/models", {
        params: { query: { ...query, limit: PAGE_ROWS, ...(after ? { after } : {}) } as never },
      }),
    ),
  );
}

export function useModel(name: string, seconds: number) {
  const cut = name.indexOf("/");
  const path = { provider: name.slice(0, Math.max(cut, 0)), model: name.slice(cut + 1) };
  return useQuery({
    queryKey: ["models", "one", name, seconds],
    queryFn: () => told(api.GET("/api/v1/models/{provider}/{model}", { params: { path, query: { range: seconds } } })),
  });
}

// Asks every provider for its models, and every source for prices; one that does not answer keeps no other back.
export async function refreshAll(providers: readonly string[]): Promise<void> {
  const asked = providers.map((name) =>
    told(api.POST("/api/v1/providers/{name}/refresh", { params: { path: { name } } })),
  );
  const prices = ask("/admin/api/pricing/refresh", { method: "POST" });
  const results = await Promise.allSettled([...asked, prices]);
  await stale("models", "providers", "prices");
  const failed = results.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
}
