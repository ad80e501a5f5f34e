/**
 * The signals half: bars, facts, rules.
 *
 * Owns: turning market events into firings. Knows the data of the symbols that rules connect.
 * May not: import the desk, size, or place orders. What it knows of positions and the account came as views.
 */
import type { Calendar } from "../../market/calendar.ts";
import { barSizeOf } from "../../market/bar-size.ts";
import type { BarSize } from "../../market/bar-size.ts";
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
import { incompleteBar, noTicks } from "./announcements.ts";
import { barriersOf } from "./barrier.ts";
import type { Barrier } from "./barrier.ts";
import { Corrections } from "./corrections.ts";
import { FactGraph } from "./graph.ts";
import { BookTable, groupBySeries, groupBySymbol, restoreStates } from "./groups.ts";
import type { Judged } from "./groups.ts";
import { Instance } from "./instance.ts";
import { Judge } from "./judge.ts";
import type { SignalsSink } from "./judge.ts";
import type { Series } from "./series.ts";
import { Ticks } from "./ticks.ts";

const BAR_TIMER = "bars";
/** When a condition of rules on ticks will have lasted long enough. */
const LASTING_TIMER = "lasting";
const NO_SERIES: readonly Series[] = [];

export class Signals {
  readonly #calendarOf: (symbol: string) => Calendar;
  readonly #sink: SignalsSink;
  readonly #books = new BookTable();
  #program: Program | undefined;
  #graph: FactGraph;
  #instances: Instance[] = [];
  #bySeries = new Map<Series, Judged[]>();
  #bySymbol = new Map<string, readonly Series[]>();
  #barriers = new Map<Instance, Barrier>();
  /** Barriers at which somebody waits. */
  #waiting: Barrier[] = [];
  #ticks = new Ticks([]);
  #lastingAt = Number.NaN;
  readonly #judge: Judge;
  readonly #corrections: Corrections;
  #liveSince: number | undefined;
  #timerAt = Number.NaN;

