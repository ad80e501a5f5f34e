/**
 * What the local venue is started with, and what it gives back.
 *
 * Owns: the venue's public shapes, its stream paths and the defaults of its limits. May not: hold behaviour.
 */
import type { Bar, MarketInput } from "../../core/event.ts";
import type { SplitInput } from "../../core/feed-event.ts";
import type { Exchange, Instrument } from "../../exchange/types.ts";
import type { BarSize } from "../../market/bar-size.ts";
import type { Calendar } from "../../market/calendar.ts";
import type { Fault, FaultLine } from "./faults.ts";
import type { MarketEvent } from "./market-events.ts";

export type VenueInput = MarketInput | MarketEvent;

/**
 * An item of the tape; a plain input is due at its own end (a trade's time, a bar's last instant). `nanos` are the
 * digits of a trade's or quote's time below its millisecond.
 */
export type TapeItem = VenueInput | { readonly at: number; readonly input: VenueInput; readonly nanos?: number };

export type Tape = Iterable<TapeItem> | AsyncIterable<TapeItem>;

/** `delayMs`: a pause per distinct time. `speed`: tape seconds per second; pauses are capped by `maxPauseMs`. */
export type Pace = "manual" | { readonly delayMs: number } | { readonly speed: number; readonly maxPauseMs?: number };

export interface VenueLimits {
  /** Requests per minute, trading and data counted apart. */
  readonly requestsPerMinute: number;
  readonly maxBodyBytes: number;
  readonly maxHttpConnections: number;
  readonly maxSockets: number;
  readonly maxFrameBytes: number;
  /** Authenticated market-data connections per endpoint; one more is refused with 406. */
  readonly marketConnections: number;
  /** Trade and quote symbols per connection; more is refused with 405. */
  readonly symbols: number;
  readonly authTimeoutMs: number;
  /** A client that has not taken its frames after this long is told 407 and dropped. */
  readonly slowClientMs: number;
}

export const DEFAULT_LIMITS: VenueLimits = {
  requestsPerMinute: 200,
  maxBodyBytes: 64 * 1024,
  maxHttpConnections: 128,
  maxSockets: 32,
  maxFrameBytes: 256 * 1024,
  marketConnections: 1,
  symbols: 10_000,
  authTimeoutMs: 10_000,
  slowClientMs: 5_000,
};

export interface VenueOptions {
  /** 0 or undefined: any free port. Always on 127.0.0.1. */
  readonly port?: number;
  readonly exchange: Exchange;
  readonly instruments: readonly Instrument[];
  readonly keyId: string;
  readonly secret: string;
  /** Of the clock and the calendar routes. */
  readonly calendar: Calendar;
  /** Of a symbol's bars, where they differ (crypto); default: the one above. */
  readonly calendarOf?: (symbol: string) => Calendar;
  readonly tape?: Tape;
  readonly pace?: Pace;
  /** The venue's clock before the first item of the tape. */
  readonly startAt?: number;
  /** Paced tapes wait for the first market-data subscription, so that no client misses the start. Default true. */
  readonly waitForSubscriber?: boolean;
  /** Size of the tape's bars that go out on the `bars` channel. Alpaca knows only `1m`; both ends must agree on another. */
  readonly streamedBars?: string;
  /** Bars for the data REST; those that end after the venue's clock are never shown. */
  readonly historyOf?: (symbol: string, size: BarSize) => readonly Bar[] | Promise<readonly Bar[]>;
  /**
   * What splits while the tape plays: announced from the start, in effect from its time on. Prices of the tape are those of
   * their day.
   */
  readonly splits?: readonly SplitInput[];
  readonly limits?: Partial<VenueLimits>;
  /** Trade updates in binary frames, as the paper service has them, or in text frames, as the live one. */
  readonly tradingFrames?: "binary" | "text";
  /** What goes wrong by itself, beside what a test asks for through `Venue.faults`. */
  readonly faults?: readonly Fault[];
  /** Of those faults: the same seed and the same requests meet the same faults. */
  readonly seed?: string;
  /** Told of each fault when it happens. */
  readonly onFault?: (line: FaultLine) => void;
  /** Told of each answer, as it was written. */
  readonly onAnswer?: (answer: VenueAnswer) => void;
  readonly onPhase?: (phase: VenuePhase) => void;
}

