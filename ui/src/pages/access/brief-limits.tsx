// The limits of a subject in a cell: the first in words, how many more there are, all that are told on hover.
import { Tooltip } from "@mantine/core";
import type { components } from "@/api/schema";
import { limitWords } from "@/format/limits";
import { limits as words } from "@/texts/en/limits";
import { parts } from "@/texts/en/parts";

interface Figures {
  limits: number;
  first_limits: components["schemas"]["BriefLimit"][];
}

export function BriefLimits({ figures }: { figures?: Figures | null }) {
  const [first] = figures?.first_limits ?? [];
  if (!figures || first === undefined) return parts.none;
  const said = limitWords(first);
  if (figures.limits === 1) return <span title={said}>{said}</span>;
  const told = figures.first_limits.map(limitWords);
  const untold = figures.limits - told.length;
  return (
    <Tooltip label={[...told, ...(untold > 0 ? [words.more(untold)] : [])].join(" · ")}>
      <span>{`${said} ${words.more(figures.limits - 1)}`}</span>
    </Tooltip>
  );
}
