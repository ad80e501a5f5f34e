/**
 * Times as text for people, without a clock and without a time zone database; and how long a price is good for.
 */
import type { Calendar } from "../market/calendar.ts";
import { MS_PER_DAY, isoDate } from "../market/civil.ts";
import { newYorkOffset } from "../market/new-york.ts";

/** Quotes and last trades that came longer ago are unknown, when nothing else is declared. */
export const STALE_MS = 300_000;

/** `2024-03-04T14:30:00Z`; milliseconds only when there are any. */
export function isoTime(ms: number): string {
  const day = Math.floor(ms / MS_PER_DAY);
  const rest = Math.floor(ms - day * MS_PER_DAY);
  const pad = (value: number, width = 2): string => String(value).padStart(width, "0");
  const millis = rest % 1_000;
  const fraction = millis === 0 ? "" : `.${pad(millis, 3)}`;
  return `${isoDate(day)}T${pad(Math.floor(rest / 3_600_000))}:${pad(Math.floor(rest / 60_000) % 60)}:${pad(Math.floor(rest / 1_000) % 60)}${fraction}Z`;
}

/** `2024-03-04 09:30:00 New York`: as the exchange's clocks show it. */
export function exchangeTime(ms: number, { timeZone }: Calendar): string {
  const isNewYork = timeZone === "America/New_York";
  const local = isoTime(isNewYork ? ms + newYorkOffset(ms) : ms);
  return `${local.slice(0, -1).replace("T", " ")} ${isNewYork ? "New York" : timeZone}`;
}
