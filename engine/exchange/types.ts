/**
 * The contract of the simulated exchange: one account, many symbols, orders in, events out.
 *
 * Owns: the shapes between the exchange and whoever stands in front of it (backtest broker, local venue).
 * Pure and synchronous: time comes with each call, ids come from counters, randomness from the seed.
 */
import type { Decimal } from "../core/decimal.ts";
import type { Bar, OrderRequest, Side } from "../core/event.ts";
import type { OrderType, TimeInForce } from "../core/program.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { Calendar } from "../market/calendar.ts";

export type ExchangeOrderStatus =
  | "new"
  | "accepted" // outside its session: queued
  | "held" // bracket child waiting for its parent
  | "partially_filled"
  | "filled"
  | "canceled"
  | "expired"
  | "rejected"
  | "replaced";

/** One order as the exchange sees it. Immutable snapshots: a change makes a new object. */
export interface ExchangeOrder {
  /** Deterministic: UUID-shaped, made from the exchange's seed and a counter. */
  readonly id: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  /** Null while a notional order has not been turned into shares. */
  readonly qty: Decimal | null;
  readonly notional: Decimal | null;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly extendedHours: boolean;
  readonly limitPrice: Decimal | null;
  readonly stopPrice: Decimal | null;
  readonly trailPrice: Decimal | null;
  readonly trailPercent: Decimal | null;
  /** Best price seen since a trailing stop was submitted. */
  readonly highWaterMark: Decimal | null;
  readonly orderClass: "simple" | "bracket" | "oco" | "oto";
  readonly parentId: string | null;
  readonly legIds: readonly string[];
  readonly role: "simple" | "parent" | "take_profit" | "stop_loss";
  readonly status: ExchangeOrderStatus;
  readonly filledQty: Decimal;
  readonly filledAvgPrice: Decimal | null;
  readonly submittedAt: number;
  readonly updatedAt: number;
  readonly filledAt: number | null;
  readonly canceledAt: number | null;
  readonly expiredAt: number | null;
  readonly failedAt: number | null;
  readonly replacedAt: number | null;
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  readonly expiresAt: number | null;
  readonly positionIntent: "buy_to_open" | "buy_to_close" | "sell_to_open" | "sell_to_close";
}

/** What a client asks for. Like the core's order, with a notional form and without the risk stamp. */
export interface ExchangeRequest extends Omit<OrderRequest, "qty"> {
  readonly qty?: string;
  readonly notional?: string;
}

export interface ExchangeExecution {
  readonly executionId: string;
  readonly orderId: string;
  readonly qty: Decimal;
  readonly price: Decimal;
  readonly fee: Decimal;
  readonly time: number;
  /** Signed position in the symbol after this execution. */
  readonly positionQty: Decimal;
}

export type ExchangeEvent =
  | {
      /** `restated`: the exchange changed its quantity and prices by itself. */
      readonly kind: "new" | "accepted" | "held" | "canceled" | "expired" | "rejected" | "replaced" | "restated";
      readonly time: number;
      readonly order: ExchangeOrder;
      readonly reason: string | null;
    }
  | {
      readonly kind: "fill" | "partial_fill";
      readonly time: number;
      readonly order: ExchangeOrder;
      readonly execution: ExchangeExecution;
    };

/** A definite no. `status` and `code` are Alpaca's (reference: error bodies), e.g. 403 / 40310000, 422 / 42210000. */
export interface ExchangeRefusal {
  readonly status: 403 | 404 | 422;
  readonly code: number;
  readonly message: string;
  readonly extra: Readonly<Record<string, string>>;
}

export type ExchangeResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: ExchangeRefusal };

export interface ExchangePosition {
  readonly symbol: string;
  /** Signed. */
  readonly qty: Decimal;
  readonly avgPrice: Decimal;
  /** What the open quantity was bought (or, negative, sold) for, exactly; `avgPrice` is this over `qty`, rounded. */
  readonly costBasis: Decimal;
  readonly lastPrice: Decimal;
  readonly lastDayPrice: Decimal;
  /** Part of `qty` that no open order has spoken for; unsigned. */
  readonly qtyAvailable: Decimal;
}

export interface ExchangeAccount {
  readonly cash: Decimal;
  readonly equity: Decimal;
  /** Equity at the previous session's close. */
  readonly lastEquity: Decimal;
  readonly longMarketValue: Decimal;
  readonly shortMarketValue: Decimal;
  /** What new orders may still use, open orders deducted. */
  readonly buyingPower: Decimal;
  readonly multiplier: number;
  readonly shorting: boolean;
  readonly fees: Decimal;
  /** Profit of closed quantity, before fees. cash + market value = start + realized + unrealized - fees, exactly. */
  readonly realized: Decimal;
}

