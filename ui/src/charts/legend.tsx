// The names of a chart's series with their figures: of the slot that is pointed at, or of the whole range.
import { Hint } from "@/parts/hint";
import { charts as words } from "@/texts/en/charts";
import classes from "./charts.module.css";
import { colourOf, dashOf, type Look, OTHER, type Scheme, swatchOf, useScheme } from "./palette";
import type { Shape } from "./plot-options";
import { type ChartSeries, overallOf } from "./series";

interface Props {
  shape: Shape;
  series: readonly ChartSeries[];
  looks: readonly Look[];
  slot: number | null;
  short: (value: number) => string;
  exactly: (value: number) => string;
  picked?: string | undefined;
  onPick?: ((series: number) => void) | undefined;
}

export function Legend({ series, ...rest }: Props) {
  return (
    <ul className={classes.legend}>
      {series.map((one, at) => (
        <li key={one.name}>
          <Entry one={one} at={at} {...rest} />
        </li>
      ))}
    </ul>
  );
}

function Entry({ one, at, shape, looks, slot, short, exactly, picked, onPick }: Omit<Props, "series"> & Own) {
  const scheme = useScheme();
  const value = slot === null ? overallOf(one) : one.values[slot];
  const known = value !== null && value !== undefined;
  const inside = (
    <>
      <Sample look={looks[at]} shape={shape} scheme={scheme} />
      <span className={classes.label}>{one.label}</span>
      {known ? (
        <Hint label={exactly(value)}>
          <span className={`${classes.figure} figures`}>{short(value)}</span>
        </Hint>
      ) : (
        <span className={`${classes.figure} figures`}>–</span>
      )}
    </>
  );
  if (onPick === undefined || one.name === OTHER) {
    return <span className={classes.entry}>{inside}</span>;
  }
  const isPicked = picked === one.name;
  return (
    <button
      type="button"
      className={`${classes.entry} plain`}
      aria-pressed={isPicked}
      title={isPicked ? words.unfilter(one.label) : words.filter(one.label)}
      onClick={() => onPick(at)}
    >
      {inside}
    </button>
  );
}

interface Own {
  one: ChartSeries;
  at: number;
}

function Sample({ look, shape, scheme }: { look: Look | undefined; shape: Shape; scheme: Scheme }) {
  if (look === undefined) return null;
  if (shape === "stack") return <span className={classes.swatch} style={{ background: swatchOf(look, scheme) }} />;
  const colour = colourOf(look, scheme);
  const broken = dashOf(look);
  const background = broken ? `repeating-linear-gradient(90deg, ${colour} 0 4px, transparent 4px 7px)` : colour;
  return <span className={classes.stroke} style={{ background }} />;
}