  constructor(calendarOf: (symbol: string) => Calendar, sink: SignalsSink) {
    this.#calendarOf = calendarOf;
    this.#sink = sink;
    this.#graph = new FactGraph([], calendarOf, this.#books);
    this.#judge = new Judge(this.#books, sink, this.#graph.slots);
    this.#corrections = new Corrections((output) => sink.output(output));
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
    const graph = new FactGraph(program.strategies, this.#calendarOf, this.#books);
    const instances = graph.instances.map((facts) => new Instance(facts));
    const wasTrading = this.#judge.trading;
    const old = this.#graph;
    this.#install(program, graph, instances);
    this.#judge.trading = false;
    for (const history of warmup) this.#warm(history, old);
    this.#judge.trading = wasTrading;
    graph.adopt(old);
    restoreStates(previous, instances);
    this.#waiting = [...new Set(this.#barriers.values())].filter((barrier) => barrier.resume());
    for (const series of graph.series.values()) {
      if (this.#liveSince !== undefined) series.liveSince(this.#liveSince);
      if (series.openEnd === series.openEnd) this.#closeAt(series.openEnd);
    }
    for (const barrier of this.#waiting) this.#closeAt(barrier.end);
    this.#lastingUntil(this.#ticks.earliest(Number.NEGATIVE_INFINITY));
  }

  #install(program: Program, graph: FactGraph, instances: Instance[]): void {
    this.#program = program;
    this.#graph = graph;
    this.#judge.use(program, graph.slots);
    this.#instances = instances;
    this.#waiting = [];
    this.#timerAt = Number.NaN;
    this.#ticks = new Ticks(instances);
    this.#lastingAt = Number.NaN;
    this.#barriers = barriersOf(instances, graph);
    this.#bySeries = groupBySeries(this.#barriers);
    this.#bySymbol = groupBySymbol(graph);
    this.usesAccount = program.strategies.some((strategy) =>
      strategy.facts.some((fact) => fact.spec.kind === "account"),
    );
  }

  feed(status: "live" | "down" | "ended", time: number): void {
    if (status === "ended") return;
    this.#liveSince = status === "live" ? time : Number.POSITIVE_INFINITY;
    for (const series of this.#graph.series.values()) {
      if (status === "live") series.liveSince(time);
      else series.interrupted();
    }
  }

  /** Bars from before now: facts and latches follow, nothing fires. */
  history(input: HistoryInput): void {
    const trading = this.#judge.trading;
    this.#judge.trading = false;
    this.#warm(input, undefined);
    this.#judge.trading = trading;
  }

  /** `running`: a graph whose series go on after the warm-up; what they have not closed yet they will close themselves. */
  #warm({ symbol, size, bars }: HistoryInput, running: FactGraph | undefined): void {
    const barSize = barSizeOf(size);
    for (const series of this.#bySymbol.get(symbol) ?? NO_SERIES) {
      if (series.size.label !== size) continue;
      const known = running?.series.get(series.key)?.lastEnd ?? Number.NEGATIVE_INFINITY;
      const until = known === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : known;
      for (const bar of bars) {
        const end = series.endAt(bar.start);
        if (!(end <= until)) continue;
        this.#beforeUpdate(series, end);
        if (series.offer(bar, barSize, end, false) === "closed") this.#closed(series, end);
      }
    }
  }

  quote({ symbol, time, bid, bidSize, ask, askSize, marketTime }: QuoteInput & { readonly marketTime: number }): void {
    const quote = this.#graph.quotes.get(symbol);
    if (quote !== undefined) {
      // Feeds write 0 where nobody quotes: that side is unknown, not free of charge.
      quote.bid = bid > 0 ? bid : Number.NaN;
      quote.ask = ask > 0 ? ask : Number.NaN;
      quote.bidSize = bid > 0 ? bidSize : Number.NaN;
      quote.askSize = ask > 0 ? askSize : Number.NaN;
    }
    if (bid > 0 && ask >= bid) this.#tick(symbol, time, (bid + ask) / 2, undefined, true, marketTime);
  }

  trade({ symbol, time, price, size, setsPrice, marketTime }: TradeInput & { readonly marketTime: number }): void {
    const quote = this.#graph.quotes.get(symbol);
    if (quote !== undefined && setsPrice) quote.last = price;
    this.#tick(symbol, time, price, size, setsPrice, marketTime);
  }

  /** `size` undefined: the middle of a quote. */
  #tick(
    symbol: string,
    time: number,
    price: number,
    size: number | undefined,
    setsPrice: boolean,
    marketTime: number,
  ): void {
    const all = this.#bySymbol.get(symbol);
    if (all === undefined) return;
    const judged = this.#ticks.of(symbol);
    if (judged.length > 0) this.#closePrompt(all, time);
    const watermark = marketTime - (this.#program?.graceMs ?? 0);
    let due = Number.POSITIVE_INFINITY;
    for (const series of all) {
      const offer =
        size === undefined
          ? series.quote(time, price, watermark)
          : series.trade(time, price, size, setsPrice, watermark);
      if (offer === "late")
        this.#corrections.trade(series, { time, price, size, setsPrice }, this.#graph.slots, this.#judge.trading);
      if (series.openEnd < due) due = series.openEnd;
    }
    if (due < Number.POSITIVE_INFINITY) this.#closeAt(due);
    for (const instance of judged) this.#judgeNow(instance, marketTime);
  }

  /** Closes at once what ended before `time` of the series that do not wait out a grace. */
  #closePrompt(candidates: readonly Series[], time: number): void {
    for (const series of candidates) {
      if (series.prompt && series.openEnd <= time) this.#closeThrough([series], time);
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
        this.#closePrompt(this.#bySymbol.get(instance.facts.symbol) ?? NO_SERIES, now);
        this.#judgeNow(instance, now);
      }
    }
    this.#lastingUntil(this.#ticks.earliest(now));
  }

  bar(input: BarInput): void {
    const all = this.#bySymbol.get(input.symbol);
    if (all === undefined) return;
    const size = barSizeOf(input.size);
    if (input.revised) return this.#corrections.bar(all, input, size, this.#graph.slots, this.#judge.trading);
    const quote = this.#graph.quotes.get(input.symbol);
    if (quote !== undefined) quote.last = input.close;
    for (const series of all) {
      if (series.openEnd <= input.start) {
        this.#closeThrough(all, input.start);
        break;
      }
    }
    // Longer bars close first: an evaluation of the shorter ones sees what ended at the same instant.
    for (const { facts } of this.#ticks.deaf(input.symbol)) {
      if (this.#judge.trading) this.#sink.output(noTicks(facts.strategy.name, facts.symbol));
    }
    const closed = this.#justClosed;
    closed.length = 0;
    for (const series of all) this.#offer(series, input, size, closed);
    for (const series of closed) this.#updateSeries(series);
    for (const series of closed) this.#evaluateAll(series, series.barEnd);
  }

  readonly #justClosed: Series[] = [];

  #offer(series: Series, input: BarInput, size: BarSize, closed: Series[]): void {
    const isOwn = series.size.label === size.label;
    const end = isOwn || size.kind === "session" ? series.endAt(input.start) : input.start + size.ms;
    if (Number.isNaN(end)) return;
    if (this.#waiting.length > 0 && series.endAt(input.start) <= end) this.#beforeUpdate(series, end);
    // What trades build at ticks is not given up for the bars of a provider; they only fill what is missing.
    if (series.prompt && series.isBuilding(input.start)) return;
    if (series.offer(input, size, end, !series.prompt) === "closed") {
      closed.push(series);
      if (!isOwn) this.#announce(series);
    } else if (series.openEnd === series.openEnd) this.#closeAt(series.openEnd);
  }

  /** The bar timer: closes what is due and evaluates what waited for others. */
  timer(id: string, now: number): void {
    if (id === LASTING_TIMER) return this.#lasting(now);
    if (id !== BAR_TIMER) return;
    this.#timerAt = Number.NaN;
    const grace = this.#program?.graceMs ?? 0;
    const { series } = this.#graph;
    this.#closeThrough(series.values(), now - grace);
    let next = Number.POSITIVE_INFINITY;
    for (const { openEnd } of series.values()) if (openEnd < next) next = openEnd;
    for (const barrier of [...this.#waiting]) {
      if (barrier.end + grace <= now) this.#release(barrier);
      else next = Math.min(next, barrier.end);
    }
    if (next < Number.POSITIVE_INFINITY) this.#closeAt(next);
  }

  /**
   * Closes what ended at or before `time`, instant by instant: all series of one instant are updated before anything
   * is evaluated, and nothing of a later instant is.
   */
  #closeThrough(candidates: Iterable<Series>, time: number): void {
    const due = [...candidates].filter((series) => series.openEnd <= time).sort((a, b) => b.size.ms - a.size.ms);
    while (due.length > 0) {
      let end = Number.POSITIVE_INFINITY;
      for (const { openEnd } of due) if (openEnd < end) end = openEnd;
      if (!(end <= time)) return;
      const now = due.filter((series) => series.openEnd === end);
      for (const series of now) this.#beforeUpdate(series, end);
      const made = now.filter((series) => this.#close(series));
      for (const series of made) this.#updateSeries(series);
      for (const series of made) this.#evaluateAll(series, end);
    }
  }

  /** Who still waits at an earlier instant is judged before a series it reads moves on: it must not see the future. */
  #beforeUpdate(series: Series, end: number): void {
    if (this.#waiting.length === 0) return;
    for (const barrier of [...this.#waiting]) if (barrier.end < end && barrier.reads(series)) this.#release(barrier);
  }

  #close(series: Series): boolean {
    if (series.openIsIncomplete && this.#judge.trading) {
      this.#sink.output(incompleteBar(series));
    }
    const made = series.close();
    if (made) this.#announce(series);
    return made;
  }

  #announce(series: Series): void {
    const isTold = series.prompt && this.#graph.hasTwin(series);
    if (this.#judge.trading && !isTold)
      this.#sink.output({ kind: "bar", symbol: series.symbol, size: series.size.label, bar: { ...series.bar } });
  }

  #closed(series: Series, end: number): void {
    this.#updateSeries(series);
    this.#evaluateAll(series, end);
  }

  #updateSeries(series: Series): void {
    const { slots } = this.#graph;
    series.past.follow();
    for (const node of series.nodes) node.update(slots);
  }

  #evaluateAll(series: Series, end: number): void {
    const own = this.#bySeries.get(series);
    if (own !== undefined) {
      for (const { instance, barrier } of own) {
        if (barrier.isOpen) {
          instance.prepare(this.#graph.slots, end);
          this.#judge.evaluate(instance);
        } else this.#wait(barrier, instance, end);
      }
    }
    if (this.#waiting.length === 0) return;
    for (const barrier of [...this.#waiting]) if (barrier.cameIn(series)) this.#release(barrier);
  }

  #wait(barrier: Barrier, instance: Instance, end: number): void {
    barrier.arrive(instance, end);
    if (!this.#waiting.includes(barrier)) this.#waiting.push(barrier);
    this.#closeAt(end);
  }

  /** Everybody who waits at this barrier: first what ranks compare, for all of them, then one after the other. */
  #release(barrier: Barrier): void {
    const { end } = barrier;
    this.#waiting = this.#waiting.filter((other) => other !== barrier);
    const { slots } = this.#graph;
    const released = barrier.release();
    for (const instance of released) instance.prepare(slots, instance.waitingFor);
    barrier.collect(slots, end);
    for (const instance of released) {
      instance.waitingFor = Number.NaN;
      this.#judge.evaluate(instance);
    }
  }

  /** One timer for everything: the earliest bar end plus grace. */
  #closeAt(end: number): void {
    const at = end + (this.#program?.graceMs ?? 0);
    if (at >= this.#timerAt) return;
    this.#timerAt = at;
    this.#sink.output({ kind: "timer.set", id: BAR_TIMER, clock: "market", at });
  }
}
