/**
 * A program made ready beside the one that runs: its facts, its rules and what history says to both.
 *
 * Owns: that work in small steps, and whether what came out may still be used. It is used when it is what would come out if
 * everything were done at the swap; nobody can tell from the outputs whether it was. May not: change anything that runs, or
 * take over its state (`Signals.load`).
 *
 * A bar that the running series has yet to close belongs to that series: the work waits before it until the swap, when the
 * last word is known. Positions and the account may not change meanwhile, because rules were warmed with them.
 */
import { barSizeOf } from "../../market/bar-size.ts";
import type { Calendar } from "../../market/calendar.ts";
import { invariant } from "../assert.ts";
import type { Firing, HistoryInput, Output } from "../event.ts";
import type { Program, Rule } from "../program.ts";
import { Closing } from "./closing.ts";
import type { Corrections } from "./corrections.ts";
import { instancesOf } from "./flip-groups.ts";
import { FactGraph } from "./graph.ts";
import { groupBySymbol, heirsOf } from "./groups.ts";
import type { BookTable, Heir, SymbolSeries } from "./groups.ts";
import type { Instance } from "./instance.ts";
import { Judge } from "./judge.ts";
import type { Judged, SignalsSink } from "./judge.ts";
import { readsAccount } from "./specs.ts";
import { Ticks } from "./ticks.ts";
import type { TimeSeries } from "./time-series.ts";
import { done } from "./work.ts";
import type { Work } from "./work.ts";

const NO_SERIES: SymbolSeries = { timed: [], counted: [] };

/** What a program needs while it runs, and what it runs beside. */
export interface Surroundings {
  readonly calendarOf: (symbol: string) => Calendar;
  readonly books: BookTable;
  readonly corrections: Corrections;
  readonly sink: SignalsSink;
  readonly running: FactGraph;
  readonly previous: readonly Instance[];
}

/** A program with everything that is made from it. */
export interface Ready {
  readonly program: Program;
  readonly graph: FactGraph;
  readonly instances: readonly Instance[];
  readonly judge: Judge;
  readonly closing: Closing;
  readonly bySymbol: ReadonlyMap<string, SymbolSeries>;
  readonly ticks: Ticks;
  /** Evaluations read account facts. */
  readonly usesAccount: boolean;
  readonly heirs: readonly Heir[];
}

export class Preparation {
  readonly program: Program;
  readonly #around: Surroundings;
  readonly #warmup: HistoryInput[];
  readonly #sink: Outlet;
  readonly #work: Work<Ready>;
  /** Of the books when it began, and the account: other ones would have warmed other rules. */
  readonly #revision: number;
  readonly #usesAccount: boolean;
  /** Running series that knew no bar yet: all of their history was taken. */
  readonly #unknown = new Set<string>();
  /** The next step needs to know more than is known now. */
  #waits = false;
  #isSwap = false;

  constructor(program: Program, warmup: readonly HistoryInput[], around: Surroundings) {
    this.program = program;
    this.#around = around;
    this.#warmup = [...warmup];
    this.#sink = new Outlet(around.sink);
    this.#usesAccount = readsAccount(program);
    this.#revision = around.books.revisionFor(this.#usesAccount);
    this.#work = this.#prepare();
  }

  /** What it was, or will be, warmed with. */
  get warmup(): readonly HistoryInput[] {
    return this.#warmup;
  }

  /** Bars that have closed since. */
  add(history: HistoryInput): void {
    this.#warmup.push(history);
  }

  /** One step. False: nothing is left to do before the swap, as far as is known now. */
  advance(): boolean {
    this.#work.next();
    return !this.#waits;
  }

  /** Whether loading this program now, with these bars, would come to what was prepared. */
  isFor(program: Program, warmup: readonly HistoryInput[], running: FactGraph): boolean {
    const { books, running: beside } = this.#around;
    if (program !== this.program || warmup !== this.#warmup || running !== beside) return false;
    if (books.revisionFor(this.#usesAccount) !== this.#revision) return false;
    for (const key of this.#unknown) if (lastEndOf(running, key) !== Number.NEGATIVE_INFINITY) return false;
    return true;
  }

  /** Does what is left, at the swap: what was announced meanwhile is announced now. */
  finish(): Ready {
    this.#isSwap = true;
    const ready = done(this.#work);
    this.#sink.open();
    return ready;
  }

  *#prepare(): Work<Ready> {
    const { program } = this;
    const { calendarOf, books, corrections, previous } = this.#around;
    const graph = new FactGraph(calendarOf, books, program.staleMs);
    yield* graph.build(program.strategies);
    const instances = yield* instancesOf(graph.instances);
    yield;
    const judge = new Judge(books, this.#sink, program, graph.slots);
    const closing = new Closing({ program, graph, instances, judge, corrections, sink: this.#sink });
    yield;
    const bySymbol = groupBySymbol(graph);
    yield;
    const ticks = new Ticks(instances);
    const heirs = yield* heirsOf(previous, instances);
    yield;
    const made = { program, graph, instances, judge, closing, bySymbol, ticks, heirs };
    const ready: Ready = { ...made, usesAccount: this.#usesAccount };
    // While it runs the list grows; its end is known at the swap alone.
    for (let at = 0; ; at++) {
      while (at === this.#warmup.length) {
        if (this.#isSwap) return ready;
        yield* this.#wait();
      }
      yield* this.#warm(ready, this.#warmup[at] as HistoryInput);
    }
  }

  *#wait(): Work {
    this.#waits = true;
    yield;
    this.#waits = false;
  }

  *#warm(ready: Ready, { symbol, size, bars, session }: HistoryInput): Work {
    const barSize = barSizeOf(size);
    for (const series of (ready.bySymbol.get(symbol) ?? NO_SERIES).timed) {
      if (series.size.label !== size || !series.hears(session)) continue;
      for (const bar of bars) {
        const end = series.endAt(bar.start);
        while (end > this.#closedUntil(series) && !this.#isSwap) yield* this.#wait();
        if (!(end <= this.#closedUntil(series))) continue;
        ready.closing.history(series, bar, barSize, end);
        yield;
      }
    }
  }

  /** What the running series has not closed yet it will close itself. */
  #closedUntil({ key }: TimeSeries): number {
    const known = lastEndOf(this.#around.running, key);
    if (known !== Number.NEGATIVE_INFINITY) return known;
    this.#unknown.add(key);
    return Number.POSITIVE_INFINITY;
  }
}

function lastEndOf({ series }: FactGraph, key: string): number {
  return series.get(key)?.lastEnd ?? Number.NEGATIVE_INFINITY;
}

/** Holds what is announced until the program runs. */
class Outlet implements SignalsSink {
  readonly #to: SignalsSink;
  /** Evaluations of a past that it is warmed with are nobody's concern. */
  readonly judged: Judged | undefined;
  #held: Output[] | undefined = [];

  constructor(to: SignalsSink) {
    this.#to = to;
    const { judged } = to;
    if (judged === undefined) return;
    this.judged = (...evaluation) => {
      if (this.#held === undefined) judged(...evaluation);
    };
  }

  output(output: Output): void {
    if (this.#held === undefined) this.#to.output(output);
    else this.#held.push(output);
  }

  firing(firing: Firing, rule: Rule): void {
    invariant(this.#held === undefined, "nothing fires before the swap");
    this.#to.firing(firing, rule);
  }

  open(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const output of held) this.#to.output(output);
  }
}
