/**
 * Reports of refused messages at a bearable rate.
 *
 * Owns: the first few of each reason in a window are passed on as they come, the rest as one line with their number; a
 * sample is cleaned of secrets before it is cut, so that no part of one is shown. May not drop the count.
 */
const WINDOW_MS = 10_000;
const SHOWN = 5;
const REASONS_MAX = 100;
const SAMPLE_MAX = 200;

export interface RefusalOptions {
  readonly report: (reason: string, sample: string, count: number) => void;
  /** Takes secrets out of a text. */
  readonly clean: (text: string) => string;
  readonly now: () => number;
}

export class Refusals {
  readonly #options: RefusalOptions;
  readonly #seen = new Map<string, number>();
  #windowEnd = 0;

  constructor(options: RefusalOptions) {
    this.#options = options;
  }

  add(reason: string, sample: () => string): void {
    const { report, clean, now } = this.#options;
    this.tick();
    if (this.#seen.size === 0) this.#windowEnd = now() + WINDOW_MS;
    const key = this.#seen.has(reason) || this.#seen.size < REASONS_MAX ? reason : "other reasons";
    const count = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, count);
    if (count <= SHOWN) report(reason, clean(sample()).slice(0, SAMPLE_MAX), 1);
  }

  /** Called now and then: ends a window that is over. */
  tick(): void {
    if (this.#options.now() >= this.#windowEnd) this.flush();
  }

  /** Tells how many were held back. */
  flush(): void {
    for (const [reason, count] of this.#seen) {
      const more = count - SHOWN;
      if (more > 0) this.#options.report(`${reason} (${more} more within ${WINDOW_MS / 1000} s)`, "", more);
    }
    this.#seen.clear();
  }
}

/** What a refusal shows of a message. Whatever it is, there is something to show. */
export function sampleOf(message: unknown): string {
  const whole = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
  if (typeof message === "string") return message;
  try {
    return JSON.stringify(message, whole) ?? String(message);
  } catch {
    // Nested so deeply that no stack is large enough.
    return "(nested too deeply to be shown)";
  }
}
