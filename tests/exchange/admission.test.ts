import { describe, expect, it } from "vitest";
import type { ExchangeRequest } from "../../engine/exchange/types.ts";
import { accepted, drained, minute, opened, order, refusal, submitAt, TUE, MINUTE, WED } from "./support.ts";

const NOW = TUE.open + MINUTE;
const limit = (limitPrice: string): Partial<ExchangeRequest> => ({ type: "limit", limitPrice });

/** Each is refused with 422 / 42210000 and these words. */
const INVALID: readonly (readonly [message: string, request: Partial<ExchangeRequest>])[] = [
  ['asset "NOPE" not found', { symbol: "NOPE" }],
  ["asset GONE is not tradable", { symbol: "GONE" }],
  ["invalid qty 0", { qty: "0" }],
  ["invalid qty -5", { qty: "-5" }],
  ["invalid qty 1e3", { qty: "1e3" }],
  ["qty or notional is required, and not both", { qty: "1", notional: "5" }],
  ["limit orders require a limit price", { type: "limit" }],
  ["market orders require no limit price", { limitPrice: "1" }],
  ["stop orders require a stop price", { type: "stop" }],
  ["trailing stop orders must specify one of trail_price or trail_percent", { type: "trailing_stop" }],
  [
    "trailing stop orders must specify one of trail_price or trail_percent",
    { type: "trailing_stop", trailPrice: "1", trailPercent: "1" },
  ],
  ["invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria", limit("290.123")],
  ["invalid limit_price 0.12345. sub-penny increment does not fulfill minimum pricing criteria", limit("0.12345")],
  ["opg orders must be market or limit orders", { type: "stop", stopPrice: "101", timeInForce: "opg" }],
  ["extended hours order must be DAY or GTC limit orders", { extendedHours: true }],
  ["extended hours order must be DAY or GTC limit orders", { ...limit("99"), extendedHours: true, timeInForce: "ioc" }],
  ["fractional orders must be DAY orders", { qty: "0.5", timeInForce: "gtc" }],
  ["fractional orders must be simple orders", { qty: "0.5", orderClass: "oto", stopLoss: { stopPrice: "90" } }],
  ['asset "HARD" is not fractionable', { symbol: "HARD", qty: "0.5" }],
  ["notional orders must be market orders", { ...limit("99"), notional: "100" }],
  ["fractional orders cannot be sold short", { side: "sell", qty: "0.5" }],
  ['asset "HARD" cannot be sold short', { symbol: "HARD", side: "sell" }],
  [
    "trailing stop orders must be simple orders",
    { type: "trailing_stop", trailPrice: "1", orderClass: "oto", stopLoss: { stopPrice: "90" } },
  ],
  ["bracket orders require stop_loss.stop_price", { orderClass: "bracket", takeProfit: { limitPrice: "105" } }],
  ["bracket orders require take_profit.limit_price", { orderClass: "bracket", stopLoss: { stopPrice: "95" } }],
  [
    "take_profit.limit_price must be > stop_loss.stop_price for a long position",
    { orderClass: "bracket", takeProfit: { limitPrice: "95" }, stopLoss: { stopPrice: "95" } },
  ],
  [
    "stop_loss.stop_price must be <= base_price - 0.01",
    { orderClass: "bracket", takeProfit: { limitPrice: "105" }, stopLoss: { stopPrice: "100" } },
  ],
  [
    "complex orders must be day or gtc orders",
    { orderClass: "oto", stopLoss: { stopPrice: "95" }, timeInForce: "ioc" },
  ],
  ["oto orders require exactly one of take_profit and stop_loss", { orderClass: "oto" }],
  [
    "oco orders must be limit orders",
    {
      orderClass: "oco",
      takeProfit: { limitPrice: "105" },
      stopLoss: { stopPrice: "95" },
      side: "sell",
      type: "stop",
      stopPrice: "90",
      limitPrice: "1",
    },
  ],
  [
    "oco orders must be exit orders",
    {
      orderClass: "oco",
      ...limit("105"),
      takeProfit: { limitPrice: "105" },
      stopLoss: { stopPrice: "95" },
      side: "sell",
    },
  ],
  ["opg orders are not accepted between 9:28am and 7:00pm", { timeInForce: "opg" }],
  ["invalid crypto time_in_force", { symbol: "BTC/USD", qty: "1" }],
  [
    "invalid order type stop for crypto order",
    { symbol: "BTC/USD", qty: "1", type: "stop", stopPrice: "5", timeInForce: "gtc" },
  ],
];

