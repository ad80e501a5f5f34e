/**
 * Our share of Alpaca's 200 requests a minute, handed out by importance.
 *
 * Owns: the budget, corrected by the X-RateLimit headers of every answer, and the queue in front of it. Cancels go
 * first and may use the last of it; orders leave a little for cancels; everything else leaves a little for both.
 * May not: send anything.
 */
import type { Timers } from "./timers.ts";

export const CANCEL = 0;
export const ORDER = 1;
export const QUERY = 2;
export type Priority = typeof CANCEL | typeof ORDER | typeof QUERY;

/** Part of the budget that a priority must leave untouched. */
const RESERVED: Readonly<Record<Priority, number>> = { 0: 0, 1: 0.05, 2: 0.15 };
const WINDOW_MS = 60_000;
/** Nothing is sent for so long after a refusal that does not say how long to wait: less than a cancel's patience. */
const UNTOLD_MS = 2_000;

interface Waiting {
  readonly priority: Priority;
  readonly order: number;
  readonly settle: (allowed: boolean) => void;
  readonly deadline: unknown;
}

export class RequestLimiter {
  readonly #timers: Timers;
  #limit: number;
  #used = 0;
  #resetAt = 0;
  #pausedUntil = 0;
  #waiting: Waiting[] = [];
  #arrivals = 0;
  #wake: unknown;
  #closed = false;

  constructor(perMinute: number, timers: Timers) {
    this.#limit = perMinute;
    this.#timers = timers;
  }

  get queued(): number {
    return this.#waiting.length;
  }

  /** True: go ahead. False: the wait was longer than `patienceMs`, or the limiter is closed; nothing was sent. */
  acquire(priority: Priority, patienceMs: number): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const waiting: Waiting = {
        priority,
        order: this.#arrivals,
        settle: resolve,
        deadline: this.#timers.set(() => this.#giveUp(waiting), patienceMs),
      };
      this.#arrivals += 1;
      this.#waiting.push(waiting);
      this.#waiting.sort((a, b) => a.priority - b.priority || a.order - b.order);
      this.#pump();
    });
  }

  /** What the server says goes: other programs may share the keys. */
  observe(headers: Headers, status: number): void {
    if (status === 429) this.#pause(numberOf(headers.get("Retry-After")));
    const limit = numberOf(headers.get("X-RateLimit-Limit"));
    const remaining = numberOf(headers.get("X-RateLimit-Remaining"));
    const reset = numberOf(headers.get("X-RateLimit-Reset"));
    if (limit === undefined || remaining === undefined || reset === undefined || limit <= 0) return;
    const now = this.#timers.now();
    this.#limit = limit;
    this.#used = Math.max(this.#used, limit - remaining);
    // Clocks differ: a reset is never in the past nor more than a window away.
    this.#resetAt = Math.min(Math.max(reset * 1000, now), now + WINDOW_MS);
  }

  /** A refusal counts, whatever the numbers beside it say: something between us and Alpaca may have its own limit. */
  #pause(seconds: number | undefined): void {
    const ms = seconds === undefined ? UNTOLD_MS : Math.min(Math.max(seconds * 1000, 0), WINDOW_MS);
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#timers.now() + ms);
  }

  close(): void {
    this.#closed = true;
    this.#timers.clear(this.#wake);
    for (const waiting of this.#waiting) {
      this.#timers.clear(waiting.deadline);
      waiting.settle(false);
    }
    this.#waiting = [];
  }

  #giveUp(waiting: Waiting): void {
    this.#waiting = this.#waiting.filter((other) => other !== waiting);
    waiting.settle(false);
  }

  #pump(): void {
    const now = this.#timers.now();
    if (now >= this.#resetAt) {
      this.#used = 0;
      this.#resetAt = now + WINDOW_MS;
    }
    while (this.#waiting.length > 0 && now >= this.#pausedUntil) {
      const first = this.#waiting[0] as Waiting;
      if (this.#used >= this.#limit - Math.floor(this.#limit * RESERVED[first.priority])) break;
      this.#waiting.shift();
      this.#used += 1;
      this.#timers.clear(first.deadline);
      first.settle(true);
    }
    this.#timers.clear(this.#wake);
    const next = now < this.#pausedUntil ? this.#pausedUntil : this.#resetAt;
    this.#wake = this.#waiting.length === 0 ? undefined : this.#timers.set(() => this.#pump(), Math.max(next - now, 1));
  }
}

function numberOf(source: string | null): number | undefined {
  if (source === null || source.trim() === "") return undefined;
  const value = Number(source);
  return Number.isFinite(value) ? value : undefined;
}
