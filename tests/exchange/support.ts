/**
 * A small stage for exchange tests: one account, a few symbols, plain numbers in, plain rows out.
 */
import { expect } from "vitest";
import { createExchange } from "../../engine/exchange/exchange.ts";
import { noFees } from "../../engine/exchange/fees.ts";
import type {
  Exchange,
  ExchangeEvent,
  ExchangeOptions,
  ExchangeOrder,
  ExchangeRefusal,
  ExchangeRequest,
  ExchangeResult,
} from "../../engine/exchange/types.ts";
import { parseBarSize, DAY, type BarSize } from "../../engine/market/bar-size.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { NYSE } from "../../engine/market/nyse.ts";

export const MINUTE = 60_000;
export const M1 = parseBarSize("1m") as BarSize;

const stock = { assetClass: "us_equity", tradable: true, shortable: true, fractionable: true } as const;

const INSTRUMENTS: ExchangeOptions["instruments"] = [
  { symbol: "SPY", name: "SPY", ...stock },
  { symbol: "QQQ", name: "QQQ", ...stock },
  { symbol: "HARD", name: "not shortable", ...stock, shortable: false, fractionable: false },
  { symbol: "GONE", name: "not tradable", ...stock, tradable: false },
  { symbol: "BTC/USD", name: "Bitcoin", ...stock, assetClass: "crypto", shortable: false },
];

function session(date: string): {
  readonly open: number;
  readonly close: number;
  readonly extendedOpen: number;
  readonly extendedClose: number;
} {
  const found = NYSE.sessionOn(date);
  if (found === undefined) throw new Error(`no session on ${date}`);
  return found;
}

/** Tuesday, and the day after it. */
export const TUE = session("2024-03-05");
export const WED = session("2024-03-06");
export const THU = session("2024-03-07");

export function exchangeWith(options: Partial<ExchangeOptions> = {}): Exchange {
  return createExchange({
    cash: "100000",
    multiplier: 4,
    shorting: true,
    instruments: INSTRUMENTS,
    calendarOf,
    fees: noFees,
    slippageRatio: 0,
    seed: "test",
    ...options,
  });
}

export type Ohlc = readonly [open: number, high: number, low: number, close: number, volume?: number];

/** A one-minute bar `n` minutes after Tuesday's open (or another instant). */
export function minute(
  exchange: Exchange,
  n: number,
  [open, high, low, close, volume = 1e6]: Ohlc,
  options: { symbol?: string; from?: number } = {},
): void {
  const start = (options.from ?? TUE.open) + n * MINUTE;
  exchange.bar(options.symbol ?? "SPY", M1, { start, open, high, low, close, volume }, start + MINUTE);
}

export function day(
  exchange: Exchange,
  of: { open: number; close: number },
  [open, high, low, close, volume = 1e6]: Ohlc,
  symbol = "SPY",
): void {
  exchange.bar(symbol, DAY, { start: of.open, open, high, low, close, volume }, of.close);
}

/** An exchange that has seen SPY at a price just after Tuesday's open; the clock stands at minute 1. */
export function opened(options: Partial<ExchangeOptions> = {}, price = 100): Exchange {
  const exchange = exchangeWith(options);
  for (const symbol of ["SPY", "QQQ", "HARD", "BTC/USD"]) minute(exchange, 0, [price, price, price, price], { symbol });
  return exchange;
}

let ids = 0;

export function order(change: Partial<ExchangeRequest> = {}): ExchangeRequest {
  ids += 1;
  const base: ExchangeRequest = {
    clientOrderId: `c${ids}`,
    symbol: "SPY",
    side: "buy",
    type: "market",
    timeInForce: "day",
    extendedHours: false,
    orderClass: "simple",
    ...change,
  };
  return change.notional === undefined && change.qty === undefined ? { ...base, qty: "100" } : base;
}

export function accepted(result: ExchangeResult<ExchangeOrder>): ExchangeOrder {
  if (!result.ok) throw new Error(`refused: ${result.refusal.message}`);
  return result.value;
}

export function refusal(result: ExchangeResult<ExchangeOrder>): ExchangeRefusal {
  if (result.ok) throw new Error("was accepted");
  return result.refusal;
}

/** Submits at the instant at which the bar `n` starts. */
export function submitAt(exchange: Exchange, n: number, change: Partial<ExchangeRequest> = {}): ExchangeOrder {
  return accepted(exchange.submit(order(change), TUE.open + n * MINUTE));
}

/** Events as short rows: `fill buy 100@99.5`, `canceled take_profit`. */
function rows(events: readonly ExchangeEvent[]): string[] {
  return events.map((event) => {
    const { side, role } = event.order;
    const who = role === "simple" || role === "parent" ? side : role;
    if (event.kind !== "fill" && event.kind !== "partial_fill") return `${event.kind} ${who}`;
    return `${event.kind} ${who} ${event.execution.qty.toFixed()}@${event.execution.price.toFixed()}`;
  });
}

export function drained(exchange: Exchange): string[] {
  return rows(exchange.drain());
}

export function expectFlat(exchange: Exchange): void {
  expect(exchange.positions()).toEqual([]);
}
