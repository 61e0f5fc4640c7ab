// A chart over time with all that belongs to it: its name, a summary in words, the figures under the crosshair, and the
// same as a table. Its place has its height before anything is there, so that nothing jumps.
import { ActionIcon, Center, Skeleton, Stack, Text } from "@mantine/core";
import { IconChartAreaLine, IconTable } from "@tabler/icons-react";
import { type ReactNode, useCallback, useMemo, useState } from "react";
import { Hint } from "@/parts/hint";
import { soon } from "@/parts/later";
import { Panel } from "@/parts/panel";
import { charts as words } from "@/texts/en/charts";
import classes from "./charts.module.css";
import { FiguresTable } from "./figures-table";
import { Legend } from "./legend";
import { looksOf, OTHER } from "./palette";
import type { Shape } from "./plot-options";
import { type ChartSeries, isEmpty } from "./series";
import { slotTold, summaryOf } from "./summary";
import { areUtcDays, slotName } from "./times";

const Plot = soon(
  () => import("./plot").then((module) => module.Plot),
  ({ height }) => <Skeleton h={height} />,
);

export interface ChartData {
  // When each slot begins, in seconds; the oldest first.
  times: readonly number[];
  slotSeconds: number;
  series: readonly ChartSeries[];
}

interface Props {
  name: string;
  hint?: string;
  // Undefined while it is asked for.
  data: ChartData | undefined;
  shape: Shape;
  short: (value: number) => string;
  exactly: (value: number) => string;
  height?: number;
  // What is said where there is nothing to draw, if it is not that nothing happened.
  empty?: string;
  // Charts of a room share their crosshair.
  room: string;
  actions?: ReactNode;
  picked?: string;
  onPick?: (name: string) => void;
  onZoom?: (from: string, to: string) => void;
}

export function TimeChart({ name, hint, data, height = 240, actions, empty: none = words.empty, ...rest }: Props) {
  const [asTable, setAsTable] = useState(false);
  const empty = data !== undefined && isEmpty(data.series);
  const Picture = asTable ? IconChartAreaLine : IconTable;
  const word = asTable ? words.showChart : words.showTable;
  return (
    <Panel
      title={name}
      {...(hint ? { hint } : {})}
      actions={
        <>
          {actions}
          <Hint label={word}>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`${word}: ${name}`}
              aria-pressed={asTable}
              disabled={data === undefined || empty}
              onClick={() => setAsTable(!asTable)}
            >
              <Picture size={18} aria-hidden />
            </ActionIcon>
          </Hint>
        </>
      }
    >
      {data === undefined ? (
        <Skeleton h={height + 56} />
      ) : empty ? (
        <Center h={height + 56}>
          <Stack gap={4} align="center">
            <Text fw={600}>{none}</Text>
            <Text size="sm" c="dimmed">
              {words.emptyHint}
            </Text>
          </Stack>
        </Center>
      ) : (
        <Shown name={name} data={data} height={height} asTable={asTable && !empty} {...rest} />
      )}
    </Panel>
  );
}

interface ShownProps extends Omit<Props, "data" | "hint" | "actions" | "height" | "empty"> {
  data: ChartData;
  height: number;
  asTable: boolean;
}

function Shown({ name, data, shape, short, exactly, height, room, asTable, picked, onPick, onZoom }: ShownProps) {
  const { times, slotSeconds, series } = data;
  const [pointed, setPointed] = useState<number | null>(null);
  const slot = pointed !== null && pointed < times.length ? pointed : null;
  const looks = useMemo(() => {
    const hashed = looksOf(series.map((one) => one.name));
    return series.map((one, at) => one.look ?? hashed[at] ?? { colour: 0, pattern: 0 });
  }, [series]);
  const told = { shape, times, slotSeconds, series, short };
  const pick = onPick && ((at: number) => whenNamed(series[at]?.name, onPick));
  const zoom = useCallback((from: number, to: number) => onZoom?.(isoOf(from), isoOf(to)), [onZoom]);
  return (
    <figure className={`${classes.chart} ${onPick ? classes.pickable : ""}`} aria-label={name}>
      <figcaption className="unseen">{summaryOf(told)}</figcaption>
      <div className={`${classes.when} figures`} aria-hidden>
        {whenOf(data, slot)}
      </div>
      {asTable ? null : (
        <Plot
          {...data}
          name={name}
          looks={looks}
          shape={shape}
          short={short}
          height={height}
          room={room}
          slot={slot}
          told={slotTold(slot, told)}
          onSlot={setPointed}
          onZoom={onZoom && zoom}
          onPick={pick}
        />
      )}
      <FiguresTable name={name} {...data} exactly={exactly} shown={asTable} height={height} />
      <Legend
        shape={shape}
        series={series}
        looks={looks}
        slot={slot}
        short={short}
        exactly={exactly}
        picked={picked}
        onPick={pick}
      />
    </figure>
  );
}

function whenNamed(name: string | undefined, pick: (name: string) => void): void {
  if (name !== undefined && name !== OTHER) pick(name);
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

function whenOf({ times, slotSeconds }: ChartData, slot: number | null): string {
  const zone = areUtcDays(slotSeconds) ? ` ${words.utcDays}` : "";
  if (slot !== null) return slotName(times[slot] ?? 0, slotSeconds) + zone;
  // A day that is over ends with itself, an hour with the next one.
  const last = (times.at(-1) ?? 0) + (zone === "" ? slotSeconds : 0);
  return words.period(slotName(times[0] ?? 0, slotSeconds), slotName(last, slotSeconds)) + zone;
}
