/**
 * Closing bars: in which order bars close, and who is judged by it.
 *
 * Owns: that all bars of one instant are known before anything is judged, and nothing of a later one is; who still waits
 * for others; the timer of the earliest end. May not: build bars, or decide what fires.
 */
import type { BarSize } from "../../market/bar-size.ts";
import type { Bar } from "../event.ts";
import type { Program } from "../program.ts";
import { RestoreError } from "../saved.ts";
import type { ActivitySeries } from "./activity-series.ts";
import { closedBar, incompleteBar } from "./announcements.ts";
import { barriersOf } from "./barrier.ts";
import type { Barrier, SavedBarrier } from "./barrier.ts";
import type { CountedTrade, Corrections } from "./corrections.ts";
import type { FactGraph } from "./graph.ts";
import { byLength, groupBySeries } from "./groups.ts";
import type { Judged } from "./groups.ts";
import type { Instance } from "./instance.ts";
import type { Judge, SignalsSink } from "./judge.ts";
import type { Series } from "./series.ts";
import type { TimeSeries } from "./time-series.ts";

export const BAR_TIMER = "bars";
const NOBODY: readonly Judged[] = [];

/** What closes bars of one program. */
interface Parts {
  readonly program: Pick<Program, "graceMs">;
  readonly graph: FactGraph;
  readonly instances: readonly Instance[];
  readonly judge: Judge;
  readonly corrections: Corrections;
  readonly sink: SignalsSink;
}

/** Who waits, in the order in which they came to wait, and when the bar timer will ring. */
export interface SavedClosing {
  readonly waiting: readonly SavedBarrier[];
  readonly timerAt: number;
}

export class Closing {
  readonly #graph: FactGraph;
  readonly #judge: Judge;
  readonly #corrections: Corrections;
  readonly #sink: SignalsSink;
  readonly #graceMs: number;
  readonly #barriers: ReadonlyMap<Instance, Barrier>;
  /** Who is judged at a bar of its series, and who first waits there for others. */
  readonly #alone = new Map<Series, readonly Judged[]>();
  readonly #together = new Map<Series, readonly Judged[]>();
  /** Barriers at which somebody waits. */
  #waiting: Barrier[] = [];
  #timerAt = Number.NaN;

  constructor({ program, graph, instances, judge, corrections, sink }: Parts) {
    this.#graph = graph;
    this.#judge = judge;
    this.#corrections = corrections;
    this.#sink = sink;
    this.#graceMs = program.graceMs;
    this.#barriers = barriersOf(instances, graph);
    for (const [series, judged] of groupBySeries(this.#barriers)) {
      const alone = judged.filter(({ barrier }) => barrier.isOpen);
      if (alone.length > 0) this.#alone.set(series, alone);
      if (alone.length < judged.length)
        this.#together.set(
          series,
          judged.filter(({ barrier }) => !barrier.isOpen),
        );
    }
  }

