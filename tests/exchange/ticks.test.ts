import { describe, expect, it } from "vitest";
import type { Exchange, ExchangeOptions, ExchangeRequest } from "../../engine/exchange/types.ts";
import { accepted, drained, exchangeWith, order, submitAt, TUE, MINUTE, WED } from "./support.ts";

let at = 0;

/** An exchange that saw a quote (and a trade, unless `trades` is false) in Tuesday's first minute. */
function quoted(options: Partial<ExchangeOptions> = {}, trades = true): Exchange {
  const exchange = exchangeWith(options);
  at = TUE.open;
  if (trades) trade(exchange, 100);
  quote(exchange, 99.98, 100.02);
  at = TUE.open + MINUTE - 1;
  return exchange;
}

function quote(exchange: Exchange, bid: number, ask: number, size = 500): void {
  at += 1;
  exchange.quote("SPY", bid, size, ask, size, at);
}

function trade(exchange: Exchange, price: number): void {
  at += 1;
  exchange.trade("SPY", price, 100, at);
}

describe("quotes", () => {
  it("a market order fills at once: a buy at the offer, a sale at the bid", () => {
    const exchange = quoted();
    expect(submitAt(exchange, 1).status).toBe("filled");
    submitAt(exchange, 1, { side: "sell" });
    expect(drained(exchange)).toEqual(["new buy", "fill buy 100@100.02", "new sell", "fill sell 100@99.98"]);
  });

  it("a marketable limit fills at the offer, not at its limit; another waits until it is marketable", () => {
    const exchange = quoted();
    submitAt(exchange, 1, { type: "limit", limitPrice: "101" });
    submitAt(exchange, 1, { type: "limit", limitPrice: "99.9" });
    expect(drained(exchange)).toEqual(["new buy", "fill buy 100@100.02", "new buy"]);
    at = TUE.open + 2 * MINUTE;
    quote(exchange, 99.85, 99.91);
    trade(exchange, 99.8);
    expect(drained(exchange)).toEqual([]);
    quote(exchange, 99.85, 99.9);
    expect(drained(exchange)).toEqual(["fill buy 100@99.9"]);
  });

  it("an ioc or fok order that is not marketable is canceled at once", () => {
    const exchange = quoted();
    submitAt(exchange, 1, { type: "limit", limitPrice: "99", timeInForce: "ioc" });
    submitAt(exchange, 1, { timeInForce: "fok" });
    expect(drained(exchange)).toEqual(["new buy", "canceled buy", "new buy", "fill buy 100@100.02"]);
  });

  it("quantity is not bounded by the displayed size, unless the option says so", () => {
    const big = { qty: "2000" };
    expect(submitAt(quoted(), 1, big).status).toBe("filled");
    const exchange = quoted({ quoteSize: true, cash: "1000000" });
    submitAt(exchange, 1, big);
    submitAt(exchange, 1, big);
    expect(drained(exchange)).toEqual(["new buy", "partial_fill buy 500@100.02", "new buy"]);
    at = TUE.open + 2 * MINUTE;
    quote(exchange, 100, 100.1, 1600);
    expect(drained(exchange)).toEqual(["fill buy 1500@100.1", "partial_fill buy 100@100.1"]);
  });

  it("a quote outside the session fills nothing but an extended-hours limit", () => {
    const exchange = quoted();
    accepted(exchange.submit(order(), TUE.close + MINUTE));
    accepted(exchange.submit(order({ type: "limit", limitPrice: "101", extendedHours: true }), TUE.close + MINUTE));
    expect(drained(exchange)).toEqual(["accepted buy", "new buy", "fill buy 100@100.02"]);
    exchange.quote("SPY", 98, 1, 98.1, 1, WED.open - 1);
    expect(drained(exchange)).toEqual([]);
    exchange.quote("SPY", 98, 1, 98.2, 1, WED.open);
    expect(drained(exchange)).toEqual(["new buy", "fill buy 100@98.2"]);
  });

  it("yesterday's quote fills nothing before a new one came", () => {
    const exchange = quoted();
    accepted(exchange.submit(order(), WED.open + MINUTE));
    expect(drained(exchange)).toEqual(["new buy"]);
  });
});

describe("stops on ticks", () => {
  const STOP: Partial<ExchangeRequest> = { side: "sell", type: "stop", stopPrice: "99" };

  it("a trade inside the best bid and offer elects the stop, which sells at the bid", () => {
    const exchange = quoted();
    submitAt(exchange, 1, STOP);
    exchange.drain();
    at = TUE.open + 2 * MINUTE;
    quote(exchange, 98.9, 99.1);
    expect(drained(exchange)).toEqual([]);
    trade(exchange, 99);
    expect(drained(exchange)).toEqual(["fill sell 100@98.9"]);
  });

  it("a trade outside the best bid and offer elects nothing", () => {
    const exchange = quoted();
    submitAt(exchange, 1, STOP);
    exchange.drain();
    at = TUE.open + 2 * MINUTE;
    trade(exchange, 90);
    expect(drained(exchange)).toEqual([]);
  });

  it("on a feed without trades the quote elects", () => {
    const exchange = quoted({}, false);
    submitAt(exchange, 1, STOP);
    exchange.drain();
    at = TUE.open + 2 * MINUTE;
    quote(exchange, 98.9, 99.1);
    expect(drained(exchange)).toEqual(["fill sell 100@98.9"]);
  });

  it("an elected stop limit waits for its limit", () => {
    const exchange = quoted();
    submitAt(exchange, 1, { ...STOP, type: "stop_limit", limitPrice: "98.95" });
    exchange.drain();
    at = TUE.open + 2 * MINUTE;
    quote(exchange, 98.9, 99.1);
    trade(exchange, 99);
    expect(drained(exchange)).toEqual([]);
    quote(exchange, 98.96, 99.1);
    expect(drained(exchange)).toEqual(["fill sell 100@98.96"]);
  });

  it("a trailing stop follows trades", () => {
    const exchange = quoted();
    const { id } = submitAt(exchange, 1, { side: "sell", type: "trailing_stop", trailPrice: "1" });
    at = TUE.open + 2 * MINUTE;
    quote(exchange, 101.9, 102.1);
    trade(exchange, 102);
    expect(exchange.order(id)?.stopPrice?.toFixed()).toBe("101");
    exchange.drain();
    quote(exchange, 100.9, 101.1);
    trade(exchange, 101);
    expect(drained(exchange)).toEqual(["fill sell 100@100.9"]);
  });
});

describe("a feed of trades alone", () => {
  it("orders fill at the next trade, not at the one before", () => {
    const exchange = exchangeWith();
    at = TUE.open;
    trade(exchange, 100);
    submitAt(exchange, 1);
    submitAt(exchange, 1, { type: "limit", limitPrice: "99.5" });
    expect(drained(exchange)).toEqual(["new buy", "new buy"]);
    at = TUE.open + 2 * MINUTE;
    trade(exchange, 100.5);
    trade(exchange, 99.4);
    expect(drained(exchange)).toEqual(["fill buy 100@100.5", "fill buy 100@99.4"]);
  });

  it("a cls order fills at the last trade when the session ends", () => {
    const exchange = exchangeWith();
    at = TUE.open;
    trade(exchange, 100);
    submitAt(exchange, 1, { timeInForce: "cls" });
    at = TUE.close - 10;
    trade(exchange, 104);
    exchange.drain();
    exchange.advance(TUE.close);
    expect(drained(exchange)).toEqual(["fill buy 100@104"]);
  });
});
