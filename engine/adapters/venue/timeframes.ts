/**
 * The sizes of bars that Alpaca's data REST knows: minutes, hours, days, and weeks and months that are put together from days.
 *
 * Owns: reading a timeframe, and which days make a week or months. May not: fetch a bar.
 */
import type { Bar } from "../../core/event.ts";
import { DAY, parseBarSize } from "../../market/bar-size.ts";
import type { BarSize } from "../../market/bar-size.ts";
import type { Calendar } from "../../market/calendar.ts";
import { dayNumber, isoDate } from "../../market/civil.ts";
import { periodStart } from "../../market/periods.ts";
import type { WireBar } from "./bar-book.ts";
import { fail } from "./reply.ts";
import { midnightOf } from "./times.ts";

export interface Timeframe {
  /** Bars of this size are read. */
  readonly size: BarSize;
  /** The first day of the bar that a day belongs to, as a day number; undefined for the bars as they are. */
  readonly periodOf: ((day: number) => number) | undefined;
}

const MINUTES = /^([1-5]?\d)(?:T|Min)$/;
const HOURS = /^(1?\d|2[0-3])(?:H|Hour)$/;
const MONTHS = /^(1|2|3|4|6|12)(?:M|Month)$/;

export function timeframeOf(source: string | null): Timeframe {
  const asked = source ?? "";
  const [minutes, hours, months] = [MINUTES, HOURS, MONTHS].map((pattern) => pattern.exec(asked)?.[1]);
  if (/^1(?:D|Day)$/.test(asked)) return { size: DAY, periodOf: undefined };
  if (/^1(?:W|Week)$/.test(asked)) return { size: DAY, periodOf: (day) => periodStart(day, "week") };
  if (months !== undefined) return { size: DAY, periodOf: (day) => monthsStart(day, Number(months)) };
  const size = parseBarSize(minutes === undefined ? `${hours}h` : `${minutes}m`);
  return size === undefined ? fail(400, 40010000, `invalid timeframe: ${asked}`) : { size, periodOf: undefined };
}

/** Two months begin with January, March …; twelve are the year. */
function monthsStart(day: number, months: number): number {
  const [year = 0, month = 1] = isoDate(day).split("-").map(Number);
  return dayNumber(year, month - ((month - 1) % months), 1);
}

/** Days as bars of their periods; the one that goes on at `now` is left out. */
export function inPeriods(
  days: readonly Bar[],
  calendar: Calendar,
  now: number,
  periodOf: (day: number) => number,
): WireBar[] {
  const bars = new Map<number, Bar>();
  const next = calendar.sessionAtOrAfter(now);
  const present = next === undefined ? Number.POSITIVE_INFINITY : periodOf(next.day);
  for (const bar of days) {
    const session = calendar.sessionAtOrBefore(bar.start);
    const period = session === undefined ? present : periodOf(session.day);
    if (period >= present) continue;
    const before = bars.get(period);
    bars.set(period, before === undefined ? bar : joined(before, bar));
  }
  return [...bars].map(([period, bar]) => ({ bar, start: midnightOf(calendar, isoDate(period)) }));
}

function joined(a: Bar, b: Bar): Bar {
  const [high, low] = [Math.max(a.high, b.high), Math.min(a.low, b.low)];
  return { ...a, high, low, close: b.close, volume: a.volume + b.volume };
}
