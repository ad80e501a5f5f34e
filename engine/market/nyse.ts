/**
 * The calendar of US equities: New York Stock Exchange sessions 1998 to 2028.
 *
 * Owns: the session table and its look-ups. Regular hours 09:30 to 16:00 New York, extended 04:00 to 20:00; short days
 * close at 13:00, extended 17:00. Which days are short or closed is in nyse-holidays.ts.
 * May not know bars or symbols. The table is built at the first look-up, so that importing costs nothing.
 */
import type { Calendar, Session } from "./calendar.ts";
import { dayNumber, isoDate, MS_PER_DAY, MS_PER_MINUTE, parseIsoDate, weekdayOf } from "./civil.ts";
import { newYorkEpoch, newYorkOffset } from "./new-york.ts";
import { FIRST_YEAR, LAST_YEAR, nyseEarlyCloses, nyseHolidays } from "./nyse-holidays.ts";

/** Open and close in minutes after midnight in New York, on a day that is not short. */
export const REGULAR_MINUTES: readonly [number, number] = [570, 960];
export const EXTENDED_MINUTES: readonly [number, number] = [240, 1200];

const OPEN = REGULAR_MINUTES[0] * MS_PER_MINUTE;
const CLOSE = REGULAR_MINUTES[1] * MS_PER_MINUTE;
const EARLY_CLOSE = 780 * MS_PER_MINUTE;
const EXTENDED_OPEN = EXTENDED_MINUTES[0] * MS_PER_MINUTE;
const EXTENDED_CLOSE = EXTENDED_MINUTES[1] * MS_PER_MINUTE;
const EARLY_EXTENDED_CLOSE = 1020 * MS_PER_MINUTE;

interface Table {
  readonly days: Float64Array;
  readonly extendedOpens: Float64Array;
  readonly extendedCloses: Float64Array;
  readonly early: Uint8Array;
  readonly sessions: (Session | undefined)[];
}

let built: Table | undefined;
/** Index of the last answer: consecutive look-ups mostly stay in one session. */
let cursor = 0;

function table(): Table {
  built ??= build();
  return built;
}

function build(): Table {
  const holidays = nyseHolidays();
  const earlyCloses = nyseEarlyCloses();
  const days: number[] = [];
  const end = dayNumber(LAST_YEAR + 1, 1, 1);
  for (let day = dayNumber(FIRST_YEAR, 1, 1); day < end; day++) {
    if (weekdayOf(day) <= 5 && !holidays.has(day)) days.push(day);
  }
  const early = Uint8Array.from(days, (day) => (earlyCloses.has(day) ? 1 : 0));
  return {
    days: Float64Array.from(days),
    early,
    extendedOpens: Float64Array.from(days, (day) => newYorkEpoch(day, EXTENDED_OPEN)),
    extendedCloses: Float64Array.from(days, (day, i) =>
      newYorkEpoch(day, early[i] === 1 ? EARLY_EXTENDED_CLOSE : EXTENDED_CLOSE),
    ),
    sessions: Array.from({ length: days.length }, () => undefined),
  };
}

/** The shared, frozen session object at an index; undefined outside the table. */
function sessionAt(index: number): Session | undefined {
  const { days, early, sessions, extendedOpens, extendedCloses } = table();
  if (index < 0 || index >= days.length) return undefined;
  const known = sessions[index];
  if (known !== undefined) return known;
  const day = days[index] as number;
  const session: Session = Object.freeze({
    day,
    open: newYorkEpoch(day, OPEN),
    close: newYorkEpoch(day, early[index] === 1 ? EARLY_CLOSE : CLOSE),
    extendedOpen: extendedOpens[index] as number,
    extendedClose: extendedCloses[index] as number,
  });
  sessions[index] = session;
  return session;
}

/** Largest index whose value is at or below `x`, or -1. */
function lastAtOrBelow(values: Float64Array, x: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Index of the last session whose extended open is at or before `time`, or -1. */
function indexAt(time: number): number {
  const { extendedOpens } = table();
  const opensAtCursor = extendedOpens[cursor] as number;
  const opensNext = cursor + 1 < extendedOpens.length ? (extendedOpens[cursor + 1] as number) : Infinity;
  if (time >= opensAtCursor && time < opensNext) return cursor;
  const index = lastAtOrBelow(extendedOpens, time);
  if (index >= 0) cursor = index;
  return index;
}

let localTimeAt = NaN;
let localTimeValue: { readonly minutes: number; readonly weekday: number } = { minutes: 0, weekday: 4 };

const UNTIL = newYorkEpoch(dayNumber(LAST_YEAR + 1, 1, 1), 0);

/**
 * `sessionAtOrAfter` counts a session as over at its extended close: at 21:00 the answer is the next trading date.
 * Outside `from` … `until` every answer is undefined rather than the nearest session.
 */
export const NYSE: Calendar = Object.freeze({
  name: "NYSE",
  timeZone: "America/New_York",
  from: newYorkEpoch(dayNumber(FIRST_YEAR, 1, 1), 0),
  until: UNTIL,
  sessionAtOrAfter(time: number): Session | undefined {
    if (!(time >= NYSE.from && time < UNTIL)) return undefined;
    const index = indexAt(time);
    const over = index < 0 || time >= (table().extendedCloses[index] as number);
    return sessionAt(over ? index + 1 : index);
  },
  sessionAtOrBefore(time: number): Session | undefined {
    return time < UNTIL ? sessionAt(indexAt(time)) : undefined;
  },
  sessionOn(date: string): Session | undefined {
    const day = parseIsoDate(date);
    if (day === undefined) return undefined;
    const index = lastAtOrBelow(table().days, day);
    return index >= 0 && table().days[index] === day ? sessionAt(index) : undefined;
  },
  dateOf(session: Session): string {
    return isoDate(session.day);
  },
  localTime(time: number): { readonly minutes: number; readonly weekday: number } {
    if (time !== localTimeAt) {
      const local = time + newYorkOffset(time);
      const day = Math.floor(local / MS_PER_DAY);
      localTimeValue = Object.freeze({
        minutes: (local - day * MS_PER_DAY) / MS_PER_MINUTE,
        weekday: weekdayOf(day),
      });
      localTimeAt = time;
    }
    return localTimeValue;
  },
});
