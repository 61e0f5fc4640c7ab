// Times in the viewer's zone. Servers say UTC; people read "5 min ago" and find the exact time beneath.
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const shortDay = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});

const STEPS: readonly (readonly [number, Intl.RelativeTimeFormatUnit])[] = [
  [86_400 * 365, "year"],
  [86_400 * 30, "month"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

// `5 min. ago`, `in 2 hr.`
export function fromNow(time: string | number | Date, now: number = Date.now()): string {
  const seconds = (new Date(time).getTime() - now) / 1000;
  const step = STEPS.find(([size]) => Math.abs(seconds) >= size) ?? [1, "second"];
  return relative.format(Math.trunc(seconds / step[0]), step[1]);
}

export function absolute(time: string | number | Date): string {
  return full.format(new Date(time));
}

export function dayOf(time: string | number | Date): string {
  return day.format(new Date(time));
}

// `14:03:22`
export function clockOf(time: string | number | Date): string {
  return clock.format(new Date(time));
}

// `14:03:22` today, `Nov 21 14:03` on another day.
export function momentOf(time: string | number | Date, now: Date = new Date()): string {
  const at = new Date(time);
  return at.toDateString() === now.toDateString() ? clockOf(at) : `${shortDay.format(at)} ${clockOf(at).slice(0, 5)}`;
}
