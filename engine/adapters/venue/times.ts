/**
 * Times as Alpaca writes them: RFC 3339 in UTC on orders and market data, with the exchange's offset on the clock.
 *
 * Owns: formatting and parsing of times at the edge of the venue. May not: read the wall clock.
 */
import type { Calendar, Session } from "../../market/calendar.ts";

const DAY_MS = 86_400_000;

/** UTC, no more digits than needed: `2024-01-02T14:30:00Z`, `2024-01-02T14:30:00.25Z`. */
export function wireTime(ms: number): string {
  const iso = new Date(ms).toISOString();
  return iso.replace(/\.?0*Z$/, "Z");
}

export function wireTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : wireTime(ms);
}

/** Offset of the calendar's zone at a time, in minutes east of UTC. */
function offsetMinutes(calendar: Calendar, ms: number): number {
  const utc = Math.floor((((ms % DAY_MS) + DAY_MS) % DAY_MS) / 60_000);
  const difference = Math.floor(calendar.localTime(ms).minutes) - utc;
  if (difference > 720) return difference - 1440;
  if (difference <= -720) return difference + 1440;
  return difference;
}

/** With the exchange's offset: `2025-06-24T16:00:00-04:00`. */
export function zonedTime(calendar: Calendar, ms: number): string {
  const offset = offsetMinutes(calendar, ms);
  const local = new Date(ms + offset * 60_000).toISOString().slice(0, 19);
  const size = Math.abs(offset);
  const hours = String(Math.floor(size / 60)).padStart(2, "0");
  return `${local}${offset < 0 ? "-" : "+"}${hours}:${String(size % 60).padStart(2, "0")}`;
}

/** Local `HH:MM`. */
export function localClock(calendar: Calendar, ms: number): string {
  const minutes = Math.floor(calendar.localTime(ms).minutes);
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** The exchange's local date at a time. */
export function localDate(calendar: Calendar, ms: number): string {
  return new Date(ms + offsetMinutes(calendar, ms) * 60_000).toISOString().slice(0, 10);
}

/** Midnight of a session's trading date: where Alpaca puts the start of a daily bar. */
export function dayStart(calendar: Calendar, session: Session): number {
  return midnightOf(calendar, calendar.dateOf(session), session.open);
}

/** Local midnight of a date. `near` is any time of that day; midnight and noon may differ in offset, so it looks twice. */
export function midnightOf(calendar: Calendar, date: string, near?: number): number {
  return zonedInstant(calendar, date, 0, near);
}

/** The instant at which the exchange's clocks show so many minutes after midnight on a date. */
export function zonedInstant(calendar: Calendar, date: string, minutes: number, near?: number): number {
  const utc = Date.parse(`${date}T00:00:00Z`) + minutes * 60_000;
  const first = utc - offsetMinutes(calendar, near ?? utc) * 60_000;
  return utc - offsetMinutes(calendar, first) * 60_000;
}

export function nextDate(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;

export function isDate(source: string): boolean {
  return DATE.test(source) && !Number.isNaN(Date.parse(`${source}T00:00:00Z`));
}

/** RFC 3339 or a plain date (taken as midnight in the calendar's zone). Undefined when it is neither. */
export function parseTime(source: string, calendar: Calendar): number | undefined {
  if (isDate(source)) return midnightOf(calendar, source);
  if (!/^\d{4}-\d{2}-\d{2}T/.test(source)) return undefined;
  const parsed = Date.parse(source);
  return Number.isNaN(parsed) ? undefined : parsed;
}
