/**
 * What has been won and lost: of the day, and since the best moment.
 *
 * Owns: where the day began and the high-water mark of each scope, across restarts. May not: value positions, know limits.
 */
import type { ScopeName } from "../states.ts";

export interface SavedLosses {
  readonly dayBases: Readonly<Record<ScopeName, number>>;
  readonly peaks: Readonly<Record<ScopeName, number>>;
}

export class Losses {
  /** Profit and loss of strategies and symbols when the day began; what is not in here was 0. */
  readonly #dayBases = new Map<ScopeName, number>();
  readonly #peaks = new Map<ScopeName, number>();

  rollDay(values: ReadonlyMap<ScopeName, number>): void {
    this.#dayBases.clear();
    for (const [scope, value] of values) this.#dayBases.set(scope, value);
  }

  dayBase(scope: ScopeName): number {
    return this.#dayBases.get(scope) ?? 0;
  }

  /** What is no number raises nothing. */
  raise(scope: ScopeName, value: number): void {
    if (value > (this.#peaks.get(scope) ?? Number.NEGATIVE_INFINITY)) this.#peaks.set(scope, value);
  }

  peak(scope: ScopeName): number | undefined {
    return this.#peaks.get(scope);
  }

  /** Money that came or went without a trade is no gain and no loss. */
  shift(scope: ScopeName, amount: number): void {
    const peak = this.#peaks.get(scope);
    if (peak !== undefined) this.#peaks.set(scope, peak + amount);
  }

  /** A person has accepted what was lost: the mark is taken anew. */
  rebase(scope: ScopeName): void {
    this.#peaks.delete(scope);
  }

  save(): SavedLosses {
    return { dayBases: Object.fromEntries(this.#dayBases), peaks: Object.fromEntries(this.#peaks) };
  }

  restore({ dayBases, peaks }: SavedLosses): void {
    for (const [scope, value] of Object.entries(dayBases)) this.#dayBases.set(scope, value);
    for (const [scope, value] of Object.entries(peaks)) this.#peaks.set(scope, value);
  }
}

/** A loss as a part of what it is measured by. Nothing known is no small loss: NaN stays NaN, and nobody passes it. */
export function lossRatio(loss: number, of: number): number {
  if (Number.isNaN(loss) || Number.isNaN(of)) return Number.NaN;
  if (loss <= 0) return 0;
  return of > 0 ? loss / of : Number.POSITIVE_INFINITY;
}
