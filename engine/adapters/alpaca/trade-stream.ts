/**
 * The stream of trade updates, kept alive.
 *
 * Owns: supervision of the SDK's stream. The SDK reconnects by itself, but it waits for ever for a login that nobody
 * answers and stops silently after a refused one; both are ended here. May not: interpret an update.
 */
import { BrokerError } from "../../ports/broker.ts";
import { REFUSED_KEYS, messageOf } from "./credentials.ts";
import type { Credentials, Redact } from "./credentials.ts";
import { STREAM_STATE, SUBSCRIPTION_EVENT, tradingStream } from "./sdk.ts";
import type { SdkTradeUpdate, SdkTradingStream, StreamOptions } from "./sdk.ts";
import { backoffMs } from "./timers.ts";
import type { Backoff, Timers } from "./timers.ts";

export type StreamTimes = Pick<
  TradeStreamOptions,
  "handshakeMs" | "loginMs" | "pingMs" | "pongMs" | "reconnect" | "afterRefusal"
>;

export interface TradeStreamOptions {
  readonly credentials: Credentials;
  readonly url: string;
  readonly timers: Timers;
  readonly redact: Redact;
  readonly handshakeMs: number;
  /** From an open socket to a confirmed `listening`. */
  readonly loginMs: number;
  readonly pingMs: number;
  readonly pongMs: number;
  readonly reconnect: Backoff;
  /** After a refused login: the keys may have been replaced, or the service may have erred. */
  readonly afterRefusal: Backoff;
  readonly onUp: () => void;
  readonly onDown: (detail: string) => void;
  /** When the next update happened, told before it. */
  readonly onTime: (time: number) => void;
  readonly onUpdate: (update: SdkTradeUpdate) => void;
  /** A frame that was not understood: it may have been a fill. */
  readonly onProblem: (detail: string) => void;
}

type Socket = Parameters<StreamOptions["onSocket"]>[0];

export class TradeStream {
  readonly #options: TradeStreamOptions;
  #stream: SdkTradingStream | undefined;
  #socket: Socket | undefined;
  #live = false;
  #stopped = false;
  #refusals = 0;
  #lastError = "";
  #loginTimer: unknown;
  #retryTimer: unknown;
  #first: { readonly resolve: () => void; readonly reject: (error: BrokerError) => void } | undefined;

  constructor(options: TradeStreamOptions) {
    this.#options = options;
  }

  get live(): boolean {
    return this.#live;
  }

  /** Resolves when the server has confirmed `listening`; the first failure rejects, later ones are survived. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#first = { resolve, reject };
      this.#open();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#options.timers.clear(this.#loginTimer);
    this.#options.timers.clear(this.#retryTimer);
    this.#stream?.removeAllListeners();
    this.#stream?.disconnect();
    this.#socket?.terminate();
    this.#live = false;
  }

  #open(): void {
    if (this.#stopped) return;
    const { credentials, url, handshakeMs, pingMs, pongMs, reconnect } = this.#options;
    const stream = tradingStream({
      credentials,
      url,
      handshakeMs,
      pingMs,
      pongMs,
      firstReconnectMs: reconnect.firstMs,
      maxReconnectMs: reconnect.maxMs,
      onSocket: (socket) => {
        // The SDK listens too, but ignores a socket it has let go of: an unheard error would end the process.
        socket.on("error", () => {});
        this.#socket = socket;
      },
    });
    this.#stream = stream;
    stream.onTradeUpdate((update) => this.#updated(update));
    stream.on(SUBSCRIPTION_EVENT, (streams: unknown) => this.#confirmed(streams));
    stream.onError((error) => this.#failed(error));
    stream.onStateChange((state) => {
      if (state === STREAM_STATE.connected) this.#awaitLogin();
      if (state === STREAM_STATE.disconnected) this.#closed(stream);
    });
    stream.subscribeTradeUpdates();
    stream.connect();
  }

  /** The SDK keeps what a listener throws to itself: an update would be lost without a word. */
  #updated(update: SdkTradeUpdate): void {
    const { onTime, onUpdate, onProblem, redact } = this.#options;
    try {
      const time = update.timestamp?.getTime() ?? Number.NaN;
      if (Number.isFinite(time)) onTime(time);
      onUpdate(update);
    } catch (error) {
      onProblem(messageOf(error, redact));
    }
  }

  #confirmed(streams: unknown): void {
    if (!Array.isArray(streams) || !streams.includes("trade_updates") || this.#live) return;
    this.#options.timers.clear(this.#loginTimer);
    this.#live = true;
    this.#refusals = 0;
    this.#lastError = "";
    this.#options.onUp();
    this.#first?.resolve();
    this.#first = undefined;
  }

  #failed(error: string): void {
    this.#lastError = this.#options.redact(error);
    if (error.startsWith("failed to ")) this.#options.onProblem(this.#lastError);
  }

  #awaitLogin(): void {
    const socket = this.#socket;
    this.#options.timers.clear(this.#loginTimer);
    this.#loginTimer = this.#options.timers.set(() => {
      this.#lastError = `the login was not answered within ${this.#options.loginMs} ms`;
      socket?.terminate();
    }, this.#options.loginMs);
  }

  #closed(stream: SdkTradingStream): void {
    this.#options.timers.clear(this.#loginTimer);
    const wasLive = this.#live;
    this.#live = false;
    if (wasLive) this.#options.onDown(this.#lastError === "" ? "the connection was closed" : this.#lastError);
    // The SDK announces its reconnect in the same turn; if it does not, the stream has ended for good.
    queueMicrotask(() => {
      if (this.#stopped || this.#stream !== stream) return;
      const ended = stream.getState() === STREAM_STATE.disconnected;
      this.#failStart(ended);
      if (ended && !this.#stopped) this.#reopenLater();
    });
  }

  #failStart(refused: boolean): void {
    const first = this.#first;
    if (first === undefined) return;
    this.#first = undefined;
    this.stop();
    first.reject(
      refused
        ? new BrokerError("auth", REFUSED_KEYS)
        : new BrokerError("unreachable", `cannot open the trade updates at ${this.#options.url}: ${this.#why()}`),
    );
  }

  #why(): string {
    return this.#lastError === "" ? "the connection was closed" : messageOf(this.#lastError, this.#options.redact);
  }

  #reopenLater(): void {
    const { timers, afterRefusal } = this.#options;
    const delay = backoffMs(this.#refusals, afterRefusal, timers.random());
    this.#refusals += 1;
    this.#stream?.removeAllListeners();
    this.#retryTimer = timers.set(() => this.#open(), delay);
  }
}
