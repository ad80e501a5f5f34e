/**
 * What the broker says of the symbols: whether they may be traded, sold short, bought in parts.
 *
 * Owns: the newest word on each. May not: ask, or judge an order by it.
 */
import type { InstrumentInput } from "../event.ts";

export type InstrumentState = Omit<InstrumentInput, "kind">;

export class Instruments {
  readonly #states = new Map<string, InstrumentState>();

  of(symbol: string): InstrumentState | undefined {
    return this.#states.get(symbol);
  }

  set({ symbol, tradable, shortable, fractionable, marginable }: InstrumentInput): void {
    this.#states.set(symbol, { symbol, tradable, shortable, fractionable, marginable });
  }

  save(): readonly InstrumentState[] {
    return [...this.#states.values()];
  }

  restore(saved: readonly InstrumentState[]): void {
    for (const state of saved) this.#states.set(state.symbol, state);
  }
}