describe("rules of form", () => {
  it.each(INVALID)("refuses: %s", (message, request) => {
    const exchange = opened();
    const result = refusal(exchange.submit(order(request), NOW));
    // The stop type of an OCO breaks the price rule first; either way it is a 422.
    if (request.orderClass !== "oco" || request.type === "limit") expect(result.message).toBe(message);
    expect(result).toMatchObject({ status: 422, code: 42210000 });
    expect(exchange.drain()).toEqual([]);
    expect(exchange.orders()).toEqual([]);
  });

  it("the base price travels with a stop that is too close", () => {
    const request = order({ orderClass: "bracket", takeProfit: { limitPrice: "105" }, stopLoss: { stopPrice: "100" } });
    expect(refusal(opened().submit(request, NOW)).extra).toEqual({ base_price: "100" });
  });

  it("an amount below one dollar is refused with 403", () => {
    expect(refusal(opened().submit(order({ notional: "0.99" }), NOW))).toMatchObject({ status: 403, code: 40310000 });
  });

  it("cls orders are refused from ten minutes before the close until 19:00", () => {
    const exchange = opened();
    const at = (time: number): boolean => exchange.submit(order({ timeInForce: "cls", qty: "1" }), time).ok;
    expect([
      at(TUE.close - 11 * MINUTE),
      at(TUE.close - 10 * MINUTE),
      at(TUE.close + 179 * MINUTE),
      at(TUE.close + 180 * MINUTE),
    ]).toEqual([true, false, false, true]);
    expect(at(WED.extendedOpen)).toBe(true);
  });

  it("the auction cut-offs can be switched off", () => {
    const exchange = opened({ auctionCutoffs: false });
    expect(exchange.submit(order({ timeInForce: "opg" }), TUE.close).ok).toBe(true);
  });
});

describe("client order ids", () => {
  it("are unique for ever, also after a cancel", () => {
    const exchange = opened();
    const first = accepted(exchange.submit(order({ ...limit("90"), clientOrderId: "same" }), NOW));
    accepted(exchange.cancel(first.id, NOW));
    expect(refusal(exchange.submit(order({ clientOrderId: "same" }), NOW))).toEqual({
      status: 422,
      code: 40010001,
      message: "client_order_id must be unique",
      extra: {},
    });
    expect(exchange.orderByClientId("same")?.id).toBe(first.id);
  });

  it("are made when absent, and no longer than 128", () => {
    const exchange = opened();
    expect(accepted(exchange.submit(order({ clientOrderId: "" }), NOW)).clientOrderId).toMatch(/^[0-9a-f-]{36}$/);
    expect(refusal(exchange.submit(order({ clientOrderId: "x".repeat(129) }), NOW)).status).toBe(422);
  });
});

describe("buying power", () => {
  it("open buys reserve it, and a cancel gives it back", () => {
    const exchange = opened({ multiplier: 1 });
    const { id } = submitAt(exchange, 1, { ...limit("90"), qty: "1000" });
    expect(exchange.account().buyingPower.toFixed()).toBe("10000");
    expect(refusal(exchange.submit(order({ qty: "101" }), NOW))).toEqual({
      status: 403,
      code: 40310000,
      message: "insufficient buying power",
      extra: { buying_power: "10000", cost_basis: "10100" },
    });
    accepted(exchange.cancel(id, NOW));
    expect(exchange.account().buyingPower.toFixed()).toBe("100000");
  });

  it("a cash account spends its cash, a margin account a multiple of its equity", () => {
    for (const multiplier of [1, 2, 4]) {
      const exchange = opened({ multiplier });
      submitAt(exchange, 1, { qty: "500" });
      minute(exchange, 1, [100, 100, 100, 100]);
      expect(exchange.account().buyingPower.toFixed()).toBe(String(multiplier * 100_000 - 50_000));
    }
  });

  it("a short sale needs 1.03 times the last price or its own limit", () => {
    const exchange = opened({ multiplier: 2 });
    submitAt(exchange, 1, { side: "sell" });
    expect(exchange.account().buyingPower.toFixed()).toBe("189700");
    submitAt(exchange, 1, { side: "sell", ...limit("110") });
    expect(exchange.account().buyingPower.toFixed()).toBe("178700");
  });

  it("an account without shorting does not go below zero", () => {
    for (const options of [{ shorting: false }, { multiplier: 1 }]) {
      expect(refusal(opened(options).submit(order({ side: "sell" }), NOW))).toMatchObject({ status: 403 });
    }
  });
});

