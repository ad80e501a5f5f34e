/**
 * Alpaca's market-data stream as a feed, over our own WebSocket client.
 *
 * Owns: staying connected (full-jitter backoff, never giving up), and telling `live` and `down`. Nothing is replayed
 * by the service: what was missed is for the owner of the history to fill when the feed is live again.
 * May not: build bars or judge staleness.
 */
import { DAY, parseBarSize } from "../../market/bar-size.ts";
import type { Calendar } from "../../market/calendar.ts";
import { FeedError } from "../../ports/feed.ts";
import type { Feed, FeedSink } from "../../ports/feed.ts";
import { Refusals, sampleOf } from "../refusals.ts";
import { MISSING_KEYS, REFUSED_KEYS, isComplete, redactor } from "./credentials.ts";
import type { Credentials, Redact } from "./credentials.ts";
import { marketStreamUrl } from "./endpoints.ts";
import type { AlpacaFeedName } from "./endpoints.ts";
import { fieldsOf } from "./frames.ts";
import type { StreamFormat } from "./frames.ts";
import { MarketLink } from "./market-link.ts";
import type { Channels, LinkEnd } from "./market-link.ts";
import { MessageMapper } from "./market-messages.ts";
import { FrameScanner } from "./scanner.ts";
import { SYSTEM_TIMERS, backoffMs } from "./timers.ts";
import type { Backoff, Timers } from "./timers.ts";

export interface AlpacaMarketDataOptions {
  readonly feed: AlpacaFeedName;
  readonly credentials: Credentials | undefined;
  readonly channels: Channels;
  /** Channels that are welcome and not needed: halts, bands. */
  readonly optional?: Channels;
  /** Nothing is judged by it (news): when it is down, that is a notice and no gap in the data. */
  readonly auxiliary?: boolean;
  readonly calendar: Calendar;
  /** The local venue's URL instead of Alpaca's host. */
  readonly venueUrl?: string;
  readonly name?: string;
  /** Default `json`, which the scanner reads (decision 020). */
  readonly format?: StreamFormat;
  /** Size of `b` and `u` bars: `1m` at Alpaca. */
  readonly barSize?: string;
  /** True for the local venue; see market-messages.ts. */
  readonly dailyBarsAreFinal?: boolean;
  readonly timers?: Timers;
  readonly handshakeMs?: number;
  readonly loginMs?: number;
  readonly pingMs?: number;
  readonly pongMs?: number;
  /** Longest silence during regular hours, counted from when the next bar is due, before the connection is renewed; default: no end. */
  readonly idleMs?: number;
  /** Whether data is due now; default: regular hours of the calendar. */
  readonly expectData?: () => boolean;
  /** The backoff starts anew after a connection was live for this long. */
  readonly stableMs?: number;
  readonly reconnect?: Backoff;
  /** After refused keys, a symbol or a connection limit: trying often does not help. */
  readonly afterRefusal?: Backoff;
}

/** What Alpaca promises of its delayed stream. */
const DELAY_MS = 15 * 60_000;
const FUTURE_MS = 5 * 60_000;
const HOPELESS: readonly (number | undefined)[] = [402, 405, 406, 409, 410, 411, 413];

export function createAlpacaMarketData(options: AlpacaMarketDataOptions): Feed {
  return new AlpacaMarketData(options);
}

class AlpacaMarketData implements Feed {
  readonly name: string;
  readonly #options: AlpacaMarketDataOptions;
  readonly #timers: Timers;
  readonly #redact: Redact;
  readonly #mapper: MessageMapper;
  readonly #scanner: FrameScanner;
  readonly #refusals: Refusals;
  readonly delayMs: number;
  readonly paceMs: number;
  #sink: FeedSink | undefined;
  #link: MarketLink | undefined;
  #generation = 0;
  #attempts = 0;
  #liveSince: number | undefined;
  /** Why it is down, as it was told. */
  #lastDetail = "";
  #retryTimer: unknown;
  #first: { readonly resolve: () => void; readonly reject: (error: FeedError) => void } | undefined;

