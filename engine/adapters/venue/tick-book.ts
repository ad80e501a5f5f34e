/**
 * Trades, quotes, order books and news that were played, for the data REST.
 *
 * Owns: the recent past of each symbol in the order of its times, bounded. May not: show what has not been played.
 */
import type { QuoteInput, TradeInput } from "../../core/event.ts";
import type { Kept } from "./frames.ts";
import type { MarketEvent, NewsEvent } from "./market-events.ts";

/** Kept per symbol and kind; the oldest go when twice as many are there. */
const MAX_KEPT = 20_000;

type OrderBookEvent = Extract<MarketEvent, { kind: "orderbook" }>;

class Past<T extends { readonly time: number }> {
  readonly #bySymbol = new Map<string, Kept<T>[]>();

  add(symbol: string, kept: Kept<T>): void {
    const all = this.#bySymbol.get(symbol) ?? [];
    this.#bySymbol.set(symbol, all);
    let at = all.length;
    while (at > 0 && (all[at - 1] as Kept<T>).input.time > kept.input.time) at -= 1;
    all.splice(at, 0, kept);
    if (all.length >= 2 * MAX_KEPT) all.splice(0, all.length - MAX_KEPT);
  }

  latest(symbol: string): Kept<T> | undefined {
    return this.#bySymbol.get(symbol)?.at(-1);
  }

  between(symbol: string, from: number, until: number): readonly Kept<T>[] {
    return (this.#bySymbol.get(symbol) ?? []).filter(({ input }) => input.time >= from && input.time <= until);
  }
}

export class TickBook {
  readonly trades = new Past<TradeInput>();
  readonly quotes = new Past<QuoteInput>();
  readonly news: NewsEvent[] = [];
  readonly #books = new Map<string, OrderBookEvent>();

  event(event: MarketEvent): void {
    if (event.kind === "orderbook" && event.whole) this.#books.set(event.symbol, event);
    if (event.kind !== "news") return;
    this.news.push(event);
    if (this.news.length > MAX_KEPT) this.news.shift();
  }

  /** The last whole order book, or what the last quote shows of it. */
  orderBook(symbol: string): Pick<OrderBookEvent, "time" | "bids" | "asks"> | undefined {
    const whole = this.#books.get(symbol);
    const quote = this.quotes.latest(symbol)?.input;
    if (quote === undefined || (whole !== undefined && whole.time >= quote.time)) return whole;
    return {
      time: quote.time,
      bids: [{ price: quote.bid, size: quote.bidSize }],
      asks: [{ price: quote.ask, size: quote.askSize }],
    };
  }
}