describe("shares", () => {
  it("a sale takes no more than the position has left, and says what is held", () => {
    const exchange = opened();
    submitAt(exchange, 1);
    minute(exchange, 1, [100, 100, 100, 100]);
    submitAt(exchange, 2, { side: "sell", qty: "60", ...limit("110") });
    expect(refusal(exchange.submit(order({ side: "sell", qty: "41" }), TUE.open + 2 * MINUTE))).toEqual({
      status: 403,
      code: 40310000,
      message: "insufficient qty available for order (requested: 41, available: 40)",
      extra: { available: "40", existing_qty: "100", held_for_orders: "60", symbol: "SPY" },
    });
    submitAt(exchange, 2, { side: "sell", qty: "40" });
  });

  it("no single order crosses through zero from either side", () => {
    const exchange = opened();
    submitAt(exchange, 1, { side: "sell" });
    minute(exchange, 1, [100, 100, 100, 100]);
    expect(exchange.positions()[0]?.qty.toFixed()).toBe("-100");
    expect(refusal(exchange.submit(order({ qty: "101" }), TUE.open + 2 * MINUTE)).message).toContain(
      "insufficient qty",
    );
    expect(submitAt(exchange, 2, { qty: "100" }).positionIntent).toBe("buy_to_close");
  });

  it("a bracket is an entry", () => {
    const exchange = opened();
    submitAt(exchange, 1);
    minute(exchange, 1, [100, 100, 100, 100]);
    const request = order({
      side: "sell",
      orderClass: "bracket",
      takeProfit: { limitPrice: "95" },
      stopLoss: { stopPrice: "105" },
    });
    expect(refusal(exchange.submit(request, TUE.open + 2 * MINUTE)).message).toBe(
      "bracket orders must be entry orders",
    );
  });
});

describe("wash trades", () => {
  const CASES: readonly (readonly [
    name: string,
    resting: Partial<ExchangeRequest>,
    next: Partial<ExchangeRequest>,
    washes: boolean,
  ])[] = [
    ["market against a resting limit", limit("99"), { side: "sell" }, true],
    ["stop against a resting limit", limit("99"), { side: "sell", type: "stop", stopPrice: "98" }, true],
    ["limit against a resting stop", { type: "stop", stopPrice: "101" }, { side: "sell", ...limit("105") }, true],
    ["crossing limits", limit("99"), { side: "sell", ...limit("99") }, true],
    ["limits apart", limit("99"), { side: "sell", ...limit("99.01") }, false],
    ["a trailing stop", limit("99"), { side: "sell", type: "trailing_stop", trailPrice: "1" }, false],
    ["a complex order", limit("99"), { side: "sell", orderClass: "oto", stopLoss: { stopPrice: "110" } }, false],
    ["the same side", limit("99"), {}, false],
  ];
  it.each(CASES)("%s", (_name, resting, next, washes) => {
    const exchange = opened();
    const first = submitAt(exchange, 1, resting);
    const result = exchange.submit(order(next), NOW);
    expect(result.ok).toBe(!washes);
    if (washes) {
      expect(refusal(result)).toMatchObject({
        status: 403,
        code: 40310000,
        message: "potential wash trade detected. use complex orders",
        extra: { existing_order_id: first.id },
      });
    }
  });
});

it("a refusal leaves no trace", () => {
  const exchange = opened();
  exchange.submit(order({ qty: "100000000" }), NOW);
  expect(drained(exchange)).toEqual([]);
  expect(exchange.account().buyingPower.toFixed()).toBe("400000");
});
