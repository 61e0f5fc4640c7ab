// What is remembered of answers: asked again when they are stale, when the server says that something changed, or when
// somebody comes back to the page. A query's key begins with the scope of the events that make it stale.
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client";

export type Scope =
  | "session"
  | "usage"
  | "requests"
  | "keys"
  | "limits"
  | "quota"
  | "providers"
  | "models"
  | "aliases"
  | "teams"
  | "users"
  | "prices"
  | "settings"
  | "conversations"
  | "logs"
  | "audit"
  | "alerts"
  | "benchmark"
  | "network"
  | "access_codes"
  | "running";

// With what a question is asked: it may be given up.
export interface Signalled {
  signal: AbortSignal;
}

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What the server refused it will refuse again; what did not arrive may arrive the next time.
      retry: (failures, error) => failures < 2 && (!(error instanceof ApiError) || error.status === 0),
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
});

// What was removed from here: whatever shows it is about to close, and does not ask for it again.
const removed = new Set<unknown>();

export function forget(id: string): void {
  removed.add(id);
}

export function stale(...scopes: Scope[]): Promise<unknown> {
  const isThere = ({ queryKey }: { queryKey: readonly unknown[] }) => !queryKey.some((part) => removed.has(part));
  return Promise.all(scopes.map((scope) => queries.invalidateQueries({ queryKey: [scope], predicate: isThere })));
}
