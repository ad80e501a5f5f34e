/**
 * Reports of refused messages at a bearable rate.
 *
 * Owns: the first few of each reason in a window are passed on as they come, the rest as one line with their number.
 * May not drop the count.
 */
const WINDOW_MS = 10_000;
const SHOWN = 5;
const REASONS_MAX = 100;
const SAMPLE_MAX = 200;

export class Refusals {
  /** All refusals since the start. */
  count = 0;
  readonly #report: (reason: string, sample: string, count: number) => void;
  readonly #now: () => number;
  readonly #seen = new Map<string, number>();
  #windowEnd = 0;

  constructor(report: (reason: string, sample: string, count: number) => void, now: () => number) {
    this.#report = report;
    this.#now = now;
  }

  add(reason: string, sample: () => string): void {
    this.count++;
    this.tick();
    if (this.#seen.size === 0) this.#windowEnd = this.#now() + WINDOW_MS;
    const key = this.#seen.has(reason) || this.#seen.size < REASONS_MAX ? reason : "other reasons";
    const count = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, count);
    if (count <= SHOWN) this.#report(reason, sample().slice(0, SAMPLE_MAX), 1);
  }

  /** Called now and then: ends a window that is over. */
  tick(): void {
    if (this.#now() >= this.#windowEnd) this.flush();
  }

  /** Tells how many were held back. */
  flush(): void {
    for (const [reason, count] of this.#seen) {
      const more = count - SHOWN;
      if (more > 0) this.#report(`${reason} (${more} more within ${WINDOW_MS / 1000} s)`, "", more);
    }
    this.#seen.clear();
  }
}
