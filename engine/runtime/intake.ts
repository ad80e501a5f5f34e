/**
 * How inputs reach the core: at once while there is time, in their turn otherwise.
 *
 * Owns: one input at a time, run to completion; slices, so that sockets are read while the core is behind; and telling
 * the core that it is behind. On a tape (`wall: false`) everything is taken at once and nothing is measured: a tape
 * waits. May not: stamp, journal or judge.
 */
import type { InputBody, MarketInput } from "../core/event.ts";
import type { Clock } from "../ports/clock.ts";
import { LoadWatch } from "./load.ts";
import type { Load, LoadLimits } from "./load.ts";
import { Mailbox } from "./mailbox.ts";

export interface IntakeOptions {
  readonly limits: LoadLimits;
  readonly clock: Clock;
  /** Whether data comes from outside, at its own pace. */
  readonly wall: boolean;
  /** Takes one input that came `at` a time, `now`. */
  readonly take: (body: InputBody, at: number, now: number) => void;
  /** Taking threw, or too much waits: nothing is taken any more. */
  readonly fail: (error: unknown) => void;
  /** Called when the core has had its turn. */
  readonly rest: () => void;
}

/** How long the core may hold the event loop. */
const SLICE_MS = 8;
/** How often a load that is too high is looked at while no data comes. */
const LOOK_MS = 1_000;

export class Intake {
  readonly #options: IntakeOptions;
  readonly #watch: LoadWatch;
  #mailbox: Mailbox;
  #busy = false;
  #closed = false;
  /** When this turn of the event loop must be given back; undefined before its first input. */
  #sliceEnds: number | undefined;
  #cancelLook: (() => void) | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#mailbox = new Mailbox(options.limits.maxWaiting);
    this.#watch = new LoadWatch(options.limits, (input) => {
      this.post(input);
      if (input.state === "behind") this.#lookAgain();
    });
  }

  get waiting(): number {
    return this.#mailbox.size;
  }

  /** When the oldest market data that waits came in. */
  get oldest(): number | undefined {
    return this.#mailbox.oldest;
  }

  get load(): Load {
    const { lagMs, behind } = this.#watch;
    return { lagMs, behind, waiting: this.#mailbox.size, conflated: this.#mailbox.conflated };
  }

  post(body: InputBody): void {
    if (!this.#closed) this.#accept(body, this.#options.clock.now());
  }

  /** `delayMs`: how late data of the feed is by its nature. */
  fromFeed(input: MarketInput, delayMs: number): void {
    if (this.#closed) return;
    const now = this.#options.clock.now();
    if (this.#options.wall) {
      this.#watch.seen(input, delayMs, now);
      this.#check(now);
    }
    this.#accept(input, now);
  }

  /** Runs something of the owner as if it were an input, unless one is being taken or waits. */
  alone(work: (now: number) => void): void {
    if (this.#closed || this.#busy || this.#mailbox.size > 0) return;
    this.guard(() => work(this.#options.clock.now()));
    this.#drain();
  }

  /** Nothing is taken any more. */
  close(): void {
    this.#closed = true;
    this.#cancelLook?.();
    this.#mailbox = new Mailbox(0);
  }

  #accept(body: InputBody, now: number): void {
    if (this.#busy || this.#mailbox.size > 0 || !this.#hasTime(now)) {
      try {
        this.#mailbox.put(body, now);
      } catch (error) {
        this.#options.fail(error);
      }
      return;
    }
    this.#busy = true;
    try {
      this.#options.take(body, now, now);
    } catch (error) {
      this.#options.fail(error);
    } finally {
      this.#busy = false;
    }
    this.#drain();
  }

  /** What waits, as far as there is time; the next turn goes on. */
  #drain(): void {
    if (this.#closed || this.#busy) return;
    if (this.#mailbox.size > 0) this.guard(() => this.#takeWaiting());
    this.#options.rest();
  }

  #takeWaiting(): void {
    const { clock, take } = this.#options;
    while (this.#mailbox.size > 0) {
      const now = clock.now();
      if (!this.#hasTime(now)) return;
      const letter = this.#mailbox.take();
      if (letter !== undefined) take(letter.body, letter.at, now);
    }
  }

  /** What is posted meanwhile waits; an error is the end. */
  guard(work: () => void): void {
    this.#busy = true;
    try {
      work();
    } catch (error) {
      this.#options.fail(error);
    } finally {
      this.#busy = false;
    }
  }

  #hasTime(now: number): boolean {
    if (!this.#options.wall) return true;
    if (this.#sliceEnds === undefined) {
      this.#sliceEnds = now + SLICE_MS;
      setImmediate(() => {
        this.#sliceEnds = undefined;
        if (this.#mailbox.size > 0) this.#drain();
      });
    }
    return now < this.#sliceEnds;
  }

  #check(now: number): void {
    const { oldest, size } = this.#mailbox;
    this.#watch.check(now, oldest === undefined ? 0 : now - oldest, size);
  }

  #lookAgain(): void {
    this.#cancelLook = this.#options.clock.after(LOOK_MS, () => {
      this.#check(this.#options.clock.now());
      if (this.#watch.behind) this.#lookAgain();
    });
  }
}
