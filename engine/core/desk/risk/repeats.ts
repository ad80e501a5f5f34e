/**
 * Entries of the last minute: what a rule that runs away looks like.
 *
 * Owns: which entries wanted to leave, by rule and by what they were. May not: know limits, or which time it is.
 */
import type { OrderRequest } from "../../event.ts";
import { covers } from "../states.ts";
import type { ScopeName } from "../states.ts";

const WINDOW_MS = 60_000;

interface Wish {
  readonly strategy: string;
  readonly rule: string;
  readonly symbol: string;
  /** Equal for orders that a broker could not tell apart. */
  readonly order: string;
  readonly at: number;
}

export type SavedRepeats = readonly Wish[];

export class Repeats {
  readonly #wishes: Wish[] = [];

  note(strategy: string, rule: string, request: OrderRequest, at: number): void {
    this.#wishes.push({ strategy, rule, symbol: request.symbol, order: orderOf(request), at });
  }

  /** Entries of one rule in one symbol. */
  ofRule(strategy: string, rule: string, symbol: string, now: number): number {
    return this.#since(now).filter((wish) => wish.rule === rule && wish.strategy === strategy && wish.symbol === symbol)
      .length;
  }

  /** Entries of one strategy that are the same order. */
  identical(strategy: string, request: OrderRequest, now: number): number {
    const order = orderOf(request);
    return this.#since(now).filter((wish) => wish.strategy === strategy && wish.order === order).length;
  }

  /** A person answers for what happened there: it is counted anew. */
  rearm(scope: ScopeName): void {
    const kept = this.#wishes.filter((wish) => !covers(scope, wish));
    this.#wishes.splice(0, this.#wishes.length, ...kept);
  }

  #since(now: number): readonly Wish[] {
    const first = this.#wishes.findIndex(({ at }) => at > now - WINDOW_MS);
    this.#wishes.splice(0, first === -1 ? this.#wishes.length : first);
    return this.#wishes;
  }

  save(): SavedRepeats {
    return [...this.#wishes];
  }

  restore(wishes: SavedRepeats): void {
    this.#wishes.push(...wishes);
  }
}

function orderOf({ symbol, side, qty, type, limitPrice, stopPrice, trailPrice, trailPercent }: OrderRequest): string {
  return [symbol, side, qty, type, limitPrice, stopPrice, trailPrice, trailPercent].join(" ");
}
