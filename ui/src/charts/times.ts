// Times along a chart, in the viewer's zone: hours within days, days within months, months within years. Slots of a day
// and more are days of the ledger, which are days in UTC: those are told as such.
type Form = Intl.DateTimeFormatOptions;

const DAY_S = 86_400;
const CLOCK: Form = { hour: "2-digit", minute: "2-digit", hour12: false };
const DAY: Form = { day: "numeric", month: "short" };

class Words {
  private readonly clock: Intl.DateTimeFormat;
  private readonly day: Intl.DateTimeFormat;
  private readonly month: Intl.DateTimeFormat;
  private readonly dayAndClock: Intl.DateTimeFormat;
  private readonly wholeDay: Intl.DateTimeFormat;

  constructor(timeZone: string | undefined) {
    const made = (form: Form) => new Intl.DateTimeFormat(undefined, { ...form, ...(timeZone ? { timeZone } : {}) });
    this.clock = made(CLOCK);
    this.day = made(DAY);
    this.month = made({ month: "short", year: "numeric" });
    this.dayAndClock = made({ weekday: "short", ...DAY, ...CLOCK });
    this.wholeDay = made({ weekday: "short", ...DAY, year: "numeric" });
  }

  mark(time: number, step: number): string {
    const date = new Date(time * 1000);
    if (step >= 28 * DAY_S) return this.month.format(date);
    const clock = this.clock.format(date);
    return step >= DAY_S || clock === "00:00" || clock === "24:00" ? this.day.format(date) : clock;
  }

  slot(time: number, slotSeconds: number): string {
    return (slotSeconds >= DAY_S ? this.wholeDay : this.dayAndClock).format(new Date(time * 1000));
  }
}

const here = new Words(undefined);
const utc = new Words("UTC");

export function areUtcDays(slotSeconds: number): boolean {
  return slotSeconds >= DAY_S;
}

// The words below an axis whose marks are `step` seconds apart.
export function marksOf(times: readonly number[], step: number, slotSeconds: number): string[] {
  const words = areUtcDays(slotSeconds) ? utc : here;
  return times.map((time) => words.mark(time, step));
}

// When a slot is, for whoever points at it.
export function slotName(time: number, slotSeconds: number): string {
  return (areUtcDays(slotSeconds) ? utc : here).slot(time, slotSeconds);
}
