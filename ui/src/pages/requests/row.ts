// A request as the ledger has it, and the names of its parts.
import type { components } from "@/api/schema";
import type { State } from "@/parts/state-badge";

export type Row = components["schemas"]["LedgerRow"];
export type Story = components["schemas"]["RequestStory"];
// How a request was decided (docs/explain.md); what does not apply is empty.
export type Decision = components["schemas"]["Decision"];
export type EndReason = Row["end_reason"];

const STATES: Partial<Record<EndReason, State>> = {
  completed: "ok",
  client_disconnect: "soon",
  hedge_lost: "unknown",
};

export function stateOf(row: Row): State {
  if (row.status >= 400) return "stopped";
  return STATES[row.end_reason] ?? "stopped";
}

// `fast → sandbox/echo` where another name was asked for.
export function answeredModel(row: Row): string {
  if (row.provider === "") return row.model;
  return `${row.provider}/${row.model}`;
}
