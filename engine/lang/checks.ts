/**
 * Judgements about a strategy that is otherwise in order.
 *
 * Owns: what a careful reader would ask about: exits, history. What logic alone can tell is in logic/.
 */
import { isEntry, isExit, onlyReduces } from "../core/actions.ts";
import type { Action, Rule, Strategy } from "../core/program.ts";
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

/** An entry is fine with a stop of its own, or with any other rule that can take the position away. */
function checkExits(builder: Builder, strategy: Omit<Strategy, "digest">): void {
  for (const rule of strategy.rules) {
    const { action } = rule;
    if (!isEntry(action) || onlyReduces(action)) continue;
    if ("bracket" in action && action.bracket?.stopLoss !== undefined) continue;
    if (strategy.rules.some((other) => canEnd(builder, other, rule))) continue;
    const help = "Add a rule with close, or a bracket with a stop_loss.";
    builder.reportKey(
      "risk/no-exit",
      ["rules", rule.index, "name"],
      `Nothing ever closes what rule "${rule.name}" opens`,
      help,
    );
  }
}

/** Whether a rule can close what an entry opens: an exit, a trade of the other side, a target that may be elsewhere. */
function canEnd(builder: Builder, { action: end }: Rule, { action: entry }: Rule): boolean {
  if (isExit(end)) return true;
  const opened = sidesOf(builder, entry);
  if (end.kind === "target") {
    const { range } = builder.context.scope.table.operand(end.amount).quality;
    return (!opened.long || range[0] <= 0) && (!opened.short || range[1] >= 0);
  }
  return (!opened.long || end.kind === "sell") && (!opened.short || end.kind === "buy");
}

/** The sides of the market on which an entry may open. */
function sidesOf(builder: Builder, action: Action): { readonly long: boolean; readonly short: boolean } {
  if (action.kind !== "target") return { long: action.kind === "buy", short: action.kind === "sell" };
  const { range } = builder.context.scope.table.operand(action.amount).quality;
  return { long: range[1] > 0, short: action.short && range[0] < 0 };
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
