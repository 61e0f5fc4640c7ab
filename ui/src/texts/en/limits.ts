// Limits in words: what is counted, in which time, and how it stands beside a figure.
import { textsOf } from "../catalogue";

export const limits = textsOf("limits", {
  metrics: {
    requests: "Requests",
    tokens: "Tokens",
    input_tokens: "Input tokens",
    output_tokens: "Output tokens",
    cost_usd: "Cost in US dollars",
    concurrency: "At the same time",
  },
  units: {
    requests: "requests",
    tokens: "tokens",
    input_tokens: "input tokens",
    output_tokens: "output tokens",
    cost_usd: "",
    concurrency: "at once",
  },
  windows: {
    lifetime: "in all",
    hour: "hour",
    day: "day",
    week: "week",
    month: "month",
  },
  minute: "min",
  per: (window: string) => `/ ${window}`,
  soft: "only told",
  none: "no limit",
  more: (count: number) => `+${count}`,
  metric: "What",
  amount: "At most",
  window: "In",
  add: "Add a limit",
  remove: (words: string) => `Remove the limit ${words}`,
});
