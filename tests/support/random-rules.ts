/**
 * Conditions that nobody would think of, in both spellings.
 *
 * Owns: a generator of texts and of json-rules-engine objects over the whole language. May not: compile them.
 */
import { one } from "./runs.ts";
import type { Pick } from "./runs.ts";

/** What the conditions may name. */
export const HEAD = `barwise: 1
name: random
symbols: [SPY, QQQ]
on: 5m
params: {limit: 30, part: 2%}
facts: {trend: sma(200), band: "bollinger(20, 2)"}
conditions:
  up: close > trend
  calm: {all: [atr(14) < close * part, {not: close > 90}]}
`;

const LEVELS = ["0", "1", "5", "30", "30.5", "70", "limit", "100"] as const;
const FACTS = [
  "close",
  "open",
  "high",
  "volume",
  "rsi(14)",
  "trend",
  "band.upper",
  "vwap",
  "sma(5)",
  "ema(12)",
] as const;
const OTHER = [
  "close[3]",
  "sma(20, on: 1d)",
  "close(symbol: QQQ)",
  "prior(high, on: 1d)",
  "opening_range(15m).low",
  "rank(roc(20))",
  "highest(high, 20)[1]",
  "change(close, 3)",
  "position.qty",
  "position.unrealized_pct",
  "session.minutes_to_close",
] as const;

function numberText(pick: Pick, depth = 0): string {
  const kind = pick(depth > 2 ? 5 : 10);
  if (kind < 4) return one(pick, FACTS);
  if (kind === 4) return one(pick, OTHER);
  const [a, b] = [numberText(pick, depth + 1), numberText(pick, depth + 1)];
  if (kind === 5) return `(${a} ${one(pick, ["+", "-", "*", "/"])} ${b})`;
  if (kind === 6) return `${one(pick, ["min", "max"])}(${a}, ${b})`;
  if (kind === 7) return `abs(${a})`;
  if (kind === 8) return `-(${a})`;
  return `(${a}) * ${one(pick, ["2", "0.5", "1.02"])}`;
}

function comparisonText(pick: Pick): string {
  const left = numberText(pick);
  const right = pick(2) === 0 ? one(pick, LEVELS) : numberText(pick);
  const kind = pick(12);
  if (kind === 0) return `${left} between 10 and ${one(pick, ["20", "30", "100"])}`;
  if (kind === 1) return `weekday ${one(pick, ["in", "not in"])} [1, 3, 5]`;
  if (kind === 2) return `${left} ${one(pick, ["in", "not in"])} [30, 70, 5]`;
  if (kind === 3) return one(pick, ["up", "calm", "session.open"]);
  if (kind === 4) return `time ${one(pick, ["<", ">="])} ${one(pick, ["09:45", "15:30"])}`;
  const words = ["<", "<=", ">", ">=", "==", "!=", "is above", "crosses above", "crosses below", "crosses"];
  return `${left} ${one(pick, words)} ${right}`;
}

export function conditionText(pick: Pick, depth = 0): string {
  const kind = pick(depth > 2 ? 3 : 9);
  if (kind < 3) return comparisonText(pick);
  const a = conditionText(pick, depth + 1);
  if (kind === 3) return `not (${a})`;
  if (kind === 4) return `(${a}) ${one(pick, ["for 3 bars", "for 10m", "within 5 bars", "within 2h"])}`;
  const b = conditionText(pick, depth + 1);
  if (kind === 5) return `(${a}) then (${b}) within ${one(pick, ["4 bars", "1h"])}`;
  return `(${a}) ${one(pick, ["and", "or", "or"])} (${b})`;
}

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

function leafObject(pick: Pick): Json {
  const refs: readonly Json[] = [
    { fact: "close" },
    { fact: "rsi", params: { period: 14 } },
    { fact: "band", params: { output: "upper" } },
    { fact: "sma", params: { period: 20, on: "1d" } },
    { fact: "close", params: { symbol: "QQQ" } },
  ];
  const left = one(pick, refs) as { readonly fact: string };
  if (pick(5) === 0) return { ...left, operator: one(pick, ["in", "notIn"]), value: [5, 30, 70] };
  const operators = ["lessThan", "lessThanInclusive", "greaterThan", "greaterThanInclusive", "equal", "notEqual"];
  const value = one<Json>(pick, [5, 30, 70, "open", "sma(5) * 2", one(pick, refs)]);
  return { ...left, operator: one(pick, operators), value };
}

/** Objects, with texts here and there. */
export function conditionObject(pick: Pick, depth = 0): Json {
  const kind = pick(depth > 2 ? 3 : 7);
  if (kind === 0) return comparisonText(pick);
  if (kind < 3) return leafObject(pick);
  if (kind === 3) return { not: conditionObject(pick, depth + 1) };
  if (kind === 4) return { condition: one(pick, ["up", "calm"]) };
  const kids = Array.from({ length: 1 + pick(3) }, () => conditionObject(pick, depth + 1));
  return { [one(pick, ["all", "any"])]: kids };
}
