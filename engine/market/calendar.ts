/**
 * The contract of a trading calendar: which sessions exist and when they open and close, in epoch milliseconds.
 *
 * Owns: the interface that NYSE and the 24/7 calendar fill. Pure: tables are computed once, look-ups allocate nothing.
 */

export interface Session {
  /** Trading date as days since 1970-01-01 in the exchange's time zone. */
  readonly day: number;
  /** Regular open and close. */
  readonly open: number;
  readonly close: number;
  /** Extended hours around it; equal to open and close where there are none. */
  readonly extendedOpen: number;
  readonly extendedClose: number;
}

export interface Calendar {
  readonly name: string;
  readonly timeZone: string;
  /** The session whose trading date contains `time` (extended hours included), or the next one when there is none. Undefined after the table's end. */
  sessionAtOrAfter(time: number): Session | undefined;
  /** The last session whose extended open is at or before `time`. */
  sessionAtOrBefore(time: number): Session | undefined;
  /** The session of a trading date `YYYY-MM-DD`, or undefined on a holiday or weekend. */
  sessionOn(date: string): Session | undefined;
  /** The trading date of a session as `YYYY-MM-DD`. */
  dateOf(session: Session): string;
  /** Minutes after local midnight and ISO weekday (1 = Monday) at a time. */
  localTime(time: number): { readonly minutes: number; readonly weekday: number };
  /** First and last time the table covers. */
  readonly from: number;
  readonly until: number;
}
