/**
 * Time and chance of a simulated world: both are its own, so that a seed repeats everything.
 *
 * Owns: the order in which things happen, and what a process loses when it dies: every alarm that it has set.
 */
import { setImmediate } from "node:timers";
import type { Timers } from "../../engine/adapters/alpaca/timers.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import { picker } from "../support/runs.ts";
import type { Pick } from "../support/runs.ts";

interface Alarm {
  readonly at: number;
  readonly number: number;
  readonly callback: () => void;
  isOff: boolean;
}

const before = (a: Alarm, b: Alarm): boolean => a.at < b.at || (a.at === b.at && a.number < b.number);

export class WorldClock implements Clock {
  #time: number;
  #alarms = 0;
  /** A binary heap: what is due first is at 0. */
  readonly #heap: Alarm[] = [];

  constructor(start: number) {
    this.#time = start;
  }

  now(): number {
    return this.#time;
  }

  after(ms: number, callback: () => void): () => void {
    const alarm: Alarm = { at: this.#time + Math.max(0, ms), number: this.#alarms++, callback, isOff: false };
    this.#push(alarm);
    return () => {
      alarm.isOff = true;
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** What is due up to then happens, each thing to its end before the next one. */
  async passTo(until: number): Promise<void> {
    for (let first = this.#heap[0]; first !== undefined && first.at <= until; first = this.#heap[0]) {
      this.#pop();
      if (first.isOff) continue;
      this.#time = first.at;
      first.callback();
      await turns();
    }
    this.#time = until;
  }

  #push(alarm: Alarm): void {
    const heap = this.#heap;
    let at = heap.push(alarm) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(alarm, heap[parent] as Alarm)) break;
      heap[at] = heap[parent] as Alarm;
      at = parent;
    }
    heap[at] = alarm;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (let kid = 1; kid < heap.length; kid = 2 * at + 1) {
      if (kid + 1 < heap.length && before(heap[kid + 1] as Alarm, heap[kid] as Alarm)) kid++;
      if (!before(heap[kid] as Alarm, last)) break;
      heap[at] = heap[kid] as Alarm;
      at = kid;
    }
    heap[at] = last;
  }
}

/** The engine waits for nothing but microtasks and its turn. */
async function turns(): Promise<void> {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
}

/** The span of one process. Nothing that it does after its end reaches anybody. */
export class Life implements Clock, Timers {
  readonly #world: WorldClock;
  readonly #pick: Pick;
  readonly #onEnd: () => void;
  /** Writes and messages until it is killed. */
  #left: number;
  isOver = false;
  /** How far its clock is off the world's. */
  skewMs = 0;

  constructor(world: WorldClock, seed: number, left: number, onEnd: () => void) {
    this.#world = world;
    this.#pick = picker(seed);
    this.#left = left;
    this.#onEnd = onEnd;
  }

  now(): number {
    return this.#world.now() + this.skewMs;
  }

  after(ms: number, callback: () => void): () => void {
    return this.#world.after(ms, () => {
      if (!this.isOver) callback();
    });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  set(callback: () => void, ms: number): unknown {
    return this.after(ms, callback);
  }

  clear(handle: unknown): void {
    (handle as (() => void) | undefined)?.();
  }

  random(): number {
    return this.#pick(1_000_000) / 1_000_000;
  }

  /** One more write or message; it may be the one at which the process is killed. True while it lives. */
  goesOn(): boolean {
    if (this.isOver) return false;
    if (--this.#left <= 0) this.end();
    return !this.isOver;
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#onEnd();
  }

  /** Kills at no point any more. */
  spare(): void {
    this.#left = Number.POSITIVE_INFINITY;
  }
}
