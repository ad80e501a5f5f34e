/**
 * How many requests may come.
 *
 * Owns: one bucket of tokens for each class of requests. May not: know who asks.
 */
export interface RateLimit {
  readonly perMinute: number;
  /** What may come at once. */
  readonly burst: number;
}

export class Bucket {
  readonly #limit: RateLimit;
  #tokens: number;
  #at: number;

  constructor(limit: RateLimit, now: number) {
    this.#limit = limit;
    this.#tokens = limit.burst;
    this.#at = now;
  }

  /** 0: go ahead. Otherwise seconds until there is room again. */
  take(now: number): number {
    const { perMinute, burst } = this.#limit;
    const passed = Math.max(0, now - this.#at);
    this.#tokens = Math.min(burst, this.#tokens + (passed * perMinute) / 60_000);
    this.#at = now;
    if (this.#tokens < 1) return Math.max(1, Math.ceil(((1 - this.#tokens) * 60) / perMinute));
    this.#tokens -= 1;
    return 0;
  }
}
