/**
 * The feeds of `barwise.yaml`: which there are, and what a WebSocket backend says.
 *
 * Owns: their meaning beyond the schema: durations, what a mapping needs. May not: connect, or know adapters.
 */
import { parseBarSize } from "../market/bar-size.ts";
import { durationAt } from "./duration-at.ts";
import { checkVariables } from "./feed-variables.ts";
import { keyPlace, placeOf } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type FeedConfig =
  | { readonly kind: "alpaca"; readonly feed: "iex" | "sip" | "crypto" | "delayed_sip"; readonly news?: true }
  /** As the WebSocket adapter takes it. */
  | { readonly kind: "websocket"; readonly config: WebSocketSource }
  | {
      readonly kind: "tape";
      readonly file: string;
      /** `60x` or `max`. */
      readonly speed: string;
      readonly symbol?: string;
    };

export type Where = Readonly<Record<string, string | number | boolean>>;

export interface WebSocketSource {
  readonly name?: string;
  readonly url: string;
  readonly format?: "json" | "msgpack";
  readonly login?: {
    readonly after?: Where;
    readonly send: readonly Json[];
    readonly expect?: Where;
    readonly refused?: Where;
  };
  readonly send?: readonly Json[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly map?: WebSocketMapping | readonly WebSocketMapping[];
  readonly confirm?: Where;
  readonly compression?: boolean;
  readonly heartbeat?: {
    readonly send?: Json;
    readonly everyMs?: number;
    readonly expect?: Where;
    readonly answer?: { readonly to: string | Where; readonly send: Json };
  };
  readonly sequence?: {
    readonly path: string;
    readonly first?: string;
    readonly by?: string;
    readonly on_gap?: "reconnect" | "resubscribe" | "alert";
  };
  readonly idleMs?: Readonly<Partial<Record<"trade" | "quote" | "bar", number>>>;
  readonly delayMs?: number;
}

type Paths = string | readonly string[];

export interface WebSocketMapping extends Partial<Readonly<Record<MappingField, Paths>>> {
  readonly type?: "trade" | "quote" | "bar" | "book";
  readonly where?: Where;
  readonly time_unit?: "auto" | "iso" | "s" | "ms" | "us" | "ns";
  readonly bar_size?: string;
  readonly update?: "snapshot" | "delta";
  readonly level?: { readonly price?: Paths; readonly size?: Paths };
}

/** What a mapping may say where to find, with its documentation. */
export const MAPPING_FIELDS = {
  symbol: "Symbol.",
  price: "Price of a trade.",
  size: "Size of a trade.",
  time: "When it happened: epoch seconds, milliseconds, nanoseconds or ISO text.",
  id: "Identity of a trade.",
  bid: "Bid price.",
  ask: "Ask price.",
  bid_size: "Bid size.",
  ask_size: "Ask size.",
  open: "First price of a bar.",
  high: "Highest price of a bar.",
  low: "Lowest price of a bar.",
  close: "Last price of a bar.",
  volume: "Volume of a bar.",
  start: "Start of a bar.",
  bids: "List of the levels of a book on the side of the bid.",
  asks: "List of the levels of a book on the side of the ask.",
} as const;

export type MappingField = keyof typeof MAPPING_FIELDS;

const NEEDS: Readonly<Record<string, readonly MappingField[]>> = {
  trade: ["symbol", "price"],
  quote: ["symbol", "bid", "ask"],
  bar: ["symbol", "open", "high", "low", "close", "start"],
  book: ["symbol", "bids", "asks"],
};

type Data = Readonly<Record<string, unknown>>;

export function readFeeds(yaml: YamlFile, feeds: unknown): readonly FeedConfig[] {
  if (!Array.isArray(feeds)) return [];
  const read = feeds.map((feed, i) => readFeed(yaml, i, feed)).filter((feed) => feed !== undefined);
  const [first, second] = read;
  if (first !== undefined && second !== undefined && feeds.length === 2) checkPair(yaml, first, second);
  return read;
}

/** The second one takes over from the first: it must tell the same. */
function checkPair(yaml: YamlFile, first: FeedConfig, second: FeedConfig): void {
  const say = (message: string, help: string): void =>
    yaml.findings.report("schema/value", placeOf(yaml, ["feeds", 1]), message, help);
  const same = "It takes over from the first: it must tell the same.";
  if (first.kind === "tape" || second.kind === "tape")
    return say("A tape has no second feed, and is none", "It tells of the past, so nothing can take over. Keep one.");
  if (first.kind === "alpaca" && second.kind === "alpaca") {
    if (first.feed === second.feed)
      say(
        `Alpaca allows one connection to ${first.feed}`,
        "Write another stream as the second feed, e.g. sip and iex.",
      );
    else if ((first.feed === "crypto") !== (second.feed === "crypto"))
      say("Coins and stocks are not the same data", same);
    return;
  }
  const [ours, theirs] = [first, second].map(tells);
  if (first.kind === second.kind) {
    if (ours !== theirs) say(`The second feed tells ${theirs}, the first ${ours}`, same);
    return;
  }
  const own = first.kind === "websocket" ? ours : theirs;
  if (own !== TICKS && own !== "1m bars")
    say(
      `Alpaca tells ${TICKS}, or 1m bars; the other feed tells ${own}`,
      "One takes over from the other: both must tell the same.",
    );
}

const TICKS = "trades and quotes";

function tells(feed: FeedConfig): string {
  if (feed.kind !== "websocket") return "";
  const sizes = barSizesOf(feed.config).filter((size) => size !== undefined);
  if (sizes.length === 0) return TICKS;
  const bars = `${[...new Set(sizes)].join(" and ")} bars`;
  return barsOf(feed.config) === undefined ? `${bars} and trades or quotes` : bars;
}

/** Sizes of what its mappings read; undefined for trades, quotes and books. */
function barSizesOf({ map }: WebSocketSource): readonly (string | undefined)[] {
  return [map ?? {}]
    .flat()
    .map((one) => (isMapping(one) && one["type"] === "bar" ? textOr(one["bar_size"], "") : undefined));
}

/** The smallest bars of a backend that tells nothing but bars. */
export function barsOf(config: WebSocketSource): string | undefined {
  const sizes = barSizesOf(config).map((size) => (size === undefined ? undefined : parseBarSize(size)));
  if (sizes.includes(undefined)) return undefined;
  return sizes.reduce((least, size) => ((size?.ms ?? 0) < (least?.ms ?? 0) ? size : least))?.label;
}

function readFeed(yaml: YamlFile, index: number, value: unknown): FeedConfig | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { alpaca, websocket, tape } = value as Readonly<Record<string, Data | null | undefined>>;
  if (alpaca !== undefined) {
    const news = alpaca?.["news"] === true ? { news: true as const } : {};
    return { kind: "alpaca", feed: textOr(alpaca?.["feed"], "iex") as "iex", ...news };
  }
  if (websocket !== undefined && websocket !== null && typeof websocket === "object")
    return { kind: "websocket", config: webSocket(yaml, ["feeds", index, "websocket"], websocket) };
  if (tape === undefined || tape === null) return undefined;
  return {
    kind: "tape",
    file: textOr(tape["file"], ""),
    speed: speedAt(yaml, ["feeds", index, "tape", "speed"], tape["speed"]),
    ...(typeof tape["symbol"] === "string" ? { symbol: tape["symbol"] } : {}),
  };
}

