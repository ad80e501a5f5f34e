/**
 * From a JSON message to market inputs, by the declared mapping.
 *
 * Owns: compiling a mapping once, and the belief in each value: what is missing, not finite, negative or from another
 * time is refused with a reason. May not know sockets.
 */
import type { MarketInput } from "../../core/event.ts";
import { parseBarSize } from "../../market/bar-size.ts";
import { FeedError } from "../../ports/feed.ts";
import { Books, levelsOf } from "./books.ts";
import type { LevelPaths } from "./books.ts";
import { DEFAULT_MAPPING, type FieldName, type FieldPaths, type Mapping } from "./config.ts";
import { type Filter, compileFilters, matches, pathOf } from "./filters.ts";
import { type Path, valueAt } from "./path.ts";
import { type TimeUnit, wireTime } from "./wire-time.ts";

export interface MappingSink {
  market(input: MarketInput): void;
  refused(reason: string, item: unknown): void;
  /** Not data, or not ours: an acknowledgement, a heartbeat, a symbol nobody asked for. */
  ignored(): void;
  /** What was told of a book does not fit together: changes are missing. */
  broken(detail: string): void;
}

interface Compiled {
  readonly type: "trade" | "quote" | "bar" | "book";
  readonly isDelta: boolean;
  readonly level: LevelPaths;
  readonly filters: readonly Filter[];
  /** Where the array of items is; null when the message is the item. */
  readonly items: Path["items"];
  readonly fields: Partial<Record<FieldName, readonly Path[]>>;
  /** Fields that may be absent from a message. */
  readonly isDefault: boolean;
  readonly unit: TimeUnit;
  readonly barSize: string;
  readonly barMs: number;
}

const REQUIRED: Readonly<Record<Compiled["type"], readonly FieldName[]>> = {
  trade: ["symbol", "price"],
  quote: ["symbol", "bid", "ask"],
  bar: ["symbol", "open", "high", "low", "close"],
  book: ["symbol", "bids", "asks"],
};
const FIELDS: readonly FieldName[] = [
  ...["symbol", "price", "size", "time", "id", "bid", "ask", "bid_size", "ask_size"],
  ...["open", "high", "low", "close", "volume", "start", "bids", "asks"],
] as FieldName[];

const FUTURE_MS = 5 * 60_000;
const EARLIEST = Date.UTC(1990, 0, 1);
const NUMERIC = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i;

/** Rejects a wrong mapping with a FeedError that names the field. */
export function compileMappings(map: Mapping | readonly Mapping[] | undefined): readonly Compiled[] {
  const list =
    map === undefined ? [DEFAULT_MAPPING] : Array.isArray(map) ? (map as readonly Mapping[]) : [map as Mapping];
  if (list.length === 0)
    throw new FeedError("config", "map: an empty list reads nothing; write a mapping or leave it out");
  return list.map((mapping) => compile(mapping, map === undefined));
}

function compile(mapping: Mapping, isDefault: boolean): Compiled {
  const type = mapping.type ?? "trade";
  const fields: Partial<Record<FieldName, readonly Path[]>> = {};
  for (const name of FIELDS) {
    const paths: FieldPaths | undefined = mapping[name];
    if (paths === undefined) continue;
    fields[name] = pathsOf(name, paths);
  }
  const missing = REQUIRED[type].filter((name) => fields[name] === undefined);
  if (missing.length > 0) throw new FeedError("config", `map: a ${type} needs ${missing.join(", ")}`);
  const barSize = mapping.bar_size === undefined ? undefined : parseBarSize(mapping.bar_size);
  if (type === "bar" && (barSize === undefined || (fields.start ?? fields.time) === undefined)) {
    throw new FeedError("config", "map: a bar needs start, and bar_size such as 1m");
  }
  const filters = compileFilters(mapping.where);
  const all = [...Object.values(fields).flat(), ...filters.map((filter) => filter.path)];
  const starred = all.filter((path) => path.items !== null);
  const items = starred[0]?.items ?? null;
  const other = starred.find((path) => JSON.stringify(path.items) !== JSON.stringify(items));
  if (other !== undefined)
    throw new FeedError("config", `map: ${other.source} goes through another array than the rest`);
  return {
    type,
    isDelta: mapping.update === "delta",
    level: {
      price: pathsOf("level: price", mapping.level?.price ?? ["$[0]", "$.price", "$.p"]),
      size: pathsOf("level: size", mapping.level?.size ?? ["$[1]", "$.size", "$.s"]),
    },
    filters,
    items,
    fields,
    isDefault,
    unit: mapping.time_unit ?? "auto",
    barSize: barSize?.label ?? "",
    barMs: type === "bar" ? (barSize?.ms ?? 0) : 0,
  };
}

