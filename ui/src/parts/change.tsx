// How a figure stands to that of the period before: more or less, and by how much. Neither is good or bad in itself, so
// it has no colour.
import { percent } from "@/format/figures";
import { parts as words } from "@/texts/en/parts";
import { Hint } from "./hint";

interface Props {
  now: number | null | undefined;
  before: number | null | undefined;
  // Writes the figure of before.
  format: (value: number) => string;
}

// Changes beyond this say no more than "much".
const MOST = 10;

export function Change({ now, before, format }: Props) {
  if (now === null || now === undefined || before === null || before === undefined) return <span>{words.none}</span>;
  return (
    <Hint label={words.before(format(before))}>
      <span className="figures">{changed(now, before)}</span>
    </Hint>
  );
}

function changed(now: number, before: number): string {
  if (now === before) return words.same;
  if (before === 0) return words.newly;
  const share = (now - before) / before;
  if (Math.abs(share) < 0.0005) return words.same;
  if (share > MOST) return words.timesMore(Math.round(now / before));
  return `${share > 0 ? "▲" : "▼"} ${percent(Math.abs(share))}`;
}
