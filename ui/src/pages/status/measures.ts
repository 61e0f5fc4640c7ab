// What a chart of volume may measure, and how each is written.
import { count, exact, money } from "@/format/figures";

export type Measure = "tokens" | "cost" | "requests";
export const MEASURES: readonly Measure[] = ["tokens", "cost", "requests"];

interface Told {
  // Its name in the answer.
  column: "tokens" | "cost_nano_usd" | "requests";
  short: (value: number) => string;
  exactly: (value: number) => string;
}

export const MEASURED: Readonly<Record<Measure, Told>> = {
  tokens: { column: "tokens", short: count, exactly: exact },
  cost: { column: "cost_nano_usd", short: money, exactly: money },
  requests: { column: "requests", short: count, exactly: exact },
};

export function measureOf(text: string): Measure {
  return MEASURES.find((one) => one === text) ?? "tokens";
}
