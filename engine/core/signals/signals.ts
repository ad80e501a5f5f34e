/**
 * The signals half: bars, facts, rules.
 *
 * Owns: turning market events into firings. Knows the data of the symbols that rules connect.
 * May not: import the desk, size, or place orders. What it knows of positions and the account came as views.
 */
import type { Calendar } from "../../market/calendar.ts";
import { barSizeOf } from "../../market/bar-size.ts";
import type { BarSize } from "../../market/bar-size.ts";
import type { FeedInput } from "../feed-event.ts";
import type {
  AccountView,
  BarInput,
  BookView,
  HistoryInput,
  ProgramLoadedInput,
  QuoteInput,
  TradeInput,
} from "../event.ts";
import type { Program } from "../program.ts";
import { restoreEach } from "../saved.ts";
import { cutBar, noTicks, noTrades } from "./announcements.ts";
import { BAR_TIMER, Closing } from "./closing.ts";
import type { SavedClosing } from "./closing.ts";
import { Corrections } from "./corrections.ts";
import { instancesOf } from "./flip-groups.ts";
import type { LateTrade } from "./corrections.ts";
import { FactGraph } from "./graph.ts";
import type { SavedGraph } from "./graph.ts";
import { BookTable, groupBySymbol, restoreStates } from "./groups.ts";
import type { SavedViews, SymbolSeries } from "./groups.ts";
import type { Instance, SavedInstance } from "./instance.ts";
import { Judge } from "./judge.ts";
import type { SignalsSink } from "./judge.ts";
import type { Series } from "./series.ts";
import { readsAccount } from "./specs.ts";
import { Ticks } from "./ticks.ts";
import { divides } from "./time-series.ts";
import type { TimeSeries } from "./time-series.ts";

/** When a condition of rules on ticks will have lasted long enough. */
const LASTING_TIMER = "lasting";
const NO_SERIES: SymbolSeries = { timed: [], counted: [] };

export interface SavedSignals {
  readonly views: SavedViews;
  readonly graph: SavedGraph;
  readonly instances: Readonly<Record<string, SavedInstance>>;
  readonly closing: SavedClosing;
  readonly silent: readonly string[];
  readonly trading: boolean;
  readonly liveSince: number | null;
  readonly lastingAt: number;
}

export class Signals {
  readonly #calendarOf: (symbol: string) => Calendar;
  readonly #sink: SignalsSink;
  readonly #books = new BookTable();
  #program: Program | undefined;
  #graph: FactGraph;
  #instances: Instance[] = [];
  #bySymbol = new Map<string, SymbolSeries>();
  #ticks = new Ticks([]);
  #lastingAt = Number.NaN;
  readonly #judge: Judge;
  readonly #corrections: Corrections;
  #liveSince: number | undefined;
  #closing: Closing;

  constructor(calendarOf: (symbol: string) => Calendar, sink: SignalsSink) {
    this.#calendarOf = calendarOf;
    this.#sink = sink;
    this.#graph = new FactGraph([], calendarOf, this.#books);
    this.#judge = new Judge(this.#books, sink, this.#graph.slots);
    this.#corrections = new Corrections((output) => sink.output(output));
    this.#closing = this.#closingOf({ graceMs: 0 }, []);
  }

  get instances(): readonly Instance[] {
    return this.#instances;
  }

  get graph(): FactGraph {
    return this.#graph;
  }

  get program(): Program | undefined {
    return this.#program;
  }

  /** Whether evaluations read account facts, so that the caller knows to keep the view fresh. */
  usesAccount = false;

  setAccount(view: AccountView): void {
    this.#books.account = view;
  }

  setBook(view: BookView): void {
    this.#books.set(view);
  }

  startTrading(): void {
    this.#judge.trading = true;
  }

