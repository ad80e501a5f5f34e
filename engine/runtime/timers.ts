/**
 * Timers that the core asked for.
 *
 * Owns: which is due next on the market's clock, whose time the caller says, and alarms on the clock of this machine.
 */
import type { Clock } from "../ports/clock.ts";

export interface Timer {
  readonly id: string;
  readonly at: number;
}

export class TimerQueue {
  readonly #timers = new Map<string, number>();
  #earliest = Number.POSITIVE_INFINITY;

  /** Due time of the next one, or Infinity. */
  get next(): number {
    return this.#earliest;
  }

  set(id: string, at: number): void {
    this.#timers.set(id, at);
    this.#refresh();
  }

  cancel(id: string): void {
    if (this.#timers.delete(id)) this.#refresh();
  }

  /** Takes the earliest timer that is due, ties by id. */
  take(now: number): Timer | undefined {
    if (this.#earliest > now) return undefined;
    let found: Timer | undefined;
    for (const [id, at] of this.#timers) {
      if (at === this.#earliest && (found === undefined || id < found.id)) found = { id, at };
    }
    if (found !== undefined) this.cancel(found.id);
    return found;
  }

  #refresh(): void {
    let earliest = Number.POSITIVE_INFINITY;
    for (const at of this.#timers.values()) if (at < earliest) earliest = at;
    this.#earliest = earliest;
  }
}

/** Timers on arrival time: the machine's clock rings, each once. */
export class ArrivalTimers {
  readonly #clock: Clock;
  readonly #ring: (timer: Timer) => void;
  readonly #cancels = new Map<string, () => void>();
  /** Of an earlier process, not running yet. */
  readonly #held = new Map<string, number>();

  constructor(clock: Clock, ring: (timer: Timer) => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  set(id: string, at: number, now: number): void {
    this.cancel(id);
    const cancel = this.#clock.after(at - now, () => {
      this.#cancels.delete(id);
      this.#ring({ id, at });
    });
    this.#cancels.set(id, cancel);
  }

  /** Kept until `release`: what it rings for cannot be done yet. Setting or cancelling it counts at once. */
  hold({ id, at }: Timer): void {
    this.#held.set(id, at);
  }

  release(now: number): void {
    const held = [...this.#held];
    for (const [id, at] of held) this.set(id, at, now);
  }

  cancel(id: string): void {
    this.#held.delete(id);
    this.#cancels.get(id)?.();
    this.#cancels.delete(id);
  }

  clear(): void {
    this.#held.clear();
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }
}
