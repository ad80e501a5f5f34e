/**
 * Prices of the entries that were sent, for as long as a drift may be looked for.
 *
 * Owns: them, by symbol and market time. May not: judge how far they went.
 */

interface Sent {
  readonly at: number;
  readonly price: number;
}

/** No window of `max_price_drift` is longer. */
export const LONGEST_WINDOW_MS = 86_400_000;

export type SavedDrift = readonly (readonly [symbol: string, sent: readonly Sent[]])[];

export class Drift {
  readonly #sent = new Map<string, Sent[]>();

  note(symbol: string, at: number, price: number): void {
    const sent = this.#sent.get(symbol) ?? [];
    const first = sent.findIndex((one) => one.at > at - LONGEST_WINDOW_MS);
    sent.splice(0, first < 0 ? sent.length : first);
    sent.push({ at, price });
    this.#sent.set(symbol, sent);
  }

  /** Price of the first entry of a symbol after `since`, or null. */
  firstAfter(symbol: string, since: number): number | null {
    return this.#sent.get(symbol)?.find(({ at }) => at > since)?.price ?? null;
  }

  /** Its prices are of other shares. */
  forget(symbol: string): void {
    this.#sent.delete(symbol);
  }

  save(): SavedDrift {
    return [...this.#sent].map(([symbol, sent]) => [symbol, [...sent]] as const);
  }

  restore(saved: SavedDrift): void {
    for (const [symbol, sent] of saved) this.#sent.set(symbol, [...sent]);
  }
}
