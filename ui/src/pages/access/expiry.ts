// When a key ends: what is offered, and what it means from now on.
import type { access } from "@/texts/en/access";

export type Expiry = keyof typeof access.form.expiry;

const HOUR_MS = 3_600_000;
const SPANS: Readonly<Partial<Record<Expiry, number>>> = {
  "1d": 24 * HOUR_MS,
  "7d": 7 * 24 * HOUR_MS,
  t1h: HOUR_MS,
  t8h: 8 * HOUR_MS,
  t24h: 24 * HOUR_MS,
};
const MONTHS: Readonly<Partial<Record<Expiry, number>>> = { "1mo": 1, "3mo": 3, "12mo": 12 };
// A temporary key of a whole day must end within it by the server's clock as well.
const LEEWAY_MS = 60_000;

export function isTemporary(expiry: Expiry): boolean {
  return expiry.startsWith("t");
}

// Returns the end as an ISO time, null for never. `custom` is the value of a field of local time.
export function endOf(expiry: Expiry, custom: string, now: number = Date.now()): string | null {
  if (expiry === "never") return null;
  if (expiry === "custom") return custom === "" ? null : new Date(custom).toISOString();
  const months = MONTHS[expiry];
  if (months !== undefined) return monthsLater(now, months).toISOString();
  return new Date(now + (SPANS[expiry] ?? 0) - (isTemporary(expiry) ? LEEWAY_MS : 0)).toISOString();
}

// The same day of a later month, or its last day where there is none such.
function monthsLater(now: number, months: number): Date {
  const later = new Date(now);
  const day = later.getDate();
  later.setDate(1);
  later.setMonth(later.getMonth() + months);
  const last = new Date(later.getFullYear(), later.getMonth() + 1, 0).getDate();
  later.setDate(Math.min(day, last));
  return later;
}

// An ISO time as a field of local time wants it: `2026-11-22T14:05`.
export function localTime(iso: string): string {
  const time = new Date(iso);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
