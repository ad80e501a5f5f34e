/**
 * Judgements about a strategy that is otherwise in order.
 *
 * Owns: what a careful reader would ask about: exits, history. What logic alone can tell is in logic/.
 */
import type { Strategy } from "../core/program.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { Builder } from "./builder.ts";
import { checkLogic } from "./logic/check-logic.ts";

export function checkStrategy(
  builder: Builder,
  strategy: Omit<Strategy, "digest">,
  history: ((symbol: string, size: BarSize) => number | undefined) | undefined,
): void {
  checkExits(builder, strategy);
  checkLogic(builder, strategy);
  if (history !== undefined) checkHistory(builder, strategy, history);
}

/** An entry is fine with a bracket stop, or with any rule that can close it. */
function checkExits(builder: Builder, strategy: Omit<Strategy, "digest">): void {
  const kinds = new Set(strategy.rules.map((rule) => rule.action.kind));
  if (kinds.has("close") || kinds.has("reduce")) return;
  for (const rule of strategy.rules) {
    const { action } = rule;
    if (action.kind !== "buy" && !(action.kind === "sell" && action.short)) continue;
    if (action.bracket?.stopLoss !== undefined) continue;
    if (kinds.has(action.kind === "buy" ? "sell" : "buy")) continue;
    const help = "Add a rule with close, or a bracket with a stop_loss.";
    builder.reportKey(
      "risk/no-exit",
      ["rules", rule.index, "name"],
      `Nothing ever closes what rule "${rule.name}" opens`,
      help,
    );
  }
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