export interface VenueAnswer {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  /** Undefined where the answer has none. */
  readonly body: unknown;
}

export interface VenuePhase {
  readonly phase: "exchange" | "data" | "ended";
  readonly time: number;
  /** Items of the tape with this time. */
  readonly items: number;
  /** Trade updates or market messages made in this phase. */
  readonly messages: number;
}

export interface VenueStats {
  readonly requests: number;
  readonly refusedRequests: number;
  readonly sockets: number;
  readonly tradeUpdates: number;
  readonly marketMessages: number;
  readonly slowClients: number;
  /** Items of the tape that came with an earlier time than one before them. */
  readonly lateItems: number;
  /** Bars of a size that the stream cannot carry: matched against, not sent. */
  readonly unsentBars: number;
  readonly ended: boolean;
}

/** What goes wrong with one request. `after`: the request was executed first, so only its answer is lost. */
export type RequestFault =
  | { readonly kind: "status"; readonly status: number; readonly message?: string; readonly after?: boolean }
  | { readonly kind: "stall"; readonly after?: boolean }
  | { readonly kind: "reset"; readonly after?: boolean }
  | { readonly kind: "delay"; readonly ms: number };

export type SocketChannel = "market" | "trading";

/** Faults for tests and rehearsals; without a call nothing goes wrong. */
export interface VenueFaults {
  /** Asked once per request; undefined lets it pass. */
  onRequest(
    hook: ((request: { readonly method: string; readonly path: string }) => RequestFault | undefined) | null,
  ): void;
  /** Cuts the TCP connection of every socket of a channel. */
  dropSockets(channel: SocketChannel): void;
  /** Refuses every new socket with 503. */
  refuseSockets(refuse: boolean): void;
  /** Accepts sockets and never answers their login. */
  muteLogins(mute: boolean): void;
  /** Sends bytes as they are to every authenticated socket of a channel. */
  sendRaw(channel: SocketChannel, data: string | Uint8Array): void;
}

export const MARKET_PATHS = {
  iex: "/v2/iex",
  sip: "/v2/sip",
  delayed_sip: "/v2/delayed_sip",
  test: "/v2/test",
  crypto: "/v1beta3/crypto/us",
  news: "/v1beta1/news",
} as const;

export type MarketFeed = keyof typeof MARKET_PATHS;

export interface Venue {
  /** `http://127.0.0.1:PORT`, base of trading and data REST. */
  readonly url: string;
  readonly port: number;
  /** `ws://127.0.0.1:PORT/stream`. */
  readonly tradingStreamUrl: string;
  /** `ws://127.0.0.1:PORT/v2/iex` and the other market-data endpoints. */
  marketStreamUrl(feed: MarketFeed): string;
  /** The tape's time. */
  now(): number;
  /** Manual pace: the exchange sees all items of the next distinct time and trade updates go out. Undefined: the tape is over. */
  exchangePhase(): Promise<VenuePhase | undefined>;
  /** Manual pace: the market data of the last exchange phase goes out. */
  dataPhase(): Promise<VenuePhase>;
  /** Both phases, with `between` awaited in the middle. False: the tape is over. */
  advance(between?: () => Promise<void> | void): Promise<boolean>;
  /** Resolves when the tape is over or the venue stops; rejects when the tape fails. */
  readonly finished: Promise<void>;
  /** Sends an event now, outside the tape; a status halts or resumes its symbol. Resolves when it left. */
  inject(event: MarketEvent): Promise<void>;
  stats(): VenueStats;
  readonly faults: VenueFaults;
  stop(): Promise<void>;
}
