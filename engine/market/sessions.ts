/**
 * How bars and minutes lie in a session.
 *
 * Owns: the window of a session kind, the bar interval that contains a time, and minutes since open and to close.
 * May not know prices, feeds or timers. All intervals are `[start, end)` in epoch milliseconds.
 *
 * Intraday bars count from the window's open and the last one is cut at its close: 1h bars of a regular NYSE day are
 * 09:30 … 15:30 and half an hour. A `1d` bar is the regular session, whatever the window.
 */
import type { BarSize } from "./bar-size.ts";
import type { Calendar, Session } from "./calendar.ts";
import { MS_PER_DAY, MS_PER_MINUTE } from "./civil.ts";

/** `always` means UTC days for every calendar: bars around the clock, holidays included. */
export type SessionWindow = "regular" | "extended" | "always";

export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** The first moment of a session under a window. For `always` use the time, not a session. */
export function windowOpen(session: Session, window: "regular" | "extended"): number {
  return window === "regular" ? session.open : session.extendedOpen;
}

export function windowClose(session: Session, window: "regular" | "extended"): number {
  return window === "regular" ? session.close : session.extendedClose;
}

/** The calendar's session that is in progress at `time`, or undefined outside it. `always`: extended hours count. */
export function sessionOf(calendar: Calendar, time: number, window: SessionWindow): Session | undefined {
  const session = calendar.sessionAtOrBefore(time);
  if (session === undefined) return undefined;
  const kind = window === "regular" ? "regular" : "extended";
  return time >= windowOpen(session, kind) && time < windowClose(session, kind) ? session : undefined;
}

/** Whether the window is open at `time`; `always` never closes. */
export function isOpen(calendar: Calendar, time: number, window: SessionWindow): boolean {
  return window === "always" || sessionOf(calendar, time, window) !== undefined;
}

function cut(open: number, close: number, size: number, time: number): Interval {
  const start = open + Math.floor((time - open) / size) * size;
  return { start, end: Math.min(start + size, close) };
}

/** The bar that contains `time`, or undefined when its window is closed then. Keep the answer: it allocates. */
export function barInterval(
  calendar: Calendar,
  size: BarSize,
  time: number,
  window: SessionWindow,
): Interval | undefined {
  if (size.kind === "session") {
    const day = sessionOf(calendar, time, "regular");
    return day === undefined ? undefined : { start: day.open, end: day.close };
  }
  if (window === "always") {
    const midnight = Math.floor(time / MS_PER_DAY) * MS_PER_DAY;
    return cut(midnight, midnight + MS_PER_DAY, size.ms, time);
  }
  const session = sessionOf(calendar, time, window);
  if (session === undefined) return undefined;
  return cut(windowOpen(session, window), windowClose(session, window), size.ms, time);
}

/**
 * The bar that contains `time` or, while the window is closed, the first bar after it. Undefined after the
 * calendar's end.
 */
export function barAtOrAfter(
  calendar: Calendar,
  size: BarSize,
  time: number,
  window: SessionWindow,
): Interval | undefined {
  const current = barInterval(calendar, size, time, window);
  if (current !== undefined) return current;
  const kind = size.kind === "session" || window === "regular" ? "regular" : "extended";
  let session = calendar.sessionAtOrAfter(time);
  // Between the regular close and the extended close the session at hand has no bar left.
  if (session !== undefined && windowOpen(session, kind) <= time) {
    session = calendar.sessionAtOrAfter(session.extendedClose);
  }
  return session === undefined ? undefined : barInterval(calendar, size, windowOpen(session, kind), window);
}

/** The first end of a bar that lies after `time`. */
export function nextBarEnd(calendar: Calendar, size: BarSize, time: number, window: SessionWindow): number | undefined {
  return barAtOrAfter(calendar, size, time, window)?.end;
}

/**
 * The session whose open and close minutes are counted from. It includes the very moment of the close, because that
 * is when the last bar is judged: there `minutes_to_close` is 0, not unknown. Where the next session opens at that
 * moment (24/7) the new one counts.
 */
function countedSession(calendar: Calendar, time: number, kind: "regular" | "extended"): Session | undefined {
  const session = calendar.sessionAtOrBefore(time);
  if (session === undefined) return undefined;
  return time >= windowOpen(session, kind) && time <= windowClose(session, kind) ? session : undefined;
}

/** Minutes since the window opened, fractions included; NaN (unknown) while it is closed. */
export function minutesSinceOpen(calendar: Calendar, time: number, window: SessionWindow): number {
  const kind = window === "regular" ? "regular" : "extended";
  const session = countedSession(calendar, time, kind);
  return session === undefined ? NaN : (time - windowOpen(session, kind)) / MS_PER_MINUTE;
}

/** Minutes until the window closes, fractions included; 0 at the close, NaN (unknown) while it is closed. */
export function minutesToClose(calendar: Calendar, time: number, window: SessionWindow): number {
  const kind = window === "regular" ? "regular" : "extended";
  const session = countedSession(calendar, time, kind);
  return session === undefined ? NaN : (windowClose(session, kind) - time) / MS_PER_MINUTE;
}
