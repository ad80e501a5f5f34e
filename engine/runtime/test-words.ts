/**
 * The words of test failures.
 *
 * Owns: comparing numbers as people mean it, and saying what was expected and what happened.
 * May not: know places or formats (see report/test-report.ts).
 */
import type { Expectation, Matcher } from "../lang/test-types.ts";
import type { Happening, Snapshot } from "./test-watch.ts";

/** Sums of floats: nobody means the 12th digit. */
const TOLERANCE = 1e-9;

export function matches({ comparison, value }: Matcher, found: number): boolean {
  if (!Number.isFinite(found)) return false;
  const equal = Math.abs(found - value) <= TOLERANCE * Math.max(1, Math.abs(value));
  switch (comparison) {
    case "==":
      return equal;
    case "!=":
      return !equal;
    case ">":
      return found > value && !equal;
    case ">=":
      return found > value || equal;
    case "<":
      return found < value && !equal;
    case "<=":
      return found < value || equal;
  }
}

/** What is closest in time. */
export function near<T extends { readonly time: number }>(all: readonly T[], time: number): T | undefined {
  let best: T | undefined;
  for (const one of all) if (best === undefined || Math.abs(one.time - time) < Math.abs(best.time - time)) best = one;
  return best;
}

export function accountOrNothing(
  numbers: Readonly<Partial<Record<"equity" | "cash", Matcher>>>,
  snapshot: Snapshot | undefined,
): string[] {
  return (["equity", "cash"] as const).flatMap((field) => {
    const matcher = numbers[field];
    const value = snapshot?.[field] ?? Number.NaN;
    return matcher === undefined || matches(matcher, value) ? [] : [`${field} is ${Number(value.toFixed(2))}`];
  });
}

export function orderWords({ rule, symbol, order }: Extract<Happening, { readonly order: unknown }>): string {
  const prices = [
    order.limitPrice === undefined ? "" : ` limit ${order.limitPrice}`,
    order.stopPrice === undefined ? "" : ` stop ${order.stopPrice}`,
    order.trailPrice === undefined ? "" : ` trail ${order.trailPrice}`,
    order.trailPercent === undefined ? "" : ` trail ${order.trailPercent} %`,
    order.stopLoss === undefined ? "" : ` stop_loss ${order.stopLoss.stopPrice}`,
    order.takeProfit === undefined ? "" : ` take_profit ${order.takeProfit.limitPrice}`,
  ].join("");
  return `${rule}: ${order.side} ${order.qty} ${symbol} ${order.type}${order.orderClass === "oco" ? " oco" : ""}${prices}`;
}

export function words(happening: Happening): string {
  switch (happening.kind) {
    case "order":
      return orderWords(happening);
    case "asked":
      return `asks a person: ${orderWords(happening)}`;
    case "fired":
      return `rule ${happening.rule} fired for ${happening.symbol}`;
    case "refused":
      return `refused ${happening.code}: ${happening.rule} ${happening.symbol}: ${happening.reason}`;
    case "clamped":
      return `clamped ${happening.code}: ${happening.rule} ${happening.symbol}: ${happening.reason}`;
    case "alert":
      return `alert (${happening.level}) ${happening.message}`;
  }
}

export function wantedWords({ wanted }: Expectation): string {
  switch (wanted.kind) {
    case "order": {
      const rule = wanted.rule === undefined ? "an order" : wanted.rule;
      if (wanted.order === undefined) return `rule ${rule} fires`;
      const { side = "", type = "", orderClass = "", timeInForce = "", numbers } = wanted.order;
      const amounts = Object.entries(numbers).map(([name, matcher]) => `${name} ${matcherWords(matcher)}`);
      const asks = wanted.asked === true ? "asks a person: " : "";
      return `${asks}${rule}: ${[side, ...amounts, type, orderClass, timeInForce].filter((word) => word !== "").join(" ")}`;
    }
    case "fact":
      return wanted.text;
    case "position":
      return numbersWords("position.", wanted.numbers);
    case "account":
      return numbersWords("", wanted.numbers);
    case "refused":
    case "clamped":
      return `${wanted.rule === undefined ? "" : `${wanted.rule} `}${wanted.kind} ${wanted.code}`;
    case "alert":
      return `alert${wanted.level === undefined ? "" : ` (${wanted.level})`} "${wanted.text}"`;
  }
}

function numbersWords(prefix: string, numbers: Readonly<Record<string, Matcher>>): string {
  return Object.entries(numbers)
    .map(([name, matcher]) => `${prefix}${name} ${matcherWords(matcher)}`)
    .join(", ");
}

export function matcherWords({ comparison, value }: Matcher): string {
  return comparison === "==" ? `is ${value}` : `${comparison} ${value}`;
}
