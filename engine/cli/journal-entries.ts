/**
 * Records of a journal as single entries, and which of them somebody wants to see.
 *
 * Owns: what an entry is about (strategy, symbol, order), filters, one line of text for each. May not: read files, print.
 */
import type { Input, Output } from "../core/event.ts";
import { isoTime } from "../core/time.ts";
import type { JournaledInput, NumberedRecord } from "../ports/journal.ts";
import { encode } from "../adapters/journal/encode.ts";
import { printable } from "./io.ts";
import { timeText } from "./replay-text.ts";

type Body = JournaledInput | Output;

/** What may be asked for; a kind that is new to the core does not compile until it is here. */
export const KINDS: Readonly<Record<Body["kind"], true>> = {
  trade: true,
  quote: true,
  bar: true,
  history: true,
  feed: true,
  halt: true,
  notice: true,
  split: true,
  splits: true,
  load: true,
  timer: true,
  "program.loaded": true,
  command: true,
  confirmation: true,
  decision: true,
  "trading.started": true,
  "order.accepted": true,
  "order.rejected": true,
  "order.unknown": true,
  "order.update": true,
  execution: true,
  "cancel.rejected": true,
  account: true,
  reconciled: true,
  instrument: true,
  broker: true,
  "timer.set": true,
  "timer.cancel": true,
  confirm: true,
  verdict: true,
  submit: true,
  cancel: true,
  lookup: true,
  order: true,
  position: true,
  refused: true,
  approval: true,
  "decision.refused": true,
  alert: true,
  state: true,
  loaded: true,
};

export interface Entry {
  readonly n: number;
  readonly seq: number;
  readonly marketTime: number;
  readonly arrivalTime: number;
  readonly direction: "in" | "out";
  readonly body: Body;
}

export interface EntryFilter {
  readonly kind?: readonly string[];
  readonly strategy?: string;
  readonly symbol?: string;
  readonly order?: string;
  readonly since?: number;
  readonly until?: number;
}

/** Turns records into entries; outputs take the times of their input. */
export class EntryReader {
  #input: JournaledInput | undefined;
  /** Whose an order is: what a broker says of it names its id alone. */
  readonly #orders = new Map<string, { readonly strategy: string; readonly symbol: string }>();

  read(record: NumberedRecord): readonly Entry[] {
    const { n } = record;
    if (record.kind === "in") {
      this.#input = record.input;
      const { seq, marketTime, arrivalTime } = record.input;
      return [{ n, seq, marketTime, arrivalTime, direction: "in", body: record.input }];
    }
    const { marketTime, arrivalTime } = this.#input ?? { marketTime: Number.NaN, arrivalTime: Number.NaN };
    for (const output of record.outputs)
      if (output.kind === "order") this.#orders.set(output.order.clientOrderId, output.order);
    return record.outputs.map((body) => ({ n, seq: record.seq, marketTime, arrivalTime, direction: "out", body }));
  }

  isWanted({ body, marketTime }: Entry, filter: EntryFilter): boolean {
    const { kind, strategy, symbol, order, since, until } = filter;
    if (kind !== undefined && !kind.includes(body.kind)) return false;
    // What came before any data has no market time and is before everything.
    if (since !== undefined && !(marketTime >= since)) return false;
    if (until !== undefined && !(marketTime < until)) return false;
    if (order !== undefined && !ordersOf(body).some((id) => id === order)) return false;
    if (strategy === undefined && symbol === undefined) return true;
    const about = this.#aboutOf(body);
    return (strategy === undefined || about.strategy === strategy) && (symbol === undefined || about.symbol === symbol);
  }

