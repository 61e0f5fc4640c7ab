// What the chart of usage may measure, and how each is written.
import { count, exact, money } from "@/format/figures";
import { usage as words } from "@/texts/en/usage";

export type Measure = keyof typeof words.measures;
export const MEASURES = Object.keys(words.measures) as Measure[];

interface Told {
  // Its name in the answer.
  column: "cost_nano_usd" | "tokens" | "requests";
  short: (value: number) => string;
  exactly: (value: number) => string;
}

export const MEASURED: Readonly<Record<Measure, Told>> = {
  cost: { column: "cost_nano_usd", short: money, exactly: money },
  tokens: { column: "tokens", short: count, exactly: exact },
  requests: { column: "requests", short: count, exactly: exact },
};

export function measureOf(text: string): Measure {
  return MEASURES.find((one) => one === text) ?? "cost";
}
