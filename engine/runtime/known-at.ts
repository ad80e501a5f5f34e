/**
 * When an item of market data can be known: a bar at its end, a trade or quote at its own time.
 */
import type { MarketInput } from "../core/event.ts";
import { parseBarSize } from "../market/bar-size.ts";
import type { Calendar } from "../market/calendar.ts";

export function knownAt(input: MarketInput, calendarOf: (symbol: string) => Calendar): number | undefined {
  switch (input.kind) {
    case "trade":
    case "quote":
      return input.time;
    case "bar":
      return barEnd(input.symbol, input.size, input.start, calendarOf);
    default:
      return undefined;
  }
}

export function barEnd(symbol: string, label: string, start: number, calendarOf: (symbol: string) => Calendar): number {
  const size = parseBarSize(label);
  if (size === undefined) throw new RangeError(`not a bar size: ${label}`);
  if (size.kind === "intraday") return start + size.ms;
  return calendarOf(symbol).sessionAtOrBefore(start)?.close ?? start + size.ms;
}
