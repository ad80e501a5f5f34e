import { describe, expect, it } from "vitest";
import type { Exchange } from "../../engine/exchange/types.ts";
import { MINUTE, TUE, WED, drained, exchangeWith, minute, opened, submitAt } from "./support.ts";

const MIDNIGHT = WED.open - 9.5 * 3_600_000;

/** Holds 100 SPY at 100. */
function holding(): Exchange {
  const exchange = opened();
  submitAt(exchange, 1);
  minute(exchange, 1, [100, 100, 100, 100]);
  drained(exchange);
  return exchange;
}

describe("a split", () => {
  it("counts a holding anew and changes neither its cost nor what the account is worth", () => {
    const exchange = holding();
    const { equity, cash } = exchange.account();
    exchange.split("SPY", "4", "1", MIDNIGHT);
    const [position] = exchange.positions();
    expect([position?.qty, position?.avgPrice, position?.lastPrice].map(String)).toEqual(["400", "25", "25"]);
    expect(exchange.account().equity.eq(equity)).toBe(true);
    expect(exchange.account().cash.eq(cash)).toBe(true);
  });

  it("keeps parts of a share, cut to nine places", () => {
    const exchange = holding();
    exchange.split("SPY", "1", "3", MIDNIGHT);
    expect(String(exchange.positions()[0]?.qty)).toBe("33.333333333");
  });

  it("adjusts limits that are good till cancelled, and cancels everything else", () => {
    const exchange = holding();
    const gtc = { timeInForce: "gtc", type: "limit", side: "buy", qty: "10" } as const;
    submitAt(exchange, 2, { ...gtc, limitPrice: "90.99", clientOrderId: "adjusted" });
    submitAt(exchange, 2, { timeInForce: "gtc", type: "stop", side: "buy", qty: "10", stopPrice: "120" });
    drained(exchange);
    exchange.split("SPY", "4", "1", MIDNIGHT);
    expect(exchange.drain().map(({ kind }) => kind)).toEqual(["restated", "canceled"]);
    const order = exchange.orderByClientId("adjusted");
    // 22.7475: a buy never pays more than was written.
    expect([order?.status, String(order?.qty), String(order?.limitPrice)]).toEqual(["new", "40", "22.74"]);
    expect(String(exchange.account().buyingPower.gt(0))).toBe("true");
  });

  it("cancels all orders when shares are put together", () => {
    const exchange = holding();
    submitAt(exchange, 2, { timeInForce: "gtc", type: "limit", side: "buy", qty: "10", limitPrice: "90" });
    drained(exchange);
    exchange.split("SPY", "1", "4", MIDNIGHT);
    expect(exchange.drain().map(({ kind }) => kind)).toEqual(["canceled"]);
  });

  it("forgets the quote of before", () => {
    const exchange = exchangeWith();
    exchange.quote("SPY", 99, 100, 101, 100, TUE.open + MINUTE);
    exchange.split("SPY", "4", "1", MIDNIGHT);
    expect(submitAt(exchange, 0).status).not.toBe("filled");
  });
});
