/**
 * One connection to the market-data stream, from its opening to its end.
 *
 * Owns: connecting, login, the confirmed subscription, the watchdogs, and ending exactly once. Compression is off: it
 * costs many times the decoding. May not: reconnect; its owner does.
 */
import { encode } from "@msgpack/msgpack";
import { WebSocket } from "ws";
import type { Credentials } from "./credentials.ts";
import { decodeJson, decodeMsgpack, fieldsOf, numberOf } from "./frames.ts";
import type { Fields, StreamFormat } from "./frames.ts";
import type { Timers } from "./timers.ts";

export interface Channels {
  readonly trades?: readonly string[];
  readonly quotes?: readonly string[];
  readonly bars?: readonly string[];
  readonly updatedBars?: readonly string[];
  readonly dailyBars?: readonly string[];
  readonly statuses?: readonly string[];
  readonly lulds?: readonly string[];
  readonly news?: readonly string[];
}

/** Why a connection ended. `code` is Alpaca's when it gave one. */
export interface LinkEnd {
  readonly code: number | undefined;
  readonly detail: string;
}

export interface LinkOptions {
  readonly url: string;
  readonly credentials: Credentials;
  readonly format: StreamFormat;
  readonly channels: Channels;
  /** Asked for when the rest is live: a plan or a server that does not offer them costs nothing else. */
  readonly optional: Channels;
  readonly timers: Timers;
  readonly handshakeMs: number;
  /** From an open socket to a confirmed subscription. */
  readonly loginMs: number;
  readonly pingMs: number;
  readonly pongMs: number;
  /** Longest silence of data while `expectData` holds; 0 switches it off. */
  readonly idleMs: number;
  readonly expectData: () => boolean;
  readonly onLive: () => void;
  /** Reads a frame of data without decoding it; false when it cannot. */
  readonly scan: ((data: Buffer) => boolean) | undefined;
  readonly onMessages: (messages: readonly unknown[]) => void;
  readonly onRefused: (reason: string, sample: unknown) => void;
  readonly onEnd: (end: LinkEnd) => void;
}

const MAX_FRAME_BYTES = 16 * 1024 * 1024;
/** Invalid, symbol limit, plan, feed, scope. */
const NOT_OFFERED: readonly (number | undefined)[] = [400, 405, 409, 410, 411];
const CONTROL: readonly unknown[] = ["success", "error", "subscription"];

