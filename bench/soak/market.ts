/**
 * The market of the soak: trades, quotes and minute bars of many symbols, all drawn from one seed.
 *
 * Owns: prices, which item comes when, and what of it is late or corrected. May not: know who listens.
 */
import type { Bar, BarInput, HistoryInput, MarketInput } from "../../engine/core/event.ts";
import { random } from "../program.ts";

export const MOMENT_MS = 5_000;
const MINUTE_MS = 60_000;
/** Every fifth symbol comes as the provider's bars, the others as trades. */
const BARS_EVERY = 5;
const STEP = 0.06;
/** Of a session that has 78 bars of five minutes. */
const PAST_BARS = 70;

interface Walk {
  readonly symbol: string;
  readonly hasBars: boolean;
  readonly anchor: number;
  price: number;
  /** The minute that is under way, and the one before it. */
  bar: BarInput | undefined;
  closed: BarInput | undefined;
}

export class SoakMarket {
  readonly #walks: readonly Walk[];
  readonly #next: () => number;

  constructor(symbols: readonly string[], seed: number) {
    this.#next = random(seed);
    this.#walks = symbols.map((symbol, i) => {
      const anchor = 40 + 3 * i;
      const hasBars = i % BARS_EVERY === 0;
      return { symbol, hasBars, anchor, price: anchor, bar: undefined, closed: undefined };
    });
  }

  /** What came within the moment that ends at `until`, in the order of its times. */
  *moment(until: number): Generator<MarketInput> {
    const spacing = MOMENT_MS / this.#walks.length;
    for (const [i, walk] of this.#walks.entries()) {
      const time = Math.floor(until - MOMENT_MS + (i + 1) * spacing);
      const what = this.#next();
      if (what < 0.4) yield this.#quote(walk, time);
      else if (what < 0.8 && !walk.hasBars) yield this.#trade(walk, time);
      if (walk.hasBars) yield* this.#grow(walk, until);
    }
  }

  /** Bars of one size for every symbol, the last of which ends at `until`. */
  *past(size: string, ms: number, until: number): Generator<HistoryInput> {
    for (const walk of this.#walks) {
      const bars = Array.from({ length: PAST_BARS }, (_, i): Bar => {
        const [open, close] = [walk.price, this.#move(walk)];
        const [high, low] = [Math.max(open, close), Math.min(open, close)];
        return { start: until - (PAST_BARS - i) * ms, open, high, low, close, volume: 100 };
      });
      yield { kind: "history", symbol: walk.symbol, size, bars };
    }
  }

  /** Around its anchor for ever, with stretches in one direction. */
  #move(walk: Walk): number {
    const pull = (walk.anchor - walk.price) * 0.0005;
    walk.price = cents(walk.price + pull + (this.#next() - 0.5) * STEP * (1 + walk.anchor / 100));
    return walk.price;
  }

  #quote({ symbol, price }: Walk, time: number): MarketInput {
    return {
      kind: "quote",
      symbol,
      time,
      bid: cents(price - 0.01),
      bidSize: 100,
      ask: cents(price + 0.01),
      askSize: 100,
    };
  }

  #trade(walk: Walk, time: number): MarketInput {
    const late = this.#next() < 0.001 ? 90_000 : 0;
    const size = 1 + Math.floor(this.#next() * 200);
    return { kind: "trade", symbol: walk.symbol, time: time - late, price: this.#move(walk), size, setsPrice: true };
  }

  *#grow(walk: Walk, until: number): Generator<MarketInput> {
    const price = this.#move(walk);
    const start = Math.floor((until - 1) / MINUTE_MS) * MINUTE_MS;
    const { bar } = walk;
    const shape = { open: price, high: price, low: price, close: price, volume: 100 };
    if (bar?.start !== start) {
      if (this.#next() < 0.005 && walk.closed !== undefined) yield { ...walk.closed, volume: 1, revised: true };
      walk.bar = { kind: "bar", symbol: walk.symbol, size: "1m", revised: false, start, ...shape };
    } else {
      const [high, low] = [Math.max(bar.high, price), Math.min(bar.low, price)];
      walk.bar = { ...bar, high, low, close: price, volume: bar.volume + 100 };
    }
    if (until % MINUTE_MS !== 0) return;
    walk.closed = walk.bar;
    yield walk.bar;
  }
}

function cents(price: number): number {
  return Math.round(price * 100) / 100;
}
