/**
 * Frames of trades, quotes and bars in Alpaca's JSON, read byte by byte into inputs of the core.
 *
 * Owns: a fast way for frames of the usual form (decision 020). Whatever is unusual (white space, an escape, an exponent,
 * an unknown key, a value that the mapper would refuse) makes the whole frame `undefined`: JSON.parse and the mapper
 * read it then, so that the answer is always theirs. Every loop ends with the frame. May not: decide what is believable.
 */
import type { BarInput, MarketInput, TradeInput } from "../../core/event.ts";
import type { Calendar } from "../../market/calendar.ts";
import { Interned, hashStep } from "./interned.ts";
import { tradeEffect } from "./sale-conditions.ts";
import type { TradeEffect } from "./sale-conditions.ts";

export interface ScannerOptions {
  readonly calendar: Calendar;
  /** What a `b` or `u` bar is. */
  readonly barSize: string;
  /** No later time is believed; asked once a frame. */
  readonly latest: () => number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const DOT = 0x2e;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const ZERO = 0x30;

/** Keys of one and two letters as numbers: the first byte, and the second times 256. */
const key = (name: string): number => name.charCodeAt(0) + (name.length > 1 ? name.charCodeAt(1) * 256 : 0);
const [T, S, TIME, ID, P, SIZE, C, Z] = ["T", "S", "t", "i", "p", "s", "c", "z"].map(key) as [
  ...[number, number, number, number, number, number, number, number],
];
const [BP, BS, AP, AS] = ["bp", "bs", "ap", "as"].map(key) as [number, number, number, number];
const [O, H, L, V, N, VW] = ["o", "h", "l", "v", "n", "vw"].map(key) as [
  ...[number, number, number, number, number, number],
];
/** Text that says nothing to us: exchanges, the taker's side. */
const TEXTS: ReadonlySet<number> = new Set(["x", "bx", "ax"].map(key));

const POWERS = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));
const EXACT = 9_007_199_254_740_991;

/** What is known of the item at hand; NaN and undefined mean that it did not say. */
class Item {
  type = 0;
  symbol: string | undefined;
  time = Number.NaN;
  id: string | undefined;
  price = Number.NaN;
  size = Number.NaN;
  bid = Number.NaN;
  bidSize = Number.NaN;
  ask = Number.NaN;
  askSize = Number.NaN;
  open = Number.NaN;
  high = Number.NaN;
  low = Number.NaN;
  close = Number.NaN;
  volume = Number.NaN;
  conditions: Conditions | undefined;
  tape = 0;

  clear(): void {
    this.type = this.tape = 0;
    this.symbol = this.id = this.conditions = undefined;
    this.time = this.price = this.size = Number.NaN;
    this.bid = this.bidSize = this.ask = this.askSize = Number.NaN;
    this.open = this.high = this.low = this.close = this.volume = Number.NaN;
  }
}

/** A list of sale conditions and what it means on each tape, inside and outside regular hours. */
class Conditions {
  readonly #codes: readonly string[];
  readonly #effects: (TradeEffect | undefined)[] = [];

  constructor(codes: readonly string[]) {
    this.#codes = codes;
  }

  effect(tape: number, regular: boolean): TradeEffect {
    const at = tape * 2 + (regular ? 1 : 0);
    return (this.#effects[at] ??= tradeEffect(this.#codes, tape === 0 ? "" : String.fromCharCode(tape), regular));
  }
}

const NO_CONDITIONS = new Conditions([]);

export class FrameScanner {
  readonly #options: ScannerOptions;
  readonly #symbols = new Interned<string>((text) => (text === "" ? undefined : text));
  readonly #conditions = new Interned<Conditions>(conditionsOf);
  readonly #item = new Item();
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #latest = Number.NaN;
  /** The number that was read last. */
  #number = 0;
  #day = 0;
  #dayStart = Number.NaN;
  #sessionOpen = Number.NaN;
  #sessionClose = Number.NaN;

  constructor(options: ScannerOptions) {
    this.#options = options;
  }

