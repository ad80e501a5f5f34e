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
    case "halt":
    case "notice":
    case "split":
    case "splits":
      return undefined;
  }
}

/**
 * The same for a whole tape, NaN where it belongs to no moment. The last intraday bar is remembered: most of those that
 * follow lie in the same session, and nothing is looked up for them.
 */
export class KnownAt {
  readonly #calendarOf: (symbol: string) => Calendar;
  #symbol = "";
  #size = "";
  #ms = 0;
  /** Bars of that symbol and size with a start between these two, both included, end within the regular session. */
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  constructor(calendarOf: (symbol: string) => Calendar) {
    this.#calendarOf = calendarOf;
  }

  of(input: MarketInput): number {
    if (input.kind !== "bar") return knownAt(input, this.#calendarOf) ?? Number.NaN;
    const { start, symbol, size } = input;
    const isNear = start >= this.#first && start <= this.#last;
    if (isNear && size === this.#size && symbol === this.#symbol) return start + this.#ms;
    return this.#find(start, symbol, size);
  }

  #find(start: number, symbol: string, size: string): number {
    const calendar = this.#calendarOf(symbol);
    const barSize = barSizeOf(size);
    const session = calendar.sessionAtOrBefore(start);
    if (barSize.kind === "intraday" && session !== undefined) {
      this.#symbol = symbol;
      this.#size = size;
      this.#ms = barSize.ms;
      this.#first = session.open;
      this.#last = session.close - barSize.ms;
    }
    return barEnd(start, barSize, calendar);
  }
}

/** The session's close for days; no intraday bar reaches over the regular close it began before. */
export function barEnd(start: number, size: BarSize, calendar: Calendar): number {
  const session = calendar.sessionAtOrBefore(start);
  if (size.kind === "session") return session?.close ?? start + size.ms;
  const end = start + size.ms;
  return session !== undefined && start < session.close && end > session.close ? session.close : end;
}
