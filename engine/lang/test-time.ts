/**
 * When the bars of a test are.
 *
 * Owns: the spelling of times in test files, and intervals on real sessions: nights, weekends and holidays are skipped.
 * May not: know prices.
 */
import type { SessionKind } from "../core/program.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { Calendar } from "../market/calendar.ts";
import { MS_PER_DAY, MS_PER_MINUTE, parseIsoDate } from "../market/civil.ts";
import { newYorkEpoch } from "../market/new-york.ts";
import { barAtOrAfter, barInterval, windowClose } from "../market/sessions.ts";
import type { Interval } from "../market/sessions.ts";

/** Monday, a whole session in winter time. */
export const DEFAULT_START = "2024-03-04T09:30:00 America/New_York";

const TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?\s*(Z|[+-]\d{2}:\d{2}|America\/New_York|UTC)?$/;

/** Epoch milliseconds, or a whole date; undefined for anything else. */
export function parseTestTime(source: string): { readonly time: number } | { readonly date: string } | undefined {
  const found = TIME.exec(source.trim());
  if (found === null) return undefined;
  const [, date = "", hours, minutes, seconds = "0", zone] = found;
  const day = parseIsoDate(date);
  if (day === undefined) return undefined;
  if (hours === undefined || minutes === undefined) return zone === undefined ? { date } : undefined;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const inDay = (Number(hours) * 60 + Number(minutes)) * MS_PER_MINUTE + Number(seconds) * 1_000;
  try {
    if (zone === undefined || zone === "America/New_York") return { time: newYorkEpoch(day, inDay) };
  } catch {
    return undefined;
  }
  return { time: day * MS_PER_DAY + inDay - offsetOf(zone) };
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
