// What is shown, kept in the address: filters, range, what is open. A value that is the default is left out of it.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";

export type View = Readonly<Record<string, string>>;
export type Search = Readonly<Record<string, unknown>>;

// Reads from an address what it says, and the defaults for all else.
export function viewOf<Names extends View>(defaults: Names, search: Search): { [Name in keyof Names]: string } {
  const read = Object.entries(defaults).map(([name, value]) => [name, text(search[name]) ?? value]);
  return Object.fromEntries(read) as { [Name in keyof Names]: string };
}

// Returns the page's part of the address as texts, and what changes some of it. `replace` is for what changes while
// one types: going back should not go through every letter.
export function useView<Names extends View>(
  defaults: Names,
): [{ [Name in keyof Names]: string }, (changes: Partial<Record<keyof Names, string>>, replace?: boolean) => void] {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const key = JSON.stringify(defaults);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for the defaults, which are written in place.
  const view = useMemo(() => viewOf(defaults, search), [search, key]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  const change = useCallback(
    (changes: Partial<Record<keyof Names, string>>, replace = false) => {
      void navigate({
        to: ".",
        replace,
        search: ((before: Record<string, unknown>) => {
          const after = { ...before, ...changes } as Record<string, unknown>;
          return Object.fromEntries(
            Object.entries(after).filter(
              ([name, value]) => value !== undefined && value !== "" && value !== defaults[name],
            ),
          );
        }) as never,
      });
    },
    [navigate, key],
  );
  return [view, change];
}

function text(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}
