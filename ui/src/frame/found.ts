// What the server finds for a word, as rows of the palette that lead to where each subject is shown.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import type { components } from "@/api/schema";
import type { frame } from "@/texts/en/frame";

export type Kind = Exclude<keyof typeof frame.kinds, "page">;

export interface FoundRow {
  id: string;
  name: string;
  about: string;
  path: string;
  search: Record<string, string>;
}

export interface FoundKind {
  kind: Kind;
  rows: FoundRow[];
}

type Subject = components["schemas"]["FoundSubject"];

// Where a subject of each kind is shown, opened.
const PLACES: Readonly<Record<Kind, (id: string, note: string) => readonly [string, Record<string, string>]>> = {
  key: (id) => ["/access", { open: id }],
  user: (id) => ["/access", { tab: "people", open: id }],
  team: (id) => ["/access", { tab: "teams", open: id }],
  provider: (id) => ["/providers", { open: id }],
  model: (id) => ["/models", { open: id }],
  // Two scopes may have aliases of one name; the note of one is whose it is.
  alias: (id, note) => ["/models", { tab: "aliases", open: id, of: note }],
  request: (id) => ["/requests", { open: id }],
};
const KINDS = Object.keys(PLACES) as Kind[];

// Asks when there is a word, and keeps the last answer until the next one is there.
export function useFound(word: string): FoundKind[] {
  const { data } = useQuery({
    queryKey: ["session", "search", word],
    enabled: word !== "",
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      (await told(api.GET("/api/v1/search", { params: { query: { q: word } }, signal }))).data,
  });
  if (word === "" || data === undefined) return [];
  return KINDS.map((kind) => ({ kind, rows: data.filter((one) => one.kind === kind).map(rowOf) })).filter(
    ({ rows }) => rows.length > 0,
  );
}

function rowOf(subject: Subject): FoundRow {
  const [path, search] = PLACES[subject.kind](subject.id, subject.note);
  return { id: subject.id, name: subject.name, about: subject.note, path, search };
}