function speedAt(yaml: YamlFile, path: Path, value: unknown): string {
  if (value === undefined) return "1x";
  const text = typeof value === "number" ? `${value}x` : typeof value === "string" ? value : "";
  if (text === "max" || Number(/^(\d+(?:\.\d+)?)x$/.exec(text)?.[1] ?? Number.NaN) > 0) return text;
  yaml.findings.report("types/value", placeOf(yaml, path), `"${text}" is no speed`, "Write 60x, or max.");
  return "1x";
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === "string" ? value : fallback;
}

/** As the adapter takes it: times in milliseconds. */
function webSocket(yaml: YamlFile, at: Path, { idle, delay, heartbeat, map, ...rest }: Data): WebSocketSource {
  checkVariables(yaml, at, { heartbeat, ...rest });
  for (const [i, one] of (Array.isArray(map) ? (map as readonly unknown[]) : [map]).entries())
    checkMapping(yaml, Array.isArray(map) ? [...at, "map", i] : [...at, "map"], one);
  const delayMs = durationAt(yaml, [...at, "delay"], delay);
  const beat = isMapping(heartbeat) ? heartbeat : undefined;
  const { every, ...heart } = beat ?? {};
  const everyMs = durationAt(yaml, [...at, "heartbeat", "every"], every);
  if (
    beat !== undefined &&
    heart["send"] === undefined &&
    heart["expect"] === undefined &&
    heart["answer"] === undefined
  ) {
    const place = keyPlace(yaml, [...at, "heartbeat"]) ?? placeOf(yaml, [...at, "heartbeat"]);
    yaml.findings.report(
      "schema/missing-key",
      place,
      "A heartbeat is sent, expected or answered",
      "Add send:, expect: or answer:.",
    );
  }
  const idleMs = isMapping(idle) ? idleTimes(yaml, [...at, "idle"], idle) : undefined;
  return {
    ...(rest as unknown as WebSocketSource),
    ...(map === undefined ? {} : { map: map as WebSocketMapping }),
    ...(beat === undefined ? {} : { heartbeat: { ...heart, ...(everyMs === undefined ? {} : { everyMs }) } }),
    ...(idleMs === undefined ? {} : { idleMs }),
    ...(delayMs === undefined ? {} : { delayMs }),
  };
}

function idleTimes(yaml: YamlFile, at: Path, idle: Data): NonNullable<WebSocketSource["idleMs"]> {
  const times: Partial<Record<"trade" | "quote" | "bar", number>> = {};
  for (const kind of ["trade", "quote", "bar"] as const) {
    const ms = durationAt(yaml, [...at, `${kind}s`], idle[`${kind}s`]);
    if (ms !== undefined) times[kind] = ms;
  }
  return times;
}

/** What is missing shows at the first message otherwise, or never. */
function checkMapping(yaml: YamlFile, at: Path, mapping: unknown): void {
  if (!isMapping(mapping)) return;
  const type = textOr(mapping["type"], "trade");
  const needs = NEEDS[type] ?? [];
  const missing = needs.filter(
    (name) => mapping[name] === undefined && !(name === "start" && mapping["time"] !== undefined),
  );
  const place =
    keyPlace(yaml, [...at, "type"]) ??
    (typeof at.at(-1) === "number" ? placeOf(yaml, at) : (keyPlace(yaml, at) ?? placeOf(yaml, at)));
  const say = (key: string, help: string): void =>
    yaml.findings.report("schema/missing-key", place, `A mapping of ${type}s has no "${key}"`, help);
  for (const name of missing) say(name, `Add ${name}: $.${name}, or the path at which your messages have it.`);
  const size = mapping["bar_size"];
  if (type === "bar" && size === undefined) say("bar_size", "Add bar_size: 1m, or what your bars are.");
  if (typeof size !== "string" || parseBarSize(size) !== undefined) return;
  const where = placeOf(yaml, [...at, "bar_size"]);
  yaml.findings.report("schema/value", where, `"${size}" is no size of bars`, "Write 1m, 5m, 1h or 1d.");
}

function isMapping(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