  /** Swaps the program between two events. New facts are warmed beside the running ones; old ones continue. */
  load({ program, warmup }: ProgramLoadedInput): void {
    const previous = this.#instances;
    const graph = new FactGraph(program.strategies, this.#calendarOf, this.#books, program.staleMs);
    const instances = instancesOf(graph.instances);
    const wasTrading = this.#judge.trading;
    const old = this.#graph;
    this.#install(program, graph, instances);
    this.#judge.trading = false;
    for (const history of warmup) this.#warm(history, old);
    this.#judge.trading = wasTrading;
    graph.adopt(old);
    restoreStates(previous, instances);
    if (this.#liveSince !== undefined) for (const series of graph.series.values()) series.liveSince(this.#liveSince);
    this.#closing.resume();
    this.#lastingUntil(this.#ticks.earliest(Number.NEGATIVE_INFINITY));
  }

  #install(program: Program, graph: FactGraph, instances: Instance[]): void {
    this.#program = program;
    this.#graph = graph;
    this.#judge.use(program, graph.slots);
    this.#instances = instances;
    this.#ticks = new Ticks(instances);
    this.#lastingAt = Number.NaN;
    this.#closing = this.#closingOf(program, instances);
    this.#bySymbol = groupBySymbol(graph);
    this.usesAccount = readsAccount(program);
  }

  #closingOf(program: Pick<Program, "graceMs">, instances: readonly Instance[]): Closing {
    return new Closing({
      program,
      graph: this.#graph,
      instances,
      judge: this.#judge,
      corrections: this.#corrections,
      sink: this.#sink,
    });
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
    };
  }

  /** Of signals that know nothing yet. */
  restore(program: Program, saved: SavedSignals): void {
    const graph = new FactGraph(program.strategies, this.#calendarOf, this.#books, program.staleMs);
    const instances = instancesOf(graph.instances);
    this.#install(program, graph, instances);
    graph.restore(saved.graph);
    const named = instances.map((instance) => [instance.facts.key, instance] as const);
    restoreEach("instance", saved.instances, named, (instance, of) => instance.restore(of));
    this.#books.restore(saved.views);
    this.#closing.restore(saved.closing);
    this.#ticks.restore(saved.silent);
    this.#judge.trading = saved.trading;
    this.#liveSince = saved.liveSince ?? undefined;
    this.#lastingAt = saved.lastingAt;
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

  /** A bar that began at `start` was given up; NaN: none was. */
  #cut(series: Series, start: number): void {
    if (this.#judge.trading && !Number.isNaN(start)) this.#sink.output(cutBar(series, start));
  }

  /** Bars from before now: facts and latches follow, nothing fires. */
  history(input: HistoryInput, fills = false): void {
    const trading = this.#judge.trading;
    this.#judge.trading = false;
    this.#warm(input, undefined, fills);
    this.#judge.trading = trading;
  }

  /**
   * `running`: a graph whose series go on after the warm-up; what they have not closed yet they will close themselves.
   * `fills`: what a feed of bars has missed also fills the larger bars that are built from its bars.
   */
  #warm({ symbol, size, bars }: HistoryInput, running: FactGraph | undefined, fills = false): void {
    const barSize = barSizeOf(size);
    for (const series of (this.#bySymbol.get(symbol) ?? NO_SERIES).timed) {
      const isOwn = series.size.label === size;
      if (!isOwn && !(fills && series.isFromBars && divides(barSize, series.size))) continue;
      const known = running?.series.get(series.key)?.lastEnd ?? Number.NEGATIVE_INFINITY;
      const until = known === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : known;
      for (const bar of bars) {
        const end = isOwn || series.size.kind === "session" ? series.endAt(bar.start) : bar.start + barSize.ms;
        if (!(end <= until)) continue;
        if (fills && series.openEnd <= bar.start) this.#closing.closeThrough([series], bar.start);
        this.#closing.beforeUpdate(series, end);
        if (series.offer(bar, barSize, end, false) === "closed") this.#closing.judge([series]);
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
    const watermark = marketTime - (this.#program?.graceMs ?? 0);
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
