/**
 * The periods that some facts start over with: sessions, weeks, months, quarters, years.
 *
 * Owns: on which trading date a period begins. May not know sessions or exchanges.
 */
import { dayNumber, isoDate, weekdayOf } from "./civil.ts";

/** Shortest first. Weeks begin on Monday. */
export const ANCHORS = ["session", "week", "month", "quarter", "year"] as const;
export type Anchor = (typeof ANCHORS)[number];

/** The first day, trading or not, of the period in which a trading date lies. */
export function periodStart(day: number, anchor: Anchor): number {
  if (anchor === "session") return day;
  if (anchor === "week") return day - (weekdayOf(day) - 1);
  const [year = 0, month = 1] = isoDate(day).split("-").map(Number);
  if (anchor === "month") return dayNumber(year, month, 1);
  return dayNumber(year, anchor === "year" ? 1 : month - ((month - 1) % 3), 1);
}
