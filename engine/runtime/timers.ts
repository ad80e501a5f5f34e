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

/** A timer of either clock, as one that goes on with a run finds it. */
export interface RunningTimer extends Timer {
  readonly clock: "market" | "arrival";
}

export class TimerQueue {
  readonly #timers = new Map<string, number>();
  #earliest = Number.POSITIVE_INFINITY;

  /** Due time of the next one, or Infinity. */
  get next(): number {
    return this.#earliest;
  }

  get all(): Timer[] {
    return [...this.#timers].map(([id, at]) => ({ id, at }));
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
  readonly #running = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  /** Of an earlier process, not running yet. */
  readonly #held = new Map<string, number>();

  constructor(clock: Clock, ring: (timer: Timer) => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  set(id: string, at: number, now: number): void {
    this.cancel(id);
    const cancel = this.#clock.after(at - now, () => {
      this.#running.delete(id);
      this.#ring({ id, at });
    });
    this.#running.set(id, { at, cancel });
  }

  get all(): Timer[] {
    const running = [...this.#running].map(([id, { at }]) => ({ id, at }));
    return [...[...this.#held].map(([id, at]) => ({ id, at })), ...running];
  }

  /** Kept until `release`: what it rings for cannot be done yet. Setting or cancelling it counts at once. */
  hold({ id, at }: Timer): void {
    this.#held.set(id, at);
  }

  release(now: number): void {
    const held = [...this.#held].sort(([a, before], [b, after]) => before - after || (a < b ? -1 : 1));
    for (const [id, at] of held) this.set(id, at, now);
  }

  cancel(id: string): void {
    this.#held.delete(id);
    this.#running.get(id)?.cancel();
    this.#running.delete(id);
  }

  clear(): void {
    this.#held.clear();
    for (const { cancel } of this.#running.values()) cancel();
    this.#running.clear();
  }
}
