/**
 * The signals half: bars, facts, rules.
 *
 * Owns: turning market events into firings. Knows the data of the symbols that rules connect.
 * May not: import the desk, size, or place orders. What it knows of positions and the account came as views.
 */
import type { Calendar } from "../../market/calendar.ts";
import { barSizeOf } from "../../market/bar-size.ts";
import type { BarSize } from "../../market/bar-size.ts";
import type { FeedInput, SplitInput } from "../feed-event.ts";
import type { AccountView, BarInput, BookView, HistoryInput, QuoteInput, TradeInput } from "../event.ts";
import type { ProgramLoadedInput } from "../event.ts";
import type { Program } from "../program.ts";
import { restoreEach } from "../saved.ts";
import { cutBar, noTicks, noTrades } from "./announcements.ts";
import { BAR_TIMER } from "./closing.ts";
import type { Closing, SavedClosing } from "./closing.ts";
import { Corrections } from "./corrections.ts";
import type { LateTrade } from "./corrections.ts";
import { FactGraph } from "./graph.ts";
import type { SavedGraph } from "./graph.ts";
import { BookTable, restoreStates } from "./groups.ts";
import type { SavedViews, SymbolSeries } from "./groups.ts";
import type { Instance, SavedInstance } from "./instance.ts";
import type { Judge, SignalsSink } from "./judge.ts";
import { Preparation } from "./preparation.ts";
import type { Ready } from "./preparation.ts";
import { Retired } from "./retired.ts";
import type { SavedRetired } from "./retired.ts";
import type { Series } from "./series.ts";
import { SplitSymbols, touchedBy } from "./splits.ts";
import type { SavedSplitSymbols } from "./splits.ts";
import type { Ticks } from "./ticks.ts";
import { divides } from "./time-series.ts";
import type { TimeSeries } from "./time-series.ts";

/** When a condition of rules on ticks will have lasted long enough. */
const LASTING_TIMER = "lasting";
const NO_SERIES: SymbolSeries = { timed: [], counted: [] };
/** What runs before the first program does. */
const NOTHING: Program = { digest: "", strategies: [], risk: {}, graceMs: 0 };

export interface SavedSignals {
  readonly views: SavedViews;
  readonly graph: SavedGraph;
  readonly instances: Readonly<Record<string, SavedInstance>>;
  readonly closing: SavedClosing;
  readonly silent: readonly string[];
  readonly trading: boolean;
  readonly liveSince: number | null;
  readonly lastingAt: number;
  readonly splits: SavedSplitSymbols;
  readonly retired: SavedRetired;
}

export class Signals {
  readonly #calendarOf: (symbol: string) => Calendar;
  readonly #sink: SignalsSink;
  readonly #books = new BookTable();
  readonly #corrections: Corrections;
  readonly #splits = new SplitSymbols();
  readonly #retired = new Retired();
  #program: Program;
  #graph: FactGraph;
  #instances: readonly Instance[] = [];
  #bySymbol: ReadonlyMap<string, SymbolSeries>;
  #ticks: Ticks;
  #judge: Judge;
  #closing: Closing;
  #lastingAt = Number.NaN;
  #liveSince: number | undefined;
  /** What is made ready to be loaded next; never anything that the outputs depend on. */
  #preparation: Preparation | undefined;

  constructor(calendarOf: (symbol: string) => Calendar, sink: SignalsSink) {
    this.#calendarOf = calendarOf;
    this.#sink = sink;
    this.#corrections = new Corrections((output) => sink.output(output));
    this.#graph = new FactGraph(calendarOf, this.#books);
    const { program, instances, bySymbol, ticks, judge, closing } = this.#begun(NOTHING, []).finish();
    this.#program = program;
    this.#instances = instances;
    this.#bySymbol = bySymbol;
    this.#ticks = ticks;
    this.#judge = judge;
    this.#closing = closing;
  }

  get instances(): readonly Instance[] {
    return this.#instances;
  }

  get graph(): FactGraph {
    return this.#graph;
  }

  /** Undefined before the first. */
  get program(): Program | undefined {
    return this.#program === NOTHING ? undefined : this.#program;
  }

  /** Whether evaluations read account facts, so that the caller knows to keep the view fresh. */
  usesAccount = false;

