/**
 * The graph of facts: which nodes exist, which slots they write and in which list they are updated.
 *
 * Owns: building nodes from a program, sharing equal facts between strategies, and keeping the nodes (with their
 * memory) that a new program still needs. May not: evaluate rules or know orders.
 *
 * A fact lives at one of two places. On its **series**, when everything it reads comes from that one series: it is
 * shared by all strategies and updated when a bar closes. On the **instance** of a strategy and symbol, when it reads
 * the strategy's book, the moment, or other series: it is updated right before an evaluation.
 */
import type { Calendar } from "../../market/calendar.ts";
import { isOfTime } from "../../market/bar-size.ts";
import { invariant } from "../assert.ts";
import { activityOf, inputsOf } from "../canonical.ts";
import type { FactSpec, SeriesRef, Strategy } from "../program.ts";
import { RestoreError, exactly, packed, restoreEach, unpacked } from "../saved.ts";
import type { PackedNumbers } from "../saved.ts";
import { ActivitySeries } from "./activity-series.ts";
import type { Slots } from "./conditions.ts";
import { isCounted, isFresh } from "./freshness.ts";
import type { InstanceFacts, Placed } from "./instance-facts.ts";
import { nodeOf } from "./node-of.ts";
import type { GraphParts } from "./node-of.ts";
import { GuardNode, IndicatorNode } from "./nodes.ts";
import type { FactNode } from "./nodes.ts";
import { indicatorOf, kernelOf } from "./kernel-of.ts";
import { PairNode } from "./pair-nodes.ts";
import { Quotes } from "./quotes.ts";
import type { SavedQuotes } from "./quotes.ts";
import { Ranking } from "./ranking.ts";
import { seriesKey } from "./series.ts";
import type { SavedSeries, Series } from "./series.ts";
import { TimeSeries } from "./time-series.ts";
import { OpeningRangeNode } from "./session-nodes.ts";
import { comparedFacts, isPure, keyOfSpec } from "./specs.ts";
import { touchedBy } from "./splits.ts";
import type { Views } from "./view-nodes.ts";
import type { Work } from "./work.ts";

/** A fact whose memory its maker keeps to itself: after a restore it is unknown until bars have warmed it again. */
export interface UnsavedFact {
  readonly fact: string;
  readonly symbol: string;
  readonly size: string;
}

/** By keys and names; of each fact its slots, then what it remembers. */
export interface SavedGraph {
  readonly series: Readonly<Record<string, SavedSeries>>;
  readonly nodes: Readonly<Record<string, PackedNumbers>>;
  readonly unsaved: readonly UnsavedFact[];
  readonly quotes: SavedQuotes;
  readonly rankings: Readonly<Record<string, PackedNumbers>>;
}

