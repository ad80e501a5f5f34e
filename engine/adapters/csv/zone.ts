/**
 * Wall-clock time to epoch milliseconds.
 *
 * Owns: the conversion, with one look at time zone data per date. New York comes from the market's own rule, so that
 * files and sessions cannot disagree. May not know rows or sessions.
 */
import { dayNumber, MS_PER_DAY } from "../../market/civil.ts";
import { newYorkEpoch } from "../../market/new-york.ts";
import type { Fields } from "./fields.ts";
import { CsvError } from "./types.ts";

/** Epoch milliseconds of a civil day (days since 1970-01-01) and milliseconds after its midnight. */
export type LocalClock = (day: number, msOfDay: number) => number;

/** The moment of a stamp that was read; its own offset goes before the zone of the file. NaN for a date without a time. */
export function instantOf({ epoch, offset, day, msOfDay }: Fields, clock: LocalClock): number {
  if (!Number.isNaN(epoch)) return epoch;
  return Number.isNaN(offset) ? clock(day, msOfDay) : day * MS_PER_DAY + msOfDay - offset;
}

const NEW_YORK_FROM = dayNumber(1988, 1, 1);
const NEW_YORK_UNTIL = dayNumber(2100, 1, 1);

export function localClock(timeZone: string): LocalClock {
  if (timeZone === "UTC" || timeZone === "Etc/UTC") return (day, ms) => day * MS_PER_DAY + ms;
  const general = intlClock(timeZone);
  if (timeZone !== "America/New_York") return general;
  return (day, ms) => (day >= NEW_YORK_FROM && day < NEW_YORK_UNTIL ? newYorkEpoch(day, ms) : general(day, ms));
}

/** In the hour that autumn repeats the second pass is meant, as in the market's own rule. */
function intlClock(timeZone: string): LocalClock {
  const offsetAt = offsetReader(timeZone);
  let cachedDay = NaN;
  let before = 0;
  let after = 0;
  return (day, ms) => {
    if (day !== cachedDay) {
      // A day has one offset unless a change lies in it: midnight to midnight, seen from both sides.
      before = offsetAt(day * MS_PER_DAY - offsetAt(day * MS_PER_DAY));
      after = offsetAt((day + 1) * MS_PER_DAY - before);
      cachedDay = day;
    }
    const local = day * MS_PER_DAY + ms;
    if (before === after) return local - before;
    const late = local - after;
    return offsetAt(late) === after ? late : local - before;
  };
}

function offsetReader(timeZone: string): (time: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch (error) {
    throw new CsvError(`unknown time zone ${timeZone}; write it like America/New_York or UTC`, [], { cause: error });
  }
  return (time) => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(time)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000;
  };
}
