// The benchmark as the server tells of it, and what a run would cost.
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { useLive } from "@/api/live";
import { stale } from "@/api/queries";
import type { components } from "@/api/schema";
import type { Model } from "./model";

export type Benchmark = components["schemas"]["ShownBenchmark"];
export type Run = components["schemas"]["ShownRun"];
export type Progress = components["schemas"]["ShownProgress"];

export interface Plan {
  chats: number;
  messages: number;
  stopAfter: number;
}

// What a message of a run is: one short sentence, answered by one. The server's bound of an answer is the last.
export const INPUT_TOKENS = 30;
export const OUTPUT_TOKENS = 40;
export const MOST_OUTPUT_TOKENS = 200;

const AGAIN_MS = 2000;
const NANO_PER_TOKEN = 1e9 / 1e6;

// While one runs it is asked for again and again: events tell of steps, and a model may take long for one.
export function useBenchmark() {
  const { on } = useLive();
  return useQuery({
    queryKey: ["benchmark"],
    queryFn: () => told(api.GET("/api/v1/benchmark")),
    refetchInterval: ({ state }) => (on && state.data?.running ? AGAIN_MS : false),
  });
}

export async function startRun(models: string[], { chats, messages, stopAfter }: Plan): Promise<void> {
  const body = { models, chats_per_model: chats, messages_per_chat: messages, stop_after_tokens: stopAfter };
  await told(api.POST("/api/v1/benchmark", { body }));
  await stale("benchmark");
}

export async function cancelRun(): Promise<void> {
  await told(api.DELETE("/api/v1/benchmark"));
  await stale("benchmark");
}

// The chosen models with their prices, in one question. Aliases are not among them.
export function useChosen(names: string[]) {
  return useQuery({
    queryKey: ["models", "chosen", names],
    queryFn: async () =>
      (await told(api.GET("/api/v1/models", { params: { query: { name: names, limit: names.length } } }))).data,
    enabled: names.length > 0,
    placeholderData: (before) => before,
  });
}

export interface Cost {
  likelyNano: number;
  mostNano: number;
  // Of which nobody has said what they cost.
  unpriced: string[];
}

export function costOf(names: string[], known: readonly Model[], { chats, messages }: Plan): Cost {
  const priced = known.filter((model) => model.priced && names.includes(model.id));
  const of = (output: number) =>
    priced.reduce(
      (sum, model) => sum + INPUT_TOKENS * nano(model.input_per_1m) + output * nano(model.output_per_1m),
      0,
    ) *
    chats *
    messages;
  return {
    likelyNano: of(OUTPUT_TOKENS),
    mostNano: of(MOST_OUTPUT_TOKENS),
    unpriced: names.filter((name) => !priced.some((model) => model.id === name)),
  };
}

function nano(usdPerMillion: string | null): number {
  return Number(usdPerMillion ?? 0) * NANO_PER_TOKEN;
}
