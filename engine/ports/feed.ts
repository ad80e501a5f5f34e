/**
 * Where market data comes from.
 *
 * Owns: the interface. A feed turns a wire or a file into `MarketInput`s; it never evaluates, sizes or orders.
 */
import type { MarketInput } from "../core/event.ts";

export interface FeedSink {
  /** Called in the order of the wire. Must return at once; the receiver queues. */
  market(input: MarketInput): void;
  /** A message that was not understood or not believable: counted and shown, never guessed at. `sample` is cut to 200 characters, `count` (1) is how many it stands for. */
  refused(feed: string, reason: string, sample: string, count?: number): void;
}

export interface Feed {
  readonly name: string;
  /** How late its data is by its nature: 15 minutes for a delayed feed. Default 0. */
  readonly delayMs?: number;
  /** How far apart what it tells is by its nature: the size of its bars; default 0, for trades and quotes. */
  readonly paceMs?: number;
  /** Resolves when the first subscription is confirmed (live) or the file is open; rejects with a FeedError. */
  start(sink: FeedSink): Promise<void>;
  /** Idempotent; no callback after it resolves. */
  stop(): Promise<void>;
}

/** A feed that could not start: wrong login, unreachable host, bad file. The message says what to do. */
export class FeedError extends Error {
  override readonly name = "FeedError";
  readonly code: "auth" | "unreachable" | "protocol" | "config" | "data";
  constructor(code: FeedError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
