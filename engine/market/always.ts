/**
 * The calendar of markets that never close: each UTC day is one session.
 *
 * Owns: the 24/7 calendar. May not know bars or symbols.
 */
import type { Calendar, Session } from "./calendar.ts";
import { dayNumber, isoDate, MS_PER_DAY, MS_PER_MINUTE, parseIsoDate, weekdayOf } from "./civil.ts";

const FIRST_DAY = 0;
const END_DAY = dayNumber(2101, 1, 1);

/** A few recent sessions, by day modulo the size, so that alternating look-ups share objects. */
const recent: (Session | undefined)[] = Array.from({ length: 16 }, () => undefined);

function sessionOfDay(day: number): Session | undefined {
  if (!(day >= FIRST_DAY && day < END_DAY)) return undefined;
  const slot = day % recent.length;
  const known = recent[slot];
  if (known !== undefined && known.day === day) return known;
  const open = day * MS_PER_DAY;
  const close = open + MS_PER_DAY;
  const session: Session = Object.freeze({ day, open, close, extendedOpen: open, extendedClose: close });
  recent[slot] = session;
  return session;
}

function sessionAt(time: number): Session | undefined {
  return sessionOfDay(Math.floor(time / MS_PER_DAY));
}

export const ALWAYS: Calendar = Object.freeze({
  name: "24/7",
  timeZone: "UTC",
  from: FIRST_DAY * MS_PER_DAY,
  until: END_DAY * MS_PER_DAY,
  sessionAtOrAfter: sessionAt,
  sessionAtOrBefore: sessionAt,
  sessionOn(date: string): Session | undefined {
    const day = parseIsoDate(date);
    return day === undefined ? undefined : sessionOfDay(day);
  },
  dateOf(session: Session): string {
    return isoDate(session.day);
  },
  localTime(time: number): { readonly minutes: number; readonly weekday: number } {
    const day = Math.floor(time / MS_PER_DAY);
    return { minutes: (time - day * MS_PER_DAY) / MS_PER_MINUTE, weekday: weekdayOf(day) };
  },
});
