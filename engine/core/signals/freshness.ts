/**
 * Whether a series has made the bar that was due.
 *
 * Owns: which bar was due at a moment. May not: close bars.
 */
import { barInterval } from "../../market/sessions.ts";
import type { Series } from "./series.ts";

/**
 * Whether the latest bar of a series is the one that was due at `time`. Neither an older one nor, when a symbol ran
 * ahead while others were awaited, a later one.
 */
export function isFresh(series: Series, time: number): boolean {
  return series.barEnd <= time && series.barEnd >= lastDueEnd(series, time);
}

function lastDueEnd({ calendar, size, session }: Series, time: number): number {
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
