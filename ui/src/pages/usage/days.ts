// The days of a range, as the books have them: in UTC.
export interface Days {
  from: string;
  to: string;
}

const DAY_MS = 86_400_000;

// `from` and `to` are what was drawn in a chart (ISO times, the end not included), else "".
export function daysOf({ from, to, seconds }: { from: string; to: string; seconds: number }, now = Date.now()): Days {
  if (from !== "" || to !== "") {
    const last = to === "" ? now : Date.parse(to) - 1;
    return { from: dayText(from === "" ? last : Date.parse(from)), to: dayText(last) };
  }
  const days = Math.max(1, Math.round((seconds * 1000) / DAY_MS));
  return { from: dayText(now - (days - 1) * DAY_MS), to: dayText(now) };
}

// Every day from the first to the last, also those on which nothing happened.
export function allDays({ from, to }: Days): string[] {
  const [first, last] = [Date.parse(from), Date.parse(to)];
  return Array.from({ length: Math.max(0, (last - first) / DAY_MS) + 1 }, (_, at) => dayText(first + at * DAY_MS));
}

export function dayEnds(day: string): Days {
  const start = Date.parse(day);
  return { from: new Date(start).toISOString(), to: new Date(start + DAY_MS).toISOString() };
}

function dayText(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
