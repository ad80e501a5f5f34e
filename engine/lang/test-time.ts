/**
 * When the bars and ticks of a test are.
 *
 * Owns: the spelling of times in test files, and intervals and instants on real sessions: nights, weekends and holidays
 * are skipped.
 * May not: know prices.
 */
import type { SessionKind } from "../core/program.ts";
import { barSizeOf } from "../market/bar-size.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { Calendar } from "../market/calendar.ts";
import { isoDate, MS_PER_DAY, MS_PER_MINUTE, parseIsoDate } from "../market/civil.ts";
import { newYorkEpoch, newYorkOffset } from "../market/new-york.ts";
import { barAtOrAfter, barInterval, windowClose } from "../market/sessions.ts";
import type { Interval } from "../market/sessions.ts";

/** Monday, a whole session in winter time. */
export const DEFAULT_START = "2024-03-04T09:30:00 America/New_York";

const TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?\s*(Z|[+-]\d{2}:\d{2}|America\/New_York|UTC)?$/;
const CLOCK = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?$/;

/** Epoch milliseconds, or a whole date; undefined for anything else. */
export function parseTestTime(source: string): { readonly time: number } | { readonly date: string } | undefined {
  const found = TIME.exec(source.trim());
  if (found === null) return undefined;
  const [, date = "", clock, zone] = found;
  const day = parseIsoDate(date);
  if (day === undefined) return undefined;
  if (clock === undefined) return zone === undefined ? { date } : undefined;
  const inDay = msOfDay(clock);
  if (inDay === undefined) return undefined;
  try {
    if (zone === undefined || zone === "America/New_York") return { time: newYorkEpoch(day, inDay) };
  } catch {
    return undefined;
  }
  return { time: day * MS_PER_DAY + inDay - offsetOf(zone) };
}

/** `09:30`, `09:30:00` or `09:30:00.250` in milliseconds; undefined for anything else. */
function msOfDay(source: string): number | undefined {
  const found = CLOCK.exec(source);
  if (found === null) return undefined;
  const [, hours, minutes, seconds = "0", fraction = ""] = found;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const whole = (Number(hours) * 60 + Number(minutes)) * MS_PER_MINUTE + Number(seconds) * 1_000;
  return whole + Number(fraction.padEnd(3, "0"));
}

/** A time of day in New York, on the day of another moment. */
export function parseClock(source: string, sameDay: number): number | undefined {
  const inDay = msOfDay(source.trim());
  try {
    return inDay === undefined ? undefined : newYorkEpoch(newYorkDay(sameDay), inDay);
  } catch {
    return undefined;
  }
}

function newYorkDay(time: number): number {
  return Math.floor((time + newYorkOffset(time)) / MS_PER_DAY);
}

/** `2024-03-04 09:30:00.250`, New York. */
export function clockText(time: number): string {
  const day = newYorkDay(time);
  const inDay = time + newYorkOffset(time) - day * MS_PER_DAY;
  const clock = new Date(inDay).toISOString().slice(11, 23);
  return `${isoDate(day)} ${clock.endsWith(".000") ? clock.slice(0, 8) : clock}`;
}

function offsetOf(zone: string): number {
  const found = /^([+-])(\d{2}):(\d{2})$/.exec(zone);
  if (found === null) return 0;
  const minutes = Number(found[2]) * 60 + Number(found[3]);
  return (found[1] === "-" ? -minutes : minutes) * MS_PER_MINUTE;
}

export interface Grid {
  readonly calendar: Calendar;
  readonly size: BarSize;
  readonly session: SessionKind;
}

/** `count` intervals from the one that contains `start`, or the first after it; fewer at the end of the calendar. */
export function intervalsFrom({ calendar, size, session }: Grid, start: number, count: number): Interval[] {
  const found: Interval[] = [];
  let at = start;
  while (found.length < count) {
    const interval = barAtOrAfter(calendar, size, at, session);
    if (interval === undefined) break;
    found.push(interval);
    at = interval.end;
  }
  return found;
}

/** `count` instants `every` milliseconds apart, from `start` on; where the session is over, from its next beginning on. */
export function instantsFrom(
  { calendar, session }: Omit<Grid, "size">,
  start: number,
  every: number,
  count: number,
): number[] {
  const found: number[] = [];
  let open: Interval = { start, end: start };
  for (let at = start; found.length < count; at += every) {
    if (at >= open.end) {
      const next = barAtOrAfter(calendar, MINUTE, at, session);
      if (next === undefined) break;
      open = next;
      at = Math.max(at, open.start);
    }
    found.push(at);
  }
  return found;
}

const MINUTE = barSizeOf("1m");

/** The last `count` intervals that end at or before `end`, oldest first. */
export function intervalsBefore({ calendar, size, session }: Grid, end: number, count: number): Interval[] {
  const found: Interval[] = [];
  const kind = size.kind === "session" || session === "regular" ? "regular" : "extended";
  let at = end - 1;
  while (found.length < count) {
    const interval = barInterval(calendar, size, at, session);
    if (interval !== undefined) {
      if (interval.end <= end) found.push(interval);
      at = interval.start - 1;
      continue;
    }
    const day = calendar.sessionAtOrBefore(at);
    if (day === undefined) break;
    const close = windowClose(day, kind);
    at = (close <= at ? close : day.extendedOpen) - 1;
  }
  return found.reverse();
}
