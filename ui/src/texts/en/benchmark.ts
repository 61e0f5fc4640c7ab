// The words of the benchmark.
import { textsOf } from "../catalogue";

export const benchmark = textsOf("benchmark", {
  about:
    "Small chats with some models, one after the other, to see how fast each is. They go through the gateway like any other request: they are limited, charged to you, and written down.",
  models: "Models",
  modelsHint: "Choose some, or select them in the catalogue",
  chats: "Chats with each",
  messages: "Messages of a chat",
  stop: "Stop after tokens",
  stopHint: "0: no bound",
  start: "Start benchmark",
  running: "A benchmark runs already",
  costTitle: "What it costs",
  choose: "Choose models to see what it would cost.",
  asks: (messages: number, models: number) =>
    `${messages} ${messages === 1 ? "message" : "messages"} to ${models} ${models === 1 ? "model" : "models"}`,
  costs: (likely: string, most: string) => `about ${likely}, at most ${most}`,
  costsNothing: "nothing",
  assumed: (input: number, output: number, most: number) =>
    `Reckoned with ${input} tokens in and ${output} out for each message; an answer has at most ${most}.`,
  stops: (tokens: string) => `It ends earlier when ${tokens} tokens are used.`,
  unpriced: (names: string) => `Not reckoned, because no price is known or it is an alias: ${names}.`,
  list: "Benchmark",
  columns: {
    model: "Model",
    status: "Status",
    chats: "Chats",
    messages: "Messages",
    tokens: "Tokens",
    firstToken: "First token",
    speed: "Tokens/s",
    answer: "Whole answer",
    error: "Error",
  },
  statuses: { queued: "Waiting", running: "Running", done: "Done", error: "Error" },
  runs: { running: "Running", cancelling: "Being cancelled", cancelled: "Cancelled", completed: "Completed" },
  progress: (done: number, total: number) => `${done} of ${total} messages`,
  failed: (count: number) => `${count} failed`,
  tokens: (input: string, output: string) => `${input} tokens in, ${output} out`,
  started: "started",
  ended: "ended",
  of: (done: number, total: number) => `${done} / ${total}`,
  cancel: "Cancel benchmark",
  again: "Use these models again",
  empty: "No benchmark has run since the start",
  emptyHint: "Choose models above and start one. What it finds stays here until the next.",
});
