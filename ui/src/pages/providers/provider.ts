// Providers as the server tells of them: asked in one question, put in the order in which people want to see them.
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import type { components } from "@/api/schema";
import type { State } from "@/parts/state-badge";

export type Provider = components["schemas"]["ShownProvider"];
export type Preset = components["schemas"]["ShownPreset"];
export type Origin = Provider["origin"];

// More than anybody has; those beyond it are found by the filter.
const MOST = 500;

const STATES: Readonly<Record<Provider["status"], State>> = {
  online: "ok",
  offline: "stopped",
  "auth problem": "stopped",
  blocked: "stopped",
  unknown: "unknown",
  disabled: "unknown",
};

export function stateOf(provider: Provider): State {
  if (!provider.enabled) return "unknown";
  const state = STATES[provider.status];
  return state === "unknown" && provider.problem !== "" ? "stopped" : state;
}

export function isManaged(provider: Provider): boolean {
  return provider.origin === "database";
}

export function idOf(provider: Provider): string {
  return provider.shadowed ? `${provider.name}~shadowed` : provider.name;
}

// Problems first, then those that work, then those that are off; within these as requests are routed.
const RANKS: Readonly<Record<State, number>> = { stopped: 0, soon: 1, ok: 2, unknown: 3 };

function rankOf(provider: Provider): number {
  if (provider.enabled && provider.condition.credentials.some((one) => !one.healthy)) return 1;
  return RANKS[stateOf(provider)];
}

export function useProviders(q: string, origin: string) {
  return useQuery({
    queryKey: ["providers", "list", q, origin],
    queryFn: async () => {
      const query = { limit: MOST, ...(q ? { q } : {}), ...(origin ? { origin: origin as Origin } : {}) };
      const { data } = await told(api.GET("/api/v1/providers", { params: { query } }));
      return data.toSorted((one, other) => rankOf(one) - rankOf(other));
    },
    placeholderData: (before) => before,
  });
}

export async function switchProvider(name: string, enabled: boolean): Promise<void> {
  await told(api.PUT("/api/v1/providers/{name}/enabled", { params: { path: { name } }, body: { enabled } }));
  await stale("providers", "models");
}

export async function undoSwitch(name: string): Promise<void> {
  await told(api.DELETE("/api/v1/providers/{name}/enabled", { params: { path: { name } } }));
  await stale("providers", "models");
}

export async function removeProvider(name: string): Promise<void> {
  await told(api.DELETE("/api/v1/providers/{name}", { params: { path: { name } } }));
  await stale("providers", "models");
}

export async function refreshProvider(name: string) {
  const trial = await told(api.POST("/api/v1/providers/{name}/refresh", { params: { path: { name } } }));
  await stale("providers", "models");
  return trial;
}
