/**
 * Market-data messages as bytes: JSON text frames or MessagePack binary frames.
 *
 * Owns: both encodings, times included (MessagePack carries the timestamp extension -1, as the real service does).
 * May not: know sessions or subscriptions.
 */
import { encode } from "@msgpack/msgpack";
import type { Bar, BarInput, QuoteInput, TradeInput } from "../../core/event.ts";
import { wireTime } from "./times.ts";

export type FrameFormat = "json" | "msgpack";

/** A message before encoding: times are Date, ids above 2^53 bigint. */
export type Message = Readonly<Record<string, unknown>>;

export type Channel =
  | "trades"
  | "quotes"
  | "bars"
  | "updatedBars"
  | "dailyBars"
  | "statuses"
  | "lulds"
  | "orderbooks"
  | "corrections"
  | "cancelErrors";

export interface Outgoing {
  readonly channel: Channel;
  readonly symbol: string;
  readonly message: Message;
}

const BIG = "\u0000big:";

/** JSON has no integers above 2^53 in this language: they are written as marked text and unmarked afterwards. */
function json(messages: readonly Message[]): string {
  let marked = false;
  const source = JSON.stringify(messages, function replace(this: Record<string, unknown>, key: string, value: unknown) {
    const raw = this[key];
    if (raw instanceof Date) return wireTime(raw.getTime());
    if (typeof raw !== "bigint") return value;
    marked = true;
    return BIG + String(raw);
  });
  return marked ? source.replaceAll(/"\\u0000big:(\d+)"/g, "$1") : source;
}

export function frame(format: FrameFormat, messages: readonly Message[]): string | Uint8Array {
  return format === "json" ? json(messages) : encode(messages, { useBigInt64: true });
}

/** Volume-weighted price and trade count are not in our bars: the typical price and 1 stand in for them. */
function barMessage(type: "b" | "u" | "d", symbol: string, bar: Bar, start: number): Message {
  return { T: type, S: symbol, ...barFields(bar), t: new Date(start) };
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
export function tradeFields(trade: TradeInput, sequence: number): Message {
  const crypto = trade.symbol.includes("/");
  const common = { i: idOf(trade, sequence), p: trade.price, s: trade.size, t: new Date(trade.time) };
  return crypto ? { ...common, tks: "B" } : { ...common, x: "V", c: trade.setsPrice ? ["@"] : ["@", "I"], z: "C" };
}

function idOf(trade: TradeInput, sequence: number): number | bigint {
  if (trade.id === undefined || !/^\d{1,19}$/.test(trade.id)) return sequence;
  const id = BigInt(trade.id);
  return id <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(id) : id;
}

export function quoteFields(quote: QuoteInput): Message {
  const prices = { bp: quote.bid, bs: quote.bidSize, ap: quote.ask, as: quote.askSize, t: new Date(quote.time) };
  return quote.symbol.includes("/") ? prices : { ...prices, bx: "V", ax: "V", c: ["R"], z: "C" };
}

/** `dayStartOf`: where the day bar of a session begins on the wire (midnight of its date). */
export function outgoing(
  input: TradeInput | QuoteInput | BarInput,
  streamedBars: string,
  dayStartOf: (start: number) => number,
  sequence: number,
): Outgoing | undefined {
  const symbol = input.symbol;
  if (input.kind === "trade") {
    return { channel: "trades", symbol, message: { T: "t", S: symbol, ...tradeFields(input, sequence) } };
  }
  if (input.kind === "quote") {
    return { channel: "quotes", symbol, message: { T: "q", S: symbol, ...quoteFields(input) } };
  }
  if (input.size === "1d") {
    return { channel: "dailyBars", symbol, message: barMessage("d", symbol, input, dayStartOf(input.start)) };
  }
  if (input.size !== streamedBars) return undefined;
  return input.revised
    ? { channel: "updatedBars", symbol, message: barMessage("u", symbol, input, input.start) }
    : { channel: "bars", symbol, message: barMessage("b", symbol, input, input.start) };
}
