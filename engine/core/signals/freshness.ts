/**
 * Whether a series has made the bar that was due.
 *
 * Owns: which bar was due at a moment. May not: close bars.
 */
import { DAY, isOfTime } from "../../market/bar-size.ts";
import type { BarSize } from "../../market/bar-size.ts";
import { barInterval } from "../../market/sessions.ts";
import type { ActivitySeries } from "./activity-series.ts";
import type { Series } from "./series.ts";

/**
 * Whether the latest bar of a series is the one that was due at `time`. Neither an older one nor, when a symbol ran
 * ahead while others were awaited, a later one.
 */
export function isFresh(series: Series, time: number): boolean {
  if (series.barEnd > time) return false;
  if (isCounted(series)) return !series.isStale && series.bar.start >= openOfLastSession(series, time);
  return series.barEnd >= lastDueEnd(series as Series<BarSize>, time);
}

export function isCounted(series: Series): series is ActivitySeries {
  return !isOfTime(series.size);
}

/**
 * No bar of activity is ever due: one of the session at hand counts, and until there is one, those of the session before
 * it. Opening of the latest session that has ended.
 */
function openOfLastSession({ calendar, session }: Series, time: number): number {
  if (session === "always") return (Math.floor((time - 1) / DAY.ms) - 1) * DAY.ms;
  const [open, close] =
    session === "extended" ? (["extendedOpen", "extendedClose"] as const) : (["open", "close"] as const);
  let last = calendar.sessionAtOrBefore(time - 1);
  if (last !== undefined && last[close] > time) last = calendar.sessionAtOrBefore(last.extendedOpen - 1);
  return last?.[open] ?? Number.NEGATIVE_INFINITY;
}

function lastDueEnd({ calendar, size, session }: Series<BarSize>, time: number): number {
  const current = barInterval(calendar, size, time - 1, session);
  if (current !== undefined && current.end <= time) return current.end;
  const before = (current?.start ?? time) - 1;
  const previous = barInterval(calendar, size, before, session);
  if (previous !== undefined) return previous.end;
  const extended = size.kind === "intraday" && session === "extended";
  let day = calendar.sessionAtOrBefore(before);
  // Before the open the session at hand has closed nothing yet: the one before it counts.
  if (day !== undefined && (extended ? day.extendedClose : day.close) > time)
    day = calendar.sessionAtOrBefore(day.extendedOpen - 1);
  if (day === undefined) return Number.NEGATIVE_INFINITY;
  return extended ? day.extendedClose : day.close;
}
