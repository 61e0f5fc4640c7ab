// How long until something, counted down where one looks.
import { Tooltip } from "@mantine/core";
import { useEffect, useState } from "react";
import { duration } from "@/format/figures";
import { absolute } from "@/format/times";
import { charts as words } from "@/texts/en/charts";

const SOON_MS = 120_000;

export function Countdown({ at }: { at: string | null | undefined }) {
  const left = useLeft(at);
  if (at === null || at === undefined || left === null) return <span>{words.neverResets}</span>;
  return (
    <Tooltip label={absolute(at)}>
      <time className="figures" dateTime={at}>
        {left > 0 ? words.resetsIn(duration(left)) : words.resetsNow}
      </time>
    </Tooltip>
  );
}

// Counts seconds when it is soon and minutes before.
function useLeft(at: string | null | undefined): number | null {
  const [now, setNow] = useState(() => Date.now());
  const left = at === null || at === undefined ? null : Math.max(0, new Date(at).getTime() - now);
  const isSoon = left !== null && left < SOON_MS;
  const isOver = left === null || left === 0;
  useEffect(() => {
    if (isOver) return;
    const ticking = window.setInterval(() => setNow(Date.now()), isSoon ? 1000 : 20_000);
    return () => window.clearInterval(ticking);
  }, [isSoon, isOver]);
  if (left === null || left < 1000) return left === null ? null : 0;
  // Whole seconds or minutes: a countdown has no tenths.
  return isSoon ? Math.floor(left / 1000) * 1000 : Math.floor(left / 60_000) * 60_000;
}