export class FactGraph {
  readonly series = new Map<string, Series>();
  readonly quotes: Quotes;
  readonly instances: InstanceFacts[] = [];
  slots: Slots = new Float64Array(0);
  readonly #nodes = new Map<string, { readonly node: FactNode; readonly slot: number }>();
  readonly #calendarOf: (symbol: string) => Calendar;
  readonly #views: Views;
  readonly #constants: { readonly slot: number; readonly value: number }[] = [];
  /** By strategy, then by the fact that is ranked. */
  readonly #rankings = new Map<string, Map<number, Ranking>>();
  readonly #prompt = new Map<Strategy, boolean>();
  /** What a node may ask for while it is made. */
  readonly #parts: GraphParts = {
    seriesOf: (strategy, symbol, ref) => this.#seriesOf(strategy, symbol, ref),
    rankingOf: (strategy, fact) => this.#rankingOf(strategy, fact),
  };
  #size = 0;

  constructor(calendarOf: (symbol: string) => Calendar, views: Views, staleMs?: number) {
    this.quotes = new Quotes(staleMs);
    this.#calendarOf = calendarOf;
    this.#views = views;
  }

  /** Called once; fact after fact. */
  *build(strategies: readonly Strategy[]): Work {
    for (const strategy of strategies)
      for (const symbol of strategy.symbols) yield* this.#addInstance(strategy, symbol);
    this.#nameReaders();
    yield;
    this.slots = new Float64Array(this.#size).fill(Number.NaN);
    for (const { slot, value } of this.#constants) this.slots[slot] = value;
  }

  /** The ranks that one strategy compares its symbols by. */
  rankingsOf(strategy: string): readonly Ranking[] {
    return [...(this.#rankings.get(strategy)?.values() ?? [])];
  }

  /** Whether the same bars are also built with the grace. */
  hasTwin(series: Series): boolean {
    const key = seriesKey(series);
    return key !== series.key && this.series.has(key);
  }

  get nodeCount(): number {
    return this.#nodes.size;
  }

  /**
   * Continues what an older graph knew: series, quotes and every node whose key is still the same. What has anything of the
   * symbols of `anew` in it was made of another history, and continues nothing but counts.
   */
  adopt(old: FactGraph, anew: ReadonlySet<string>): void {
    for (const [key, series] of this.series) {
      const previous = old.series.get(key);
      if (previous === undefined) continue;
      if (anew.has(series.symbol)) series.continue(previous);
      else series.adopt(previous);
    }
    this.quotes.adopt(old.quotes);
    const touched = touchedBy(anew, this.instances);
    const moments = new Map(old.instances.map((instance) => [instance.key, instance.moment]));
    for (const instance of this.instances)
      if (!touched.has(instance)) Object.assign(instance.moment, moments.get(instance.key));
    const madeAnew = this.#nodesOf(anew);
    for (const [key, { node }] of this.#nodes) {
      const previous = old.#nodes.get(key);
      if (previous === undefined) continue;
      if (madeAnew.has(node)) node.continue?.(previous.node);
      else node.adopt?.(previous.node, this.slots, old.slots);
    }
  }

  /** Every fact that has anything of these symbols in it is unknown. */
  forget(symbols: ReadonlySet<string>): void {
    const forgotten = this.#nodesOf(symbols);
    for (const { node, slot } of this.#nodes.values())
      if (forgotten.has(node)) this.slots.fill(Number.NaN, slot, slot + (node.outputs ?? 1));
  }

  #nodesOf(symbols: ReadonlySet<string>): ReadonlySet<FactNode> {
    const found = new Set<FactNode>();
    if (symbols.size === 0) return found;
    for (const { symbol, nodes } of this.series.values())
      if (symbols.has(symbol)) for (const node of nodes) found.add(node);
    for (const { early, nodes } of touchedBy(symbols, this.instances))
      for (const node of [...early, ...nodes]) found.add(node);
    // One that two series feed lives on one of them.
    for (const { node } of this.#nodes.values())
      if (node.sources?.some(({ symbol }) => symbols.has(symbol)) === true) found.add(node);
    return found;
  }

  save(): SavedGraph {
    const nodes: [string, PackedNumbers][] = [];
    const unsaved: UnsavedFact[] = [];
    for (const [key, { node, slot }] of this.#nodes) {
      const memory = node.save === undefined ? [] : node.save();
      if (memory !== undefined) {
        nodes.push([key, packed([...this.slots.subarray(slot, slot + (node.outputs ?? 1)), ...memory])]);
      } else for (const { symbol, size } of node.sources ?? []) unsaved.push({ fact: key, symbol, size: size.label });
    }
    return {
      series: Object.fromEntries([...this.series].map(([key, series]) => [key, series.save()])),
      nodes: Object.fromEntries(nodes),
      unsaved,
      quotes: this.quotes.save(),
      rankings: Object.fromEntries(this.#namedRankings().map(([name, ranking]) => [name, ranking.save()])),
    };
  }

  /** Of a graph that has just been made from the same strategies. */
  restore(saved: SavedGraph): void {
    restoreEach("series", saved.series, this.series, (series, of) => series.restore(of));
    const unsaved = new Set(saved.unsaved.map(({ fact }) => fact));
    const nodes = [...this.#nodes].filter(([key]) => !unsaved.has(key));
    restoreEach("fact", saved.nodes, nodes, ({ node, slot }, text) => {
      const values = unpacked(text);
      const outputs = node.outputs ?? 1;
      this.slots.set(exactly(values.slice(0, outputs), outputs, node.key), slot);
      if (node.restore === undefined) exactly(values, outputs, node.key);
      else node.restore(values.slice(outputs));
    });
    for (const key of unsaved) {
      const node = this.#nodes.get(key)?.node;
      if (node?.forget === undefined) throw new RestoreError("saved/shape", `the program has no fact "${key}"`);
      node.forget();
    }
    this.quotes.restore(saved.quotes);
    restoreEach("ranking", saved.rankings, this.#namedRankings(), (ranking, of) => ranking.restore(of));
  }

  #namedRankings(): (readonly [string, Ranking])[] {
    return [...this.#rankings].flatMap(([name, rankings]) => {
      const of = this.instances.find(({ strategy }) => strategy.name === name);
      return [...rankings].map(([fact, ranking]) => [`${name}: ${of?.strategy.facts[fact]?.key}`, ranking] as const);
    });
  }

  *#addInstance(strategy: Strategy, symbol: string): Work {
    const series = this.#seriesOf(strategy, symbol, { symbol: null, size: strategy.on });
    const instance: InstanceFacts = {
      key: `${strategy.name}/${symbol}`,
      strategy,
      symbol,
      series,
      moment: { time: Number.NaN, start: Number.NaN, index: 0, bars: 0, repeat: 0 },
      slotOf: [],
      early: [],
      nodes: [],
      others: [],
      reads: new Set([series]),
      lasting: new Map(),
      sequences: new Map(),
    };
    const placed: Placed[] = [];
    const early = comparedFacts(strategy.facts);
    for (const [index, fact] of strategy.facts.entries()) {
      const plain = this.#place(instance, placed, fact.spec, early.has(index) ? instance.early : instance.nodes);
      const place = fact.spec.kind === "opening_range" && strategy.ticks ? this.#ofThisSession(instance, plain) : plain;
      placed.push(place);
      instance.slotOf.push(this.#guarded(instance, place, series).slot);
      yield;
    }
    this.instances.push(instance);
  }

  /** Who reads bars of activity, with all that is judged together with it. */
  #nameReaders(): void {
    for (const { strategy, reads } of this.instances) {
      const counted = [...reads].filter(isCounted);
      if (counted.length === 0) continue;
      // Ranks compare all symbols at one instant.
      const isTogether = this.#rankings.has(strategy.name);
      const group = isTogether ? this.instances.filter((one) => one.strategy === strategy) : [{ reads }];
      for (const series of counted) for (const one of group) for (const other of one.reads) series.readers.add(other);
    }
  }

  #seriesOf(strategy: Strategy, symbol: string, ref: SeriesRef): Series {
    const of = ref.symbol ?? symbol;
    const { size } = ref;
    const frame = { symbol: of, session: strategy.session, calendar: this.#calendarOf(of) };
    const made = isOfTime(size)
      ? new TimeSeries({ ...frame, size }, this.#isPrompt(strategy))
      : new ActivitySeries({ ...frame, size });
    const series = this.series.get(made.key) ?? made;
    this.series.set(series.key, series);
    return series;
  }

  /** Where trades close bars, no other bar may be over and still open meanwhile: somebody would see what came after it. */
  #isPrompt(strategy: Strategy): boolean {
    let isPrompt = this.#prompt.get(strategy);
    if (isPrompt === undefined) {
      isPrompt = strategy.ticks === true || activityOf(strategy) !== undefined;
      this.#prompt.set(strategy, isPrompt);
    }
    return isPrompt;
  }

  #place(instance: InstanceFacts, placed: readonly Placed[], spec: FactSpec, own: FactNode[]): Placed {
    const series = this.#seriesOf(instance.strategy, instance.symbol, spec.series);
    instance.reads.add(series);
    const pair = spec.kind === "indicator" ? this.#paired(instance, placed, spec) : undefined;
    if (pair !== undefined) return pair;
    const inputs = inputsOf(spec).map((index) => this.#guarded(instance, placed[index], series));
    const shared =
      isPure(spec, instance.strategy.ticks === true) &&
      inputs.every((input) => input.home === series || input.key.startsWith("const:"));
    const home = shared ? series : null;
    const inputIndex = inputsOf(spec);
    const slotOf = (index: number): number => (inputs[inputIndex.indexOf(index)] as Placed).slot;
    const keyOf = (index: number): string => (inputs[inputIndex.indexOf(index)] as Placed).key;
    // The series is part of an instance's key too: the bid of SPY and of QQQ are two facts of one instance.
    const of = spec.kind === "peek" ? placed[spec.of]?.node : undefined;
    const name = of === undefined ? keyOfSpec(spec, keyOf) : `peek[${of}]`;
    const key = `${name}#${home === null ? `${instance.key}#${series.key}` : series.key}`;
    const existing = this.#nodes.get(key);
    const output = "output" in spec ? spec.output : 0;
    if (existing !== undefined) return { key: `${key}.${output}`, node: key, slot: existing.slot + output, home };
    const peeked = of === undefined ? undefined : this.#nodes.get(of)?.node;
    const outputs = spec.kind === "indicator" ? indicatorOf(spec.name).outputs.length : 1;
    const slot = this.#reserve(peeked instanceof IndicatorNode ? peeked.outputs : outputs);
    if (spec.kind === "const") {
      this.#constants.push({ slot, value: spec.value });
      return { key: `const:${key}`, node: key, slot, home: series };
    }
    const node = nodeOf(spec, {
      key,
      slot,
      slotOf,
      instance,
      series,
      peeked,
      views: this.#views,
      quotes: this.quotes,
      graph: this.#parts,
    });
    this.#nodes.set(key, { node, slot });
    (home === null ? own : home.nodes).push(node);
    return { key: `${key}.${output}`, node: key, slot: slot + output, home };
  }

  /** Two symbols on larger bars than the strategy's own. Undefined: the indicator reads something else. */
  #paired(
    instance: InstanceFacts,
    placed: readonly Placed[],
    spec: FactSpec & { kind: "indicator" },
  ): Placed | undefined {
    const [a, b] = spec.inputs.map((index) => placed[index] as Placed);
    if (spec.inputs.length !== 2 || a === undefined || b === undefined) return undefined;
    const [first, second] = [a.home, b.home];
    if (first === null || second === null || first === second) return undefined;
    if (first.size.label !== second.size.label || first.size.label === instance.strategy.on.label) return undefined;
    const key = `pair ${keyOfSpec(spec, (index) => (placed[index] as Placed).key)}#${first.key}#${second.key}`;
    let slot = this.#nodes.get(key)?.slot;
    if (slot === undefined) {
      const { kernel, entry } = kernelOf(spec);
      slot = this.#reserve(entry.outputs.length);
      const made = { kernel, outputs: entry.outputs.length };
      const node = new PairNode(key, slot, [first, second], [a.slot, b.slot], made);
      this.#nodes.set(key, { node, slot });
      first.nodes.push(node);
      second.nodes.push(node.tap);
    }
    const foreign = [first, second].filter(({ symbol }) => symbol !== instance.symbol);
    return this.#guard(instance, `${key}.${spec.output}`, slot + spec.output, foreign);
  }

  /**
   * Reading another symbol's series goes through a guard that knows whether its bar has come; reading bars of activity
   * beside other bars, through one that hides what was counted after the instant that is judged.
   */
  #guarded(instance: InstanceFacts, input: Placed | undefined, reader: Series): Placed {
    invariant(input !== undefined, "a fact reads a later fact");
    const { home } = input;
    if (home === null || home === reader || input.key.startsWith("const:")) return input;
    if (home.symbol === instance.symbol && !isCounted(home)) return input;
    return this.#guard(instance, input.key, input.slot, [home]);
  }

  #guard(instance: InstanceFacts, of: string, source: number, homes: readonly Series[]): Placed {
    const key = `guard(${of})#${instance.key}`;
    const existing = this.#nodes.get(key);
    if (existing !== undefined) return { key, node: key, slot: existing.slot, home: null };
    const slot = this.#reserve(1);
    const { moment, strategy, symbol } = instance;
    const areKnown = (): boolean => {
      for (const home of homes)
        if (!(home.symbol === symbol ? home.barEnd <= moment.time : isFresh(home, moment.time))) return false;
      return true;
    };
    const node = new GuardNode(key, slot, source, areKnown);
    this.#nodes.set(key, { node, slot });
    instance.early.push(node);
    for (const home of homes) {
      // Bars of activity have no boundary in common with any other: nobody waits at one, and nobody for them.
      const isAwaited = home.symbol !== symbol && !isCounted(home) && isOfTime(strategy.on);
      if (isAwaited && !instance.others.includes(home)) instance.others.push(home);
    }
    return { key, node: key, slot, home: null };
  }

  /** At a tick the session may be a new one, of which no bar has closed yet. */
  #ofThisSession(instance: InstanceFacts, { key, node: of, slot, home }: Placed): Placed {
    const range = this.#nodes.get(of)?.node;
    invariant(range instanceof OpeningRangeNode && home !== null, "only an opening range is one of a session");
    const own = `now(${key})#${instance.key}`;
    const now = this.#reserve(1);
    const isNow = (): boolean => range.open === home.sessionStart(instance.moment.start);
    const node = new GuardNode(own, now, slot, isNow);
    this.#nodes.set(own, { node, slot: now });
    instance.early.push(node);
    return { key: own, node: own, slot: now, home: null };
  }

  #rankingOf(strategy: string, fact: number): Ranking {
    const rankings = this.#rankings.get(strategy) ?? new Map<number, Ranking>();
    this.#rankings.set(strategy, rankings);
    const ranking = rankings.get(fact) ?? new Ranking();
    rankings.set(fact, ranking);
    return ranking;
  }

  #reserve(count: number): number {
    const slot = this.#size;
    this.#size += count;
    return slot;
  }
}
