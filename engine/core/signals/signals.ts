/**
 * The signals half: bars, facts, rules.
 *
 * Owns: turning market events into firings. Knows the data of the symbols that rules connect.
 * May not: import the desk, size, or place orders. What it knows of positions and the account came as views.
 */
import type { Calendar } from "../../market/calendar.ts";
import { DAY } from "../../market/bar-size.ts";
import type { BarSize } from "../../market/bar-size.ts";
import { onlyReduces } from "../actions.ts";
import { invariant } from "../assert.ts";
import type {
  AccountView,
  BarInput,
  BookView,
  Firing,
  HistoryInput,
  Output,
  ProgramLoadedInput,
  QuoteInput,
  TradeInput,
} from "../event.ts";
import type { Program, Rule } from "../program.ts";
import { blockedExit, incompleteBar, lateTrade, refusal } from "./announcements.ts";
import { barriersOf } from "./barrier.ts";
import type { Barrier } from "./barrier.ts";
import { FactGraph } from "./graph.ts";
import { SizeTable, bookKey, groupBySeries, groupBySymbol, restoreStates } from "./groups.ts";
import { Instance, NOTHING } from "./instance.ts";
import type { Series } from "./series.ts";
import type { Views } from "./view-nodes.ts";

export interface SignalsSink {
  output(output: Output): void;
  firing(firing: Firing, rule: Rule): void;
}

const BAR_TIMER = "bars";
const NO_SERIES: readonly Series[] = [];

export class Signals {
  readonly #calendarOf: (symbol: string) => Calendar;
  readonly #sink: SignalsSink;
  readonly #books = new Map<string, BookView>();
  #account: AccountView = { equity: Number.NaN, cash: Number.NaN, buyingPower: Number.NaN, dayPnl: Number.NaN };
  readonly #views: Views;
  #program: Program | undefined;
  #graph: FactGraph;
  #instances: Instance[] = [];
  #bySeries = new Map<Series, Instance[]>();
  #bySymbol = new Map<string, readonly Series[]>();
  #barriers = new Map<Instance, Barrier>();
  /** Barriers at which somebody waits. */
  #waiting: Barrier[] = [];
  #trading = false;
  #liveSince: number | undefined;
  #timerAt = Number.NaN;
  readonly #sizes = new SizeTable();

