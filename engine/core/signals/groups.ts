/**
 * Look-up tables over instances and series, and what a reload keeps of rule states.
 *
 * Owns: grouping and naming only. May not: know time, truth or orders.
 */
import type { AccountView, BookView } from "../event.ts";
import type { Barrier } from "./barrier.ts";
import type { FactGraph } from "./graph.ts";
import type { Instance } from "./instance.ts";
import { lengthOf } from "../../market/bar-size.ts";
import { ActivitySeries } from "./activity-series.ts";
import type { Series } from "./series.ts";
import { TimeSeries } from "./time-series.ts";
import type { Views } from "./view-nodes.ts";

/** Who is judged when a series closes a bar, and where it waits for others: one look-up for both. */
export interface Judged {
  readonly instance: Instance;
  readonly barrier: Barrier;
}

/** Those that are judged when their series closes a bar. */
export function groupBySeries(barriers: ReadonlyMap<Instance, Barrier>): Map<Series, Judged[]> {
  const groups = new Map<Series, Judged[]>();
  for (const [instance, barrier] of barriers) {
    if (instance.facts.strategy.ticks === true) continue;
    const group = groups.get(instance.facts.series) ?? [];
    group.push({ instance, barrier });
    groups.set(instance.facts.series, group);
  }
  return groups;
}

/** The series of one symbol. */
export interface SymbolSeries {
  /** Longest first. */
  readonly timed: readonly TimeSeries[];
  readonly counted: readonly ActivitySeries[];
}

export function groupBySymbol(graph: FactGraph): Map<string, SymbolSeries> {
  const symbols = new Set([...graph.series.values()].map(({ symbol }) => symbol));
  return new Map(
    [...symbols].map((symbol) => {
      const own = [...graph.series.values()].filter((series) => series.symbol === symbol).sort(byLength);
      const timed = own.filter((series) => series instanceof TimeSeries);
      return [symbol, { timed, counted: own.filter((series) => series instanceof ActivitySeries) }];
    }),
  );
}

/** Of bars that end together the longest closes first. */
export function byLength(a: Series, b: Series): number {
  return lengthOf(b.size) - lengthOf(a.size);
}

/** Latches follow the rule's digest; cooldowns and counters follow its name. A changed rule keeps the latch of its warm-up. */
export function restoreStates(previous: readonly Instance[], instances: readonly Instance[]): void {
  const remembered = new Map(previous.map((instance) => [instance.facts.key, instance]));
  for (const next of instances) {
    const before = remembered.get(next.facts.key);
    if (before === undefined) continue;
    next.adopt(before);
    const oldRules = new Map(before.rules.map((rule) => [rule.rule.name, rule]));
    for (const instance of next.rules) {
      const old = oldRules.get(instance.rule.name);
      if (old === undefined) continue;
      const latch = old.rule.digest === instance.rule.digest ? old.state.latch : instance.state.latch;
      instance.state = { latch, usage: old.state.usage };
    }
  }
}

export interface SavedViews {
  readonly account: AccountView;
  readonly books: readonly BookView[];
}

/** What is known of the account and of books, by strategy and symbol. Looking one up allocates nothing. */
export class BookTable implements Views {
  account: AccountView = { equity: Number.NaN, cash: Number.NaN, buyingPower: Number.NaN, dayPnl: Number.NaN };
  readonly #books = new Map<string, Map<string, BookView>>();
  /** Of the strategy that was asked for last: it is mostly the next one as well. */
  #lastStrategy = "";
  #lastOwn: ReadonlyMap<string, BookView> | undefined;

  save(): SavedViews {
    return { account: { ...this.account }, books: [...this.#books.values()].flatMap((own) => [...own.values()]) };
  }

  restore({ account, books }: SavedViews): void {
    this.account = { ...account };
    for (const view of books) this.set(view);
  }

  book(strategy: string, symbol: string): BookView | undefined {
    if (strategy !== this.#lastStrategy) {
      this.#lastStrategy = strategy;
      this.#lastOwn = this.#books.get(strategy);
    }
    return this.#lastOwn?.get(symbol);
  }

  set(view: BookView): void {
    const own = this.#books.get(view.strategy) ?? new Map<string, BookView>();
    this.#books.set(view.strategy, own.set(view.symbol, view));
    this.#lastStrategy = view.strategy;
    this.#lastOwn = own;
  }
}
