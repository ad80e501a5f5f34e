/**
 * One market-data connection: login, subscriptions, and what of the tape it gets.
 *
 * Owns: the state of one socket and the protocol's error codes. May not: know other connections but through `admit`.
 */
import { decode } from "@msgpack/msgpack";
import type { WebSocket } from "ws";
import { frame } from "./frames.ts";
import type { Channel, FrameFormat, Message, Outgoing } from "./frames.ts";
import type { LoginFate } from "./fault-plan.ts";
import { sameSecret } from "../loopback-http.ts";

const MARKET_ERRORS = {
  400: "invalid syntax",
  401: "not authenticated",
  402: "auth failed",
  403: "already authenticated",
  404: "auth timeout",
  405: "symbol limit exceeded",
  406: "connection limit exceeded",
  407: "slow client",
  408: "v2 not enabled",
  409: "insufficient subscription",
  410: "invalid subscribe action for this feed",
  411: "insufficient scope",
  500: "internal error",
} as const;

export type MarketErrorCode = keyof typeof MARKET_ERRORS;

export type MarketKind = "stocks" | "crypto" | "news";

const CHANNELS: Readonly<Record<MarketKind, readonly Channel[]>> = {
  stocks: ["trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds", "imbalances"],
  crypto: ["trades", "quotes", "bars", "updatedBars", "dailyBars", "orderbooks"],
  news: ["news"],
};

/** Known elsewhere in Alpaca's protocol; asking for one here is 410, not a syntax error. */
function isElsewhere(name: string): boolean {
  return Object.values(CHANNELS).some((channels) => (channels as readonly string[]).includes(name));
}

/** Follow `trades` without being asked for. */
const FOLLOWERS: readonly Channel[] = ["corrections", "cancelErrors"];
const SYMBOL = /^(\*|[A-Z0-9][A-Z0-9./-]{0,19})$/;

export interface MarketSessionOptions {
  readonly socket: WebSocket;
  readonly endpoint: string;
  readonly kind: MarketKind;
  readonly format: FrameFormat;
  readonly keyId: string;
  readonly secret: string;
  readonly symbolLimit: number;
  readonly authTimeoutMs: number;
  readonly muted: () => boolean;
  /** What becomes of a login, asked once for each. */
  readonly fate: () => LoginFate;
  /** Whether one more authenticated connection is allowed at this endpoint. */
  readonly admit: (session: MarketSession) => boolean;
  readonly onSubscribed: () => void;
}

export class MarketSession {
  readonly endpoint: string;
  readonly socket: WebSocket;
  readonly #options: MarketSessionOptions;
  readonly #wanted = new Map<Channel, Set<string>>();
  readonly #channels: readonly Channel[];
  #loginTimer: NodeJS.Timeout | undefined;
  authenticated = false;