  constructor(calendarOf: (symbol: string) => Calendar, sink: SignalsSink) {
    this.#calendarOf = calendarOf;
    this.#sink = sink;
    const books = this.#books;
    const account = (): AccountView => this.#account;
    this.#views = {
      book: (strategy, symbol) => books.get(bookKey(strategy, symbol)),
      get account() {
        return account();
      },
    };
    this.#graph = new FactGraph([], calendarOf, this.#views);
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
    this.#account = view;
  }

  setBook(view: BookView): void {
    this.#books.set(bookKey(view.strategy, view.symbol), view);
  }

  startTrading(): void {
    this.#trading = true;
  }

  /** Swaps the program between two events. New facts are warmed beside the running ones; old ones continue. */
  load({ program, warmup }: ProgramLoadedInput): void {
    const previous = this.#instances;
    const graph = new FactGraph(program.strategies, this.#calendarOf, this.#views);
    const instances = graph.instances.map((facts) => new Instance(facts));
    const wasTrading = this.#trading;
    const old = this.#graph;
    this.#install(program, graph, instances);
    this.#trading = false;
    for (const history of warmup) this.#warm(history, old);
    this.#trading = wasTrading;
    graph.adopt(old);
    restoreStates(previous, instances);
    this.#waiting = [...new Set(this.#barriers.values())].filter((barrier) => barrier.resume());
    for (const series of graph.series.values()) {
      if (this.#liveSince !== undefined) series.liveSince(this.#liveSince);
      if (series.openEnd === series.openEnd) this.#closeAt(series.openEnd);
    }
    for (const barrier of this.#waiting) this.#closeAt(barrier.end);
  }

  #install(program: Program, graph: FactGraph, instances: Instance[]): void {
    this.#program = program;
    this.#graph = graph;
    this.#instances = instances;
    this.#waiting = [];
    this.#timerAt = Number.NaN;
    this.#barriers = barriersOf(instances, graph);
    this.#bySeries = groupBySeries(instances);
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
    const trading = this.#trading;
    this.#trading = false;
    this.#warm(input, undefined);
    this.#trading = trading;
  }

  /** `running`: a graph whose series go on after the warm-up; what they have not closed yet they will close themselves. */
  #warm({ symbol, size, bars }: HistoryInput, running: FactGraph | undefined): void {
    const barSize = this.#sizes.of(size);
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

  quote({ symbol, time, bid, ask, marketTime }: QuoteInput & { readonly marketTime: number }): void {
    const quote = this.#graph.quotes.get(symbol);
    if (quote !== undefined) {
      // Feeds write 0 where nobody quotes: that side is unknown, not free of charge.
      quote.bid = bid > 0 ? bid : Number.NaN;
      quote.ask = ask > 0 ? ask : Number.NaN;
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
    const watermark = marketTime - (this.#program?.graceMs ?? 0);
    let due = Number.POSITIVE_INFINITY;
    for (const series of all) {
      const offer =
        size === undefined
          ? series.quote(time, price, watermark)
          : series.trade(time, price, size, setsPrice, watermark);
      if (offer === "late") this.#late(series);
      if (series.openEnd < due) due = series.openEnd;
    }
    if (due < Number.POSITIVE_INFINITY) this.#closeAt(due);
  }

  #late(series: Series): void {
    if (series.lateWasTold || !this.#trading) return;
    series.lateWasTold = true;
    this.#sink.output(lateTrade(series));
  }

  bar(input: BarInput): void {
    const all = this.#bySymbol.get(input.symbol);
    if (all === undefined || input.revised) return;
    const quote = this.#graph.quotes.get(input.symbol);
    if (quote !== undefined) quote.last = input.close;
    const size = this.#sizes.of(input.size);
    for (const series of all) {
      if (series.openEnd <= input.start) {
        this.#closeThrough(all, input.start);
        break;
      }
    }
    // Longer bars close first: an evaluation of the shorter ones sees what ended at the same instant.
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
    if (series.offer(input, size, end, true) === "closed") {
      closed.push(series);
      if (!isOwn) this.#announce(series);
    } else if (series.openEnd === series.openEnd) this.#closeAt(series.openEnd);
  }

  /** The bar timer: closes what is due and evaluates what waited for others. */
  timer(id: string, now: number): void {
    if (id !== BAR_TIMER) return;
    this.#timerAt = Number.NaN;
    const grace = this.#program?.graceMs ?? 0;
    const { series } = this.#graph;
    this.#closeThrough(series.values(), now - grace);
    let next = Number.POSITIVE_INFINITY;
    for (const { openEnd } of series.values()) if (openEnd < next) next = openEnd;
    for (const barrier of [...this.#waiting]) {
      if (barrier.end + grace <= now) this.#judge(barrier);
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
    for (const barrier of [...this.#waiting]) if (barrier.end < end && barrier.reads(series)) this.#judge(barrier);
  }

  #close(series: Series): boolean {
    if (series.openIsIncomplete && this.#trading) {
      this.#sink.output(incompleteBar(series));
    }
    const made = series.close();
    if (made) this.#announce(series);
    return made;
  }

  #announce(series: Series): void {
    if (this.#trading)
      this.#sink.output({ kind: "bar", symbol: series.symbol, size: series.size.label, bar: { ...series.bar } });
  }

  #closed(series: Series, end: number): void {
    this.#updateSeries(series);
    this.#evaluateAll(series, end);
  }

  #updateSeries(series: Series): void {
    const { slots } = this.#graph;
    for (const node of series.nodes) node.update(slots);
  }

  #evaluateAll(series: Series, end: number): void {
    const own = this.#bySeries.get(series);
    if (own !== undefined) {
      for (const instance of own) {
        const barrier = this.#barrierOf(instance);
        if (barrier.isOpen) {
          instance.prepare(this.#graph.slots, end);
          this.#evaluate(instance, end);
        } else this.#wait(barrier, instance, end);
      }
    }
    if (this.#waiting.length === 0) return;
    for (const barrier of [...this.#waiting]) if (barrier.cameIn(series)) this.#judge(barrier);
  }

  #barrierOf(instance: Instance): Barrier {
    const barrier = this.#barriers.get(instance);
    invariant(barrier !== undefined, "every instance stands at a barrier");
    return barrier;
  }

  #wait(barrier: Barrier, instance: Instance, end: number): void {
    barrier.arrive(instance, end);
    if (!this.#waiting.includes(barrier)) this.#waiting.push(barrier);
    this.#closeAt(end);
  }

  /** Everybody who waits at this barrier: first what ranks compare, for all of them, then one after the other. */
  #judge(barrier: Barrier): void {
    const { end } = barrier;
    this.#waiting = this.#waiting.filter((other) => other !== barrier);
    const { slots } = this.#graph;
    const released = barrier.release();
    for (const instance of released) instance.prepare(slots, instance.waitingFor);
    barrier.collect(slots, end);
    for (const instance of released) {
      const { waitingFor } = instance;
      instance.waitingFor = Number.NaN;
      this.#evaluate(instance, waitingFor);
    }
  }

  #evaluate(instance: Instance, end: number): void {
    const { slots } = this.#graph;
    const { strategy, symbol, series } = instance.facts;
    const book = this.#views.book(strategy.name, symbol);
    const day = series.calendar.sessionAtOrBefore(series.bar.start)?.day ?? Math.floor(end / DAY.ms);
    const evaluation = instance.evaluate(slots, day, book, this.#trading);
    if (evaluation === NOTHING) return;
    const { fired, refused, blockedExits } = evaluation;
    for (const { rule, code, reason } of refused) this.#sink.output(refusal(instance, rule, code, reason));
    if (this.#trading) for (const rule of blockedExits) this.#sink.output(blockedExit(instance, rule));
    const program = this.#program;
    invariant(program !== undefined, "an evaluation needs a program");
    for (const ruleInstance of fired) {
      const firing = instance.freeze(slots, ruleInstance, program.digest);
      if ("unknown" in firing) {
        const { rule } = ruleInstance;
        const reason = `${firing.unknown} is unknown, so the order has no price or size`;
        this.#sink.output(refusal(instance, rule, "unknown_value", reason));
        if (onlyReduces(rule.action)) this.#sink.output(blockedExit(instance, rule));
        continue;
      }
      instance.consume(ruleInstance.rule);
      this.#sink.firing(firing, ruleInstance.rule);
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
