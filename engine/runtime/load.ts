/**
 * Whether the engine keeps up with its data.
 *
 * Owns: measuring how far behind it is (age of what waits, and arrival minus the data's own time), and saying `behind`,
 * `current` and `skewed` with hysteresis. What it says goes to the core as an input, so that a replay repeats it.
 * May not: pause anything itself, or read a clock.
 */
import type { MarketInput } from "../core/event.ts";
import type { LoadInput } from "../core/feed-event.ts";

export interface LoadLimits {
  /** Entries pause when what is judged is older than this. */
  readonly maxLagMs: number;
  /** Inputs that may wait; more of them end trading. */
  readonly maxWaiting: number;
}

export const DEFAULT_LOAD: LoadLimits = { maxLagMs: 5_000, maxWaiting: 1_000_000 };

export interface Load {
  /** How far behind the newest data was when it came; NaN while none has come. Negative: the clocks differ. */
  readonly lagMs: number;
  readonly waiting: number;
  /** Quotes that gave way to later ones. */
  readonly conflated: number;
  readonly behind: boolean;
}

/** The freshest item within this time counts: a late report or a snapshot of yesterday says nothing about the stream. */
const WINDOW_MS = 1_000;
/** Windows in a row that must agree. */
const TO_PAUSE = 2;
const TO_RESUME = 3;
/** Data from the future: beyond this the clocks are worth a word. */
const SKEW_MS = 2_000;

export class LoadWatch {
  readonly #maxLagMs: number;
  readonly #say: (input: LoadInput) => void;
  #windowEnd = Number.NEGATIVE_INFINITY;
  #least = Number.POSITIVE_INFINITY;
  #lagMs = Number.NaN;
  #over = 0;
  #under = 0;
  #behind = false;
  #skewed = false;

  constructor(limits: LoadLimits, say: (input: LoadInput) => void) {
    this.#maxLagMs = limits.maxLagMs;
    this.#say = say;
  }

  get lagMs(): number {
    return this.#lagMs;
  }

  get behind(): boolean {
    return this.#behind;
  }

  /** Each item as it comes in. `delayMs`: how late data of its feed is by its nature. */
  seen(input: MarketInput, delayMs: number, now: number): void {
    if (input.kind !== "trade" && input.kind !== "quote") return;
    const late = now - input.time - delayMs;
    if (late < this.#least) this.#least = late;
  }

  /** Now and then: `waitingMs` is the age of the oldest item that waits, 0 when none does. */
  check(now: number, waitingMs: number, waiting: number): void {
    // What waits here is certain: it needs no second window.
    if (!this.#behind && waitingMs > this.#maxLagMs) return this.#pause(waitingMs, waiting);
    if (now < this.#windowEnd) return;
    const isFirst = this.#windowEnd === Number.NEGATIVE_INFINITY;
    this.#windowEnd = now + WINDOW_MS;
    if (isFirst) return;
    const hasData = this.#least < Number.POSITIVE_INFINITY;
    if (hasData) this.#lagMs = this.#least;
    const lag = Math.max(hasData ? this.#least : 0, waitingMs);
    this.#least = Number.POSITIVE_INFINITY;
    this.#follow(lag, waiting);
    if (hasData) this.#compareClocks(waiting);
  }

  #follow(lag: number, waiting: number): void {
    this.#over = lag > this.#maxLagMs ? this.#over + 1 : 0;
    this.#under = lag <= this.#maxLagMs / 2 ? this.#under + 1 : 0;
    if (!this.#behind && this.#over >= TO_PAUSE) this.#pause(lag, waiting);
    if (!this.#behind || this.#under < TO_RESUME) return;
    this.#behind = false;
    this.#say({ kind: "load", state: "current", lagMs: lag, waiting });
  }

  #pause(lag: number, waiting: number): void {
    this.#behind = true;
    this.#under = 0;
    this.#say({ kind: "load", state: "behind", lagMs: lag, waiting });
  }

  /** Told once, and again only after the clocks agreed in between. */
  #compareClocks(waiting: number): void {
    const isSkewed = this.#lagMs < -SKEW_MS;
    if (isSkewed && !this.#skewed) this.#say({ kind: "load", state: "skewed", lagMs: this.#lagMs, waiting });
    this.#skewed = isSkewed;
  }
}
