/**
 * Any WebSocket backend as a feed, by a declarative mapping.
 *
 * Owns: connecting, subscribing, staying connected for ever, and the data-idle watchdog. The first connection must
 * work, or `start` rejects with what to do; after that it never gives up. Each connection is an object of its own, so
 * that nothing of an old one is ever heard again. No secret is in any message. May not evaluate or store data.
 */
import { calendarOf } from "../../market/instruments.ts";
import { isOpen } from "../../market/sessions.ts";
import { type Feed, FeedError, type FeedSink } from "../../ports/feed.ts";
import { backoffMs, refusedBackoffMs, STABLE_MS } from "./backoff.ts";
import { redactUrl, Secrets, type WebSocketConfig } from "./config.ts";
import { Connection } from "./connection.ts";
import { Mapper } from "./mapping.ts";
import { planOf, type SessionPlan } from "./plan.ts";
import { Session } from "./session.ts";
import type { Clock } from "../../ports/clock.ts";
import { Refusals } from "../refusals.ts";
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
  /** Longest silence of all data while data is expected. */
  readonly dataIdleMs?: number;
  /** Whether data should flow now. Default: while the regular session of one of the symbols is open. */
  readonly expectData?: (now: number) => boolean;
  /** How much older than the newest an item may be; later ones are refused. */
  readonly lateMs?: number;
}

const DATA_IDLE_MS = 120_000;
/** How often held-back refusals are looked at. */
const TICK_MS = 1_000;
/** Of what a server said. */
const DETAIL_MAX = 400;

interface Start {
  readonly resolve: () => void;
  readonly reject: (error: FeedError) => void;
}

export class WebSocketFeed implements Feed {
  readonly name: string;
  readonly delayMs: number;
  readonly paceMs: number;
  /** Messages that were no data or not ours. */
  ignored = 0;
  readonly #plan: SessionPlan;
  readonly #compression: boolean;
  readonly #options: Required<WebSocketOptions>;
  readonly #secrets: Secrets;
  readonly #mapper: Mapper;
  readonly #refusals: Refusals;
  readonly #dataIdleMs: number;
  #sink: FeedSink | undefined;
  #start: Start | undefined;
  #connection: Connection | undefined;
  #session: Session | undefined;
  #cancelRetry: (() => void) | undefined;
  #cancelTick: (() => void) | undefined;
  #attempt = 0;
  #liveSince = NaN;
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
      dataIdleMs: options.dataIdleMs ?? DATA_IDLE_MS,
      expectData: options.expectData ?? ((now) => symbols.some((symbol) => isOpen(calendarOf(symbol), now, "regular"))),
      lateMs: options.lateMs ?? 60_000,
    };
    this.#secrets = new Secrets(this.#options.environment);
    this.#plan = planOf(config, symbols, this.#secrets);
    this.#compression = config.compression ?? false;
    this.name = config.name ?? new URL(this.#plan.url).host;
    this.delayMs = config.delayMs ?? 0;
    this.#mapper = new Mapper(config.map, symbols, this.#options.lateMs);
    this.paceMs = this.#mapper.paceMs;
    // Silence is no fault as long as the next bar is not due, or where somebody said that it may last.
    this.#dataIdleMs = Math.max(this.#options.dataIdleMs + this.paceMs, ...this.#plan.idleMs.map(([, ms]) => ms));
    this.#refusals = new Refusals({
      report: (reason, sample, count) => this.#sink?.refused(this.name, reason, sample, count),
      clean: (text) => this.#secrets.scrub(text),
      now: () => timers.now(),
    });
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
    this.#cancelTick?.();
    this.#session?.close();
    this.#start?.reject(new FeedError("unreachable", `${this.name}: stopped before it was connected`));
    this.#start = undefined;
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  #connect(): void {
    const { timers, payloadMax, handshakeMs, pingAfterMs, pongWithinMs, expectData } = this.#options;
    const { url, headers } = this.#plan;
    this.#liveSince = NaN;
    const session: Session = new Session({
      plan: this.#plan,
      mapper: this.#mapper,
      clock: timers,
      name: this.name,
      dataIdleMs: this.#dataIdleMs,
      expectData,
      send: (data) => connection.send(data),
      handlers: {
        live: () => this.#live(),
        market: (input) => this.#sink?.market(input),
        refused: (reason, sample) => this.#refusals.add(reason, sample),
        ignored: () => this.ignored++,
        gap: (detail) => this.#gap(detail),
        fail: (why) => {
          connection.abandon();
          this.#lost(why);
        },
      },
    });
    const connection = new Connection(
      {
        url,
        shownUrl: this.#secrets.scrub(redactUrl(url)),
        headers,
        compression: this.#compression,
        payloadMax,
        handshakeMs,
        pingAfterMs,
        pongWithinMs,
        timers,
      },
      {
        onOpen: () => session.opened(),
        onMessage: (data, isBinary) => session.message(data, isBinary),
        onEnd: (why) => this.#lost(why),
      },
    );
    this.#session = session;
    this.#connection = connection;
  }

  #live(): void {
    this.#liveSince = this.#options.timers.now();
    this.#lastDetail = "";
    this.#tick();
    this.#tell("live", "connected and subscribed");
    this.#start?.resolve();
    this.#start = undefined;
  }

  #tell(status: "live" | "down", detail: string): void {
    this.#sink?.market({ kind: "feed", feed: this.name, status, detail });
  }

  /** What is being built misses something; what begins now does not. */
  #gap(detail: string): void {
    this.#tell("down", detail);
    this.#tell("live", "goes on after a gap");
  }

  #tick(): void {
    this.#cancelTick?.();
    this.#cancelTick = this.#options.timers.after(TICK_MS, () => {
      this.#refusals.tick();
      this.#tick();
    });
  }

  /** The connection is gone: the first one ends the start, every other one is made again. */
  #lost(why: FeedError): void {
    const { timers, random } = this.#options;
    this.#cancelTick?.();
    this.#session?.close();
    this.#session = this.#connection = undefined;
    const error = new FeedError(why.code, this.#secrets.scrub(why.message).slice(0, DETAIL_MAX));
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
    this.#tell("down", detail);
  }
}