  setAccount(view: AccountView): void {
    this.#books.setAccount(view);
  }

  setBook(view: BookView): void {
    this.#books.set(view);
  }

  startTrading(): void {
    this.#judge.trading = true;
  }

  /** Begins to make a program ready to be loaded with these bars, and what is added to them; nothing else changes by it. */
  prepare(program: Program, warmup: readonly HistoryInput[]): Preparation {
    this.#preparation = this.#begun(program, warmup);
    return this.#preparation;
  }

  #begun(program: Program, warmup: readonly HistoryInput[]): Preparation {
    return new Preparation(program, warmup, {
      calendarOf: this.#calendarOf,
      books: this.#books,
      corrections: this.#corrections,
      sink: this.#sink,
      running: this.#graph,
      previous: this.#instances,
    });
  }

  /** Whether loading this now would find it prepared. */
  isPrepared(program: Program, warmup: readonly HistoryInput[]): boolean {
    return this.#preparation?.isFor(program, warmup, this.#graph) === true;
  }

  /** Swaps the program between two events. New facts are warmed beside the running ones; old ones continue. */
  load({ program, warmup, rebuilds = [] }: Omit<ProgramLoadedInput, "kind" | "accepted">): void {
    const [old, before] = [this.#graph, this.#instances] as const;
    const prepared = this.isPrepared(program, warmup) ? this.#preparation : undefined;
    this.#preparation = undefined;
    const ready = (prepared ?? this.#begun(program, warmup)).finish();
    this.#install(ready);
    const anew = this.#splits.unbuilt;
    this.#graph.adopt(old, anew);
    restoreStates(ready.heirs, touchedBy(anew, this.#graph.instances));
    this.#retired.exchange(before, this.#instances, ready.heirs);
    this.#splits.built(rebuilds);
    this.#hold();
    if (this.#liveSince !== undefined)
      for (const series of this.#graph.series.values()) series.liveSince(this.#liveSince);
    this.#closing.resume();
    this.#lastingUntil(this.#ticks.earliest(Number.NEGATIVE_INFINITY));
  }

  #install({ program, graph, instances, bySymbol, ticks, judge, closing, usesAccount }: Ready): void {
    judge.trading = this.#judge.trading;
    this.#program = program;
    this.#graph = graph;
    this.#instances = instances;
    this.#bySymbol = bySymbol;
    this.#ticks = ticks;
    this.#judge = judge;
    this.#closing = closing;
    this.#lastingAt = Number.NaN;
    this.usesAccount = usesAccount;
  }

  save(): SavedSignals {
    return {
      views: this.#books.save(),
      graph: this.#graph.save(),
      instances: Object.fromEntries(this.#instances.map((instance) => [instance.facts.key, instance.save()])),
      closing: this.#closing.save(),
      silent: this.#ticks.save(),
      trading: this.#judge.trading,
      liveSince: this.#liveSince ?? null,
      lastingAt: this.#lastingAt,
      splits: this.#splits.save(),
      retired: this.#retired.save(),
    };
  }

  /** Of signals that know nothing yet. */
  restore(program: Program, saved: SavedSignals): void {
    const ready = this.#begun(program, []).finish();
    this.#install(ready);
    ready.graph.restore(saved.graph);
    const named = ready.instances.map((instance) => [instance.facts.key, instance] as const);
    restoreEach("instance", saved.instances, named, (instance, of) => instance.restore(of));
    this.#books.restore(saved.views);
    this.#closing.restore(saved.closing);
    this.#ticks.restore(saved.silent);
    this.#judge.trading = saved.trading;
    this.#liveSince = saved.liveSince ?? undefined;
    this.#lastingAt = saved.lastingAt;
    this.#splits.restore(saved.splits);
    this.#retired.restore(saved.retired);
    this.#holdBack();
  }

  feed({ status, gap }: FeedInput, time: number): void {
    if (status === "ended") return;
    this.#liveSince = status === "live" ? time : Number.POSITIVE_INFINITY;
    for (const series of this.#graph.series.values()) {
      const since = series.isFromBars && gap !== undefined ? gap.since : time;
      this.#cut(series, status === "live" ? series.liveSince(since) : series.interrupted());
    }
    if (status === "down") return this.#graph.quotes.forget();
    for (const history of gap?.history ?? []) this.history(history, true);
    // What ended while the feed was down waited for what history would tell.
    for (const { openEnd } of this.#graph.series.values()) if (openEnd === openEnd) this.#closing.closeAt(openEnd);
  }

  halt(symbol: string, halted: boolean): void {
    this.#graph.quotes.halt(symbol, halted);
  }

  /** Symbols that have split and whose facts wait for a history in prices of today. */
  get awaitingHistory(): ReadonlySet<string> {
    return this.#splits.unbuilt;
  }

  /** Facts of it are unknown until a program is loaded that rebuilds them, and nothing fires until the desk has settled it. */
  split({ symbol, time }: SplitInput): void {
    for (const series of this.#graph.series.values()) if (series.symbol === symbol) series.split(time);
    this.#graph.quotes.split(symbol);
    this.#splits.begin(symbol);
    this.#hold();
  }

  settled(symbol: string): void {
    this.#splits.settled(symbol);
    this.#hold();
  }

  #hold(): void {
    this.#graph.forget(this.#splits.unbuilt);
    this.#holdBack();
  }

  #holdBack(): void {
    const { unbuilt } = this.#splits;
    for (const series of this.#graph.series.values()) series.awaitsHistory = unbuilt.has(series.symbol);
    this.#judge.held = this.#splits.holds(this.#instances);
  }

  /** A bar that began at `start` was given up; NaN: none was. */
  #cut(series: Series, start: number): void {
    if (this.#judge.trading && !Number.isNaN(start)) this.#sink.output(cutBar(series, start));
  }

  /** Bars from before now: facts and latches follow, nothing fires. */
  history(input: HistoryInput, fills = false): void {
    const trading = this.#judge.trading;
    this.#judge.trading = false;
    this.#warm(input, fills);
    this.#judge.trading = trading;
  }

  /** `fills`: what a feed of bars has missed also fills the larger bars that are built from its bars. */
  #warm({ symbol, size, bars, session }: HistoryInput, fills: boolean): void {
    const barSize = barSizeOf(size);
    for (const series of (this.#bySymbol.get(symbol) ?? NO_SERIES).timed) {
      const isOwn = series.size.label === size;
      if (!(isOwn ? series.hears(session) : fills && series.isFromBars && divides(barSize, series.size))) continue;
      for (const bar of bars) {
        const end = isOwn || series.size.kind === "session" ? series.endAt(bar.start) : bar.start + barSize.ms;
        if (Number.isNaN(end)) continue;
        if (fills && series.openEnd <= bar.start) this.#closing.closeThrough([series], bar.start);
        this.#closing.history(series, bar, barSize, end);
      }
    }
  }

  quote(input: QuoteInput & { readonly marketTime: number }): void {
    const { symbol, time, bid, ask, marketTime } = input;
    this.#graph.quotes.quote(input, marketTime);
    if (!(bid > 0 && ask >= bid)) return;
    const middle = this.#middle;
    middle.time = time;
    middle.price = (bid + ask) / 2;
    middle.marketTime = marketTime;
    this.#tick(symbol, middle);
  }

  trade(input: TradeInput & { readonly marketTime: number }): void {
    if (input.setsPrice) this.#graph.quotes.traded(input.symbol, input.price, input.marketTime);
    this.#tick(input.symbol, input);
  }

  /** The last quote's, written anew for each. */
  readonly #middle = { time: Number.NaN, price: Number.NaN, size: undefined, setsPrice: true, marketTime: Number.NaN };

  /** One object: numbers that are handed on one by one are put into boxes. */
  #tick(symbol: string, tick: LateTrade & { readonly marketTime: number }): void {
    const { time, price, size, setsPrice, marketTime } = tick;
    const own = this.#bySymbol.get(symbol);
    if (own === undefined) return;
    const judged = this.#ticks.of(symbol);
    if (judged.length > 0) this.#closePrompt(own.timed, time);
    const watermark = marketTime - this.#program.graceMs;
    let due = Number.POSITIVE_INFINITY;
    for (const series of own.timed) {
      const offer =
        size === undefined
          ? series.quote(time, price, watermark)
          : series.trade(time, price, size, setsPrice, watermark);
      if (offer === "late") this.#corrections.trade(series, tick, this.#graph.slots, this.#judge.trading);
      if (series.openEnd < due) due = series.openEnd;
    }
    if (due < Number.POSITIVE_INFINITY) this.#closing.closeAt(due);
    if (own.counted.length > 0 && size !== undefined)
      this.#closing.count(own.counted, { time, price, size, setsPrice }, watermark, marketTime);
    for (const instance of judged) this.#judgeNow(instance, marketTime);
  }

  /** Closes at once what ended before `time` of the series that do not wait out a grace. */
  #closePrompt(candidates: readonly Series[], time: number): void {
    for (const series of candidates) {
      if (series.prompt && series.openEnd <= time) this.#closing.closeThrough([series], time);
    }
  }

  /** Rules on ticks: at a trade, a quote, or when a condition has lasted long enough. Silent outside the session. */
  #judgeNow(instance: Instance, time: number): void {
    const { series } = instance.facts;
    if (!(series.endAt(time) > time)) return;
    this.#closePrompt(this.#ticks.others(instance), time);
    instance.prepare(this.#graph.slots, time);
    this.#judge.evaluate(instance);
    this.#lastingUntil(this.#ticks.nextOf(instance));
  }

  #lastingUntil(at: number): void {
    if (Number.isNaN(at) || at >= this.#lastingAt) return;
    this.#lastingAt = at;
    this.#sink.output({ kind: "timer.set", id: LASTING_TIMER, clock: "market", at });
  }

  #lasting(now: number): void {
    this.#lastingAt = Number.NaN;
    for (const instance of this.#ticks.all) {
      if (this.#ticks.nextOf(instance) <= now) {
        this.#closePrompt((this.#bySymbol.get(instance.facts.symbol) ?? NO_SERIES).timed, now);
        this.#judgeNow(instance, now);
      }
    }
    this.#lastingUntil(this.#ticks.earliest(now));
  }

  bar(input: BarInput & { readonly marketTime: number }): void {
    const own = this.#bySymbol.get(input.symbol);
    if (own === undefined) return;
    const all = own.timed;
    const size = barSizeOf(input.size);
    if (input.revised) return this.#corrections.bar(all, input, size, this.#graph.slots, this.#judge.trading);
    this.#graph.quotes.traded(input.symbol, input.close, input.marketTime);
    for (const series of all) {
      if (series.openEnd <= input.start) {
        this.#closing.closeThrough(all, input.start);
        break;
      }
    }
    // Longer bars close first: an evaluation of the shorter ones sees what ended at the same instant.
    for (const { facts } of this.#ticks.deaf(input.symbol)) {
      if (this.#judge.trading) this.#sink.output(noTicks(facts.strategy.name, facts.symbol));
    }
    for (const series of own.counted) {
      if (this.#judge.trading && series.isNewlySilent()) this.#sink.output(noTrades(series));
    }
    this.#closedCount = 0;
    for (const series of all) this.#offer(series, input, size);
    this.#closing.judge(this.#justClosed, this.#closedCount);
  }

  /** Counted apart: an array that is emptied gives its memory back and takes it anew at every bar. */
  readonly #justClosed: TimeSeries[] = [];
  #closedCount = 0;

  #offer(series: TimeSeries, input: BarInput, size: BarSize): void {
    const isOwn = series.size.label === size.label;
    const end = isOwn || size.kind === "session" ? series.endAt(input.start) : input.start + size.ms;
    if (Number.isNaN(end)) return;
    if (this.#closing.isAwaited && series.endAt(input.start) <= end) this.#closing.beforeUpdate(series, end);
    // What trades build at ticks is not given up for the bars of a provider; they only fill what is missing.
    if (series.prompt && series.isBuilding(input.start)) return;
    if (series.offer(input, size, end, !series.prompt) === "closed") {
      this.#justClosed[this.#closedCount++] = series;
      if (!isOwn) this.#closing.announce(series);
    } else if (series.openEnd === series.openEnd) this.#closing.closeAt(series.openEnd);
  }

  timer(id: string, now: number): void {
    if (id === LASTING_TIMER) this.#lasting(now);
    else if (id === BAR_TIMER) this.#closing.timer(now, this.#liveSince === Number.POSITIVE_INFINITY);
  }
}
