// The lines that are shown: pages from the newest on, and those that are said meanwhile. Never more than a bound: who
// looks for something old looks for a word.
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, told } from "@/api/client";
import type { components } from "@/api/schema";
import { merged, useTail } from "@/api/tail";

export type Line = components["schemas"]["ShownLine"];
export type Level = "debug" | "info" | "warning" | "error";

export interface LineFilter {
  level: Level;
  q: string;
  process: string;
}

export const MOST_LINES = 4000;
const PAGE_LINES = 200;

export function useLines(filter: LineFilter, isHeld: boolean) {
  const tail = useTail<Line>({
    path: `/api/v1/logs/stream?${queryOf(filter)}`,
    name: "message",
    isHeld,
    most: MOST_LINES,
    onOpen: () => void (pages.isFetched && pages.refetch()),
  });
  const pages = useInfiniteQuery({
    queryKey: ["logs", filter],
    queryFn: ({ pageParam }) =>
      told(api.GET("/api/v1/logs", { params: { query: { ...filter, limit: PAGE_LINES, after: pageParam } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
    // First the stream, then the page: so no line falls between them.
    enabled: tail.state !== "opening",
    staleTime: Number.POSITIVE_INFINITY,
  });
  const paged = useMemo(() => pages.data?.pages.flatMap((page) => page.data) ?? [], [pages.data]);
  const lines = useMemo(() => merged(tail.rows, paged, (line) => line.id).slice(0, MOST_LINES), [tail.rows, paged]);
  return {
    lines,
    waiting: tail.waiting,
    isLoading: pages.isPending,
    error: pages.error,
    refetch: () => void pages.refetch(),
    isBounded: lines.length >= MOST_LINES,
    hasOlder: pages.hasNextPage && lines.length < MOST_LINES,
    loadOlder: () => void pages.fetchNextPage(),
    isLoadingOlder: pages.isFetchingNextPage,
    clear: tail.clear,
  };
}

export function queryOf(filter: LineFilter): string {
  return new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== "")).toString();
}
