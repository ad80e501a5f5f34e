/**
 * Which happenings belong to the moment that an expectation is about.
 *
 * Owns: bars, trades, quotes and times as moments of a run, and their words. May not: judge what happened then.
 */
import { clockText } from "../lang/test-time.ts";
import type { TestCase, Tick, When } from "../lang/test-types.ts";
import { evaluationsKey } from "./test-watch.ts";
import type { At, Judged, Recording, Snapshot } from "./test-watch.ts";

export class Moments {
  readonly #test: TestCase;
  readonly #recording: Recording;
  /** Ends of the bars that are played, in order. */
  readonly #ends: readonly number[];
  /** Number of each trade and quote, from 1. */
  readonly #numbers = new Map<Tick, number>();
  readonly #hasTicks: boolean;
  readonly #hasSeveral: boolean;

  constructor(test: TestCase, recording: Recording) {
    this.#test = test;
    this.#recording = recording;
    const { series, ticks } = test;
    this.#ends = [...new Set(series.flatMap(({ bars }) => bars.map(({ end }) => end)))].sort((a, b) => a - b);
    for (const { ticks: own } of ticks)
      for (const [i, tick] of own.entries()) if (tick !== null) this.#numbers.set(tick, i + 1);
    this.#hasTicks = ticks.length > 0;
    this.#hasSeveral = new Set(ticks.map(({ symbol }) => symbol)).size > 1;
  }

  /** Whether it happened then or, by a timer or an answer, before the next such moment. */
  isAt({ time, item }: At, when: When): boolean {
    switch (when.kind) {
      case "bar":
        return this.#ends.findLast((end) => end <= time) === when.end;
      case "tick":
        return item === when.tick;
      case "instant":
        return time === when.time;
      case "made": {
        const times = this.#madeBars(when);
        const start = times[when.number - 1] ?? Number.POSITIVE_INFINITY;
        return time >= start && time < (times[when.number] ?? Number.POSITIVE_INFINITY);
      }
    }
  }

  /** What a condition was then; at any time it is what the evaluation before it found. */
  judgedAt(judged: readonly Judged[], when: When): readonly Judged[] {
    if (when.kind === "tick") return judged.filter((one) => one.item === when.tick && one.time === when.tick.time);
    if (when.kind !== "instant") return judged.filter((one) => this.isAt(one, when));
    const last = new Map<string, Judged>();
    for (const one of judged) if (one.time <= when.time) last.set(evaluationsKey(one.strategy, one.symbol), one);
    return [...last.values()];
  }

  snapshotAt(when: When): Snapshot | undefined {
    const { snapshots } = this.#recording;
    if (when.kind === "tick") return snapshots.findLast(({ item }) => item === when.tick);
    const until = this.timeOf(when);
    return snapshots.findLast(({ time }) => time <= until);
  }

  /** Infinity when there is no such bar. */
  timeOf(when: When): number {
    switch (when.kind) {
      case "bar":
        return when.end;
      case "tick":
        return when.tick.time;
      case "instant":
        return when.time;
      case "made":
        return this.#madeBars(when)[when.number - 1] ?? Number.POSITIVE_INFINITY;
    }
  }

  /** Why nothing can be there; undefined when something can. */
  missing(when: When): string | undefined {
    if (when.kind !== "made") return undefined;
    const { length } = this.#madeBars(when);
    if (when.number <= length) return undefined;
    return `what is played makes ${length === 0 ? "no bar" : length === 1 ? "1 bar" : `${length} bars`} of ${when.symbol}`;
  }

  #madeBars({ strategy, symbol }: Extract<When, { kind: "made" }>): readonly number[] {
    return this.#recording.evaluations.get(evaluationsKey(strategy, symbol)) ?? [];
  }

  /** `bar 212`, `trade 12`, `2024-03-04 09:30:05` */
  wordsOf(when: When): string {
    switch (when.kind) {
      case "bar":
        return this.#barWords(when.end);
      case "tick":
        return this.#tickWords(when.tick);
      case "instant":
        return clockText(when.time);
      case "made":
        return `bar ${when.number}`;
    }
  }

  /** `bar 212`; where ticks are played `2024-03-04 09:30:05, trade 12`. */
  wordsAt({ time, item }: At): string {
    if (!this.#hasTicks) return this.#barWords(time);
    if (item?.kind !== "trade" && item?.kind !== "quote") return clockText(time);
    return `${clockText(time)}, ${time === item.time ? "" : "after "}${this.#tickWords(item)}`;
  }

  #tickWords(tick: Tick): string {
    return `${this.#hasSeveral ? `${tick.symbol} ` : ""}${tick.kind} ${this.#numbers.get(tick)}`;
  }

  #barWords(time: number): string {
    const bars = this.#test.series[0]?.bars ?? [];
    return `bar ${bars.findLastIndex(({ end }) => end <= time) + 1}`;
  }
}
