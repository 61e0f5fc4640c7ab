// Rows page by page: each page is asked for after the last row of the one before it, so that a list of a million is as
// quick at its end as at its start.
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";

export interface KeysetPage<Row> {
  data: Row[];
  next?: string | null;
}

export interface Keyset<Row, Rest = unknown> {
  rows: Row[];
  // What the first page says besides its rows.
  first: (KeysetPage<Row> & Rest) | undefined;
  isLoading: boolean;
  // What is shown is of the filters before, while the new ones are asked for.
  isOutdated: boolean;
  error: unknown;
  refetch: () => void;
  hasOlder: boolean;
  loadOlder: () => void;
  isLoadingOlder: boolean;
}

export function useKeyset<Row, Rest = unknown>(
  key: readonly unknown[],
  fetchPage: (after: string | undefined) => Promise<KeysetPage<Row> & Rest>,
  enabled = true,
): Keyset<Row, Rest> {
  const asked = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => fetchPage(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next || undefined,
    placeholderData: keepPreviousData,
    enabled,
  });
  const rows = useMemo(() => asked.data?.pages.flatMap((page) => page.data) ?? [], [asked.data]);
  return {
    rows,
    first: asked.data?.pages[0],
    isLoading: asked.isLoading,
    isOutdated: asked.isPlaceholderData,
    error: asked.error,
    refetch: () => void asked.refetch(),
    hasOlder: asked.hasNextPage,
    loadOlder: () => void asked.fetchNextPage(),
    isLoadingOlder: asked.isFetchingNextPage,
  };
}