  constructor(
    options: MarketSessionOptions,
    headerLogin: { readonly keyId: string; readonly secret: string } | undefined,
  ) {
    this.#options = options;
    this.endpoint = options.endpoint;
    this.socket = options.socket;
    this.#channels = CHANNELS[options.kind];
    for (const channel of this.#channels) this.#wanted.set(channel, new Set());
    this.#send([{ T: "success", msg: "connected" }]);
    this.#loginTimer = setTimeout(() => this.refuse(404), options.authTimeoutMs);
    options.socket.on("message", (data, isBinary) => this.#receive(data as Buffer, isBinary));
    options.socket.once("close", () => clearTimeout(this.#loginTimer));
    if (headerLogin !== undefined) this.#login(headerLogin.keyId, headerLogin.secret);
  }

  get subscribed(): boolean {
    return [...this.#wanted.values()].some((symbols) => symbols.size > 0);
  }

  /** What of these messages this client asked for, in one frame. Returns how many; `done` is called when they left. */
  deliver(batch: readonly Outgoing[], done: () => void): number {
    if (!this.authenticated) {
      done();
      return 0;
    }
    const messages = batch.filter((item) => this.#wants(item)).map((item) => item.message);
    if (messages.length === 0) done();
    else this.socket.send(frame(this.#options.format, messages), done);
    return messages.length;
  }

  /** Says why and closes. */
  refuse(code: MarketErrorCode): void {
    this.#error(code);
    this.socket.close(1000);
  }

  #wants(item: Outgoing): boolean {
    const follows = FOLLOWERS.includes(item.channel) && this.#options.kind === "stocks";
    const wanted = this.#wanted.get(follows ? "trades" : item.channel);
    return wanted !== undefined && (wanted.has("*") || item.symbols.some((symbol) => wanted.has(symbol)));
  }

  #send(messages: readonly Message[]): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(frame(this.#options.format, messages));
  }

  #error(code: MarketErrorCode): void {
    this.#send([{ T: "error", code, msg: MARKET_ERRORS[code] }]);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#options.muted()) return;
    const message = this.#parse(data, isBinary);
    if (message === undefined) return this.#error(400);
    const action = message["action"];
    if (action === "auth") {
      if (this.authenticated) return this.#error(403);
      return this.#login(message["key"], message["secret"]);
    }
    if (action !== "subscribe" && action !== "unsubscribe") return this.#error(400);
    if (!this.authenticated) return this.#error(401);
    this.#change(action, message);
  }

  #parse(data: Buffer, isBinary: boolean): Readonly<Record<string, unknown>> | undefined {
    try {
      const value: unknown =
        this.#options.format === "msgpack" && isBinary ? decode(data) : JSON.parse(data.toString("utf8"));
      return typeof value === "object" && value !== null && !Array.isArray(value)
        ? (value as Readonly<Record<string, unknown>>)
        : undefined;
    } catch {
      return undefined;
    }
  }

  #login(keyId: unknown, secret: unknown): void {
    const fate = this.#options.fate();
    if (fate === "ignored") return;
    if (fate !== "as usual") return this.refuse(fate in MARKET_ERRORS ? (fate as MarketErrorCode) : 500);
    const right =
      typeof keyId === "string" &&
      typeof secret === "string" &&
      sameSecret(keyId, this.#options.keyId) &&
      sameSecret(secret, this.#options.secret);
    if (!right) return this.refuse(402);
    if (!this.#options.admit(this)) return this.refuse(406);
    clearTimeout(this.#loginTimer);
    this.authenticated = true;
    this.#send([{ T: "success", msg: "authenticated" }]);
  }

  #change(action: "subscribe" | "unsubscribe", message: Readonly<Record<string, unknown>>): void {
    const asked = new Map<Channel, string[]>();
    for (const [name, symbols] of Object.entries(message)) {
      if (name === "action") continue;
      const channel = this.#channels.find((known) => known === name);
      if (channel === undefined) {
        if (this.#options.kind === "stocks" && (FOLLOWERS as readonly string[]).includes(name)) continue;
        return this.#error(isElsewhere(name) ? 410 : 400);
      }
      if (!Array.isArray(symbols) || !symbols.every((symbol) => typeof symbol === "string" && SYMBOL.test(symbol))) {
        return this.#error(400);
      }
      asked.set(channel, symbols as string[]);
    }
    if (action === "subscribe" && this.#tooMany(asked)) return this.#error(405);
    for (const [channel, symbols] of asked) {
      const wanted = this.#wanted.get(channel) as Set<string>;
      for (const symbol of symbols) {
        if (action === "subscribe") wanted.add(symbol);
        else wanted.delete(symbol);
      }
    }
    this.#acknowledge();
  }

  #tooMany(asked: ReadonlyMap<Channel, readonly string[]>): boolean {
    const union = new Set<string>();
    for (const channel of ["trades", "quotes"] as const) {
      for (const symbol of this.#wanted.get(channel) ?? []) union.add(symbol);
      for (const symbol of asked.get(channel) ?? []) union.add(symbol);
    }
    return union.size > this.#options.symbolLimit;
  }

  #acknowledge(): void {
    const lists: Record<string, unknown> = { T: "subscription" };
    for (const [channel, symbols] of this.#wanted) {
      // The documented list of stocks has no imbalances: they are named where somebody asked for them.
      if (channel !== "imbalances" || symbols.size > 0) lists[channel] = [...symbols];
    }
    if (this.#options.kind === "stocks") for (const follower of FOLLOWERS) lists[follower] = lists["trades"];
    this.#send([lists]);
    if (this.subscribed) this.#options.onSubscribed();
  }
}
