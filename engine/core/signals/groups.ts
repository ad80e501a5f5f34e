/**
 * Look-up tables over instances and series, and what a reload keeps of rule states.
 *
 * Owns: grouping and naming only. May not: know time, truth or orders.
 */
import type { TakenBack } from "../approval.ts";
import type { AccountView, BookView } from "../event.ts";
import type { Barrier } from "./barrier.ts";
import { movedUsage } from "./firing.ts";
import type { FactGraph } from "./graph.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import type { Instance, RuleInstance } from "./instance.ts";
import { lengthOf } from "../../market/bar-size.ts";
import { ActivitySeries } from "./activity-series.ts";
import type { Series } from "./series.ts";
import { TimeSeries } from "./time-series.ts";
import type { Views } from "./view-nodes.ts";
import type { Work } from "./work.ts";

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
  const groups = new Map<string, { readonly timed: TimeSeries[]; readonly counted: ActivitySeries[] }>();
  for (const series of [...graph.series.values()].sort(byLength)) {
    const own = groups.get(series.symbol) ?? { timed: [], counted: [] };
    groups.set(series.symbol, own);
    if (series instanceof TimeSeries) own.timed.push(series);
    else if (series instanceof ActivitySeries) own.counted.push(series);
  }
  return groups;
}

/** Of bars that end together the longest closes first. */
export function byLength(a: Series, b: Series): number {
  return lengthOf(b.size) - lengthOf(a.size);
}

/** An instance that continues one of the program before, and the rules of both with one name. */
export interface Heir {
  readonly next: Instance;
  readonly before: Instance;
  readonly rules: readonly { readonly next: RuleInstance; readonly before: RuleInstance; readonly isSame: boolean }[];
}

/** Who continues whom; looked up ahead, because a thousand names take as long as all the rest of a swap. */
export function* heirsOf(previous: readonly Instance[], instances: readonly Instance[]): Work<Heir[]> {
  const remembered = new Map(previous.map((instance) => [instance.facts.key, instance]));
  const heirs: Heir[] = [];
  for (const next of instances) {
    const before = remembered.get(next.facts.key);
    if (before === undefined) continue;
    const old = new Map<string, RuleInstance>();
    for (const rule of before.rules) {
      old.set(rule.rule.name, rule);
      yield;
    }
    const rules: Heir["rules"][number][] = [];
    for (const rule of next.rules) {
      yield;
      const known = old.get(rule.rule.name);
      if (known !== undefined)
        rules.push({ next: rule, before: known, isSame: known.rule.digest === rule.rule.digest });
    }
    heirs.push({ next, before, rules });
  }
  return heirs;
}

/**
 * Latches follow the rule's digest; cooldowns and counters follow its name. A changed rule keeps the latch of its warm-up.
 * `anew`: whose facts were made of another history than before. A rule of theirs is free to fire when both say so: a
 * threshold that the new prices alone have passed turned nothing.
 */
export function restoreStates(heirs: readonly Heir[], anew: ReadonlySet<InstanceFacts>): void {
  for (const { next, before, rules } of heirs) {
    const isAnew = anew.has(next.facts);
    next.adopt(before, isAnew);
    for (const { next: rule, before: old, isSame } of rules) {
      const { latch } = rule.state;
      if (isAnew) {
        const armed = latch.armed && (old.state.latch.armed || !isSame);
        const usage = movedUsage(old.state.usage, before.facts.moment, next.facts.moment);
        rule.state = { latch: { armed, truth: latch.truth }, usage };
      } else rule.state = { latch: isSame ? old.state.latch : latch, usage: old.state.usage };
    }
  }
}

/** A firing that came to nothing is given back to its rule, if that is still what it was. */
export function giveBack(instances: readonly Instance[], { strategy, symbol, rule, digest, time }: TakenBack): void {
  for (const instance of instances) {
    const { facts } = instance;
    if (facts.strategy.name === strategy && facts.symbol === symbol) instance.takeBack(rule, digest, time);
  }
}

export interface SavedViews {
  readonly account: AccountView;
  readonly books: readonly BookView[];
}

/** What is known of the account and of books, by strategy and symbol. Looking one up allocates nothing. */
export class BookTable implements Views {
  #account: AccountView = { equity: Number.NaN, cash: Number.NaN, buyingPower: Number.NaN, dayPnl: Number.NaN };
  #bookRevision = 0;
  #accountRevision = 0;
  readonly #books = new Map<string, Map<string, BookView>>();
  /** Of the strategy that was asked for last: it is mostly the next one as well. */
  #lastStrategy = "";
  #lastOwn: ReadonlyMap<string, BookView> | undefined;

  save(): SavedViews {
    return { account: { ...this.account }, books: [...this.#books.values()].flatMap((own) => [...own.values()]) };
  }

  restore({ account, books }: SavedViews): void {
    this.setAccount({ ...account });
    for (const view of books) this.set(view);
  }

  get account(): AccountView {
    return this.#account;
  }

  setAccount(view: AccountView): void {
    const { equity, cash, buyingPower, dayPnl } = this.#account;
    const isSame =
      Object.is(view.equity, equity) &&
      Object.is(view.cash, cash) &&
      Object.is(view.buyingPower, buyingPower) &&
      Object.is(view.dayPnl, dayPnl);
    if (!isSame) this.#accountRevision++;
    this.#account = view;
  }

  /** Another number whenever a book says something else than before; where it counts, also the account. */
  revisionFor(usesAccount: boolean): number {
    return this.#bookRevision + (usesAccount ? this.#accountRevision : 0);
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
    if (!areEqual(own.get(view.symbol), view)) this.#bookRevision++;
    this.#books.set(view.strategy, own.set(view.symbol, view));
    this.#lastStrategy = view.strategy;
    this.#lastOwn = own;
  }
}

function areEqual(a: BookView | undefined, b: BookView): boolean {
  return a !== undefined && (Object.keys(b) as (keyof BookView)[]).every((key) => Object.is(a[key], b[key]));
}
