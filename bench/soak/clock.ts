/**
 * Time of the soak: it passes when the world says so, much faster than on a wall.
 *
 * Owns: alarms and their order. One that is cancelled is gone at once: what grows here would count as the engine's memory.
 */
import type { Clock } from "../../engine/ports/clock.ts";

interface Alarm {
  readonly at: number;
  readonly callback: () => void;
}

export class SoakClock implements Clock {
  #time: number;
  #numbers = 0;
  /** By number; there are few at a time. */
  readonly #alarms = new Map<number, Alarm>();

  constructor(start: number) {
    this.#time = start;
  }

  get pending(): number {
    return this.#alarms.size;
  }

  now(): number {
    return this.#time;
  }

  after(ms: number, callback: () => void): () => void {
    const number = this.#numbers++;
    this.#alarms.set(number, { at: this.#time + Math.max(0, ms), callback });
    return () => {
      this.#alarms.delete(number);
    };
  }

  /** Passes while the event loop is held: nothing rings. */
  creep(ms: number): void {
    this.#time += ms;
  }

  /** What is due by then rings, each at its own time, and `rest` waits for what follows from it before time goes on. */
  async passTo(until: number, rest: () => Promise<void>): Promise<void> {
    for (let due = this.#first(until); due !== undefined; due = this.#first(until)) {
      const [number, { at, callback }] = due;
      this.#alarms.delete(number);
      this.#time = Math.max(this.#time, at);
      callback();
      await rest();
    }
    this.#time = Math.max(this.#time, until);
  }

  #first(until: number): readonly [number, Alarm] | undefined {
    let first: readonly [number, Alarm] | undefined;
    for (const entry of this.#alarms) {
      const [, { at }] = entry;
      if (at <= until && (first === undefined || at < first[1].at)) first = entry;
    }
    return first;
  }
}
