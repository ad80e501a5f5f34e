/**
 * When the New York Stock Exchange is closed or closes early, 1998 to 2028.
 *
 * Owns: the holiday rules and the exceptions to them, as facts. May not know times of day other than which days are
 * short, nor look anything up for a caller (see nyse.ts).
 *
 * Rules: NYSE Rule 7.2. Exceptions: special closures and the early closes that no rule covers.
 */
import { dayNumber, easterSunday, lastWeekday, nthWeekday, parseIsoDate, weekdayOf } from "./civil.ts";

export const FIRST_YEAR = 1998;
export const LAST_YEAR = 2028;

const MONDAY = 1;
const THURSDAY = 4;
const FRIDAY = 5;
const SATURDAY = 6;
const SUNDAY = 7;

/** Closed although no rule says so. */
const SPECIAL_CLOSURES: readonly string[] = [
  "2001-09-11", // attacks of September 11, closed to the end of the week
  "2001-09-12",
  "2001-09-13",
  "2001-09-14",
  "2004-06-11", // mourning for President Reagan
  "2007-01-02", // mourning for President Ford
  "2012-10-29", // Hurricane Sandy, two days
  "2012-10-30",
  "2018-12-05", // mourning for President G. H. W. Bush
  "2025-01-09", // mourning for President Carter
];

/** Early closes that no rule covers: New Year's Eve of 1999, a Friday after July 4, and the day after Christmas 2003. */
const SPECIAL_EARLY_CLOSES: readonly string[] = ["1999-12-31", "2002-07-05", "2003-12-26"];

/** Saturday holidays are kept on Friday, Sunday ones on Monday. */
function observed(day: number): number {
  const weekday = weekdayOf(day);
  if (weekday === SATURDAY) return day - 1;
  return weekday === SUNDAY ? day + 1 : day;
}

function days(dates: readonly string[]): number[] {
  return dates.map((date) => parseIsoDate(date) as number);
}

/** Full-day closures of one year, without weekends. */
function holidaysOf(year: number): number[] {
  const newYear = dayNumber(year, 1, 1);
  const list = [
    nthWeekday(year, 1, MONDAY, 3), // Martin Luther King, Jr. Day, kept since 1998
    nthWeekday(year, 2, MONDAY, 3), // Washington's Birthday
    easterSunday(year) - 2, // Good Friday
    lastWeekday(year, 5, MONDAY), // Memorial Day
    observed(dayNumber(year, 7, 4)),
    nthWeekday(year, 9, MONDAY, 1), // Labor Day
    nthWeekday(year, 11, THURSDAY, 4), // Thanksgiving
    observed(dayNumber(year, 12, 25)),
  ];
  // A New Year's Day on Saturday is not made up: the Friday before ends the year and stays open.
  if (weekdayOf(newYear) !== SATURDAY) list.push(observed(newYear));
  if (year >= 2022) list.push(observed(dayNumber(year, 6, 19))); // Juneteenth
  return list;
}

/** Days of one year that close at 13:00; some may be holidays, which win. */
function earlyClosesOf(year: number): number[] {
  const list = [nthWeekday(year, 11, THURSDAY, 4) + 1];
  const christmasEve = dayNumber(year, 12, 24);
  if (weekdayOf(christmasEve) < FRIDAY) list.push(christmasEve);
  const july3 = dayNumber(year, 7, 3);
  const weekday = weekdayOf(july3);
  // A Wednesday July 3 is short since 2013; before, the Friday after the holiday was the short one.
  if (weekday < FRIDAY && (weekday !== 3 || year >= 2013)) list.push(july3);
  return list;
}

function yearsOf(each: (year: number) => number[], exceptions: readonly string[]): ReadonlySet<number> {
  const result = new Set(days(exceptions));
  for (let year = FIRST_YEAR; year <= LAST_YEAR; year++) {
    for (const day of each(year)) result.add(day);
  }
  return result;
}

/** Day numbers of all full closures on weekdays. */
export function nyseHolidays(): ReadonlySet<number> {
  return yearsOf(holidaysOf, SPECIAL_CLOSURES);
}

/** Day numbers of all sessions that close at 13:00. */
export function nyseEarlyCloses(): ReadonlySet<number> {
  return yearsOf(earlyClosesOf, SPECIAL_EARLY_CLOSES);
}
