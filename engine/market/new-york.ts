/**
 * New York wall-clock time by the rules of US daylight saving.
 *
 * Owns: the UTC offset of a moment and of a trading date. Computed by rule instead of through Intl, so that starting
 * is fast and a backtest does not depend on the machine's time zone data; a test compares it with Intl.
 * May not know sessions or holidays.
 */
import { dayNumber, lastWeekday, MS_PER_DAY, nthWeekday, yearOf } from "./civil.ts";

const HOUR = 3_600_000;
const STANDARD = -5 * HOUR;
const DAYLIGHT = -4 * HOUR;
const SUNDAY = 7;

/** Rules reach back to 1987, when daylight saving began on the first Sunday of April. */
const FIRST_YEAR = 1987;
const LAST_YEAR = 2100;

const starts = new Float64Array(LAST_YEAR - FIRST_YEAR + 1);
const ends = new Float64Array(LAST_YEAR - FIRST_YEAR + 1);
for (let year = FIRST_YEAR; year <= LAST_YEAR; year++) {
  // 2007: Energy Policy Act of 2005. Clocks change at 02:00 local: 07:00 UTC in spring, 06:00 UTC in autumn.
  const startDay = year < 2007 ? nthWeekday(year, 4, SUNDAY, 1) : nthWeekday(year, 3, SUNDAY, 2);
  const endDay = year < 2007 ? lastWeekday(year, 10, SUNDAY) : nthWeekday(year, 11, SUNDAY, 1);
  starts[year - FIRST_YEAR] = startDay * MS_PER_DAY + 7 * HOUR;
  ends[year - FIRST_YEAR] = endDay * MS_PER_DAY + 6 * HOUR;
}

let cachedYearStart = 0;
let cachedYearEnd = 0;
let cachedIndex = 0;

/** What to add to epoch milliseconds to read New York wall-clock time as if it were UTC. Times before 1987 are an error. */
export function newYorkOffset(time: number): number {
  if (time < cachedYearStart || time >= cachedYearEnd) {
    const year = yearOf(Math.floor(time / MS_PER_DAY));
    if (!(year >= FIRST_YEAR && year <= LAST_YEAR)) {
      throw new RangeError(`New York time is known from ${FIRST_YEAR} to ${LAST_YEAR}, not at ${time}`);
    }
    cachedIndex = year - FIRST_YEAR;
    cachedYearStart = dayNumber(year, 1, 1) * MS_PER_DAY;
    cachedYearEnd = dayNumber(year + 1, 1, 1) * MS_PER_DAY;
  }
  return time >= (starts[cachedIndex] as number) && time < (ends[cachedIndex] as number) ? DAYLIGHT : STANDARD;
}

/**
 * Epoch milliseconds of a wall-clock time given as day number and milliseconds after midnight. In the hour that
 * autumn repeats it means the second pass; no session touches it.
 */
export function newYorkEpoch(day: number, msAfterMidnight: number): number {
  const local = day * MS_PER_DAY + msAfterMidnight;
  return local - newYorkOffset(local - STANDARD);
}