  get isAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** After a reload: what is open and who waits go on. */
  resume(): void {
    this.#waiting = [...new Set(this.#barriers.values())].filter((barrier) => barrier.resume());
    for (const series of this.#graph.series.values()) {
      if (series.openEnd === series.openEnd) this.closeAt(series.openEnd);
    }
    for (const barrier of this.#waiting) this.closeAt(barrier.end);
  }

  save(): SavedClosing {
    return { waiting: this.#waiting.map((barrier) => barrier.save()), timerAt: this.#timerAt };
  }

  restore({ waiting, timerAt }: SavedClosing): void {
    const byName = new Map([...this.#barriers].map(([{ facts }, barrier]) => [facts.key, barrier]));
    this.#waiting = waiting.map((one) => {
      const barrier = byName.get(one.of);
      if (barrier === undefined) throw new RestoreError("saved/shape", `the program has no "${one.of}" that waits`);
      barrier.restore(one);
      return barrier;
    });
    this.#timerAt = timerAt;
  }

  /**
   * The bar timer: closes what is due and evaluates what waited for others. While a feed of bars is down its bars stay
   * open: history may still tell what they miss.
   */
  timer(now: number, isDown: boolean): void {
    this.#timerAt = Number.NaN;
    const series = [...this.#graph.series.values()].filter(({ isFromBars }) => !(isDown && isFromBars));
    const grace = this.#graceMs;
    this.closeThrough(series, now - grace);
    let next = Number.POSITIVE_INFINITY;
    for (const { openEnd } of series) if (openEnd < next) next = openEnd;
    for (const barrier of [...this.#waiting]) {
      if (barrier.end + grace <= now) this.#release(barrier);
      else next = Math.min(next, barrier.end);
    }
    if (next < Number.POSITIVE_INFINITY) this.closeAt(next);
  }

  /** Bars that a trade fills close at it: first what ended before, then all of them together. */
  count(all: readonly ActivitySeries[], trade: CountedTrade, watermark: number, now: number): void {
    const { time, price, size, setsPrice } = trade;
    const full: ActivitySeries[] = [];
    for (const series of all) {
      if (series.endsBy(time)) this.closeThrough(series.readers, series.openEnd);
      const offer = series.trade(time, price, size, setsPrice, watermark, now);
      if (offer === "closed") full.push(series);
      else if (offer === "late") this.#corrections.leftOut(series, this.#judge.trading);
      if (series.openEnd === series.openEnd) this.closeAt(series.openEnd);
    }
    if (full.length === 0) return;
    for (const series of full) this.closeThrough(series.readers, now);
    // One that ended with its session is among those that were just closed.
    const closing = full.filter(({ isFull }) => isFull);
    for (const series of closing) this.beforeUpdate(series, now);
    for (const series of closing) {
      series.complete(now);
      this.announce(series);
    }
    this.judge(closing);
  }

  /**
   * Closes what ended at or before `time`, instant by instant: all series of one instant are updated before anything
   * is evaluated, and nothing of a later instant is.
   */
  closeThrough(candidates: Iterable<Series>, time: number): void {
    const due = [...candidates].filter((series) => series.openEnd <= time).sort(byLength);
    while (due.length > 0) {
      let end = Number.POSITIVE_INFINITY;
      for (const { openEnd } of due) if (openEnd < end) end = openEnd;
      if (!(end <= time)) return;
      const now = due.filter((series) => series.openEnd === end);
      for (const series of now) this.beforeUpdate(series, end);
      const made = now.filter((series) => this.#close(series));
      this.judge(made);
    }
  }

  /** Who still waits at an earlier instant is judged before a series it reads moves on: it must not see the future. */
  beforeUpdate(series: Series, end: number): void {
    if (this.#waiting.length === 0) return;
    for (const barrier of [...this.#waiting]) if (barrier.end < end && barrier.reads(series)) this.#release(barrier);
  }

  /** A bar of the past, of the series' own size or a smaller one. */
  history(series: TimeSeries, bar: Bar, size: BarSize, end: number): void {
    this.beforeUpdate(series, end);
    if (series.offer(bar, size, end, false) === "closed") this.judge([series]);
  }

  #close(series: Series): boolean {
    if (series.openIsIncomplete && this.#judge.trading) {
      this.#sink.output(incompleteBar(series));
    }
    const made = series.close();
    if (made) this.announce(series);
    return made;
  }

  announce(series: Series): void {
    const isTold = series.prompt && this.#graph.hasTwin(series);
    if (this.#judge.trading && !isTold) this.#sink.output(closedBar(series));
  }

  /**
   * Of bars that have closed at one instant: first all facts, then everybody who is judged at them. Those who wait for
   * others have all come before one of them is judged: ranks compare what each of them knows. `count`: how many of the list.
   */
  judge(closed: readonly Series[], count = closed.length): void {
    for (let i = 0; i < count; i++) this.#update(closed[i] as Series);
    if (this.#together.size > 0) for (let i = 0; i < count; i++) this.#arrive(closed[i] as Series);
    for (let i = 0; i < count; i++) this.#evaluate(closed[i] as Series);
  }

  #update(series: Series): void {
    if (series.awaitsHistory) return;
    const { slots } = this.#graph;
    series.follow();
    for (const node of series.nodes) node.update(slots);
  }

  #arrive(series: Series): void {
    for (const { instance, barrier } of this.#together.get(series) ?? NOBODY)
      this.#wait(barrier, instance, series.barEnd);
  }

  #evaluate(series: Series): void {
    for (const { instance } of this.#alone.get(series) ?? NOBODY) {
      instance.prepare(this.#graph.slots, series.barEnd);
      this.#judge.evaluate(instance);
    }
    if (this.#waiting.length === 0) return;
    for (const barrier of [...this.#waiting]) if (barrier.cameIn(series)) this.#release(barrier);
  }

  #wait(barrier: Barrier, instance: Instance, end: number): void {
    barrier.arrive(instance, end);
    if (!this.#waiting.includes(barrier)) this.#waiting.push(barrier);
    this.closeAt(end);
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
  closeAt(end: number): void {
    const at = end + this.#graceMs;
    if (at >= this.#timerAt) return;
    this.#timerAt = at;
    this.#sink.output({ kind: "timer.set", id: BAR_TIMER, clock: "market", at });
  }
}
