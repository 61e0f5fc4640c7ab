// Figures as people read them. All lines up: use them in elements of the class `figures` (tabular numerals).
const NANO = 1e9;

const dollars = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

// Money in nano-dollars: `$12.34`; below a cent as many digits as say something: `$0.0042`. Unknown is a dash.
export function money(nanoUsd: number | null | undefined): string {
  if (nanoUsd === null || nanoUsd === undefined) return "–";
  const usd = nanoUsd / NANO;
  if (usd === 0) return "$0.00";
  const sign = usd < 0 ? "-" : "";
  const size = Math.abs(usd);
  if (size >= 0.01) return `${sign}$${dollars.format(size)}`;
  const digits = Math.min(9, 1 - Math.floor(Math.log10(size)));
  return `${sign}$${size.toFixed(digits).replace(/0+$/, "")}`;
}

const SCALES: readonly (readonly [number, string])[] = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

// Tokens, requests, bytes: `950`, `1.24 M`, three figures that count.
export function count(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const scale = SCALES.find(([size]) => Math.abs(value) >= size);
  if (scale === undefined) return whole.format(value);
  const [size, unit] = scale;
  const scaled = value / size;
  const digits = Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${unit}`;
}

export function exact(value: number): string {
  return whole.format(value);
}

// Milliseconds: `840 ms`, `2.4 s`, `3 min 5 s`.
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

// A share between 0 and 1: `4.2 %`.
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || Number.isNaN(share)) return "–";
  const value = share * 100;
  return `${value.toFixed(value !== 0 && Math.abs(value) < 10 ? 1 : 0)} %`;
}

// Tokens per second: `87 /s`.
export function rate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return "–";
  return `${perSecond.toFixed(perSecond < 10 ? 1 : 0)} /s`;
}
