/**
 * What is quoted and last traded, by symbol.
 *
 * Owns: when a quote may still be believed: not in a halt, not after a gap in the data, not for ever. May not: build bars.
 */
import { STALE_MS } from "../time.ts";
import type { QuoteInput } from "../event.ts";
import { exactly, packed, restoreEach, unpacked } from "../saved.ts";
import type { PackedNumbers } from "../saved.ts";

export interface QuoteState {
  bid: number;
  bidSize: number;
  ask: number;
  askSize: number;
  last: number;
  /** Market times at which the quote and the last trade came; NaN before the first. */
  quotedAt: number;
  tradedAt: number;
  /** Nobody may trade it: what was quoted means nothing. */
  halted: boolean;
}

export interface SavedQuotes {
  readonly states: Readonly<Record<string, PackedNumbers>>;
  readonly halted: readonly string[];
}

export class Quotes {
  readonly staleMs: number;
  readonly #states = new Map<string, QuoteState>();
  /** Also those that no fact reads: a program that is loaded later may. */
  readonly #halted = new Set<string>();

  constructor(staleMs: number = STALE_MS) {
    this.staleMs = staleMs;
  }

  /** For a fact that will read it. */
  of(symbol: string): QuoteState {
    let state = this.#states.get(symbol);
    if (state === undefined) this.#states.set(symbol, (state = unquoted()));
    return state;
  }

  quote({ symbol, bid, bidSize, ask, askSize }: QuoteInput, marketTime: number): void {
    const state = this.#states.get(symbol);
    if (state === undefined) return;
    // Feeds write 0 where nobody quotes: that side is unknown, not free of charge.
    state.bid = bid > 0 ? bid : Number.NaN;
    state.ask = ask > 0 ? ask : Number.NaN;
    state.bidSize = bid > 0 ? bidSize : Number.NaN;
    state.askSize = ask > 0 ? askSize : Number.NaN;
    state.quotedAt = marketTime;
  }

  traded(symbol: string, price: number, marketTime: number): void {
    const state = this.#states.get(symbol);
    if (state === undefined) return;
    state.last = price;
    state.tradedAt = marketTime;
  }

  /** After a gap in the data: what was quoted before it is not what is quoted now. */
  forget(): void {
    for (const state of this.#states.values()) Object.assign(state, { ...unquoted(), halted: state.halted });
  }

  /** What was quoted for the shares before a split is no price of the new ones. */
  split(symbol: string): void {
    const state = this.#states.get(symbol);
    if (state !== undefined) Object.assign(state, { ...unquoted(), halted: state.halted });
  }

  /** Quotes of a halted symbol are unknown until it trades again. */
  halt(symbol: string, halted: boolean): void {
    if (halted) this.#halted.add(symbol);
    else this.#halted.delete(symbol);
    const state = this.#states.get(symbol);
    if (state !== undefined) state.halted = halted;
  }

  adopt(old: Quotes): void {
    for (const symbol of old.#halted) this.halt(symbol, true);
    for (const [symbol, state] of this.#states) Object.assign(state, old.#states.get(symbol));
  }

  save(): SavedQuotes {
    const states = [...this.#states].map(([symbol, state]) => {
      const { bid, bidSize, ask, askSize, last, quotedAt, tradedAt, halted } = state;
      return [symbol, packed([bid, bidSize, ask, askSize, last, quotedAt, tradedAt, Number(halted)])];
    });
    return { states: Object.fromEntries(states) as SavedQuotes["states"], halted: [...this.#halted] };
  }

  /** Of quotes that know nothing yet, for the facts that read them. */
  restore({ states, halted }: SavedQuotes): void {
    for (const symbol of halted) this.#halted.add(symbol);
    restoreEach("quote of", states, this.#states, (state, saved) => {
      const values = exactly(unpacked(saved), 8, "a quote");
      [state.bid = 0, state.bidSize = 0, state.ask = 0, state.askSize = 0, state.last = 0] = values;
      [state.quotedAt = 0, state.tradedAt = 0] = values.slice(5);
      state.halted = values[7] === 1;
    });
  }
}

function unquoted(): QuoteState {
  const unknown = Number.NaN;
  return {
    bid: unknown,
    bidSize: unknown,
    ask: unknown,
    askSize: unknown,
    last: unknown,
    quotedAt: unknown,
    tradedAt: unknown,
    halted: false,
  };
}
