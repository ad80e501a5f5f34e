/**
 * Any WebSocket backend as a feed, by a declarative mapping.
 *
 * Owns: connecting, subscribing, staying connected for ever, and the data-idle watchdog. The first connection must
 * work, or `start` rejects with what to do; after that it never gives up. Each connection is an object of its own, so
 * that nothing of an old one is ever heard again. No secret is in any message. May not evaluate or store data.
 */
import { validateHeaderName, validateHeaderValue } from "node:http";
import { calendarOf } from "../../market/instruments.ts";
import { isOpen } from "../../market/sessions.ts";
import { type Feed, FeedError, type FeedSink } from "../../ports/feed.ts";
import { backoffMs, refusedBackoffMs, STABLE_MS } from "./backoff.ts";
import { redactUrl, resolveUrl, Secrets, subscribeMessages, type WebSocketConfig } from "./config.ts";
import { Connection } from "./connection.ts";
import { compileFilters, Mapper, matches } from "./mapping.ts";
import { Refusals } from "./refusals.ts";
import type { Clock } from "../../ports/clock.ts";
import { WALL_CLOCK } from "../wall-clock.ts";

export interface WebSocketOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly timers?: Clock;
  /** In [0, 1); spreads reconnects. */
  readonly random?: () => number;
  readonly payloadMax?: number;
  readonly handshakeMs?: number;
  readonly pingAfterMs?: number;
  readonly pongWithinMs?: number;
  /** Longest silence of data while data is expected. */
  readonly dataIdleMs?: number;
  /** Whether data should flow now. Default: while the regular session of one of the symbols is open. */
  readonly expectData?: (now: number) => boolean;
  /** How much older than the newest an item may be; later ones are refused. */
  readonly lateMs?: number;
}

const CONFIRM_MS = 10_000;
const CHECK_MS = 1_000;

interface Start {
  readonly resolve: () => void;
  readonly reject: (error: FeedError) => void;
}

export class WebSocketFeed implements Feed {
  readonly name: string;
  /** Messages that were no data or not ours. */
  ignored = 0;
  readonly #config: WebSocketConfig;
  readonly #options: Required<WebSocketOptions>;
  readonly #secrets: Secrets;
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #send: readonly string[];
  readonly #confirm: ReturnType<typeof compileFilters>;
  readonly #mapper: Mapper;
  readonly #refusals: Refusals;
  #sink: FeedSink | undefined;
  #start: Start | undefined;
  #connection: Connection | undefined;
  #cancelRetry: (() => void) | undefined;
  #cancelCheck: (() => void) | undefined;
  #cancelConfirm: (() => void) | undefined;
  #attempt = 0;
  #liveSince = NaN;
  #lastData = 0;
  #lastDetail = "";

  /** Throws a FeedError when the configuration is wrong. */
  constructor(config: WebSocketConfig, symbols: readonly string[], options: WebSocketOptions = {}) {
    const timers = options.timers ?? WALL_CLOCK;
    this.#options = {
      environment: options.environment ?? {},
      timers,
      random: options.random ?? Math.random,
      payloadMax: options.payloadMax ?? 4 * 1024 * 1024,
      handshakeMs: options.handshakeMs ?? 10_000,
      pingAfterMs: options.pingAfterMs ?? 10_000,
      pongWithinMs: options.pongWithinMs ?? 5_000,
      dataIdleMs: options.dataIdleMs ?? 120_000,
      expectData: options.expectData ?? ((now) => symbols.some((symbol) => isOpen(calendarOf(symbol), now, "regular"))),
      lateMs: options.lateMs ?? 60_000,
    };
    if (symbols.length === 0) throw new FeedError("config", "no symbols to subscribe");
    this.#config = config;
    this.#secrets = new Secrets(this.#options.environment);
    const headers = Object.entries(config.headers ?? {});
    this.#headers = Object.fromEntries(
      headers.map(([name, value]) => [name, headerValue(name, this.#secrets.expand(value))]),
    );
    this.#send = subscribeMessages(config.send ?? [], symbols, this.#secrets);
    this.#url = resolveUrl(config, this.#secrets);
    this.name = config.name ?? new URL(this.#url).host;
    this.#confirm = compileFilters(config.confirm);
    this.#mapper = new Mapper(config.map, symbols, this.#options.lateMs);
    this.#refusals = new Refusals(
      (reason, sample, count) => this.#sink?.refused(this.name, reason, this.#secrets.scrub(sample), count),
      () => timers.now(),
    );
  }

  start(sink: FeedSink): Promise<void> {
    if (this.#sink !== undefined) return Promise.reject(new FeedError("config", `${this.name}: already started`));
    this.#sink = sink;
    return new Promise((resolve, reject) => {
      this.#start = { resolve, reject };
      this.#connect();
    });
  }

  async stop(): Promise<void> {
    this.#refusals.flush();
    this.#sink = undefined;
    this.#cancelRetry?.();
    this.#release();
    this.#start?.reject(new FeedError("unreachable", `${this.name}: stopped before it was connected`));
    this.#start = undefined;
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  #connect(): void {
    const { timers, payloadMax, handshakeMs, pingAfterMs, pongWithinMs } = this.#options;
    this.#liveSince = NaN;
    const shownUrl = this.#secrets.scrub(redactUrl(this.#url));
    const compression = this.#config.compression ?? false;
    this.#connection = new Connection(
      {
        url: this.#url,
        shownUrl,
        headers: this.#headers,
        compression,
        payloadMax,
        handshakeMs,
        pingAfterMs,
        pongWithinMs,
        timers,
      },
      {
        onOpen: () => this.#opened(),
        onMessage: (text) => this.#message(text),
        onEnd: (why) => this.#lost(why),
      },
    );
  }

  #opened(): void {
    for (const text of this.#send) this.#connection?.send(text);
    if (this.#config.confirm === undefined) return this.#live();
    this.#cancelConfirm = this.#options.timers.after(CONFIRM_MS, () => {
      this.#drop(new FeedError("protocol", `${this.name}: the subscription was not confirmed within 10 s`));
    });
  }

