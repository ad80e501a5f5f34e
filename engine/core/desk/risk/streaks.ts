/**
 * Round trips that lost, one after another.
 *
 * Owns: what each open trip began with, how many lost in a row, and until when a scope rests. May not: know limits.
 */
import { text, decimal } from "../../decimal.ts";
import type { Decimal, DecimalText } from "../../decimal.ts";
import type { Position } from "../portfolio.ts";
import { ACCOUNT, strategyScope, symbolScope } from "../states.ts";
import type { ScopeName } from "../states.ts";

export interface SavedStreaks {
  readonly began: Readonly<Record<string, DecimalText>>;
  readonly lost: Readonly<Record<ScopeName, number>>;
  readonly rests: Readonly<Record<ScopeName, number>>;
}

export class Streaks {
  /** What a strategy had won in a symbol, fees included, when its position was last flat. */
  readonly #began = new Map<string, Decimal>();
  readonly #lost = new Map<ScopeName, number>();
  /** Market time at which a rest is over; infinite: with the trading day. */
  readonly #rests = new Map<ScopeName, number>();

  /** A fill changed a position. True when a round trip ended by it. */
  note(before: Position, after: Position): boolean {
    const { strategy, symbol } = after;
    const key = `${strategy}/${symbol}`;
    const start = this.#began.get(key) ?? before.realized.minus(before.fees);
    const end = after.realized.minus(after.fees);
    const isOver = !before.qty.isZero() && (after.qty.isZero() || after.qty.isPositive() !== before.qty.isPositive());
    if (after.qty.isZero()) this.#began.delete(key);
    else this.#began.set(key, isOver ? end : start);
    if (!isOver) return false;
    // What is no number counts as lost.
    const isLost = !end.minus(start).isGreaterThanOrEqualTo(0);
    for (const scope of [ACCOUNT, strategyScope(strategy), symbolScope(symbol)]) {
      if (isLost) this.#lost.set(scope, this.lost(scope) + 1);
      else this.#lost.delete(scope);
    }
    return true;
  }

  lost(scope: ScopeName): number {
    return this.#lost.get(scope) ?? 0;
  }

  rest(scope: ScopeName, until: number): void {
    this.#rests.set(scope, until);
  }

  /** Scopes whose rest is over; `day`: one that lasts for the day is, too. */
  over(now: number, day: boolean): readonly ScopeName[] {
    return [...this.#rests].flatMap(([scope, until]) =>
      until <= now || (day && until === Number.POSITIVE_INFINITY) ? [scope] : [],
    );
  }

  /** It is counted anew. */
  forgive(scope: ScopeName): void {
    this.#lost.delete(scope);
    this.#rests.delete(scope);
  }

  save(): SavedStreaks {
    return {
      began: Object.fromEntries([...this.#began].map(([key, won]) => [key, text(won)])),
      lost: Object.fromEntries(this.#lost),
      rests: Object.fromEntries(this.#rests),
    };
  }

  restore({ began, lost, rests }: SavedStreaks): void {
    for (const [key, won] of Object.entries(began)) this.#began.set(key, decimal(won));
    for (const [scope, count] of Object.entries(lost)) this.#lost.set(scope, count);
    for (const [scope, until] of Object.entries(rests)) this.#rests.set(scope, until);
  }
}
