// Keys as a tree: those that stand below none first, the others loaded when somebody unfolds the key above them.
import { useQueries } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, told } from "@/api/client";
import type { ListedKey } from "./key-draft";

// Most keys that are unfolded below one; the rest is a filter away.
export const MOST_BELOW = 200;

export interface TreeRow {
  shown: ListedKey;
  depth: number;
  // Whether it is unfolded; undefined where nothing stands below it.
  unfolded: boolean | undefined;
  // How many more there are below the key above it, said of the last of those that are shown.
  more: number;
}

// `asTree`: whether keys are unfolded at all; what is filtered is a plain list.
export function useKeyTree(listed: readonly ListedKey[], asTree: boolean) {
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const ids = useMemo(() => [...unfolded], [unfolded]);
  const asked = useQueries({
    queries: ids.map((id) => ({ queryKey: ["keys", "below", id, "rows"], queryFn: () => keysBelow(id) })),
    combine: (results) => results.map((result) => result.data),
  });
  const below = useMemo(() => new Map(ids.map((id, index) => [id, asked[index] ?? []])), [ids, asked]);
  const rows = useMemo(
    () => (asTree ? flatten(rootsOf(listed), below, unfolded, 0) : listed.map(plainRow)),
    [listed, asTree, below, unfolded],
  );
  const toggle = (id: string) => {
    const after = new Set(unfolded);
    if (!after.delete(id)) after.add(id);
    setUnfolded(after);
  };
  return { rows, toggle };
}

// Who does not see all keys is told theirs in one list: those below one of it wait until that is unfolded.
function rootsOf(listed: readonly ListedKey[]): ListedKey[] {
  const ids = new Set(listed.map((key) => key.id));
  return listed.filter((key) => key.parent_id === null || !ids.has(key.parent_id));
}

function plainRow(shown: ListedKey): TreeRow {
  return { shown, depth: 0, unfolded: undefined, more: 0 };
}

async function keysBelow(parent: string): Promise<ListedKey[]> {
  const query = { parent, limit: MOST_BELOW, figures: true };
  return (await told(api.GET("/api/v1/keys", { params: { query } }))).data;
}

function flatten(
  keys: readonly ListedKey[],
  below: ReadonlyMap<string, readonly ListedKey[]>,
  unfolded: ReadonlySet<string>,
  depth: number,
): TreeRow[] {
  return keys.flatMap((shown) => {
    const count = shown.figures?.children ?? 0;
    const children = below.get(shown.id) ?? [];
    const rows = unfolded.has(shown.id) ? flatten(children, below, unfolded, depth + 1) : [];
    const last = rows.at(-1);
    if (last !== undefined && count > children.length) last.more = count - children.length;
    return [{ shown, depth, unfolded: count > 0 ? unfolded.has(shown.id) : undefined, more: 0 }, ...rows];
  });
}
