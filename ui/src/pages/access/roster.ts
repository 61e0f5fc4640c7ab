// A class list: sent as a spreadsheet has written it, and what became of it.
import { ask } from "@/api/client";
import { stale } from "@/api/queries";
import type { components } from "@/api/schema";

export type RosterAnswer = components["schemas"]["RosterAnswer"];
export type RosterPerson = components["schemas"]["RosterPerson"];

export interface RosterWish {
  // Bytes of a file, or what was pasted.
  list: string | Blob;
  team: string;
  disableGone: boolean;
  enableListed: boolean;
}

export async function sendRoster(wish: RosterWish, dryRun: boolean): Promise<RosterAnswer> {
  const query = new URLSearchParams({
    team: wish.team,
    dry_run: String(dryRun),
    disable_gone: String(wish.disableGone),
    enable_listed: String(wish.enableListed),
  });
  const headers = { "content-type": "text/csv" };
  const response = await ask(`/api/v1/roster?${query}`, { method: "POST", headers, body: wish.list });
  const answer = (await response.json()) as RosterAnswer;
  if (!dryRun) void stale("users", "teams", "keys", "limits");
  return answer;
}

// The new keys as a table, for a spreadsheet or a mail merge.
export function keysCsv(people: readonly RosterPerson[], address: string): string {
  const rows = people
    .filter((person) => person.key !== null)
    .map((person) => [person.name, person.email, person.team, person.key ?? "", address, person.quota_tokens ?? ""]);
  const head = ["name", "email", "team", "key", "base_url", "quota_tokens"];
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
}

// A cell that begins as a formula would be run by a spreadsheet: an apostrophe keeps it text.
function cell(value: string | number): string {
  const text = /^[=+\-@\t\r]/.test(String(value)) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
