/**
 * Judgements about a strategy that is otherwise in order.
 *
 * Owns: what a careful reader would ask about: exits, sizes, history. What logic alone can tell is in logic/.
 */
import type { Fact, Strategy } from "../core/program.ts";
import type { RiskLimits } from "../core/risk-limits.ts";
import { isOfTime } from "../market/bar-size.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { Builder } from "./builder.ts";
import { checkExits } from "./check-exits.ts";
import { checkLimits } from "./check-limits.ts";
import { checkSizes } from "./check-sizes.ts";
import { checkLogic } from "./logic/check-logic.ts";

/** What is known beside the strategy itself. */
export interface Surroundings {
  /** Bars of history that will be there; undefined: not known. */
  readonly history?: ((symbol: string, size: BarSize) => number | undefined) | undefined;
  /** Limits of the whole account. */
  readonly accountRisk: RiskLimits;
}

export function checkStrategy(
  builder: Builder,
  strategy: Omit<Strategy, "digest">,
  { history, accountRisk }: Surroundings,
): void {
  checkExits(builder, strategy);
  checkSizes(builder, strategy, accountRisk);
  checkLimits(builder, strategy, accountRisk);
  checkLogic(builder, strategy);
  checkCounted(builder, strategy);
  if (history !== undefined) checkHistory(builder, strategy, history);
}

/** No history has bars of activity: a remark at the size, or where there is none of its own, at the symbols. */
function checkCounted(builder: Builder, { on, facts }: Omit<Strategy, "digest">): void {
  const most = new Map<string, Fact>();
  for (const fact of facts) {
    const { size } = fact.spec.series;
    if (!isOfTime(size) && fact.warmup > Math.max(1, most.get(size.label)?.warmup ?? 0)) most.set(size.label, fact);
  }
  for (const [label, fact] of most) {
    const { warmup } = fact;
    const message = `Facts stay unknown until ${warmup} bars of ${label} have been counted live: no history has such bars`;
    const help = `The most demanding fact is ${wordsOf(fact)}.`;
    builder.reportKey("time/counted-live", [label === on.label ? "on" : "symbols"], message, help);
  }
}

/** `sma(200)`, `macd(fast: 12, signal: 9, slow: 26)`: which one is meant, not all that it is made of. */
function wordsOf({ ref: { fact, params = {} } }: Fact): string {
  const numbers = Object.entries(params).flatMap(([name, value]) =>
    typeof value === "number" && name !== "lag" ? [{ name, value }] : [],
  );
  if (numbers.length === 0) return fact;
  const texts = numbers.map(({ name, value }) => (numbers.length === 1 ? `${value}` : `${name}: ${value}`));
  return `${fact}(${texts.join(", ")})`;
}

/** The most demanding fact of each series. */
function checkHistory(
  builder: Builder,
  strategy: Omit<Strategy, "digest">,
  history: (symbol: string, size: BarSize) => number | undefined,
): void {
  const most = new Map<
    string,
    { readonly symbol: string; readonly size: BarSize; readonly bars: number; readonly fact: string }
  >();
  for (const fact of strategy.facts) {
    const { spec, warmup } = fact;
    const { size } = spec.series;
    if (!isOfTime(size)) continue;
    for (const symbol of spec.series.symbol === null ? strategy.symbols : [spec.series.symbol]) {
      const at = `${symbol}@${size.label}`;
      if (warmup > (most.get(at)?.bars ?? 0)) most.set(at, { symbol, size, bars: warmup, fact: wordsOf(fact) });
    }
  }
  for (const { symbol, size, bars, fact } of most.values()) {
    const found = history(symbol, size);
    if (found === undefined || found >= bars) continue;
    const message = `${symbol} needs ${bars} bars of ${size.label} before all facts are known, and ${found} are there`;
    builder.reportKey("time/warmup-exceeds-history", ["symbols"], message, `The most demanding fact is ${fact}.`);
  }
}
