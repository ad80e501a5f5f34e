/**
 * What a person writes about a WebSocket backend, and how it becomes bytes.
 *
 * Owns: the shapes, `$symbols` and `${env:NAME}` in templates, and keeping secrets out of every text. May not connect.
 */
import { FeedError } from "../../ports/feed.ts";
import type { WireFormat } from "./codec.ts";
import type { Where } from "./filters.ts";
import type { HeartbeatConfig } from "./heartbeat.ts";
import type { SequenceConfig } from "./sequence.ts";
import type { TimeUnit } from "./wire-time.ts";

export type FieldName =
  | "symbol"
  | "price"
  | "size"
  | "time"
  | "id"
  | "bid"
  | "ask"
  | "bid_size"
  | "ask_size"
  | "open"
  | "high"
  | "low"
  | "close"
  | "volume"
  | "start"
  | "bids"
  | "asks";

/** A path, or several of which the first that is present counts. */
export type FieldPaths = string | readonly string[];

export interface Mapping extends Partial<Readonly<Record<FieldName, FieldPaths>>> {
  /** Default `trade`. */
  readonly type?: "trade" | "quote" | "bar" | "book";
  /** Of a book: the whole of it (default), or what changed; a size of 0 takes a level away. */
  readonly update?: "snapshot" | "delta";
  /** Where a level of a book has its price and size. Default: a pair, or `price`/`p` and `size`/`s`. */
  readonly level?: { readonly price?: FieldPaths; readonly size?: FieldPaths };
  /** Only messages (or items) whose fields equal these values, e.g. `{$.T: t}`. */
  readonly where?: Where;
  readonly time_unit?: TimeUnit;
  /** Size of the bars, for `type: bar`. */
  readonly bar_size?: string;
}

export type DataKind = "trade" | "quote" | "bar";

export interface LoginConfig {
  /** The message to wait for before anything is sent. */
  readonly after?: Where;
  readonly send: readonly unknown[];
  /** The answer that lets us in; without one, what follows is sent at once. */
  readonly expect?: Where;
  /** The answer that does not. */
  readonly refused?: Where;
}

export interface WebSocketConfig {
  readonly name?: string;
  /** May hold `${env:NAME}`. */
  readonly url: string;
  /** Messages sent after each connect. `$symbols` is the list, `$symbol` sends one message per symbol. */
  readonly send?: readonly unknown[];
  readonly headers?: Readonly<Record<string, string>>;
  /** One mapping or several; the first whose `where` matches takes the message. */
  readonly map?: Mapping | readonly Mapping[];
  /** Default `json`; with `msgpack` binary frames are MessagePack, both ways. */
  readonly format?: WireFormat;
  /** Said before `send`, and what must be answered. */
  readonly login?: LoginConfig;
  readonly heartbeat?: HeartbeatConfig;
  readonly sequence?: SequenceConfig;
  /** Longest silence of each kind of data while a market is open; a quote of a book counts as one. */
  readonly idleMs?: Readonly<Partial<Record<DataKind, number>>>;
  /** How late its data is by its nature. */
  readonly delayMs?: number;
  /** The feed counts as live when a message with these values came. Default: when the connection is open. */
  readonly confirm?: Where;
  readonly compression?: boolean;
}

/** `{symbol, price, volume, timestamp}` and its usual variants need no mapping. */
export const DEFAULT_MAPPING: Mapping = {
  symbol: ["$.symbol", "$.ticker"],
  price: "$.price",
  size: ["$.volume", "$.size"],
  time: ["$.timestamp", "$.time"],
};

/** Replaces `${env:NAME}` and remembers what was put in, so that `scrub` can take it out of messages again. */
export class Secrets {
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #values = new Set<string>();

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    this.#environment = environment;
  }

  get used(): boolean {
    return this.#values.size > 0;
  }

  expand(text: string): string {
    return text.replace(/\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
      const value = this.#environment[name];
      if (value === undefined || value === "") {
        throw new FeedError("config", `the environment variable ${name} is not set; the feed needs it`);
      }
      this.#values.add(value);
      return value;
    });
  }

  /** The text without secrets, plain or as they look inside a URL or in JSON. */
  scrub(text: string): string {
    let clean = text;
    for (const value of this.#values) {
      const inJson = JSON.stringify(value).slice(1, -1);
      for (const form of [value, encodeURIComponent(value), inJson]) clean = clean.replaceAll(form, "***");
    }
    return clean;
  }
}

/** Scheme, host and path; user, password and the values of the query are hidden whatever they are. */
export function redactUrl(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return "(not a URL)";
  }
  const user = parsed.username !== "" || parsed.password !== "" ? "***@" : "";
  const query = [...parsed.searchParams.keys()].map((key) => `${key}=***`).join("&");
  return `${parsed.protocol}//${user}${parsed.host}${parsed.pathname}${query === "" ? "" : `?${query}`}`;
}

/** The messages to send after connecting, filled in. */
export function subscribeMessages(
  templates: readonly unknown[],
  symbols: readonly string[],
  secrets: Secrets,
): unknown[] {
  return templates.flatMap((template) => {
    const each = mentions(template, "$symbol") ? symbols : [""];
    return each.map((symbol) => fill(template, symbols, symbol, secrets));
  });
}

/** The same of a message that is sent on another occasion. */
export function filled(template: unknown, symbols: readonly string[], secrets: Secrets): unknown {
  return fill(template, symbols, "", secrets);
}

function mentions(template: unknown, word: string): boolean {
  if (typeof template === "string") return new RegExp(`\\${word}(?![a-z])`).test(template);
  if (typeof template !== "object" || template === null) return false;
  return Object.values(template).some((value) => mentions(value, word));
}

function fill(template: unknown, symbols: readonly string[], symbol: string, secrets: Secrets): unknown {
  if (template === "$symbols") return symbols;
  if (typeof template === "string") {
    const listed = template.replace(/\$symbols(?![a-z])/g, () => symbols.join(","));
    return secrets.expand(listed.replace(/\$symbol(?![a-z])/g, () => symbol));
  }
  if (Array.isArray(template)) return template.map((item: unknown) => fill(item, symbols, symbol, secrets));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => [key, fill(value, symbols, symbol, secrets)]),
  );
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** The address to connect to. Secrets never travel in the clear beyond this machine. */
export function resolveUrl(config: WebSocketConfig, secrets: Secrets): string {
  const url = secrets.expand(config.url);
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new FeedError("config", `url is not an address; write it like wss://example.test/stream`);
  }
  if (parsed.hash !== "")
    throw new FeedError("config", `${redactUrl(url)}: a WebSocket address has no part behind a #`);
  if (parsed.protocol !== "ws:" && parsed.protocol !== "wss:") {
    throw new FeedError("config", `${redactUrl(url)}: a WebSocket address starts with wss:// or ws://`);
  }
  if (parsed.protocol === "ws:" && secrets.used && !LOOPBACK.test(parsed.hostname)) {
    throw new FeedError("config", `${redactUrl(url)}: a secret would travel unencrypted; use wss://`);
  }
  return url;
}
