// Amounts and times: short, with the exact value beneath.
import { Text, Tooltip } from "@mantine/core";
import { count, exact, money } from "@/format/figures";
import { absolute, fromNow } from "@/format/times";
import { parts as words } from "@/texts/en/parts";

export function Tokens({ value }: { value: number | null | undefined }) {
  if (value === null || value === undefined) return <span>{words.none}</span>;
  const short = count(value);
  return value < 1000 ? (
    <span className="figures">{short}</span>
  ) : (
    <Tooltip label={words.exact(exact(value))}>
      <span className="figures">{short}</span>
    </Tooltip>
  );
}

// Money in nano-dollars; what was estimated says so.
export function Money({ nano, estimated = false }: { nano: number | null | undefined; estimated?: boolean }) {
  const text = <span className="figures">{`${estimated ? "≈ " : ""}${money(nano)}`}</span>;
  return estimated ? <Tooltip label={words.estimate}>{text}</Tooltip> : text;
}

export function Time({ at }: { at: string | number | null | undefined }) {
  if (at === null || at === undefined || at === "") return <span>{words.never}</span>;
  return (
    <Tooltip label={absolute(at)}>
      <Text component="time" inherit dateTime={new Date(at).toISOString()}>
        {fromNow(at)}
      </Text>
    </Tooltip>
  );
}
