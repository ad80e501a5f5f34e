/**
 * A venue with a small market, and what tests of it need: clients, waiting, bars. Whatever client a test uses, every
 * answer is held against Alpaca's OpenAPI files.
 */
import { expect } from "vitest";
import { startVenue } from "../../../engine/adapters/venue/venue.ts";
import type { TapeItem, Venue, VenueOptions } from "../../../engine/adapters/venue/options.ts";
import type { BarInput } from "../../../engine/core/event.ts";
import { createExchange } from "../../../engine/exchange/exchange.ts";
import { noFees } from "../../../engine/exchange/fees.ts";
import { conformance } from "./conformance.ts";
import type { Exchange, ExchangeOptions, Instrument } from "../../../engine/exchange/types.ts";
import { calendarOf } from "../../../engine/market/instruments.ts";
import { NYSE } from "../../../engine/market/nyse.ts";

export const KEY = "TESTKEY12345";
export const SECRET = "secret-of-the-test-account";
/** Monday 2024-03-04 09:30 New York. */
export const OPEN = Date.parse("2024-03-04T14:30:00Z");
export const CLOSE = Date.parse("2024-03-04T21:00:00Z");
export const MINUTE = 60_000;

const INSTRUMENTS: readonly Instrument[] = [
  ...["SPY", "QQQ"].map((symbol): Instrument => ({
    symbol,
    name: `${symbol} Trust`,
    assetClass: "us_equity",
    tradable: true,
    shortable: true,
    fractionable: true,
  })),
  {
    symbol: "BTC/USD",
    name: "Bitcoin",
    assetClass: "crypto",
    tradable: true,
    shortable: false,
    fractionable: true,
  },
];

export function testExchange(options: Partial<ExchangeOptions> = {}): Exchange {
  return createExchange({
    cash: "100000",
    multiplier: 2,
    shorting: true,
    instruments: INSTRUMENTS,
    calendarOf,
    fees: noFees,
    slippageRatio: 0,
    seed: "venue-test",
    ...options,
  });
}

/** One-minute bars of a symbol from the open; each close is the next open. */
export function minuteBars(symbol: string, closes: readonly number[], from = OPEN): BarInput[] {
  return closes.map((close, index) => {
    const open = closes[index - 1] ?? close;
    return {
      kind: "bar",
      symbol,
      size: "1m",
      revised: false,
      start: from + index * MINUTE,
      open,
      high: Math.max(open, close) + 0.05,
      low: Math.min(open, close) - 0.05,
      close,
      volume: 10_000,
    };
  });
}

const running: Venue[] = [];

export async function testVenue(
  tape: readonly TapeItem[] = minuteBars("SPY", [500, 501, 502, 503, 504]),
  options: Partial<VenueOptions> = {},
): Promise<Venue> {
  const venue = await startVenue({
    exchange: testExchange(),
    instruments: INSTRUMENTS,
    keyId: KEY,
    secret: SECRET,
    calendar: NYSE,
    calendarOf,
    onAnswer: (answer) => conformance?.hear(answer),
    tape,
    startAt: OPEN,
    ...options,
  });
  running.push(venue);
  return venue;
}

export async function stopVenues(): Promise<void> {
  await Promise.all(running.splice(0).map((venue) => venue.stop()));
  expect(conformance?.settle() ?? []).toEqual([]);
}

/** Polls a condition; fails with its name after three seconds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 3_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`timed out waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const LOGIN = { "APCA-API-KEY-ID": KEY, "APCA-API-SECRET-KEY": SECRET };

type CallInit = Omit<RequestInit, "headers"> & { readonly headers?: Readonly<Record<string, string>> };

export function call(venue: Venue, path: string, init: CallInit = {}): Promise<Response> {
  const body = init.body === undefined ? {} : { "Content-Type": "application/json" };
  return fetch(venue.url + path, { ...init, headers: { ...LOGIN, ...body, ...init.headers } });
}

export async function body(response: Response): Promise<any> {
  return response.json();
}

export async function json(venue: Venue, path: string, init: CallInit = {}): Promise<any> {
  return (await call(venue, path, init)).json();
}

export function place(venue: Venue, order: Readonly<Record<string, unknown>>): Promise<Response> {
  const body = { symbol: "SPY", qty: "10", side: "buy", type: "market", time_in_force: "day", ...order };
  return call(venue, "/v2/orders", { method: "POST", body: JSON.stringify(body) });
}
