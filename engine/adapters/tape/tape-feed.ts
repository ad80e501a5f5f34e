/**
 * Plays a tape as a feed.
 *
 * Owns: pacing. Holds no queue: items are pulled from the tape when they are due, at most `batch` per turn, and not at
 * all while the receiver says it is full. May not change or reorder items.
 */
import type { MarketInput } from "../../core/event.ts";
import { knownAt } from "../../core/known-at.ts";
import { calendarOf } from "../../market/instruments.ts";
import { type Feed, FeedError, type FeedSink } from "../../ports/feed.ts";
import type { Tape } from "./tape.ts";
import type { Clock } from "../../ports/clock.ts";
import { WALL_CLOCK } from "../wall-clock.ts";

export interface TapeFeedOptions {
  readonly name?: string;
  /** `60x`: an hour of market time in a minute. `max`: as fast as the receiver takes it. Default `max`. */
  readonly speed?: string;
  readonly timers?: Clock;
  /** Items per turn before others get the event loop. */
  readonly batch?: number;
  /** Asked before each batch; false means full, and the feed asks again shortly after. */
  readonly ready?: () => boolean;
  /** Market time without an item (nights, weekends) is shortened to this. Default: played in full length. */
  readonly gapMaxMs?: number;
}

const RETRY_MS = 5;

/** The factor of `60x`, or Infinity for `max`. */
export function parseSpeed(speed: string): number {
  if (speed === "max") return Infinity;
  const factor = /^\d+(\.\d+)?x$/.test(speed) ? Number(speed.slice(0, -1)) : NaN;
  if (!(factor > 0)) throw new FeedError("config", `speed ${speed}: write max or a factor such as 60x`);
  return factor;
}

export class TapeFeed implements Feed {
  readonly name: string;
  readonly #tape: Tape;
  readonly #factor: number;
  readonly #timers: Clock;
  readonly #batch: number;
  readonly #ready: () => boolean;
  readonly #gapMaxMs: number;
  #sink: FeedSink | undefined;
  #iterator: Iterator<MarketInput> | undefined;
  #next: MarketInput | undefined;
  #cancel: (() => void) | undefined;
  /** When the next item is due, on the clock of `timers`. */
  #dueAt = 0;
  #marketTime = NaN;
  #count = 0;

  constructor(tape: Tape, options: TapeFeedOptions = {}) {
    this.#tape = tape;
    this.name = options.name ?? tape.name;
    this.#factor = parseSpeed(options.speed ?? "max");
    this.#timers = options.timers ?? WALL_CLOCK;
    this.#batch = options.batch ?? 1_024;
    this.#ready = options.ready ?? (() => true);
    this.#gapMaxMs = options.gapMaxMs ?? Infinity;
  }

  start(sink: FeedSink): Promise<void> {
    if (this.#sink !== undefined) return Promise.reject(new FeedError("config", `${this.name}: already started`));
    this.#sink = sink;
    this.#iterator = this.#tape.items()[Symbol.iterator]();
    this.#dueAt = this.#timers.now();
    const pace = this.#factor === Infinity ? "max" : `${this.#factor}x`;
    this.#tell("live", `${this.#tape.label} tape at ${pace}`);
    this.#take();
    this.#cancel = this.#timers.after(0, () => this.#turn());
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#sink = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#iterator?.return?.();
    this.#iterator = undefined;
    return Promise.resolve();
  }

  #turn(): void {
    for (let sent = 0; sent < this.#batch; sent++) {
      if (this.#sink === undefined) return;
      if (this.#next === undefined) return this.#end();
      const wait = this.#factor === Infinity ? 0 : this.#dueAt - this.#timers.now();
      if (wait > 0) return this.#later(wait);
      if (sent === 0 && !this.#ready()) return this.#later(RETRY_MS);
      const item = this.#next;
      this.#count++;
      this.#sink.market(item);
      this.#take();
    }
    this.#later(0);
  }

  #later(ms: number): void {
    if (this.#sink !== undefined) this.#cancel = this.#timers.after(ms, () => this.#turn());
  }

  /** Pulls the next item and moves its due time by the market time since the last one. */
  #take(): void {
    const step = this.#iterator?.next();
    this.#next = step === undefined || step.done === true ? undefined : step.value;
    if (this.#next === undefined) return;
    const at = knownAt(this.#next, calendarOf) ?? NaN;
    if (Number.isNaN(at)) return;
    if (!Number.isNaN(this.#marketTime)) {
      this.#dueAt += Math.min(Math.max(at - this.#marketTime, 0), this.#gapMaxMs) / this.#factor;
    }
    this.#marketTime = at;
  }

  #end(): void {
    this.#tell("ended", `${this.#count} items played`);
    void this.stop();
  }

  #tell(status: "live" | "ended", detail: string): void {
    this.#sink?.market({ kind: "feed", feed: this.name, status, detail });
  }
}
