/**
 * Judgements about a strategy that is otherwise in order.
 *
 * Owns: what a careful reader would ask about: exits, sizes, history. What logic alone can tell is in logic/.
 */
import type { RiskLimits, Strategy } from "../core/program.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { Builder } from "./builder.ts";
import { checkExits } from "./check-exits.ts";
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
  checkLogic(builder, strategy);
  if (history !== undefined) checkHistory(builder, strategy, history);
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
  for (const { spec, warmup, key } of strategy.facts) {
    for (const symbol of spec.series.symbol === null ? strategy.symbols : [spec.series.symbol]) {
      const { size } = spec.series;
      const at = `${symbol}@${size.label}`;
      if (warmup > (most.get(at)?.bars ?? 0)) most.set(at, { symbol, size, bars: warmup, fact: key });
    }
  }
  for (const { symbol, size, bars, fact } of most.values()) {
    const found = history(symbol, size);
    if (found === undefined || found >= bars) continue;
    const message = `${symbol} needs ${bars} bars of ${size.label} before all facts are known, and ${found} are there`;
    builder.reportKey("time/warmup-exceeds-history", ["symbols"], message, `The most demanding fact is ${fact}.`);
  }
}
