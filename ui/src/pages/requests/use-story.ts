// One request's whole story, asked for once: it has ended, so it never changes.
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import type { Row } from "./row";

export function useStory(id: string) {
  return useQuery({
    queryKey: ["ledger", "story", id],
    queryFn: () => told(api.GET("/api/v1/ledger/{request_id}", { params: { path: { request_id: id } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

// Microseconds from when it was received to the end of its last attempt.
export function lengthOf(attempts: readonly Row[]): number {
  const begun = attempts[0]?.started_us ?? 0;
  return Math.max(0, ...attempts.map((one) => one.started_us + one.latency_us - begun));
}

// The attempt that answered, or the last one that tried.
export function answerOf(attempts: readonly Row[]): Row | undefined {
  return (
    attempts.findLast((one) => one.end_reason === "completed") ??
    attempts.findLast((one) => one.count > 0) ??
    attempts.at(-1)
  );
}
