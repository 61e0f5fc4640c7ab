// What uPlot is told: axes, colours, the crosshair that all charts of a room share, and which part is drawn out.
import uPlot from "uplot";
import { colourOf, dashOf, type Look, type Scheme, surfaceOf } from "./palette";
import { type ChartSeries, stacked } from "./series";
import { areUtcDays, marksOf } from "./times";

export type Shape = "stack" | "lines";

export interface Drawn {
  times: readonly number[];
  slotSeconds: number;
  series: readonly ChartSeries[];
  looks: readonly Look[];
  shape: Shape;
}

export interface Asked {
  // What is drawn now; it may change while the plot stays.
  drawn: () => Drawn;
  short: (value: number) => string;
  scheme: Scheme;
  height: number;
  width: number;
  // Charts of a room share their crosshair.
  room: string;
  onCursor: (plot: uPlot) => void;
  onSelect: (plot: uPlot) => void;
}

const AXIS: Readonly<Record<Scheme, { text: string; grid: string }>> = {
  light: { text: "#666e80", grid: "#e6e9ee" },
  dark: { text: "#a2a8ba", grid: "#2f3546" },
};
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
// The same for all, so that the crosshairs of charts beneath each other stand in one line.
const LEFT_AXIS_PX = 76;
const BELOW_PX = 28;
// Half of a word below the axis: the last one stands at the end.
const RIGHT_PX = 20;
const ROOM_ABOVE = 1.06;
const TILE_PX = 8;
const WIDE_PX = 6;

export function optionsOf(asked: Asked): uPlot.Options {
  const { shape, looks, slotSeconds } = asked.drawn();
  const axis = AXIS[asked.scheme];
  const shared = { stroke: axis.text, font: FONT, grid: { stroke: axis.grid, width: 1 }, ticks: { show: false } };
  return {
    width: asked.width,
    height: asked.height,
    padding: [8, RIGHT_PX, 0, 0],
    legend: { show: false },
    ...(areUtcDays(slotSeconds) ? { tzDate: (time) => uPlot.tzDate(new Date(time * 1000), "UTC") } : {}),
    scales: {
      x: { time: true, range: () => rangeOf(asked.drawn()) },
      y: { range: (_plot, _low, high) => [0, (high > 0 ? high : 1) * ROOM_ABOVE] },
    },
    axes: [
      {
        ...shared,
        grid: { show: false },
        space: 64,
        size: BELOW_PX,
        values: (_plot, marks, _axis, _space, step) => marksOf(marks, step, slotSeconds),
      },
      {
        ...shared,
        size: LEFT_AXIS_PX,
        space: 36,
        values: (_plot, marks) => marks.map((mark) => (mark === 0 ? "0" : asked.short(mark))),
      },
    ],
    series: [{}, ...inOrderOfDrawing(shape, looks).map((look) => (shape === "stack" ? area : line)(look, asked))],
    cursor: {
      y: false,
      points: { show: shape === "lines", size: 7 },
      drag: { x: true, y: false, setScale: false, dist: 6 },
      // Only the line is shared: a range that is drawn in one chart is told once.
      sync: { key: asked.room, scales: ["x", null], filters: { pub: isMove } },
    },
    hooks: { setCursor: [asked.onCursor], setSelect: [asked.onSelect] },
  };
}

// The figures as uPlot wants them: columns, the times first. An area goes on to the end of its last slot; a line has its
// points in the middle of the slots.
export function dataOf({ times, slotSeconds, series, shape }: Drawn): uPlot.AlignedData {
  if (shape === "lines") {
    return [times.map((time) => time + slotSeconds / 2), ...series.map((one) => [...one.values])];
  }
  const [, end] = rangeOf({ times, slotSeconds });
  const longer = (row: number[]) => [...row, row.at(-1) ?? 0];
  return [[...times, end], ...inOrderOfDrawing(shape, stacked(series, times.length)).map(longer)];
}

// Of areas the highest is drawn first: the others cover what is theirs of it.
function inOrderOfDrawing<Item>(shape: Shape, items: readonly Item[]): Item[] {
  return shape === "stack" ? [...items].reverse() : [...items];
}

export function rangeOf({ times, slotSeconds }: Pick<Drawn, "times" | "slotSeconds">): [number, number] {
  return [times[0] ?? 0, (times.at(-1) ?? 0) + slotSeconds];
}

function isMove(type: string): boolean {
  return type === "mousemove" || type === "mouseleave";
}

function area(look: Look, { scheme, width, drawn }: Asked): uPlot.Series {
  const colour = colourOf(look, scheme);
  const fill = look.pattern === 0 ? colour : (plot: uPlot) => patternOf(plot.ctx, look, scheme);
  // A thin line of the ground's colour keeps neighbours apart, where slots are wide enough for it.
  const isWide = width / drawn().times.length >= WIDE_PX;
  const edge = isWide ? { width: 1, stroke: surfaceOf(scheme) } : { width: 0 };
  return { ...edge, fill, points: { show: false }, paths: uPlot.paths.stepped?.({ align: 1 }) };
}

function line(look: Look, { scheme }: Asked): uPlot.Series {
  const colour = colourOf(look, scheme);
  return {
    width: 2,
    stroke: colour,
    dash: dashOf(look),
    points: { show: true, filter: alone, size: 5, fill: colour, stroke: colour },
  };
}

// Figures between empty slots have no line to stand on, so they are points.
function alone(plot: uPlot, at: number): number[] {
  const values = plot.data[at] ?? [];
  const stands = (slot: number) => values[slot] !== null && values[slot] !== undefined;
  const found: number[] = [];
  for (let slot = 0; slot < values.length; slot += 1) {
    if (stands(slot) && !stands(slot - 1) && !stands(slot + 1)) found.push(slot);
  }
  return found;
}

// The colour with stripes of the ground, across or upright, for a second and third name of the same colour.
function patternOf(context: CanvasRenderingContext2D, look: Look, scheme: Scheme): CanvasPattern | string {
  const colour = colourOf(look, scheme);
  const tile = new OffscreenCanvas(TILE_PX, TILE_PX);
  const brush = tile.getContext("2d");
  if (brush === null) return colour;
  brush.fillStyle = colour;
  brush.fillRect(0, 0, TILE_PX, TILE_PX);
  brush.strokeStyle = surfaceOf(scheme);
  brush.lineWidth = 1.5;
  brush.beginPath();
  const lean = look.pattern === 1 ? TILE_PX : 0;
  for (const shift of [-TILE_PX, 0, TILE_PX]) {
    brush.moveTo(shift, TILE_PX);
    brush.lineTo(shift + lean, 0);
  }
  brush.stroke();
  return context.createPattern(tile, "repeat") ?? colour;
}
