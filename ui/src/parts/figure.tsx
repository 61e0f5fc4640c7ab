// Amounts and times: short, with the exact value beneath.
import { count, exact, money } from "@/format/figures";
import { absolute, fromNow } from "@/format/times";
import { parts as words } from "@/texts/en/parts";
import { Hint } from "./hint";

export function Tokens({ value }: { value: number | null | undefined }) {
  if (value === null || value === undefined) return <span>{words.none}</span>;
  const short = count(value);
  return value < 1000 ? (
    <span className="figures">{short}</span>
  ) : (
    <Hint label={words.exact(exact(value))}>
      <span className="figures">{short}</span>
    </Hint>
  );
}

// Money in nano-dollars; what was estimated says so.
export function Money({ nano, estimated = false }: { nano: number | null | undefined; estimated?: boolean }) {
  const text = <span className="figures">{`${estimated ? "≈ " : ""}${money(nano)}`}</span>;
  return estimated ? <Hint label={words.estimate}>{text}</Hint> : text;
}

export function Time({ at }: { at: string | number | null | undefined }) {
  if (at === null || at === undefined || at === "") return <span>{words.never}</span>;
  return (
    <Hint label={absolute(at)}>
      <time dateTime={new Date(at).toISOString()}>{fromNow(at)}</time>
    </Hint>
  );
}