  constructor(options: AlpacaMarketDataOptions) {
    this.#options = options;
    this.name = options.name ?? `alpaca-${options.feed}`;
    this.#timers = options.timers ?? SYSTEM_TIMERS;
    this.#redact = redactor(options.credentials);
    this.delayMs = options.feed === "delayed_sip" ? DELAY_MS : 0;
    this.paceMs = paceOf(options);
    this.#refusals = new Refusals({
      report: (reason, sample, count) => this.#sink?.refused(this.name, reason, sample, count),
      clean: this.#redact,
      now: () => this.#timers.now(),
    });
    const { calendar, barSize = "1m" } = options;
    // The time of a local venue is that of its tape.
    const latest =
      options.venueUrl === undefined ? () => this.#timers.now() + FUTURE_MS : () => Number.POSITIVE_INFINITY;
    this.#scanner = new FrameScanner({ calendar, barSize, latest });
    this.#mapper = new MessageMapper({
      calendar,
      barSize,
      dailyBarsAreFinal: options.dailyBarsAreFinal ?? false,
      now: () => this.#timers.now(),
      latest,
      feed: this.name,
    });
  }

  start(sink: FeedSink): Promise<void> {
    const { credentials, channels } = this.#options;
    if (!isComplete(credentials)) return Promise.reject(new FeedError("config", MISSING_KEYS));
    if (!Object.values(channels).some((symbols: readonly string[]) => symbols.length > 0)) {
      return Promise.reject(new FeedError("config", `${this.name}: no symbols to subscribe to`));
    }
    this.#sink = sink;
    return new Promise((resolve, reject) => {
      this.#first = { resolve, reject };
      this.#open(credentials);
    });
  }

  async stop(): Promise<void> {
    this.#refusals.flush();
    this.#sink = undefined;
    this.#generation += 1;
    this.#timers.clear(this.#retryTimer);
    this.#first?.reject(new FeedError("unreachable", `${this.name} was stopped before it was live`));
    this.#first = undefined;
    await this.#link?.close();
  }

  #open(credentials: Credentials): void {
    this.#generation += 1;
    const generation = this.#generation;
    // A callback of an old connection must not touch the new one's state.
    const current = <A extends readonly unknown[]>(call: (...values: A) => void) => {
      return (...values: A): void => {
        if (generation === this.#generation) call(...values);
      };
    };
    const options = this.#options;
    this.#link = new MarketLink({
      url: marketStreamUrl(options.feed, options.venueUrl),
      credentials,
      format: options.format ?? "json",
      channels: options.channels,
      optional: options.optional ?? {},
      scan: options.format === "msgpack" ? undefined : (data) => generation === this.#generation && this.#scan(data),
      timers: this.#timers,
      handshakeMs: options.handshakeMs ?? 10_000,
      loginMs: options.loginMs ?? 10_000,
      pingMs: options.pingMs ?? 10_000,
      pongMs: options.pongMs ?? 5_000,
      idleMs: options.idleMs === undefined ? 0 : options.idleMs + this.paceMs,
      expectData: options.expectData ?? (() => this.#regularHours()),
      onLive: current(() => this.#wentLive()),
      onMessages: current((messages: readonly unknown[]) => this.#take(messages)),
      onRefused: current((reason: string, sample: unknown) => this.#refuse(reason, sample)),
      onEnd: current((end: LinkEnd) => this.#ended(end, credentials)),
    });
  }

  #regularHours(): boolean {
    const now = this.#timers.now();
    const session = this.#options.calendar.sessionAtOrBefore(now);
    return session !== undefined && now >= session.open && now < session.close;
  }

  #wentLive(): void {
    this.#liveSince = this.#timers.now();
    this.#lastDetail = "";
    this.#tell("live", "subscription confirmed");
    this.#first?.resolve();
    this.#first = undefined;
  }

  /** Told one after the other, so that a stop in between is the end. */
  #scan(data: Buffer): boolean {
    const inputs = this.#scanner.scan(data);
    if (inputs === undefined) return false;
    for (const input of inputs) this.#sink?.market(input);
    return true;
  }

  #tell(status: "live" | "down", detail: string): void {
    const { name } = this;
    const time = this.#timers.now();
    this.#sink?.market(
      this.#options.auxiliary === true
        ? { kind: "notice", feed: name, topic: "feed", time, symbols: [], text: `${status}: ${detail}` }
        : { kind: "feed", feed: name, status, detail },
    );
  }

  #take(messages: readonly unknown[]): void {
    for (const message of messages) {
      const fields = fieldsOf(message);
      const mapped = fields === undefined ? undefined : this.#mapper.map(fields);
      if (mapped?.kind === "input") this.#sink?.market(mapped.input);
      else if (mapped?.kind !== "ignored") this.#refuse(mapped?.reason ?? "a message that is not an object", message);
    }
  }

  #refuse(reason: string, sample: unknown): void {
    this.#refusals.add(reason, () => sampleOf(sample));
  }

  #ended(end: LinkEnd, credentials: Credentials): void {
    const liveSince = this.#liveSince;
    this.#liveSince = undefined;
    this.#refusals.flush();
    const detail = this.#redact(end.detail);
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      this.#sink = undefined;
      return first.reject(this.#startError(end, detail));
    }
    if (liveSince !== undefined && this.#timers.now() - liveSince >= (this.#options.stableMs ?? 10_000))
      this.#attempts = 0;
    // Each cause once: keys that are refused later are worth a word, too.
    if (detail !== this.#lastDetail) this.#tell("down", detail);
    this.#lastDetail = detail;
    const backoff = HOPELESS.includes(end.code)
      ? (this.#options.afterRefusal ?? { firstMs: 10_000, maxMs: 300_000 })
      : (this.#options.reconnect ?? { firstMs: 1_000, maxMs: 64_000 });
    const delay = backoffMs(this.#attempts, backoff, this.#timers.random());
    this.#attempts += 1;
    this.#retryTimer = this.#timers.set(() => this.#open(credentials), delay);
  }

  #startError(end: LinkEnd, detail: string): FeedError {
    const at = marketStreamUrl(this.#options.feed, this.#options.venueUrl);
    if (end.code === 401 || end.code === 402) return new FeedError("auth", REFUSED_KEYS);
    if (end.code === 406) {
      return new FeedError(
        "config",
        `${at}: ${detail}. These keys have another connection open; Alpaca allows one. Close it.`,
      );
    }
    if (end.code === 405) {
      return new FeedError(
        "config",
        `${at}: ${detail}. The data plan allows fewer trade and quote symbols; subscribe to bars or fewer symbols.`,
      );
    }
    if (end.code === 409 || end.code === 410 || end.code === 411) {
      return new FeedError(
        "config",
        `${at}: ${detail}. The data plan or the feed does not offer these channels; try the iex feed.`,
      );
    }
    if (end.code === 400) return new FeedError("protocol", `${at}: ${detail}`);
    return new FeedError("unreachable", `cannot open ${at}: ${detail}`);
  }
}

function paceOf({ channels, barSize = "1m" }: AlpacaMarketDataOptions): number {
  const has = (list: readonly string[] = []): boolean => list.length > 0;
  if (has(channels.trades) || has(channels.quotes)) return 0;
  if (has(channels.bars)) return parseBarSize(barSize)?.ms ?? 0;
  return has(channels.dailyBars) ? DAY.ms : 0;
}
