/**
 * Which bars a strategy needs that the program before it did not.
 *
 * Owns: comparing facts of two programs. A fact that the older program computes for the same symbol goes on.
 */
import { neededBars } from "../../core/canonical.ts";
import { isOfTime } from "../../market/bar-size.ts";
import type { Fact, Program, Strategy } from "../../core/program.ts";
import { finish } from "./steps.ts";
import type { Planning, WarmupPlan } from "./types.ts";

/** All that a strategy needs before every fact of it is known. */
export function historyOf(strategy: Strategy): WarmupPlan[] {
  return finish(warmupOf({ strategies: [] }, strategy));
}

export function* warmupOf(before: Pick<Program, "strategies">, strategy: Strategy): Planning<WarmupPlan[]> {
  const known = yield* knownBefore(before, strategy);
  const needs = new Map<string, WarmupPlan>();
  for (const symbol of strategy.symbols) {
    const needed = neededBars(strategy.facts, (fact) => !known.has(keyOf(strategy, symbol, fact)));
    yield;
    for (const [index, { spec }] of strategy.facts.entries()) {
      const bars = needed[index] ?? 0;
      // What is computed from other facts of the same bar remembers nothing: those facts stand in the list themselves.
      if (bars === 0 || spec.kind === "calc") continue;
      const of = spec.series.symbol ?? symbol;
      const at = `${of}@${spec.series.size.label}`;
      const { size } = spec.series;
      const counted: { readonly counted?: true } = isOfTime(size) ? {} : { counted: true };
      if (bars > (needs.get(at)?.bars ?? 0)) needs.set(at, { symbol: of, size: size.label, bars, ...counted });
    }
    yield;
  }
  return [...needs.values()].sort((a, b) =>
    a.size === b.size ? compare(a.symbol, b.symbol) : compare(a.size, b.size),
  );
}

/** Which facts of the strategy the program before computes for one of its symbols. */
function* knownBefore({ strategies }: Pick<Program, "strategies">, strategy: Strategy): Planning<Set<string>> {
  const own = new Set(strategy.facts.map(({ key }) => key));
  const symbols = new Set(strategy.symbols);
  const known = new Set<string>();
  for (const other of strategies) {
    yield;
    const common = other.symbols.filter((symbol) => symbols.has(symbol));
    if (common.length === 0) continue;
    const shared = other.facts.filter(({ key }) => own.has(key));
    for (const symbol of common) {
      for (const fact of shared) known.add(keyOf(other, symbol, fact));
      yield;
    }
  }
  return known;
}

/** What counts evaluations belongs to its strategy; everything else is shared by all. */
function keyOf({ name, session }: Strategy, symbol: string, { key, spec }: Fact): string {
  const owner = /^(?:bars|seconds)_/.test(spec.kind) ? name : "";
  return `${symbol} ${session} ${owner} ${key}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
