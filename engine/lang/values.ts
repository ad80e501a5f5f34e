/**
 * Small values written as text: durations, ratios, limits, spans.
 *
 * Owns: their spelling. Each returns undefined for anything else; the caller owns the message.
 */
import type { Period, Span } from "../core/program.ts";
import { percentOf, UNIT_MS } from "./tokens.ts";

export function parseDuration(source: unknown): number | undefined {
  if (typeof source !== "string") return undefined;
  const found = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*$/.exec(source);
  if (found === null) return undefined;
  return Number(found[1]) * (UNIT_MS[found[2] as string] as number);
}

export function isDuration(text: string): boolean {
  return parseDuration(text) !== undefined;
}

/** `10%` or a plain number. */
export function parseRatio(source: unknown): number | undefined {
  if (typeof source === "number") return Number.isFinite(source) ? source : undefined;
  if (typeof source !== "string") return undefined;
  const found = /^\s*(\d+(?:\.\d+)?)\s*(%?)\s*$/.exec(source);
  if (found === null) return undefined;
  return found[2] === "%" ? percentOf(Number(found[1])) : Number(found[1]);
}

/** `30m` or `5 bars`. */
export function parseSpan(source: unknown): Span | undefined {
  const ms = parseDuration(source);
  if (ms !== undefined) return ms > 0 ? { ms } : undefined;
  const found = typeof source === "string" ? /^\s*(\d+)\s+bars?\s*$/.exec(source) : null;
  if (found === null) return undefined;
  const bars = Number(found[1]);
  return bars > 0 && bars <= 100_000 ? { bars } : undefined;
}

const PERIODS: Readonly<Record<string, Period>> = {
  bar: "bar",
  hour: "hour",
  day: "day",
  session: "day",
  week: "week",
};

/** `3/day`; a session is a day. */
export function parseLimit(source: unknown): { readonly count: number; readonly per: Period } | undefined {
  const found = typeof source === "string" ? /^\s*(\d+)\s*\/\s*([a-z]+)\s*$/.exec(source) : null;
  const unit = found?.[2] ?? "";
  const per = Object.hasOwn(PERIODS, unit) ? PERIODS[unit] : undefined;
  const count = Number(found?.[1]);
  return per === undefined || count < 1 ? undefined : { count, per };
}

/** `90m` as people write it: the largest unit that divides it. */
export function durationText(ms: number): string {
  for (const [unit, size] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}
