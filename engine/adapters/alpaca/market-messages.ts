/**
 * Messages of the market-data stream as inputs of the core.
 *
 * Owns: the mapping of `t q b u d s l c x n`, and refusing what is not believable. May not: repair a message; a price that is
 * not a price is refused with the reason.
 */
import type { BarInput, MarketInput, QuoteInput, TradeInput } from "../../core/event.ts";
import type { Calendar } from "../../market/calendar.ts";
import { idOf, numberOf, timeOf } from "./frames.ts";
import { news, notice, status } from "./market-events.ts";
import type { Fields } from "./frames.ts";
import { tradeEffect } from "./sale-conditions.ts";

export type Mapped =
  | { readonly kind: "input"; readonly input: MarketInput }
  /** Understood, and of no use to us. */
  | { readonly kind: "ignored" }
  | { readonly kind: "refused"; readonly reason: string };

export interface MessageOptions {
  readonly calendar: Calendar;
  /** What a `b` or `u` bar is: `1m` at Alpaca. */
  readonly barSize: string;
  /** The local venue sends a day bar once, when it is closed. Alpaca sends the partial day every minute. */
  readonly dailyBarsAreFinal: boolean;
  readonly now: () => number;
  /** No later time is believed: one of them would be the newest price for good. */
  readonly latest: () => number;
  /** Name of the feed, in notices. */
  readonly feed: string;
}

/** Imbalances and books. */
const IGNORED: readonly unknown[] = ["i", "o"];
const refused = (reason: string): Mapped => ({ kind: "refused", reason });

export class MessageMapper {
  readonly #options: MessageOptions;
  /** Start of the last closed day told per symbol: a later message of the same day is a revision. */
  readonly #days = new Map<string, number>();

  constructor(options: MessageOptions) {
    this.#options = options;
  }

  map(message: Fields): Mapped {
    const type = message["T"];
    if (IGNORED.includes(type)) return { kind: "ignored" };
    if (type === "n") return news(message, this.#options.feed);
    const symbol = message["S"];
    if (typeof symbol !== "string" || symbol === "") return refused("no symbol");
    const time = timeOf(message["t"]);
    if (time === undefined) return refused("no usable time");
    if (time > this.#options.latest()) return refused("time lies more than 5 minutes in the future");
    if (type === "t") return this.#trade(message, symbol, time);
    if (type === "q") return quote(message, symbol, time);
    if (type === "b" || type === "u") return bar(message, symbol, time, this.#options.barSize, type === "u");
    if (type === "d") return this.#day(message, symbol, time);
    if (type === "s") return status(message, symbol, time);
    const { feed } = this.#options;
    // A band says where trading may happen; a corrected or cancelled trade is told again by the updated bar of its minute.
    if (type === "l") return notice(feed, "band", time, [symbol], message, ["u", "d", "i"]);
    if (type === "c") return notice(feed, "correction", time, [symbol], message, ["oi", "op", "os", "ci", "cp", "cs"]);
    if (type === "x") return notice(feed, "correction", time, [symbol], message, ["i", "p", "s", "a"]);
    return refused(
      `unknown message type ${typeof type === "string" ? JSON.stringify(type).slice(0, 20) : typeof type}`,
    );
  }

  #trade(message: Fields, symbol: string, time: number): Mapped {
    const price = numberOf(message["p"]);
    const size = numberOf(message["s"]);
    if (price === undefined || price <= 0) return refused("trade price is not a positive number");
    if (size === undefined || size < 0) return refused("trade size is not a number");
    const conditions = Array.isArray(message["c"]) ? message["c"].filter((code) => typeof code === "string") : [];
    const tape = typeof message["z"] === "string" ? message["z"] : "";
    const effect = tradeEffect(conditions, tape, this.#regular(time));
    if (!effect.addsVolume) return { kind: "ignored" };
    const id = idOf(message["i"]);
    const input: TradeInput = {
      kind: "trade",
      symbol,
      time,
      price,
      size,
      setsPrice: effect.setsPrice,
      ...(id === undefined ? {} : { id }),
    };
    return { kind: "input", input };
  }

  #regular(time: number): boolean {
    const session = this.#options.calendar.sessionAtOrBefore(time);
    return session !== undefined && time >= session.open && time < session.close;
  }

  /** The wire's day starts at local midnight, ours at the open of the session. */
  #day(message: Fields, symbol: string, time: number): Mapped {
    const session = this.#options.calendar.sessionAtOrAfter(time);
    if (session === undefined) return refused("a day bar outside the calendar");
    if (!this.#options.dailyBarsAreFinal && this.#options.now() < session.close) return { kind: "ignored" };
    const revised = this.#days.get(symbol) === session.open;
    this.#days.set(symbol, session.open);
    return bar(message, symbol, session.open, "1d", revised);
  }
}

/** One-sided quotes are real, but there is no number for a side that is missing. */
function quote(message: Fields, symbol: string, time: number): Mapped {
  const bid = numberOf(message["bp"]);
  const ask = numberOf(message["ap"]);
  const bidSize = numberOf(message["bs"]);
  const askSize = numberOf(message["as"]);
  if (bid === undefined || ask === undefined) return refused("quote without prices");
  if (bidSize === undefined || askSize === undefined || bidSize < 0 || askSize < 0)
    return refused("quote without sizes");
  if (bid < 0 || ask < 0) return refused("quote with a negative price");
  if (bid === 0 || ask === 0) return { kind: "ignored" };
  const input: QuoteInput = { kind: "quote", symbol, time, bid, bidSize, ask, askSize };
  return { kind: "input", input };
}

function bar(message: Fields, symbol: string, start: number, size: string, revised: boolean): Mapped {
  const [open, high, low, close, volume] = ["o", "h", "l", "c", "v"].map((field) => numberOf(message[field]));
  if (open === undefined || high === undefined || low === undefined || close === undefined || volume === undefined) {
    return refused("bar with a missing number");
  }
  if (Math.min(open, high, low, close) <= 0) return refused("bar with a price that is not positive");
  if (high < Math.max(open, close, low) || low > Math.min(open, close))
    return refused("bar whose high and low do not hold its open and close");
  if (volume < 0) return refused("bar with a negative volume");
  const input: BarInput = { kind: "bar", symbol, size, start, open, high, low, close, volume, revised };
  return { kind: "input", input };
}
