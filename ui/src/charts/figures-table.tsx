// The figures of a chart as a table: what is heard instead of it, and what is shown on demand. What is not seen is made
// after all that is.
import { memo, useEffect, useState } from "react";
import { charts as words } from "@/texts/en/charts";
import classes from "./charts.module.css";
import type { ChartSeries } from "./series";
import { slotName } from "./times";

const AFTER_MS = 800;

interface Props {
  name: string;
  times: readonly number[];
  slotSeconds: number;
  series: readonly ChartSeries[];
  exactly: (value: number) => string;
  shown: boolean;
  height: number;
}

export function FiguresTable({ shown, height, ...figures }: Props) {
  const idle = useIdle();
  if (shown) {
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard (WCAG 2.1.1).
      <section className={classes.table} style={{ height }} tabIndex={0} aria-label={figures.name}>
        <Figures {...figures} />
      </section>
    );
  }
  return idle ? (
    <div className="unseen">
      <Figures {...figures} />
    </div>
  ) : null;
}

const Figures = memo(function Figures({ name, times, slotSeconds, series, exactly }: Omit<Props, "shown" | "height">) {
  return (
    <table className="figures">
      <caption className="unseen">{name}</caption>
      <thead>
        <tr>
          <th scope="col">{words.time}</th>
          {series.map((one) => (
            <th key={one.name} scope="col">
              {one.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {times.map((time, slot) => (
          <tr key={time}>
            <th scope="row" className={classes.slot}>
              {slotName(time, slotSeconds)}
            </th>
            {series.map((one) => (
              <td key={one.name}>{told(one.values[slot], exactly)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
});

function told(value: number | null | undefined, exactly: (value: number) => string): string {
  return value === null || value === undefined ? "–" : exactly(value);
}

function useIdle(): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    const waiting = window.setTimeout(() => setIdle(true), AFTER_MS);
    return () => window.clearTimeout(waiting);
  }, []);
  return idle;
}
