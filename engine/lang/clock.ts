/**
 * When in a day a strategy is evaluated, as far as the files tell.
 *
 * Owns: the range of the fact `time`, so that a time of day outside the session is found. May not: know a date.
 */
import { assetClassOf } from "../market/instruments.ts";
import { EXTENDED_MINUTES, REGULAR_MINUTES } from "../market/nyse.ts";
import type { SessionKind } from "../core/program.ts";
import type { SeriesSize } from "../market/bar-size.ts";

const WHOLE_DAY: readonly [number, number] = [0, 24 * 60 - 1];

/**
 * Evaluations come at the ends of bars: the first one bar after the open, the last at the close; ticks and bars of activity come from the open on. A short day ends earlier,
 * which only makes the range wider than it is. Symbols that trade around the clock, or that are not known, have any time.
 */
export function clockRange(
  symbols: readonly string[] | undefined,
  on: SeriesSize,
  session: SessionKind,
  ticks: boolean,
): readonly [number, number] {
  if (symbols === undefined || session === "always") return WHOLE_DAY;
  if (symbols.some((symbol) => assetClassOf(symbol) !== "us_equity")) return WHOLE_DAY;
  const [open, close] = session === "extended" && on.kind !== "session" ? EXTENDED_MINUTES : REGULAR_MINUTES;
  const first = on.kind === "intraday" && !ticks ? open + on.ms / 60_000 : open;
  return [Math.min(first, close), close];
}
