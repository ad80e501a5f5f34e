/**
 * The signals half: bars, facts, rules.
 *
 * Owns: turning market events into firings. Knows the data of the symbols that rules connect.
 * May not: import the desk, size, or place orders. What it knows of positions and the account came as views.
 */
import type { Calendar } from "../../market/calendar.ts";
import { DAY, parseBarSize } from "../../market/bar-size.ts";
import type { BarSize } from "../../market/bar-size.ts";
import { barInterval } from "../../market/sessions.ts";
import { invariant } from "../assert.ts";
import { isoTime } from "../time.ts";
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
import { FactGraph, isFresh } from "./graph.ts";
import { groupBySeries, groupBySymbol, restoreStates } from "./groups.ts";
import { Instance } from "./instance.ts";
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
  #waiting: Instance[] = [];
  #trading = false;
  #liveSince: number | undefined;
  #timerAt = Number.NaN;
  #sizes = new Map<string, BarSize>();

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
    for (const history of warmup) this.history(history);
    this.#trading = wasTrading;
    graph.adopt(old);
    restoreStates(previous, instances);
    this.#liveFrom(this.#liveSince);
  }

  #install(program: Program, graph: FactGraph, instances: Instance[]): void {
    this.#program = program;
    this.#graph = graph;
    this.#instances = instances;
    this.#waiting = [];
    this.#timerAt = Number.NaN;
    this.#bySeries = groupBySeries(instances);
    this.#bySymbol = groupBySymbol(graph);
    this.usesAccount = program.strategies.some((strategy) =>
      strategy.facts.some((fact) => fact.spec.kind === "account"),
    );
  }

  #liveFrom(time: number | undefined): void {
    if (time === undefined) return;
    for (const series of this.#graph.series.values()) series.liveSince(time);
  }

  feed(status: "live" | "down" | "ended", time: number): void {
    if (status === "live") {
      this.#liveSince = time;
      this.#liveFrom(time);
    } else if (status === "down") {
      for (const series of this.#graph.series.values()) series.interrupted();
    }
  }

  /** Bars from before now: facts and latches follow, nothing fires. */
  history({ symbol, size, bars }: HistoryInput): void {
    const barSize = this.#size(size);
    const trading = this.#trading;
    this.#trading = false;
    for (const bar of bars) {
      for (const series of this.#bySymbol.get(symbol) ?? NO_SERIES) {
        if (series.size.label !== size) continue;
        const end = this.#endOf(series, barSize, bar.start);
        if (end !== undefined && series.offer(bar, barSize, end) === "closed") this.#closed(series, end);
      }
    }
    this.#trading = trading;
  }

  quote({ symbol, bid, ask }: QuoteInput): void {
    const quote = this.#graph.quotes.get(symbol);
    if (quote === undefined) return;
    quote.bid = bid;
    quote.ask = ask;
  }

  trade({ symbol, time, price, size, setsPrice }: TradeInput): void {
    const all = this.#bySymbol.get(symbol);
    if (all === undefined) return;
    const quote = this.#graph.quotes.get(symbol);
    if (quote !== undefined && setsPrice) quote.last = price;
    let due = Number.POSITIVE_INFINITY;
    for (const series of all) {
      series.trade(time, price, size, setsPrice);
      if (series.openEnd < due) due = series.openEnd;
    }
    if (due < Number.POSITIVE_INFINITY) this.#closeAt(due);
  }

  bar(input: BarInput): void {
    const all = this.#bySymbol.get(input.symbol);
    if (all === undefined || input.revised) return;
    const quote = this.#graph.quotes.get(input.symbol);
    if (quote !== undefined) quote.last = input.close;
    const size = this.#size(input.size);
    // Longer bars close first: an evaluation of the shorter ones sees what ended at the same instant.
    const closed: { readonly series: Series; readonly end: number }[] = [];
    for (const series of all) {
      const end = this.#endOf(series, size, input.start);
      if (end === undefined) continue;
      if (series.endsBefore(input.start)) this.#closeOpen(series);
      if (series.offer(input, size, end) === "closed") {
        closed.push({ series, end: series.lastEnd });
        if (series.size !== size && series.size.label !== size.label) this.#announce(series);
      } else if (series.openEnd === series.openEnd) this.#closeAt(series.openEnd);
    }
    for (const { series } of closed) this.#updateSeries(series);
    for (const { series, end } of closed) this.#evaluateAll(series, end);
  }

  /** The bar timer: closes what is due and evaluates what waited for others. */
  timer(id: string, now: number): void {
    if (id !== BAR_TIMER) return;
    this.#timerAt = Number.NaN;
    const grace = this.#program?.graceMs ?? 0;
    const due: Series[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const series of this.#graph.series.values()) {
      if (series.openEnd + grace <= now) due.push(series);
      else if (series.openEnd < next) next = series.openEnd;
    }
    due.sort((a, b) => a.openEnd - b.openEnd || b.size.ms - a.size.ms);
    const closed = due
      .map((series) => ({ series, end: series.openEnd, made: this.#close(series) }))
      .filter(({ made }) => made);
    for (const { series } of closed) this.#updateSeries(series);
    for (const { series, end } of closed) this.#evaluateAll(series, end);
    for (const instance of [...this.#waiting]) {
      if (instance.waitingFor + grace <= now) this.#evaluate(instance, instance.waitingFor);
      else next = Math.min(next, instance.waitingFor);
    }
    for (const series of due) if (series.openEnd < next) next = series.openEnd;
    if (next < Number.POSITIVE_INFINITY) this.#closeAt(next);
  }

  #closeOpen(series: Series): void {
    const end = series.openEnd;
    if (this.#close(series)) this.#closed(series, end);
  }

  #close(series: Series): boolean {
    if (series.openIsIncomplete && this.#trading) {
      this.#alert(
        "warning",
        "data/incomplete-bar",
        `${series.key}: the bar ending ${isoTime(series.openEnd)} misses data and is left out`,
        null,
        series.symbol,
      );
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
        if (instance.facts.others.length === 0 || this.#othersAreIn(instance, end)) this.#evaluate(instance, end);
        else this.#wait(instance, end);
      }
    }
    if (this.#waiting.length === 0) return;
    for (const instance of [...this.#waiting]) {
      if (instance.facts.others.includes(series) && this.#othersAreIn(instance, instance.waitingFor))
        this.#evaluate(instance, instance.waitingFor);
    }
  }

  #othersAreIn(instance: Instance, end: number): boolean {
    return instance.facts.others.every((series) => isFresh(series, end));
  }

  #wait(instance: Instance, end: number): void {
    instance.waitingFor = end;
    if (!this.#waiting.includes(instance)) this.#waiting.push(instance);
    this.#closeAt(end);
  }

  #evaluate(instance: Instance, end: number): void {
    if (instance.waitingFor === instance.waitingFor) {
      instance.waitingFor = Number.NaN;
      this.#waiting = this.#waiting.filter((other) => other !== instance);
    }
    const { slots } = this.#graph;
    const { strategy, symbol, series } = instance.facts;
    const book = this.#views.book(strategy.name, symbol);
    const day = series.calendar.sessionAtOrBefore(series.bar.start)?.day ?? Math.floor(end / DAY.ms);
    const { fired, refused, blockedExits } = instance.evaluate(slots, end, day, book, this.#trading);
    for (const { rule, code, reason } of refused) this.#refuse(instance, rule, code, reason);
    if (this.#trading) for (const rule of blockedExits) this.#blockedExit(instance, rule);
    const program = this.#program;
    invariant(program !== undefined, "an evaluation needs a program");
    for (const ruleInstance of fired) {
      const firing = instance.freeze(slots, ruleInstance, program.digest);
      if ("unknown" in firing) {
        this.#refuse(
          instance,
          ruleInstance.rule,
          "unknown_value",
          `${firing.unknown} is unknown, so the order has no price or size`,
        );
        continue;
      }
      instance.consume(ruleInstance.rule);
      this.#sink.firing(firing, ruleInstance.rule);
    }
  }

  #refuse(instance: Instance, rule: Rule, code: string, reason: string): void {
    const { strategy, symbol, moment } = instance.facts;
    this.#sink.output({
      kind: "refused",
      firing: `${strategy.name}/${rule.name}/${symbol}/${moment.time}`,
      strategy: strategy.name,
      rule: rule.name,
      symbol,
      code,
      reason,
    });
  }

  #blockedExit(instance: Instance, rule: Rule): void {
    const { strategy, symbol } = instance.facts;
    this.#alert(
      "critical",
      "exit/unknown",
      `exit rule "${rule.name}" cannot be judged: one of its facts is unknown while a position is open`,
      strategy.name,
      symbol,
    );
  }

  #alert(
    level: "warning" | "critical",
    code: string,
    message: string,
    strategy: string | null,
    symbol: string | null,
  ): void {
    this.#sink.output({ kind: "alert", level, code, message, strategy, symbol });
  }

  /** One timer for everything: the earliest bar end plus grace. */
  #closeAt(end: number): void {
    const at = end + (this.#program?.graceMs ?? 0);
    if (at >= this.#timerAt) return;
    this.#timerAt = at;
    this.#sink.output({ kind: "timer.set", id: BAR_TIMER, clock: "market", at });
  }

  #endOf(series: Series, size: BarSize, start: number): number | undefined {
    if (size.kind === "session" || series.size.label === size.label)
      return barInterval(series.calendar, size, start, series.session)?.end;
    return start + size.ms;
  }

  #size(label: string): BarSize {
    let size = this.#sizes.get(label);
    if (size === undefined) {
      size = parseBarSize(label);
      invariant(size !== undefined, `not a bar size: ${label}`);
      this.#sizes.set(label, size);
    }
    return size;
  }
}

export function bookKey(strategy: string, symbol: string): string {
  return `${strategy}/${symbol}`;
}
