/**
 * Bars of activity and data without trades.
 *
 * Owns: why such data cannot play a strategy that counts trades, and what nobody keeps a history of. May not: print.
 */
import { activityOf } from "../core/canonical.ts";
import type { Program, Strategy } from "../core/program.ts";
import { historyOf } from "../lang/plan/warmup.ts";
import type { BarSize } from "../market/bar-size.ts";

/** Undefined: no strategy counts trades. `size`: what the data has instead. */
export function withoutTrades(
  { strategies }: Program,
  size: BarSize,
): { readonly message: string; readonly help: string } | undefined {
  const counting = strategies.find((strategy) => activityOf(strategy) !== undefined);
  if (counting === undefined) return undefined;
  const { label = "" } = activityOf(counting) ?? {};
  // Other bars for the rules help where no fact asks for such bars by itself.
  const isOwn = strategies.every(({ on, facts }) => {
    const others = facts.filter(({ spec }) => spec.series.size.label !== on.label);
    return activityOf({ on: size, facts: others }) === undefined;
  });
  return {
    message: `${counting.name} counts trades (${label}); the data has ${size.label} bars`,
    help: `give ticks${isOwn ? `, or --on ${size.label} to judge it at the close of bars` : ""}`,
  };
}

/** What facts of a strategy wait for after each start, one sentence for each series. */
export function countedNotes(strategy: Strategy): readonly string[] {
  return historyOf(strategy)
    .filter(({ counted, bars }) => counted === true && bars > 1)
    .map(
      ({ symbol, size, bars }) =>
        `${symbol} ${size}: no history has such bars; facts stay unknown until up to ${bars} have been counted`,
    );
}
