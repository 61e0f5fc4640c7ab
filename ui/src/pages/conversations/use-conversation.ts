// One conversation with its requests. What comes while it is open is asked for behind what is there, so that reading on
// is one act of reading, in the audit log as well.
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { forget, stale } from "@/api/queries";
import type { components } from "@/api/schema";
import { useStream } from "@/api/stream";

export type Conversation = components["schemas"]["ShownConversation"];
export type Exchange = components["schemas"]["ShownRecord"];
export type Turn = components["schemas"]["ShownTurn"];
export type Piece = components["schemas"]["ShownPiece"];

const PAGE = 100;

export function useConversation(id: string, withInternal: boolean) {
  const asked = useInfiniteQuery({
    // Not below the scope of conversations: whoever reads one is noted, and a note is a change.
    queryKey: ["conversation", id, withInternal],
    queryFn: async ({ pageParam: after }) => {
      const query = { include_internal: withInternal, limit: PAGE, after };
      const page = await told(
        api.GET("/api/v1/conversations/{conversation_id}", { params: { path: { conversation_id: id }, query } }),
      );
      return { ...page, last: page.records.at(-1)?.number ?? after };
    },
    initialPageParam: 0,
    getNextPageParam: (page) => page.last,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
  const pages = asked.data?.pages ?? [];
  useStream({
    path: "/api/v1/conversations/stream",
    events: {
      append: (data) => {
        if ((data as { conversation: string }).conversation === id && asked.data) void asked.fetchNextPage();
      },
    },
  });
  return {
    conversation: pages.at(-1) as Conversation | undefined,
    exchanges: pages.flatMap((page) => page.records),
    isLoading: asked.isPending,
    error: asked.error,
    refetch: () => void asked.refetch(),
    hasLater: pages.at(-1)?.next != null,
    loadLater: () => void asked.fetchNextPage(),
    isLoadingLater: asked.isFetchingNextPage,
  };
}

// A request and its answer as they were, asked for when somebody looks at them: they may be megabytes.
export function useRaw(id: string, exchange: Exchange) {
  return useQuery({
    queryKey: ["conversation", id, "raw", exchange.number],
    queryFn: async () => {
      const query = { include_internal: true, raw: true, limit: 1, after: exchange.number - 1 };
      const page = await told(
        api.GET("/api/v1/conversations/{conversation_id}", { params: { path: { conversation_id: id }, query } }),
      );
      return page.records[0]?.raw ?? null;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useRemove(onRemoved: () => void) {
  return useMutation({
    mutationFn: (id: string) =>
      told(api.DELETE("/api/v1/conversations/{conversation_id}", { params: { path: { conversation_id: id } } })),
    onSuccess: async (_, id) => {
      forget(id);
      onRemoved();
      await stale("conversations");
    },
  });
}