  /** The inputs of a frame, or undefined when it must be read the slow way. */
  scan(bytes: Buffer): readonly MarketInput[] | undefined {
    this.#bytes = bytes;
    this.#end = bytes.length;
    if (this.#end < 2 || bytes[0] !== OPEN_LIST || bytes[this.#end - 1] !== CLOSE_LIST) return undefined;
    this.#at = 1;
    this.#latest = this.#options.latest();
    const inputs: MarketInput[] = [];
    for (;;) {
      if (!this.#object() || !this.#take(inputs)) return undefined;
      const next = bytes[this.#at++];
      if (next === CLOSE_LIST) return this.#at === this.#end ? inputs : undefined;
      if (next !== COMMA) return undefined;
    }
  }

  /** Reads `{"k":v,…}` into the item at hand. */
  #object(): boolean {
    const bytes = this.#bytes;
    this.#item.clear();
    if (bytes[this.#at++] !== OPEN) return false;
    for (;;) {
      if (bytes[this.#at++] !== QUOTE) return false;
      let name = bytes[this.#at++] as number;
      if (bytes[this.#at] !== QUOTE) name += (bytes[this.#at++] as number) * 256;
      if (bytes[this.#at++] !== QUOTE || bytes[this.#at++] !== COLON) return false;
      if (!this.#value(name)) return false;
      const next = bytes[this.#at++];
      if (next === CLOSE) return true;
      if (next !== COMMA) return false;
    }
  }

  #value(name: number): boolean {
    const first = this.#bytes[this.#at];
    if (first === QUOTE) {
      this.#at++;
      return this.#text(name);
    }
    if (first === OPEN_LIST) return name === C && this.#conditionList();
    if (name === ID) return this.#id();
    return this.#decimal() && this.#put(name);
  }

  #text(name: number): boolean {
    if (name === TIME) return this.#timestamp();
    const start = this.#at;
    let hash = 0;
    for (; this.#at < this.#end; this.#at++) {
      const byte = this.#bytes[this.#at] as number;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH || byte < 0x20 || byte > 0x7e) return false;
      hash = hashStep(hash, byte);
    }
    const end = this.#at++;
    if (end >= this.#end) return false;
    if (name === S) return (this.#item.symbol = this.#symbols.at(this.#bytes, start, end, hash)) !== undefined;
    if (name === T || name === Z) {
      if (end - start !== 1) return false;
      if (name === T) this.#item.type = this.#bytes[start] as number;
      else this.#item.tape = this.#bytes[start] as number;
      return true;
    }
    return TEXTS.has(name);
  }

  #conditionList(): boolean {
    const start = this.#at;
    let hash = 0;
    for (; this.#at < this.#end; this.#at++) {
      const byte = this.#bytes[this.#at] as number;
      if (byte === CLOSE_LIST) break;
      if (byte === BACKSLASH || byte < 0x20 || byte > 0x7e) return false;
      hash = hashStep(hash, byte);
    }
    const end = ++this.#at;
    if (end > this.#end) return false;
    // Of two values under one key the last counts, as in JSON.parse.
    this.#item.close = Number.NaN;
    return (this.#item.conditions = this.#conditions.at(this.#bytes, start, end, hash)) !== undefined;
  }

  /** All its digits, as text: it may have more than a number can hold. */
  #id(): boolean {
    const start = this.#at;
    while (this.#at < this.#end && isDigit(this.#bytes[this.#at] as number)) this.#at++;
    const length = this.#at - start;
    if (length < 1 || length > 20 || (length > 1 && this.#bytes[start] === ZERO)) return false;
    this.#item.id = this.#bytes.toString("latin1", start, this.#at);
    return true;
  }

  /** Digits with or without a point. All of them make one whole number, so that one division gives what JSON.parse gives. */
  #decimal(): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    let whole = 0;
    let byte = bytes[this.#at] as number;
    for (; isDigit(byte); byte = bytes[++this.#at] as number) whole = whole * 10 + byte - ZERO;
    const digits = this.#at - start;
    if (digits === 0 || (digits > 1 && bytes[start] === ZERO)) return false;
    let places = 0;
    if (byte === DOT) {
      for (byte = bytes[++this.#at] as number; isDigit(byte); byte = bytes[++this.#at] as number) {
        whole = whole * 10 + byte - ZERO;
        places++;
      }
      if (places === 0) return false;
    }
    if (whole > EXACT || places > 22) this.#number = Number(bytes.toString("latin1", start, this.#at));
    else this.#number = places === 0 ? whole : whole / (POWERS[places] as number);
    return this.#number < Infinity;
  }

  #put(name: number): boolean {
    const item = this.#item;
    const number = this.#number;
    switch (name) {
      case P:
        item.price = number;
        return true;
      case SIZE:
        item.size = number;
        return true;
      case BP:
        item.bid = number;
        return true;
      case BS:
        item.bidSize = number;
        return true;
      case AP:
        item.ask = number;
        return true;
      case AS:
        item.askSize = number;
        return true;
      default:
        return this.#putBar(name, number);
    }
  }

  #putBar(name: number, number: number): boolean {
    const item = this.#item;
    if (name === O) item.open = number;
    else if (name === H) item.high = number;
    else if (name === L) item.low = number;
    else if (name === C) {
      item.close = number;
      item.conditions = undefined;
    } else if (name === V) item.volume = number;
    else return name === N || name === VW;
    return true;
  }

  /** `2024-02-22T14:30:00.123456789Z`, the fraction cut to milliseconds as Date.parse does. */
  #timestamp(): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    if (at + 21 > this.#end) return false;
    const year = this.#two(at) * 100 + this.#two(at + 2);
    const day = (year * 100 + this.#two(at + 5)) * 100 + this.#two(at + 8);
    const [hour, minute, second] = [this.#two(at + 11), this.#two(at + 14), this.#two(at + 17)];
    if (!(day > 0) || !(hour < 24) || !(minute < 60) || !(second < 60)) return false;
    if (bytes[at + 4] !== 0x2d || bytes[at + 7] !== 0x2d || bytes[at + 10] !== 0x54) return false;
    if (bytes[at + 13] !== COLON || bytes[at + 16] !== COLON) return false;
    if (day !== this.#day) {
      this.#dayStart = Date.parse(`${bytes.toString("latin1", at, at + 10)}T00:00:00Z`);
      this.#day = day;
    }
    this.#at = at + 19;
    const ms = bytes[this.#at] === DOT ? this.#fraction() : 0;
    if (bytes[this.#at++] !== 0x5a || bytes[this.#at++] !== QUOTE) return false;
    this.#item.time = this.#dayStart + ((hour * 60 + minute) * 60 + second) * 1_000 + ms;
    return this.#item.time === this.#item.time;
  }

  #fraction(): number {
    const start = ++this.#at;
    let ms = 0;
    for (let byte = this.#bytes[this.#at] as number; isDigit(byte); byte = this.#bytes[++this.#at] as number)
      if (this.#at - start < 3) ms = ms * 10 + byte - ZERO;
    const digits = this.#at - start;
    if (digits < 1 || digits > 9) return Number.NaN;
    return digits === 1 ? ms * 100 : digits === 2 ? ms * 10 : ms;
  }

  #two(at: number): number {
    const [tens, ones] = [this.#bytes[at] as number, this.#bytes[at + 1] as number];
    return isDigit(tens) && isDigit(ones) ? (tens - ZERO) * 10 + ones - ZERO : Number.NaN;
  }

  /** Puts the item at hand among the inputs. False for what the mapper must look at. */
  #take(inputs: MarketInput[]): boolean {
    const { symbol, time, type } = this.#item;
    if (symbol === undefined || !(time <= this.#latest)) return false;
    if (type === 0x74) return this.#trade(symbol, time, inputs);
    if (type === 0x71) return this.#quote(symbol, time, inputs);
    return (type === 0x62 || type === 0x75) && this.#bar(symbol, time, type === 0x75, inputs);
  }

  #trade(symbol: string, time: number, inputs: MarketInput[]): boolean {
    const { price, size, id, conditions = NO_CONDITIONS, tape } = this.#item;
    if (!(price > 0) || !(size >= 0)) return false;
    const { addsVolume, setsPrice } = conditions.effect(tape, this.#isRegular(time));
    if (!addsVolume) return true;
    const trade: TradeInput =
      id === undefined
        ? { kind: "trade", symbol, time, price, size, setsPrice }
        : { kind: "trade", symbol, time, price, size, setsPrice, id };
    inputs.push(trade);
    return true;
  }

  #isRegular(time: number): boolean {
    if (time >= this.#sessionOpen && time < this.#sessionClose) return true;
    const session = this.#options.calendar.sessionAtOrBefore(time);
    if (session === undefined || time < session.open || time >= session.close) return false;
    this.#sessionOpen = session.open;
    this.#sessionClose = session.close;
    return true;
  }

  #quote(symbol: string, time: number, inputs: MarketInput[]): boolean {
    const { bid, bidSize, ask, askSize } = this.#item;
    if (!(bid >= 0) || !(ask >= 0) || !(bidSize >= 0) || !(askSize >= 0)) return false;
    if (bid > 0 && ask > 0) inputs.push({ kind: "quote", symbol, time, bid, bidSize, ask, askSize });
    return true;
  }

  #bar(symbol: string, start: number, revised: boolean, inputs: MarketInput[]): boolean {
    const { open, high, low, close, volume } = this.#item;
    if (!(low > 0) || !(open >= low) || !(close >= low) || !(high >= open) || !(high >= close) || !(volume >= 0))
      return false;
    const size = this.#options.barSize;
    const bar: BarInput = { kind: "bar", symbol, size, start, open, high, low, close, volume, revised };
    inputs.push(bar);
    return true;
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

function conditionsOf(text: string): Conditions | undefined {
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list)) return undefined;
    return new Conditions(list.filter((code) => typeof code === "string"));
  } catch {
    return undefined;
  }
}