  #aboutOf(body: Body): { readonly strategy?: string | null; readonly symbol?: string | null } {
    switch (body.kind) {
      case "confirm":
        return body.firing;
      case "order":
        return body.order;
      case "position":
        return body.position;
      case "submit":
        return { symbol: body.order.symbol, ...this.#orders.get(body.order.clientOrderId) };
      case "verdict":
        return this.#orders.get(body.verdict.clientOrderId) ?? {};
      default:
        return { ...("clientOrderId" in body && this.#orders.get(body.clientOrderId)), ...pick(body) };
    }
  }
}

function pick(body: Body): { readonly strategy?: string | null; readonly symbol?: string | null } {
  return {
    ...("strategy" in body ? { strategy: body.strategy } : {}),
    ...("symbol" in body ? { symbol: body.symbol } : {}),
  };
}

function ordersOf(body: Body): readonly (string | null)[] {
  if (body.kind === "order") return [body.order.clientOrderId, body.order.brokerOrderId];
  if (body.kind === "submit") return [body.order.clientOrderId];
  if (body.kind === "verdict") return [body.verdict.clientOrderId];
  if (body.kind === "order.accepted")
    return [body.clientOrderId, body.brokerOrderId, ...body.legs.map(({ clientOrderId }) => clientOrderId)];
  return ["clientOrderId" in body ? body.clientOrderId : null, "brokerOrderId" in body ? body.brokerOrderId : null];
}

// ------------------------------------------------------------------------------------------------ text

const LONGEST = 160;

/** E.g. `   4711  2026-11-24 10:35:00 New York  in   bar  SPY 5m 601.2 601.9 600.8 601.5 (12000)`. */
export function entryLine(entry: Entry): string {
  const { n, direction, body } = entry;
  const symbol = "symbol" in body ? body.symbol : null;
  const time = timeText(entry.marketTime, symbol).padEnd(28);
  const mark = direction === "in" ? "<" : " >";
  return `${String(n).padStart(7)}  ${time}  ${mark.padEnd(2)} ${body.kind.padEnd(14)} ${printable(shortened(summaryOf(body)))}`;
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

function summaryOf(body: Body): string {
  switch (body.kind) {
    case "trade":
      return `${body.symbol} ${body.size} @ ${body.price}`;
    case "quote":
      return `${body.symbol} ${body.bid} x ${body.bidSize}, ${body.ask} x ${body.askSize}`;
    case "bar": {
      const { open, high, low, close, volume } = "bar" in body ? body.bar : body;
      return `${body.symbol} ${body.size} ${open} ${high} ${low} ${close} (${volume})`;
    }
    case "history":
      return `${body.symbol} ${body.size}: ${body.bars.length} bars`;
    case "program.loaded":
      return `${body.sources.digest.slice(0, 12)}: ${Object.keys(body.sources.files).join(", ")}`;
    case "confirm":
      return `${body.firing.strategy} ${body.firing.rule} ${body.firing.symbol} @ ${body.firing.price} (${body.firing.id})`;
    case "execution":
      return `${body.side} ${body.qty} ${body.symbol} @ ${body.price} (${body.clientOrderId})`;
    case "submit":
      return `${body.order.side} ${body.order.qty} ${body.order.symbol} ${body.order.type} (${body.order.clientOrderId})`;
    case "order": {
      const { side, qty, symbol, type, state, filledQty, clientOrderId } = body.order;
      return `${side} ${qty} ${symbol} ${type}: ${state}, ${filledQty} filled (${clientOrderId})`;
    }
    case "position": {
      const { strategy, symbol, qty, avgPrice } = body.position;
      return `${strategy} ${symbol} ${qty} @ ${avgPrice}`;
    }
    case "alert":
      return `${body.level} ${body.code}: ${body.message}`;
    default:
      return restOf(body);
  }
}

/** What is left of the plain ones, as `key=value`. */
function restOf(body: Body): string {
  const skipped = new Set(["kind", "seq", "marketTime", "arrivalTime"]);
  return Object.entries(body)
    .filter(([key, value]) => !skipped.has(key) && value !== null && value !== "")
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : encode(value)}`)
    .join(" ");
}

/** What `--format json` and `ndjson` show; numbers that JSON cannot hold are written as in the journal. */
export function entryJson({ n, seq, marketTime, arrivalTime, direction, body }: Entry): string {
  const iso = (ms: number): string | null => (Number.isFinite(ms) ? isoTime(ms) : null);
  const { kind, ...rest } = body as Input | Output;
  const times = { market_time: iso(marketTime), arrival_time: iso(arrivalTime) };
  return encode({ n, seq, ...times, direction, kind, body: without(rest) });
}

function without(body: object): object {
  const { seq: _, marketTime: __, arrivalTime: ___, ...rest } = body as Partial<Input>;
  return rest;
}
