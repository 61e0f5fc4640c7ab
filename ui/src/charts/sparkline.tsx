// A small line without axes, beside a figure.
interface Props {
  values: readonly (number | null)[];
  // What it says, in words.
  name: string;
  width?: number;
  height?: number;
}

const EDGE = 2;

export function Sparkline({ values, name, width = 96, height = 24 }: Props) {
  const lines = linesOf(values, width, height);
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={name}>
      {lines.map((points) => (
        <polyline
          key={points}
          points={points}
          fill="none"
          stroke="var(--mantine-primary-color-filled)"
          strokeWidth="1.5"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      ))}
    </svg>
  );
}

// A line ends where there is no figure, and another begins where there is one again.
function linesOf(values: readonly (number | null)[], width: number, height: number): string[] {
  const highest = Math.max(0, ...values.map((value) => value ?? 0)) || 1;
  const x = (at: number) => EDGE + (at * (width - 2 * EDGE)) / Math.max(values.length - 1, 1);
  const y = (value: number) => height - EDGE - (value / highest) * (height - 2 * EDGE);
  const lines: string[][] = [[]];
  for (const [at, value] of values.entries()) {
    if (value === null) lines.push([]);
    else lines.at(-1)?.push(`${x(at).toFixed(1)},${y(value).toFixed(1)}`);
  }
  return lines.filter((points) => points.length > 0).map((points) => points.join(" "));
}
