// Limits as people say them: `60 requests / min`, `$5.00 / month`, `4 at once`.
import { limits as words } from "@/texts/en/limits";
import { count, money } from "./figures";

const NANO = 1e9;

export type Metric = keyof typeof words.metrics;

// A limit as the server tells it; an amount of `cost_usd` is dollars as text.
export interface SaidLimit {
  metric: Metric;
  window: string;
  amount: number | string;
  mode?: string;
}

export function limitWords({ metric, window, amount, mode }: SaidLimit): string {
  const figure = metric === "cost_usd" ? money(Number(amount) * NANO) : count(Number(amount));
  const parts = [figure, words.units[metric], metric === "concurrency" ? "" : per(window)];
  const said = parts.filter((part) => part !== "").join(" ");
  return mode === "soft" ? `${said} (${words.soft})` : said;
}

function per(window: string): string {
  return window === "lifetime" ? words.windows.lifetime : words.per(windowWords(window));
}

// A window by its name: `month`, `5 min`.
export function windowWords(window: string): string {
  if (window in words.windows) return words.windows[window as keyof typeof words.windows];
  const span = window.replace(/^(sliding|interval):/, "");
  return span === "60s" || span === "1m" ? words.minute : spanWords(span);
}

const SECONDS: readonly (readonly [number, string])[] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

// `3600s` is 1 h; what is no span stands as it is.
function spanWords(span: string): string {
  const read = /^(\d+)s$/.exec(span);
  if (read === null) return span;
  const seconds = Number(read[1]);
  const [size, unit] = SECONDS.find(([one]) => seconds % one === 0) ?? [1, "s"];
  return `${seconds / size} ${unit}`;
}

// What a limit counts and over which time, without its amount: `Tokens per day`.
export function limitName(metric: Metric, window: string): string {
  return metric === "concurrency" ? words.metrics[metric] : `${words.metrics[metric]} ${per(window)}`;
}
