/**
 * Time and chance of the Alpaca adapters, injected so that tests decide them.
 *
 * Owns: the interface and the system's own. Nothing else in this folder reads the clock or draws random numbers.
 */
export interface Timers {
  now(): number;
  set(callback: () => void, ms: number): unknown;
  clear(handle: unknown): void;
  /** In [0, 1). */
  random(): number;
}

export const SYSTEM_TIMERS: Timers = {
  now: () => Date.now(),
  set: (callback, ms) => setTimeout(callback, ms),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
  random: () => Math.random(),
};

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * Full jitter: anywhere between nothing and the doubled delay, so that clients cut off together do not come back
 * together. Never less than a tenth of the delay: an immediate return would hammer.
 */
export function backoffMs(attempt: number, backoff: Backoff, random: number): number {
  const ceiling = Math.min(backoff.firstMs * 2 ** Math.min(attempt, 30), backoff.maxMs);
  return ceiling * (0.1 + 0.9 * random);
}
