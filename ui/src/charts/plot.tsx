// The drawing itself, on uPlot (loaded with the first chart of a page). Pointing, dragging and the arrow keys move the
// crosshair and mark a range; what is under it is told to the chart around it, which writes it.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { charts as words } from "@/texts/en/charts";
import classes from "./charts.module.css";
import { useScheme } from "./palette";
import { type Drawn, dataOf, optionsOf, rangeOf } from "./plot-options";
import { slotAt, stacked } from "./series";

export interface PlotProps extends Drawn {
  name: string;
  short: (value: number) => string;
  height: number;
  room: string;
  // Which slot is pointed at, and what it says.
  slot: number | null;
  told: string;
  onSlot: (slot: number | null) => void;
  onZoom?: ((fromSeconds: number, toSeconds: number) => void) | undefined;
  onPick?: ((series: number) => void) | undefined;
}

export function Plot(props: PlotProps) {
  const { name, times, series, looks, shape, slotSeconds, height, room, slot, told } = props;
  const scheme = useScheme();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  const [mark, setMark] = useState<number | null>(null);

  useLayoutEffect(() => {
    latest.current = props;
  });

  const drawing = JSON.stringify([looks, shape, slotSeconds, scheme, height, room]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `drawing` is all that a new plot is made for.
  useEffect(() => {
    const place = box.current;
    if (place === null) return;
    const drawn = () => latest.current;
    const made = new uPlot(
      optionsOf({
        drawn,
        short: (value) => latest.current.short(value),
        scheme,
        height,
        room,
        width: place.clientWidth,
        onCursor: (found) => latest.current.onSlot(pointedAt(found, latest.current)),
        onSelect: (found) => zoomTo(found, latest.current),
      }),
      dataOf(latest.current),
      place,
    );
    plot.current = made;
    made.over.addEventListener("click", () => pickAt(made, latest.current));
    const sizes = new ResizeObserver(() => made.setSize({ width: place.clientWidth, height }));
    sizes.observe(place);
    return () => {
      sizes.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [drawing]);

  useEffect(() => {
    plot.current?.setData(dataOf({ times, slotSeconds, series, looks, shape }));
  }, [times, slotSeconds, series, looks, shape]);

  const move = (event: React.KeyboardEvent) => {
    const found = plot.current;
    if (found === null) return;
    const next = slotFor(event.key, slot, times.length);
    if (next !== null) {
      event.preventDefault();
      const start = event.shiftKey ? (mark ?? slot ?? next) : null;
      setMark(start);
      pointTo(found, latest.current, next, start);
    } else if (event.key === "Enter" && found.select.width > 0) {
      zoomTo(found, latest.current);
      setMark(null);
    } else if (event.key === "Escape") {
      clear(found);
      setMark(null);
    }
  };
  return (
    <div
      ref={box}
      className={classes.plot}
      style={{ height }}
      role="slider"
      tabIndex={0}
      aria-label={name}
      aria-description={words.keys}
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={Math.max(times.length - 1, 0)}
      aria-valuenow={slot ?? 0}
      aria-valuetext={told}
      onKeyDown={move}
    />
  );
}

function pointedAt(plot: uPlot, { times }: Drawn): number | null {
  const left = plot.cursor.left ?? -1;
  return left < 0 ? null : slotAt(times, plot.posToVal(left, "x"));
}

function slotFor(key: string, slot: number | null, slots: number): number | null {
  const last = slots - 1;
  if (key === "ArrowLeft") return slot === null ? last : Math.max(slot - 1, 0);
  if (key === "ArrowRight") return slot === null ? 0 : Math.min(slot + 1, last);
  if (key === "Home") return 0;
  return key === "End" ? last : null;
}

// Puts the crosshair into the middle of a slot, and marks what is between it and `start`.
function pointTo(plot: uPlot, { times, slotSeconds }: Drawn, slot: number, start: number | null): void {
  const edge = (at: number) => plot.valToPos(at < times.length ? (times[at] ?? 0) : rangeEnd(times, slotSeconds), "x");
  plot.setCursor({ left: (edge(slot) + edge(slot + 1)) / 2, top: 10 });
  if (start === null) {
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    return;
  }
  const [from, to] = [edge(Math.min(slot, start)), edge(Math.max(slot, start) + 1)];
  plot.setSelect({ left: from, top: 0, width: to - from, height: plot.over.clientHeight }, false);
}

function rangeEnd(times: readonly number[], slotSeconds: number): number {
  return rangeOf({ times, slotSeconds })[1];
}

function clear(plot: uPlot): void {
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  plot.setCursor({ left: -10, top: -10 });
}

// Tells the whole slots that are marked, and takes the mark away.
function zoomTo(plot: uPlot, { times, slotSeconds, onZoom }: PlotProps): void {
  const { left, width } = plot.select;
  // A mark that ends on an edge between two slots ends with the first of them.
  const first = slotAt(times, plot.posToVal(left + 1, "x"));
  const last = slotAt(times, plot.posToVal(left + width - 1, "x"));
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  if (first === null || last === null || width < 2) return;
  onZoom?.(times[first] ?? 0, times[last + 1] ?? rangeEnd(times, slotSeconds));
}

// A click into an area is a click on its name.
function pickAt(plot: uPlot, { times, series, shape, onPick }: PlotProps): void {
  const slot = pointedAt(plot, { times } as Drawn);
  if (slot === null || shape !== "stack" || onPick === undefined || plot.select.width > 0) return;
  const value = plot.posToVal(plot.cursor.top ?? 0, "y");
  const found = stacked(series, times.length).findIndex((row) => (row[slot] ?? 0) >= value);
  if (found >= 0) onPick(found);
}
