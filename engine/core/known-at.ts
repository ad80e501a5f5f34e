/**
 * When an item of market data can be known: a bar at its end, a trade or quote at its own time.
 *
 * Owns: the end of a bar that somebody else built. May not: read a clock.
 */
import { barSizeOf } from "../market/bar-size.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { Calendar } from "../market/calendar.ts";
import type { MarketInput } from "./event.ts";

/** Undefined for inputs that belong to no moment (history, feed states). */
export function knownAt(input: MarketInput, calendarOf: (symbol: string) => Calendar): number | undefined {
  switch (input.kind) {
    case "trade":
    case "quote":
      return input.time;
    case "bar":
      return barEnd(input.start, barSizeOf(input.size), calendarOf(input.symbol));
    case "history":
    case "feed":
      return undefined;
  }
}

/** The session's close for days; no intraday bar reaches over the regular close it began before. */
export function barEnd(start: number, size: BarSize, calendar: Calendar): number {
  const session = calendar.sessionAtOrBefore(start);
  if (size.kind === "session") return session?.close ?? start + size.ms;
  const end = start + size.ms;
  return session !== undefined && start < session.close && end > session.close ? session.close : end;
}
