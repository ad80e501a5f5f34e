/**
 * Market-data messages: their fields, and their bytes as JSON text frames or MessagePack binary frames.
 *
 * Owns: the fields of trades, quotes and bars (market-events.ts has the others). May not: know sessions or subscriptions.
 */
import type { Bar, BarInput, QuoteInput, TradeInput } from "../../core/event.ts";
import { exactJson, exactMsgpack, Instant } from "./wire-json.ts";

export type FrameFormat = "json" | "msgpack";

/** A message before encoding: times are Instant, ids above 2^53 bigint. */
export type Message = Readonly<Record<string, unknown>>;

export type Channel =
  | "trades"
  | "quotes"
  | "bars"
  | "updatedBars"
  | "dailyBars"
  | "statuses"
  | "lulds"
  | "imbalances"
  | "orderbooks"
  | "news"
  | "corrections"
  | "cancelErrors";

export interface Outgoing {
  readonly channel: Channel;
  /** Whoever asked for one of them gets the message, once. */
  readonly symbols: readonly string[];
  readonly message: Message;
}

export function frame(format: FrameFormat, messages: readonly Message[]): string | Uint8Array {
  return format === "json" ? exactJson(messages) : exactMsgpack(messages);
}

/** Volume-weighted price and trade count are not in our bars: the typical price and 1 stand in for them. */
function barMessage(type: "b" | "u" | "d", symbol: string, bar: Bar, start: number): Message {
  return { T: type, S: symbol, ...barFields(bar), t: new Instant(start) };
}

export function barFields(bar: Bar): Message {
  const typical = (bar.high + bar.low + bar.close) / 3;
  return {
    o: bar.open,
    h: bar.high,
    l: bar.low,
    c: bar.close,
    v: bar.volume,
    n: 1,
    vw: Math.round(typical * 1e6) / 1e6,
  };
}

/** `@` is a regular sale, `I` an odd lot: the one that adds volume and sets no price. */
export function tradeFields(trade: TradeInput, sequence: number, nanos = 0): Message {
  const crypto = trade.symbol.includes("/");
  const common = { i: idOf(trade, sequence), p: trade.price, s: trade.size, t: new Instant(trade.time, nanos) };
  return crypto ? { ...common, tks: "B" } : { ...common, x: "V", c: trade.setsPrice ? ["@"] : ["@", "I"], z: "C" };
}

function idOf(trade: TradeInput, sequence: number): number | bigint {
  if (trade.id === undefined || !/^\d{1,19}$/.test(trade.id)) return sequence;
  const id = BigInt(trade.id);
  return id <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(id) : id;
}

export function quoteFields(quote: QuoteInput, nanos = 0): Message {
  const { bid, bidSize, ask, askSize, time } = quote;
  const prices = { bp: bid, bs: bidSize, ap: ask, as: askSize, t: new Instant(time, nanos) };
  return quote.symbol.includes("/") ? prices : { ...prices, bx: "V", ax: "V", c: ["R"], z: "C" };
}

/** A tick as the venue keeps it: its number on this tape stands in for an id that the tape does not have. */
export interface Kept<T> {
  readonly input: T;
  readonly sequence: number;
  readonly nanos: number;
}

/** `dayStartOf`: where the day bar of a session begins on the wire (midnight of its date). */
export function outgoing(
  kept: Kept<TradeInput | QuoteInput | BarInput>,
  streamedBars: string,
  dayStartOf: (start: number) => number,
): Outgoing | undefined {
  const { input, sequence, nanos } = kept;
  const { symbol } = input;
  const to = (channel: Channel, message: Message): Outgoing => ({ channel, symbols: [symbol], message });
  if (input.kind === "trade") return to("trades", { T: "t", S: symbol, ...tradeFields(input, sequence, nanos) });
  if (input.kind === "quote") return to("quotes", { T: "q", S: symbol, ...quoteFields(input, nanos) });
  if (input.size === "1d") return to("dailyBars", barMessage("d", symbol, input, dayStartOf(input.start)));
  if (input.size !== streamedBars) return undefined;
  return input.revised
    ? to("updatedBars", barMessage("u", symbol, input, input.start))
    : to("bars", barMessage("b", symbol, input, input.start));
}
