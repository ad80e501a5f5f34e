/**
 * Time as feeds write it.
 *
 * Owns: ISO text and epochs in s, ms, µs or ns to epoch milliseconds. May not compare with a clock.
 */
export type TimeUnit = "auto" | "iso" | "s" | "ms" | "us" | "ns";

const PER_MS: Readonly<Record<string, number>> = { s: 1e-3, ms: 1, us: 1e3, ns: 1e6 };
/** A zone is required: text without one would mean the zone of whoever runs this. */
const ISO = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s?(Z|[+-]\d{2}:?\d{2})$/i;

/** Epoch milliseconds (a `Date` is MessagePack's own time), NaN when the value is no time. `auto` tells units apart by magnitude (s until the year 5138). */
export function wireTime(value: unknown, unit: TimeUnit): number {
  if (value instanceof Date) return value.getTime();
  // To whole microseconds first: as a double a time in ns would lie up to 128 ns beside itself, on either side of a millisecond.
  if (typeof value === "bigint" && value > 100_000_000_000_000_000n) return wireTime(Number(value / 1_000n), "us");
  if (typeof value === "bigint") return wireTime(Number(value), unit);
  if (typeof value === "string" && (unit === "iso" || unit === "auto") && ISO.test(value)) return Date.parse(value);
  if (unit === "iso") return NaN;
  const number =
    typeof value === "number" ? value : typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? +value : NaN;
  if (!Number.isFinite(number)) return NaN;
  const scale = unit === "auto" ? magnitude(number) : (PER_MS[unit] as number);
  // The division is exact enough for all units; multiplying seconds by 1000 keeps whole milliseconds whole.
  if (scale === 1e6) return Math.floor(Math.round(number / 1_000) / 1_000);
  return Math.floor(scale < 1 ? number * 1_000 : number / scale);
}

function magnitude(value: number): number {
  if (value < 1e11) return 1e-3;
  if (value < 1e14) return 1;
  return value < 1e17 ? 1e3 : 1e6;
}