  #live(): void {
    const { timers } = this.#options;
    this.#cancelConfirm?.();
    this.#cancelConfirm = undefined;
    this.#liveSince = this.#lastData = timers.now();
    this.#lastDetail = "";
    this.#check();
    this.#sink?.market({ kind: "feed", feed: this.name, status: "live", detail: "connected and subscribed" });
    this.#start?.resolve();
    this.#start = undefined;
  }

  #message(text: string): void {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      this.#refusals.add("a message is not JSON", () => text);
      return;
    }
    const now = this.#options.timers.now();
    if (Number.isNaN(this.#liveSince)) {
      const list: readonly unknown[] = Array.isArray(message) ? message : [message];
      if (list.some((each) => matches(this.#confirm, each, each))) this.#live();
    }
    this.#mapper.message(message, now, {
      market: (input) => {
        this.#lastData = now;
        this.#sink?.market(input);
      },
      refused: (reason, item) => this.#refusals.add(reason, () => JSON.stringify(item) ?? String(item)),
      ignored: () => this.ignored++,
    });
  }

  /** Once a second: is data flowing that should, and are held-back refusals due? */
  #check(): void {
    const { timers, dataIdleMs, expectData } = this.#options;
    this.#cancelCheck = timers.after(Math.min(CHECK_MS, dataIdleMs), () => {
      const now = timers.now();
      this.#refusals.tick();
      if (!expectData(now)) this.#lastData = now;
      if (now - this.#lastData < dataIdleMs) return this.#check();
      this.#drop(new FeedError("unreachable", `${this.name}: connected, but no data for ${dataIdleMs / 1000} s`));
    });
  }

  #drop(why: FeedError): void {
    this.#connection?.abandon();
    this.#lost(why);
  }

  /** The connection is gone: the first one ends the start, every other one is made again. */
  #lost(why: FeedError): void {
    const { timers, random } = this.#options;
    this.#release();
    this.#connection = undefined;
    const error = new FeedError(why.code, this.#secrets.scrub(why.message));
    if (this.#start !== undefined) {
      const { reject } = this.#start;
      this.#start = undefined;
      this.#sink = undefined;
      return reject(error);
    }
    if (timers.now() - this.#liveSince >= STABLE_MS) this.#attempt = 0;
    this.#down(error.message);
    const wait = error.code === "auth" ? refusedBackoffMs(random()) : backoffMs(this.#attempt, random());
    this.#attempt++;
    this.#cancelRetry = timers.after(wait, () => this.#connect());
  }

  /** Told once per cause, not once per attempt. */
  #down(detail: string): void {
    if (detail === this.#lastDetail) return;
    this.#lastDetail = detail;
    this.#sink?.market({ kind: "feed", feed: this.name, status: "down", detail });
  }

  #release(): void {
    this.#cancelCheck?.();
    this.#cancelConfirm?.();
    this.#cancelCheck = this.#cancelConfirm = undefined;
  }
}

/** Checked here, because a wrong one would otherwise throw at every connect. */
function headerValue(name: string, value: string): string {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw new FeedError(
      "config",
      `headers: ${name} is not a header, or its value holds a line end or a control character`,
    );
  }
  return value;
}
