// Aliases as the server tells of them, and what is asked of it.
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import type { components } from "@/api/schema";
import { ifMatch, tagged } from "@/api/tagged";
import { useKeyset } from "@/table/use-keyset";
import { aliases as words } from "@/texts/en/aliases";
import { bodyOf, draftOf } from "./alias-draft";

export type Alias = components["schemas"]["ShownAlias"];
export type AliasList = components["schemas"]["AliasList"];
export type Selection = keyof typeof words.selections;

export const GLOBAL = "global";
export const DEFAULT_PROFILE = "default";
const PAGE_ROWS = 200;

export function idOf(alias: Alias): string {
  return `${alias.scope} ${alias.name}${alias.shadowed ? " (shadowed)" : ""}`;
}

export function scopeWords(scope: string): string {
  const [kind, name] = [scope.slice(0, scope.indexOf(":")), scope.slice(scope.indexOf(":") + 1)];
  return kind === "team" ? words.team(name) : kind === "user" ? words.user(name) : words.everybody;
}

export function selectionWords(selection: string): string {
  return words.selections[selection as Selection] ?? selection;
}

// The profiles that an alias says something for, in their order.
export function profilesOf(alias: Alias): string[] {
  return [...new Set(alias.targets.map((target) => target.profile))];
}

// The profile whose targets count of this alias, while `active` is the active one.
export function countingProfile(alias: Alias, active: string): string {
  return profilesOf(alias).includes(active) ? active : DEFAULT_PROFILE;
}

export function useAliases(query: Record<string, string>) {
  return useKeyset<Alias, AliasList>(["aliases", "list", query], (after) =>
    told(
      api.GET("/api/v1/aliases", { params: { query: { ...query, limit: PAGE_ROWS, ...(after ? { after } : {}) } } }),
    ),
  );
}

export function useAlias(name: string, scope: string, enabled: boolean) {
  return useQuery({
    queryKey: ["aliases", "one", scope, name],
    queryFn: () => tagged(api.GET("/api/v1/aliases/{name}", { params: { path: { name }, query: { scope } } })),
    enabled,
  });
}

export async function createAlias(body: components["schemas"]["NewAlias"]): Promise<Alias> {
  const made = await told(api.POST("/api/v1/aliases", { body }));
  await stale("aliases", "models");
  return made;
}

export async function changeAlias(
  { name, scope }: Alias,
  etag: string,
  body: components["schemas"]["ChangedAlias"],
): Promise<void> {
  const params = { path: { name }, query: { scope }, header: ifMatch(etag) };
  await told(api.PATCH("/api/v1/aliases/{name}", { params, body }));
  await stale("aliases", "models");
}

// Removes it, and returns what makes it again.
export async function removeAlias(alias: Alias, etag: string): Promise<() => Promise<unknown>> {
  const { name, scope } = alias;
  const params = { path: { name }, query: { scope }, header: ifMatch(etag) };
  await told(api.DELETE("/api/v1/aliases/{name}", { params }));
  await stale("aliases", "models");
  return () => createAlias({ name, scope, ...bodyOf(draftOf(alias)) });
}