export class MarketLink {
  readonly #options: LinkOptions;
  readonly #socket: WebSocket;
  #ended = false;
  #live = false;
  #asksForMore = false;
  #lastFrame = 0;
  #lastData = 0;
  #loginTimer: unknown;
  #pingTimer: unknown;
  #idleTimer: unknown;
  #why: LinkEnd | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#socket = new WebSocket(options.url, {
      handshakeTimeout: options.handshakeMs,
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
      followRedirects: false,
      headers: { "Content-Type": options.format === "msgpack" ? "application/msgpack" : "application/json" },
    });
    this.#socket.on("open", () => this.#opened());
    this.#socket.on("message", (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    this.#socket.on("pong", () => this.#alive());
    this.#socket.on("error", (error) => this.#note(undefined, error.message));
    this.#socket.on("close", (code) => this.#end({ code: undefined, detail: `the connection was closed (${code})` }));
  }

  /** Ends without telling. */
  close(): Promise<void> {
    this.#ended = true;
    this.#clear();
    if (this.#socket.readyState === WebSocket.CLOSED) return Promise.resolve();
    return new Promise((resolve) => {
      this.#socket.once("close", () => resolve());
      this.#socket.terminate();
    });
  }

  #opened(): void {
    this.#alive();
    const { timers, loginMs } = this.#options;
    this.#loginTimer = timers.set(() => {
      this.#note(undefined, `login and subscription were not confirmed within ${loginMs} ms`);
      this.#socket.terminate();
    }, loginMs);
    this.#schedulePing();
  }

  #alive(): void {
    this.#lastFrame = this.#options.timers.now();
  }

  /** Any frame counts as life. A socket can stay open for hours after the other end is gone. */
  #schedulePing(): void {
    const { timers, pingMs, pongMs } = this.#options;
    this.#pingTimer = timers.set(() => {
      const asked = timers.now();
      this.#socket.ping();
      this.#pingTimer = timers.set(() => {
        if (this.#lastFrame >= asked) return this.#schedulePing();
        this.#note(undefined, `no answer to a ping within ${pongMs} ms`);
        this.#socket.terminate();
      }, pongMs);
    }, pingMs);
  }

  /** Pings can be answered by a server that has stopped sending data: that is silence of its own kind. */
  #watchIdle(): void {
    const { timers, idleMs, expectData } = this.#options;
    if (idleMs <= 0) return;
    this.#idleTimer = timers.set(
      () => {
        const silent = timers.now() - this.#lastData;
        if (!expectData()) this.#lastData = timers.now();
        else if (silent >= idleMs) {
          this.#note(undefined, `no data for ${Math.round(silent / 1000)} s while the market is open`);
          return this.#socket.terminate();
        }
        this.#watchIdle();
      },
      Math.max(idleMs / 4, 10),
    );
  }

  #receive(frame: Buffer, isBinary: boolean): void {
    if (this.#ended) return;
    this.#alive();
    if (this.#live && this.#options.scan?.(frame) === true) {
      this.#lastData = this.#lastFrame;
      return;
    }
    const messages = this.#decode(frame, isBinary);
    if (messages === undefined) return;
    const data = messages.filter((message) => {
      const fields = fieldsOf(message);
      if (fields === undefined || !CONTROL.includes(fields["T"])) return true;
      this.#control(fields);
      return false;
    });
    if (data.length === 0) return;
    this.#lastData = this.#options.timers.now();
    this.#options.onMessages(data);
  }

  #decode(data: Buffer, isBinary: boolean): readonly unknown[] | undefined {
    const binary = isBinary && this.#options.format === "msgpack";
    try {
      const value = binary ? decodeMsgpack(data) : decodeJson(data.toString("utf8"));
      if (Array.isArray(value)) return value;
      this.#options.onRefused("a frame that is not a list", binary ? value : data.toString("utf8"));
    } catch {
      this.#options.onRefused("a frame that cannot be decoded", binary ? data.toString("hex") : data.toString("utf8"));
    }
    return undefined;
  }

  #control(message: Fields): void {
    if (message["T"] === "error") {
      const code = numberOf(message["code"]);
      const text = typeof message["msg"] === "string" ? message["msg"] : "error";
      if (this.#asksForMore && NOT_OFFERED.includes(code)) {
        this.#asksForMore = false;
        const names = Object.keys(this.#options.optional).join(" and ");
        return this.#options.onRefused(`the server does not offer ${names}: ${text} (${code})`, "");
      }
      this.#note(code, code === undefined ? text : `${text} (${code})`);
      // Every error before `live` means that the state we want cannot be reached on this connection.
      if (!this.#live || code === 406 || code === 407) this.#socket.terminate();
    } else if (message["T"] === "subscription") this.#subscribed(message);
    else if (message["msg"] === "connected") {
      const { keyId, secret } = this.#options.credentials;
      this.#send({ action: "auth", key: keyId, secret });
    } else if (message["msg"] === "authenticated") this.#send({ action: "subscribe", ...this.#options.channels });
  }

  /** Live only when the server's own list holds all that was asked for. */
  #subscribed(message: Fields): void {
    if (this.#live) {
      this.#asksForMore = false;
      return;
    }
    for (const [channel, wanted] of Object.entries(this.#options.channels) as [string, readonly string[]][]) {
      const confirmed = message[channel];
      const list: readonly unknown[] = Array.isArray(confirmed) ? confirmed : [];
      const missing = wanted.filter((symbol) => !list.includes(symbol) && !list.includes("*"));
      if (missing.length === 0) continue;
      this.#note(undefined, `the server did not confirm ${channel} of ${missing.slice(0, 5).join(", ")}`);
      return this.#socket.terminate();
    }
    this.#options.timers.clear(this.#loginTimer);
    this.#live = true;
    this.#lastData = this.#options.timers.now();
    this.#watchIdle();
    this.#options.onLive();
    this.#asksForMore = Object.keys(this.#options.optional).length > 0;
    if (this.#asksForMore) this.#send({ action: "subscribe", ...this.#options.optional });
  }

  #send(message: unknown): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(this.#options.format === "msgpack" ? encode(message) : JSON.stringify(message));
  }

  /** The first reason counts: what follows is its consequence. */
  #note(code: number | undefined, detail: string): void {
    this.#why ??= { code, detail };
  }

  #end(fallback: LinkEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#clear();
    this.#options.onEnd(this.#why ?? fallback);
  }

  #clear(): void {
    for (const timer of [this.#loginTimer, this.#pingTimer, this.#idleTimer]) this.#options.timers.clear(timer);
  }
}