/** Fee of one execution. */
export interface FeeModel {
  readonly name: string;
  fee(side: Side, qty: Decimal, price: Decimal, symbol: string): Decimal;
}

export interface Instrument {
  readonly symbol: string;
  readonly name: string;
  readonly assetClass: "us_equity" | "crypto";
  readonly tradable: boolean;
  readonly shortable: boolean;
  readonly fractionable: boolean;
}

export interface ExchangeOptions {
  readonly cash: string;
  /** 1 cash, 2 or 4 margin. */
  readonly multiplier: number;
  readonly shorting: boolean;
  readonly instruments: readonly Instrument[];
  readonly calendarOf: (symbol: string) => Calendar;
  readonly fees: FeeModel;
  /** Extra price per share against the taker on market and stop fills, as a ratio of price. 0 = none. */
  readonly slippageRatio: number;
  /** Largest part of a bar's volume that one bar may fill (1 = all); the rest stays working. Undefined: no limit. */
  readonly volumeShare?: number;
  /** On quotes, bound fills by the displayed size. Default false: a quote fills any quantity, as Alpaca's paper does. */
  readonly quoteSize?: boolean;
  /**
   * Part of the fills (0 to 1) that are cut to a random share of what they could take; the rest is looked at again with
   * the next data, as Alpaca's paper does with one in ten. Drawn from the seed. Default 0. Never for `fok`.
   */
  readonly partialFills?: number;
  /** Refuse opg 09:28-19:00 and cls 15:50-19:00 exchange time, as Alpaca does. Default true. */
  readonly auctionCutoffs?: boolean;
  /**
   * How long an order that is over, with all of its family, is remembered; it goes when the day rolls. Undefined: for ever, as
   * whoever is asked for all orders must.
   */
  readonly rememberMs?: number;
  /** Seed of deterministic ids. */
  readonly seed: string;
}

export interface Exchange {
  submit(request: ExchangeRequest, now: number): ExchangeResult<ExchangeOrder>;
  cancel(orderId: string, now: number): ExchangeResult<ExchangeOrder>;
  replace(
    orderId: string,
    change: {
      readonly qty?: string;
      readonly limitPrice?: string;
      readonly stopPrice?: string;
      readonly trail?: string;
      readonly timeInForce?: TimeInForce;
      readonly clientOrderId?: string;
    },
    now: number,
  ): ExchangeResult<ExchangeOrder>;
  /**
   * Optional, before `bar` of the same bar: fills what fills at its open, and no more. Whoever reacts to those fills
   * may submit at `bar.start`; `bar` then goes on from there. Without reactions both calls give what `bar` alone gives.
   */
  opening(symbol: string, size: BarSize, bar: Bar, end: number): void;
  /** A closed bar; fills orders submitted at or before its start. Called before anybody else sees the bar. `end` is when it is known: the first instant after it, or later. */
  bar(symbol: string, size: BarSize, bar: Bar, end: number): void;
  quote(symbol: string, bid: number, bidSize: number, ask: number, askSize: number, time: number): void;
  trade(symbol: string, price: number, size: number, time: number): void;
  /**
   * Trading in a symbol stops at `from`: nothing fills until `resume`, orders are taken and stay as they are. A bar that
   * a halt touches fills nothing, for what of it lies outside the halt is not known. Halts are told in order of time.
   */
  halt(symbol: string, from: number): void;
  /** Trading goes on at `at`. Without a halt it changes nothing. */
  resume(symbol: string, at: number): void;
  /** From `at` on prices are those of new shares: what is held is counted anew, orders are adjusted or cancelled. */
  split(symbol: string, newShares: string, oldShares: string, at: number): void;
  /**
   * Lets time pass without data: expires day, opg and cls orders, rolls the day. It says that all data which ended at
   * or before `now` has been given: call it after the bars of that instant, never before them.
   */
  advance(now: number): void;
  /** Takes the events since the last call, in order. */
  drain(): ExchangeEvent[];
  order(orderId: string): ExchangeOrder | undefined;
  orderByClientId(clientOrderId: string): ExchangeOrder | undefined;
  orders(): readonly ExchangeOrder[];
  positions(): readonly ExchangePosition[];
  account(): ExchangeAccount;
  /** As in the options. */
  readonly partialFills: number;
  readonly now: number;
}