function pathsOf(name: string, paths: FieldPaths): readonly Path[] {
  return (typeof paths === "string" ? [paths] : paths).map((source) => pathOf(name, source));
}

export class Mapper {
  readonly #compiled: readonly Compiled[];
  readonly #symbols: ReadonlySet<string>;
  readonly #lateMs: number;
  /** Time of the newest item, per kind and symbol. */
  readonly #newest = new Map<string, number>();
  readonly #books = new Books();
  /** Books live on what came before. */
  readonly #hasChanges: boolean;

  /** `lateMs`: an item older than the newest of its kind and symbol by more than this is refused. */
  constructor(map: Mapping | readonly Mapping[] | undefined, symbols: readonly string[], lateMs: number) {
    this.#compiled = compileMappings(map);
    this.#hasChanges = this.#compiled.some(({ isDelta }) => isDelta);
    this.#symbols = new Set(symbols);
    this.#lateMs = lateMs;
  }

  /** How far apart what it tells is by its nature: the size of bars, 0 for everything else. */
  get paceMs(): number {
    return Math.min(...this.#compiled.map(({ barMs }) => barMs));
  }

  /** A message, or an array of messages. */
  message(message: unknown, arrival: number, sink: MappingSink): void {
    if (Array.isArray(message)) for (const each of message) this.one(each, arrival, sink);
    else this.one(message, arrival, sink);
  }

  /** Books are of the past: each is unknown until its next snapshot. */
  forgetBooks(now: number, sink: MappingSink): void {
    for (const symbol of this.#books.forget()) sink.market(nobodyQuotes(symbol, now));
  }

  one(message: unknown, arrival: number, sink: MappingSink): void {
    if (typeof message !== "object" || message === null) return sink.refused("a message is not an object", message);
    let taken = false;
    for (const mapping of this.#compiled) {
      const list = mapping.items === null ? [message] : valueAt(message, mapping.items);
      if (!Array.isArray(list)) continue;
      for (const item of list as readonly unknown[]) {
        if (!matches(mapping.filters, message, item)) continue;
        const read = (name: FieldName): unknown => field(mapping.fields[name], message, item);
        if (REQUIRED[mapping.type].every((name) => read(name) === undefined)) continue;
        taken = true;
        const problem = this.#item(mapping, read, arrival, sink);
        if (problem === "") continue;
        sink.refused(problem, item);
        if (mapping.type === "book") this.#loseBook(read("symbol"), problem, arrival, sink);
      }
      if (taken) return;
    }
    sink.ignored();
  }

  /** A message about a book was refused: what it says now, nobody knows. All of them, when it cannot be said whose it was. */
  #loseBook(of: unknown, problem: string, now: number, sink: MappingSink): void {
    for (const symbol of this.#books.forget(typeof of === "string" ? of : undefined)) {
      sink.market(nobodyQuotes(symbol, now));
      if (this.#hasChanges) sink.broken(`${symbol}: a message of its book was refused: ${problem}`);
    }
  }

  /** Sends one item on; returns why it is refused, or "". */
  #item(mapping: Compiled, read: (name: FieldName) => unknown, arrival: number, sink: MappingSink): string {
    const symbol = read("symbol");
    if (typeof symbol !== "string") return "symbol is missing or not text";
    if (!this.#symbols.has(symbol)) {
      sink.ignored();
      return "";
    }
    const time = timeOf(mapping, read, arrival);
    if (typeof time === "string") return time;
    const key = `${mapping.type} ${symbol}`;
    const newest = this.#newest.get(key) ?? -Infinity;
    if (time < newest - this.#lateMs)
      return `older than the newest ${mapping.type} by more than ${this.#lateMs / 1000} s`;
    const input =
      mapping.type === "book"
        ? this.#book(mapping, read, symbol, time, sink)
        : MAKERS[mapping.type](mapping, read, symbol, time);
    if (typeof input === "string") return input;
    // One that is dated in the future does not make all others old.
    if (time > newest) this.#newest.set(key, Math.min(time, arrival));
    if (input === null) return "";
    sink.market(input);
    return "";
  }

  /** The quote that a change of the book makes, null when its best prices stay, or why it is refused. */
  #book(
    mapping: Compiled,
    read: (name: FieldName) => unknown,
    symbol: string,
    time: number,
    sink: MappingSink,
  ): MarketInput | string | null {
    const bids = levelsOf(read("bids"), mapping.level, numeric);
    const asks = levelsOf(read("asks"), mapping.level, numeric);
    if (bids === undefined || asks === undefined) return "bids or asks is not a list of levels with price and size";
    const best = this.#books.apply(symbol, mapping.isDelta, bids, asks);
    if (typeof best !== "string") return best === null ? null : { kind: "quote", symbol, time, ...best };
    sink.market(nobodyQuotes(symbol, time));
    sink.broken(`${symbol}: ${best}`);
    return best;
  }
}

const nobodyQuotes = (symbol: string, time: number): MarketInput => {
  return { kind: "quote", symbol, time, bid: 0, bidSize: 0, ask: 0, askSize: 0 };
};

function field(paths: readonly Path[] | undefined, message: unknown, item: unknown): unknown {
  for (const path of paths ?? []) {
    const value = valueAt(path.items === null ? message : item, path.steps);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** Without a declared time the moment of arrival counts. */
function timeOf(mapping: Compiled, read: (name: FieldName) => unknown, arrival: number): number | string {
  const name = mapping.type === "bar" && mapping.fields.start !== undefined ? "start" : "time";
  if (mapping.fields[name] === undefined) return arrival;
  const value = read(name);
  if (value === undefined) return `${name} is missing`;
  const time = wireTime(value, mapping.unit);
  if (Number.isNaN(time)) return `${name} is not a time with a zone or an epoch`;
  if (time > arrival + FUTURE_MS) return `${name} lies more than 5 minutes in the future`;
  return time < EARLIEST ? `${name} lies before 1990` : time;
}

/** A number, or text that is wholly one; NaN for anything else. */
function numeric(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" && NUMERIC.test(value) ? Number(value) : NaN;
}

type Maker = (
  mapping: Compiled,
  read: (name: FieldName) => unknown,
  symbol: string,
  time: number,
) => MarketInput | string;

/** A declared size must be there; the default mapping and an undeclared one take 0. */
function sizeOf(mapping: Compiled, read: (name: FieldName) => unknown, name: FieldName): number {
  const value = read(name);
  return value === undefined && (mapping.isDefault || mapping.fields[name] === undefined) ? 0 : numeric(value);
}

const isPrice = (value: number): boolean => value > 0 && value < Infinity;
const isSize = (value: number): boolean => value >= 0 && value < Infinity;

const MAKERS: Readonly<Record<Exclude<Compiled["type"], "book">, Maker>> = {
  trade(mapping, read, symbol, time) {
    const price = numeric(read("price"));
    const size = sizeOf(mapping, read, "size");
    if (!isPrice(price)) return "price is not a positive number";
    if (!isSize(size)) return "size is not a number of at least 0";
    const id = read("id");
    // An integer beyond 2^53 has already lost digits in JSON.parse: no id is better than one that is shared.
    const isId =
      typeof id === "string" || typeof id === "bigint" || (typeof id === "number" && Number.isSafeInteger(id));
    const trade = { kind: "trade", symbol, time, price, size, setsPrice: true } as const;
    return isId ? { ...trade, id: String(id) } : trade;
  },
  quote(mapping, read, symbol, time) {
    const bid = numeric(read("bid"));
    const ask = numeric(read("ask"));
    const bidSize = sizeOf(mapping, read, "bid_size");
    const askSize = sizeOf(mapping, read, "ask_size");
    if (!isPrice(bid) || !isPrice(ask)) return "bid or ask is not a positive number";
    if (bid > ask) return "bid is above ask";
    if (!isSize(bidSize) || !isSize(askSize)) return "bid_size or ask_size is not a number of at least 0";
    return { kind: "quote", symbol, time, bid, bidSize, ask, askSize };
  },
  bar(mapping, read, symbol, time) {
    const open = numeric(read("open"));
    const high = numeric(read("high"));
    const low = numeric(read("low"));
    const close = numeric(read("close"));
    const volume = sizeOf(mapping, read, "volume");
    if (![open, high, low, close].every(isPrice)) return "open, high, low or close is not a positive number";
    if (high < Math.max(open, close, low) || low > Math.min(open, close)) return "high or low does not enclose the bar";
    if (!isSize(volume)) return "volume is not a number of at least 0";
    return { kind: "bar", symbol, size: mapping.barSize, revised: false, start: time, open, high, low, close, volume };
  },
};
