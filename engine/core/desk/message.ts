/**
 * The text of an alert.
 *
 * Owns: how numbers read in a message: prices to four places, ratios as percentages, times of day as 09:45.
 * May not: leave a message out because a number is unknown: it says so.
 */
import { decimal, text } from "../decimal.ts";
import type { MessagePart } from "../program.ts";

const MINUTES_OF_HOUR = 60;

export function messageOf(parts: readonly MessagePart[], values: Readonly<Record<number, number>>): string {
  return parts.map((part) => (typeof part === "string" ? part : told(part, values[part.expression]))).join("");
}

function told({ as }: Exclude<MessagePart, string>, value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "unknown";
  switch (as) {
    case "percent":
      return `${plain(value * 100, 2)}%`;
    case "clock":
      return clock(value);
    case "duration":
      return duration(value);
    default:
      // Small prices (coins) need their digits, large ones do not.
      return Math.abs(value) >= 1 ? plain(value, 4) : text(decimal(Number(value.toPrecision(6))));
  }
}

function plain(value: number, places: number): string {
  return text(decimal(value).decimalPlaces(places));
}

/** Minutes after midnight. */
function clock(minutes: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${two(minutes / MINUTES_OF_HOUR)}:${two(minutes % MINUTES_OF_HOUR)}`;
}

/** Seconds, in the two largest units that count. */
function duration(seconds: number): string {
  const whole = Math.floor(Math.abs(seconds));
  const parts = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor((whole % 86_400) / 3_600), "h"],
    [Math.floor((whole % 3_600) / 60), "m"],
    [whole % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0s";
  const words = parts.slice(first, first + 2).flatMap(([count, unit]) => (count > 0 ? [`${count}${unit}`] : []));
  return `${seconds < 0 ? "-" : ""}${words.join(" ")}`;
}
