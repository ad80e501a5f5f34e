/**
 * Strategies and trades by chance.
 *
 * Owns: texts of strategies whose facts are of every kind, and a stream that both moves and corrects them.
 */
import * as fc from "fast-check";
import type { Program } from "../../engine/core/program.ts";
import { compile } from "../../engine/lang/compile.ts";
import type { CoreDriver } from "./core-driver.ts";

/** Of closed bars alone, of other bars, of the moment, of how long, of another symbol, of ticks, of the book. */
export const PARTS = [
  "close > sma(3)",
  "close > 100",
  "rsi(2) < 40",
  "close crosses above sma(3)",
  "sma(2, on: 15m) > close",
  "close(symbol: QQQ) > 100",
  "close(symbol: QQQ, on: 15m) > close",
  "weekday in [2, 4]",
  "time >= 09:50",
  "position.qty == 0",
  "close > 100 for 2 bars",
  "(close > 100) for 4m",
  "close > open within 3 bars",
  "change(close, 1) > 0",
] as const;
const part = fc.constantFrom(...PARTS);
const when = fc.oneof(
  part,
  fc.tuple(part, part).map(([a, b]) => `${a} and ${b}`),
  fc.tuple(part, part, part).map(([a, b, c]) => `(${a} and ${b}) or ${c}`),
  fc.tuple(part, part).map(([a, b]) => `${a} and not (${b})`),
  // Of one strategy alone.
  fc.tuple(part, fc.integer({ min: 97, max: 103 })).map(([a, level]) => `${a} and close > ${level}.05`),
);
const rule = fc.record({ when, fire: fc.constantFrom("once", "each"), rearm: fc.option(part, { freq: 4 }) });
export const strategy = fc.record({
  on: fc.constantFrom("1m", "1m", "5m", "tick"),
  session: fc.constantFrom("regular", "regular", "extended"),
  symbols: fc.constantFrom("[SPY]", "[SPY]", "[SPY, QQQ]", "[QQQ, SPY]"),
  rules: fc.array(rule, { minLength: 1, maxLength: 4 }),
});
export type Draft = typeof strategy extends fc.Arbitrary<infer T> ? T : never;

function textOf({ on, session, symbols, rules }: Draft, name: string): string {
  // What can never fire is an error, and shares as well as anything.
  const codes = ["never", "contradiction"];
  const lines = rules.map(({ when: condition, fire, rearm }, i) => {
    const again = rearm === null || fire === "each" ? "" : `, rearm: "${rearm}"`;
    const ignored = codes.map((code) => `  # lint-ignore logic/${code} -- random\n`).join("");
    return `${ignored}  - {name: r${i}, when: "${condition}", fire: ${fire}${again}, then: {alert: {message: "r${i}"}}}`;
  });
  return [
    "barwise: 1",
    `name: ${name}`,
    `symbols: ${symbols}`,
    `on: ${on}`,
    `session: ${session}`,
    "rules:",
    ...lines,
    "",
  ].join("\n");
}

/** Undefined where chance made a strategy that is refused, which is rare. */
export function programOf(
  drafts: readonly (readonly [name: string, draft: Draft])[],
  more: Readonly<Record<string, string>> = {},
): Program | undefined {
  const files = drafts.map(([name, draft]) => [`${name}.strategy.yaml`, textOf(draft, name)] as const);
  return compile({ ...Object.fromEntries(files), ...more }).program ?? undefined;
}

export const tick = fc.record({
  symbol: fc.constantFrom("SPY", "SPY", "QQQ"),
  wait: fc.integer({ min: 1_000, max: 100_000 }),
  cents: fc.integer({ min: -80, max: 80 }),
  late: fc.boolean(),
});
export type Tick = typeof tick extends fc.Arbitrary<infer T> ? T : never;

/** Trades of two symbols; some belong to a bar that has closed and correct it. */
export function play(run: CoreDriver, ticks: readonly Tick[]): void {
  for (const { symbol, wait, cents, late } of ticks) {
    run.passTo(run.now + wait);
    const time = late ? run.now - 70_000 : run.now;
    run.feed({ kind: "trade", symbol, time, price: 100 + cents / 50, size: 10, setsPrice: true });
  }
}
