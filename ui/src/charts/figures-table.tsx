// The figures of a chart as a table: what is heard instead of it, and what is shown on demand. What is not seen is made
// after all that is.
import { Table, VisuallyHidden } from "@mantine/core";
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
    <VisuallyHidden>
      <Figures {...figures} />
    </VisuallyHidden>
  ) : null;
}

const Figures = memo(function Figures({ name, times, slotSeconds, series, exactly }: Omit<Props, "shown" | "height">) {
  return (
    <Table striped withRowBorders={false}>
      <Table.Caption>
        <VisuallyHidden>{name}</VisuallyHidden>
      </Table.Caption>
      <Table.Thead className={classes.head}>
        <Table.Tr>
          <Table.Th scope="col">{words.time}</Table.Th>
          {series.map((one) => (
            <Table.Th key={one.name} scope="col" ta="right">
              {one.label}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {times.map((time, slot) => (
          <Table.Tr key={time}>
            <Table.Th scope="row" fw={400}>
              {slotName(time, slotSeconds)}
            </Table.Th>
            {series.map((one) => (
              <Table.Td key={one.name} ta="right" className="figures">
                {told(one.values[slot], exactly)}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
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
