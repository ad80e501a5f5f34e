/**
 * What a market says beside trades, quotes and bars: halts, bands, imbalances, corrections, order books, news.
 *
 * Owns: their shapes on a tape and on the wire. The engine's inputs know none of them; a tape of the venue, or a test,
 * brings them. May not: halt anything; the player does when a status says so.
 */
import type { Message, Outgoing } from "./frames.ts";
import { Instant } from "./wire-json.ts";

/** An id that may be larger than 2^53. */
type TradeId = number | bigint;

interface Timed {
  readonly time: number;
  /** Nanoseconds after `time`, 0 to 999,999. */
  readonly nanos?: number;
}

interface OfSymbol extends Timed {
  readonly symbol: string;
}

export interface StatusEvent extends OfSymbol {
  readonly kind: "status";
  /** As the tapes have it: `H`, `P`, `2` and `F` stop trading, `T` and `3` let it go on, `Q` quoting alone. */
  readonly code: string;
  readonly message: string;
  readonly reason: string;
  readonly reasonMessage: string;
}

export interface Sale {
  readonly id: TradeId;
  readonly price: number;
  readonly size: number;
  readonly conditions: readonly string[];
}

interface Level {
  readonly price: number;
  readonly size: number;
}

export type MarketEvent =
  | StatusEvent
  | (OfSymbol & { readonly kind: "luld"; readonly up: number; readonly down: number; readonly indicator: string })
  | (OfSymbol & { readonly kind: "imbalance"; readonly price: number })
  | (OfSymbol & { readonly kind: "correction"; readonly original: Sale; readonly corrected: Sale })
  | (OfSymbol & { readonly kind: "cancel"; readonly sale: Sale; readonly action: "C" | "E" })
  | (OfSymbol & {
      readonly kind: "orderbook";
      readonly bids: readonly Level[];
      readonly asks: readonly Level[];
      /** The whole book; otherwise changes of it. */
      readonly whole: boolean;
    })
  | NewsEvent;

export interface NewsEvent extends Timed {
  readonly kind: "news";
  readonly id: number;
  readonly headline: string;
  readonly summary: string;
  readonly author: string;
  readonly source: string;
  readonly url: string;
  readonly content: string;
  readonly symbols: readonly string[];
}

const KINDS: readonly string[] = ["status", "luld", "imbalance", "correction", "cancel", "orderbook", "news"];

export function isMarketEvent(value: { readonly kind: string }): value is MarketEvent {
  return KINDS.includes(value.kind);
}

/** Whether a status stops trading, lets it go on, or does neither. */
export function effectOf(event: StatusEvent): "halt" | "resume" | undefined {
  if (["H", "P", "2", "F"].includes(event.code)) return "halt";
  return ["T", "3"].includes(event.code) ? "resume" : undefined;
}

/** One message per symbol that news is about: whoever asked for one of them gets it, and gets it once. */
export function eventMessage(event: MarketEvent): Outgoing {
  if (event.kind === "news") {
    return { channel: "news", symbols: event.symbols, message: { T: "n", ...newsFields(event) } };
  }
  const { channel, fields } = onWire(event);
  const stamped: Message = { ...fields, S: event.symbol, t: new Instant(event.time, event.nanos) };
  const tape = channel === "orderbooks" ? {} : { z: "C" };
  return { channel, symbols: [event.symbol], message: { ...stamped, ...tape } };
}

type OnWire = { readonly channel: Outgoing["channel"]; readonly fields: Message };

function onWire(event: Exclude<MarketEvent, NewsEvent>): OnWire {
  switch (event.kind) {
    case "status": {
      const { code, message, reason, reasonMessage } = event;
      return { channel: "statuses", fields: { T: "s", sc: code, sm: message, rc: reason, rm: reasonMessage } };
    }
    case "luld":
      return { channel: "lulds", fields: { T: "l", u: event.up, d: event.down, i: event.indicator } };
    case "imbalance":
      return { channel: "imbalances", fields: { T: "i", p: event.price } };
    case "correction": {
      const { original: was, corrected: is } = event;
      const before = { oi: was.id, op: was.price, os: was.size, oc: [...was.conditions] };
      const after = { ci: is.id, cp: is.price, cs: is.size, cc: [...is.conditions] };
      return { channel: "corrections", fields: { T: "c", x: "V", ...before, ...after } };
    }
    case "cancel": {
      const { id, price, size } = event.sale;
      return { channel: "cancelErrors", fields: { T: "x", i: id, x: "V", p: price, s: size, a: event.action } };
    }
    case "orderbook": {
      const levels = (side: readonly Level[]): Message[] => side.map(({ price, size }) => ({ p: price, s: size }));
      const whole = event.whole ? { r: true } : {};
      return { channel: "orderbooks", fields: { T: "o", b: levels(event.bids), a: levels(event.asks), ...whole } };
    }
  }
}

/** News carries its times as text in both encodings. */
export function newsFields(event: NewsEvent): Message {
  const { id, headline, summary, author, source, url, content, symbols } = event;
  const time = new Instant(event.time, event.nanos).toJSON();
  const texts = { headline, summary, author, source, url, content };
  return { id, ...texts, symbols: [...symbols], created_at: time, updated_at: time };
}
