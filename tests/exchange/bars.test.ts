import { DAY } from "../../engine/market/bar-size.ts";
import { describe, expect, it } from "vitest";
import type { ExchangeRequest } from "../../engine/exchange/types.ts";
import {
  day,
  drained,
  exchangeWith,
  M1,
  minute,
  opened,
  order,
  submitAt,
  accepted,
  THU,
  TUE,
  WED,
  MINUTE,
  type Ohlc,
} from "./support.ts";

type Row = readonly [name: string, request: Partial<ExchangeRequest>, bar: Ohlc, expected: readonly string[]];

const short = (change: Partial<ExchangeRequest>): Partial<ExchangeRequest> => ({ side: "sell", ...change });

/** The order is submitted when the bar starts, so the bar is its first. */
const SINGLE: readonly Row[] = [
  ["a market order fills at the open", {}, [101, 103, 99, 102], ["fill buy 100@101"]],
  ["a market sale fills at the open", short({}), [101, 103, 99, 102], ["fill sell 100@101"]],
  [
    "a buy limit above the open fills at the open",
    { type: "limit", limitPrice: "102" },
    [101, 103, 99, 102],
    ["fill buy 100@101"],
  ],
  [
    "a buy limit fills when the low touches it",
    { type: "limit", limitPrice: "99" },
    [101, 103, 99, 102],
    ["fill buy 100@99"],
  ],
  ["a buy limit below the low does not fill", { type: "limit", limitPrice: "98.99" }, [101, 103, 99, 102], []],
  [
    "a sell limit fills when the high touches it",
    short({ type: "limit", limitPrice: "103" }),
    [101, 103, 99, 102],
    ["fill sell 100@103"],
  ],
  [
    "a sell limit below the open fills at the open",
    short({ type: "limit", limitPrice: "100.5" }),
    [101, 103, 99, 102],
    ["fill sell 100@101"],
  ],
  ["a buy stop fills at the stop", { type: "stop", stopPrice: "102.5" }, [101, 103, 99, 102], ["fill buy 100@102.5"]],
  [
    "a buy stop below the open fills at the open",
    { type: "stop", stopPrice: "100.5" },
    [101, 103, 99, 102],
    ["fill buy 100@101"],
  ],
  [
    "a sell stop fills at the stop",
    short({ type: "stop", stopPrice: "99.5" }),
    [101, 103, 99, 102],
    ["fill sell 100@99.5"],
  ],
  [
    "a sell stop above the open fills at the open",
    short({ type: "stop", stopPrice: "102" }),
    [101, 103, 99, 102],
    ["fill sell 100@101"],
  ],
  ["a stop outside the bar waits", { type: "stop", stopPrice: "103.01" }, [101, 103, 99, 102], []],
  [
    "a stop limit elected inside the bar fills at the stop when the close is within the limit",
    { type: "stop_limit", stopPrice: "102", limitPrice: "102.5" },
    [101, 103, 99, 102.4],
    ["fill buy 100@102"],
  ],
  [
    "a stop limit elected inside the bar waits when the close is beyond the limit",
    { type: "stop_limit", stopPrice: "102", limitPrice: "102.5" },
    [101, 103, 99, 102.6],
    [],
  ],
  [
    "a stop limit elected at the open fills at the open when it is within the limit",
    { type: "stop_limit", stopPrice: "100", limitPrice: "101" },
    [101, 103, 99, 102.6],
    ["fill buy 100@101"],
  ],
  [
    "a stop limit elected at the open beyond its limit fills at the limit when the bar comes back",
    { type: "stop_limit", stopPrice: "100", limitPrice: "100.5" },
    [101, 103, 99, 102.6],
    ["fill buy 100@100.5"],
  ],
  [
    "a stop limit whose limit is below its stop fills at the limit when the close is there",
    { type: "stop_limit", stopPrice: "102", limitPrice: "100" },
    [101, 103, 99, 99.5],
    ["fill buy 100@100"],
  ],
  [
    "a sell stop limit mirrors it",
    short({ type: "stop_limit", stopPrice: "100", limitPrice: "99.5" }),
    [101, 103, 99, 99.6],
    ["fill sell 100@100"],
  ],
  [
    "an ioc limit that the open does not meet is canceled",
    { type: "limit", limitPrice: "100", timeInForce: "ioc" },
    [101, 103, 99, 102],
    ["canceled buy"],
  ],
  [
    "an ioc limit that the open meets fills",
    { type: "limit", limitPrice: "101", timeInForce: "ioc" },
    [101, 103, 99, 102],
    ["fill buy 100@101"],
  ],
  ["a fok market order fills", { timeInForce: "fok" }, [101, 103, 99, 102], ["fill buy 100@101"]],
];

describe("one order in one bar", () => {
  it.each(SINGLE)("%s", (_name, request, bar, expected) => {
    const exchange = opened();
    submitAt(exchange, 1, request);
    expect(drained(exchange)).toEqual([`new ${request.side ?? "buy"}`]);
    minute(exchange, 1, bar);
    expect(drained(exchange)).toEqual(expected);
  });
});

describe("time", () => {
  it("a bar that started before the submission is not seen", () => {
    const exchange = opened();
    accepted(exchange.submit(order(), TUE.open + MINUTE + 1));
    exchange.drain();
    minute(exchange, 1, [101, 101, 101, 101]);
    expect(drained(exchange)).toEqual([]);
    minute(exchange, 2, [102, 102, 102, 102]);
    expect(drained(exchange)).toEqual(["fill buy 100@102"]);
  });

  it("a fill at the open carries the start of the bar, one inside it the last instant", () => {
    const exchange = opened();
    const first = submitAt(exchange, 1);
    const second = submitAt(exchange, 1, { type: "limit", limitPrice: "99" });
    minute(exchange, 1, [101, 103, 99, 102]);
    expect(exchange.order(first.id)?.filledAt).toBe(TUE.open + MINUTE);
    expect(exchange.order(second.id)?.filledAt).toBe(TUE.open + 2 * MINUTE - 1);
  });

  it("a bar that becomes known late covers no more than its own time", () => {
    const exchange = opened();
    const bar = (n: number, close: number): void => {
      const start = TUE.open + n * MINUTE;
      exchange.bar("SPY", M1, { start, open: close, high: close, low: close, close, volume: 1 }, start + 1.5 * MINUTE);
    };
    accepted(exchange.submit(order({ type: "limit", limitPrice: "95" }), TUE.open + MINUTE));
    exchange.drain();
    bar(1, 99);
    bar(2, 95);
    expect(drained(exchange)).toEqual(["fill buy 100@95"]);
  });

  it("a correction of an old bar neither fills nor values anything", () => {
    const exchange = opened();
    day(exchange, TUE, [100, 100, 100, 100]);
    accepted(exchange.submit(order({ type: "limit", limitPrice: "95", timeInForce: "gtc" }), TUE.close));
    day(exchange, WED, [100, 100, 99, 99]);
    exchange.drain();
    exchange.bar("SPY", DAY, { start: TUE.open, open: 90, high: 90, low: 90, close: 90, volume: 1 }, THU.open);
    expect(drained(exchange)).toEqual([]);
    accepted(exchange.submit(order(), THU.open));
    day(exchange, THU, [98, 98, 98, 98]);
    expect(drained(exchange)).toEqual(["new buy", "fill buy 100@98"]);
  });

  it("a daily bar is its session whether it starts at the open, at local or at UTC midnight", () => {
    for (const shift of [0, -9.5, -14.5]) {
      const exchange = opened();
      accepted(exchange.submit(order(), TUE.close));
      const start = WED.open + shift * 60 * MINUTE;
      exchange.bar("SPY", DAY, { start, open: 98, high: 98, low: 98, close: 98, volume: 1 }, WED.close);
      expect(exchange.orders()[0]).toMatchObject({ status: "filled", filledAt: WED.open });
    }
  });

  it("the same time as another bar size is not matched twice", () => {
    const exchange = opened();
    accepted(exchange.submit(order({ type: "limit", limitPrice: "95" }), TUE.open - MINUTE));
    minute(exchange, 1, [101, 101, 100, 101]);
    day(exchange, TUE, [101, 103, 90, 102]);
    expect(drained(exchange)).toEqual(["accepted buy", "new buy"]);
  });

  it("a market order after the close waits for the next open", () => {
    const exchange = opened();
    accepted(exchange.submit(order(), TUE.close));
    day(exchange, WED, [105, 106, 104, 105]);
    expect(drained(exchange)).toEqual(["accepted buy", "new buy", "fill buy 100@105"]);
  });

  it("a day order after the close lives through the next session and not longer", () => {
    const exchange = opened();
    const { id } = accepted(exchange.submit(order({ type: "limit", limitPrice: "90" }), TUE.close));
    exchange.advance(TUE.close + MINUTE);
    expect(exchange.order(id)?.status).toBe("accepted");
    exchange.advance(WED.open);
    expect(exchange.order(id)?.status).toBe("new");
    exchange.advance(WED.close - 1);
    expect(exchange.order(id)?.status).toBe("new");
    exchange.advance(WED.close);
    expect(exchange.order(id)).toMatchObject({ status: "expired", expiredAt: WED.close });
    expect(drained(exchange)).toEqual(["accepted buy", "new buy", "expired buy"]);
  });

  it("a day order expires by the first bar after its session", () => {
    const exchange = opened();
    submitAt(exchange, 1, { type: "limit", limitPrice: "104", side: "sell" });
    exchange.drain();
    day(exchange, WED, [105, 106, 104, 105]);
    expect(drained(exchange)).toEqual(["expired sell"]);
  });

  it("a gtc order survives sessions and expires after 90 days", () => {
    const exchange = opened();
    const { id, submittedAt } = submitAt(exchange, 1, { type: "limit", limitPrice: "90", timeInForce: "gtc" });
    day(exchange, WED, [105, 106, 104, 105]);
    exchange.advance(submittedAt + 90 * 86_400_000 - 1);
    expect(exchange.order(id)?.status).toBe("new");
    exchange.advance(submittedAt + 90 * 86_400_000);
    expect(exchange.order(id)?.status).toBe("expired");
  });

  it("only an extended-hours limit sees bars outside the regular session", () => {
    const exchange = opened();
    const early = WED.extendedOpen;
    accepted(exchange.submit(order({ type: "limit", limitPrice: "99", extendedHours: true }), early));
    accepted(exchange.submit(order({ type: "limit", limitPrice: "99" }), early));
    minute(exchange, 1, [98, 98, 98, 98], { from: early });
    expect(drained(exchange)).toEqual(["new buy", "accepted buy", "fill buy 100@98"]);
    minute(exchange, 0, [97, 97, 97, 97], { from: WED.open });
    expect(drained(exchange)).toEqual(["new buy", "fill buy 100@97"]);
  });
});

describe("the open ahead of its bar", () => {
  const bar = { start: TUE.open + MINUTE, open: 101, high: 103, low: 99, close: 102, volume: 1000 };

  it("fills what fills there; an answer sent at the open trades at the same open", () => {
    const exchange = opened({ volumeShare: 0.15 });
    submitAt(exchange, 1);
    submitAt(exchange, 1, { type: "limit", limitPrice: "99.5" });
    exchange.drain();
    exchange.opening("SPY", M1, bar, bar.start + MINUTE);
    expect(exchange.now).toBe(bar.start);
    expect(drained(exchange)).toEqual(["fill buy 100@101"]);
    submitAt(exchange, 1, { type: "limit", limitPrice: "102", qty: "30" });
    exchange.bar("SPY", M1, bar, bar.start + MINUTE);
    expect(drained(exchange)).toEqual(["new buy", "fill buy 30@101", "partial_fill buy 20@99.5"]);
  });
});

describe("auctions", () => {
  it("an opg order fills at the first open of the next session", () => {
    const exchange = opened();
    accepted(exchange.submit(order({ timeInForce: "opg" }), TUE.extendedClose - MINUTE));
    minute(exchange, 0, [107, 108, 106, 107], { from: WED.open });
    expect(drained(exchange)).toEqual(["accepted buy", "new buy", "fill buy 100@107"]);
  });

  it("an opg limit that the open does not meet expires", () => {
    const exchange = opened();
    accepted(
      exchange.submit(order({ timeInForce: "opg", type: "limit", limitPrice: "106.5" }), WED.open - 10 * MINUTE),
    );
    minute(exchange, 0, [107, 108, 106, 107], { from: WED.open });
    expect(drained(exchange)).toEqual(["accepted buy", "new buy", "expired buy"]);
  });

  it("a cls order fills at the close of the session's last bar", () => {
    const exchange = opened();
    submitAt(exchange, 1, { timeInForce: "cls" });
    minute(exchange, 1, [101, 103, 99, 102]);
    expect(drained(exchange)).toEqual(["new buy"]);
    minute(exchange, 389, [101, 103, 99, 102.5]);
    expect(drained(exchange)).toEqual(["fill buy 100@102.5"]);
  });

  it("a cls order fills at the last price of the session when the last minutes are empty", () => {
    const exchange = opened();
    submitAt(exchange, 1, { timeInForce: "cls" });
    submitAt(exchange, 1, { timeInForce: "cls", type: "limit", limitPrice: "101" });
    minute(exchange, 300, [101, 103, 99, 102.25]);
    exchange.drain();
    exchange.advance(TUE.close);
    expect(drained(exchange)).toEqual(["fill buy 100@102.25", "expired buy"]);
  });
});

describe("trailing stops", () => {
  it("the stop follows the best price and fills when the bar falls to it", () => {
    const exchange = opened();
    submitAt(exchange, 1);
    minute(exchange, 1, [100, 100, 100, 100]);
    const { id } = submitAt(exchange, 2, { side: "sell", type: "trailing_stop", trailPrice: "2" });
    expect(exchange.order(id)?.stopPrice?.toFixed()).toBe("98");
    minute(exchange, 2, [100, 105, 99, 104]);
    expect(exchange.order(id)).toMatchObject({ status: "new" });
    expect(exchange.order(id)?.highWaterMark?.toFixed()).toBe("105");
    expect(exchange.order(id)?.stopPrice?.toFixed()).toBe("103");
    exchange.drain();
    minute(exchange, 3, [104, 104.5, 102, 103]);
    expect(drained(exchange)).toEqual(["fill sell 100@103"]);
  });

  it("the high of a bar does not raise the stop that this bar's low is judged by", () => {
    const exchange = opened();
    submitAt(exchange, 1, { side: "sell", type: "trailing_stop", trailPercent: "1" });
    exchange.drain();
    minute(exchange, 1, [100, 110, 99.5, 109]);
    expect(drained(exchange)).toEqual([]);
  });

  it("a gap beyond the stop fills at the open", () => {
    const exchange = opened();
    submitAt(exchange, 1, { type: "trailing_stop", trailPrice: "1.5" });
    exchange.drain();
    minute(exchange, 1, [102, 103, 101, 102]);
    expect(drained(exchange)).toEqual(["fill buy 100@102"]);
  });
});

describe("volume and slippage", () => {
  it("a bar fills no more than its share of volume and the rest stays", () => {
    const exchange = opened({ volumeShare: 0.1 });
    const { id } = submitAt(exchange, 1);
    minute(exchange, 1, [100, 100, 100, 100, 455]);
    minute(exchange, 2, [101, 101, 101, 101, 0]);
    minute(exchange, 3, [102, 102, 102, 102, 10_000]);
    expect(drained(exchange)).toEqual(["new buy", "partial_fill buy 45@100", "fill buy 55@102"]);
    expect(exchange.order(id)?.filledAvgPrice?.toFixed()).toBe("101.1");
  });

  it("orders share the volume of a bar in the order of submission", () => {
    const exchange = opened({ volumeShare: 0.1 });
    submitAt(exchange, 1);
    submitAt(exchange, 1);
    exchange.drain();
    minute(exchange, 1, [100, 100, 100, 100, 1500]);
    expect(drained(exchange)).toEqual(["fill buy 100@100", "partial_fill buy 50@100"]);
  });

  it("ioc keeps what it got, fok takes nothing less than all", () => {
    const exchange = opened({ volumeShare: 0.1 });
    submitAt(exchange, 1, { timeInForce: "fok" });
    submitAt(exchange, 1, { timeInForce: "ioc" });
    exchange.drain();
    minute(exchange, 1, [100, 100, 100, 100, 500]);
    expect(drained(exchange)).toEqual(["canceled buy", "partial_fill buy 50@100", "canceled buy"]);
  });

  it("slippage goes against market and stop orders and leaves limits alone", () => {
    const exchange = opened({ slippageRatio: 0.001 });
    submitAt(exchange, 1);
    submitAt(exchange, 1, { type: "stop", stopPrice: "102" });
    submitAt(exchange, 1, { type: "limit", limitPrice: "99" });
    submitAt(exchange, 1, { type: "stop_limit", stopPrice: "102", limitPrice: "102.05" });
    exchange.drain();
    minute(exchange, 1, [100, 103, 99, 101]);
    expect(drained(exchange)).toEqual([
      "fill buy 100@100.1",
      "fill buy 100@102.102",
      "fill buy 100@102.05",
      "fill buy 100@99",
    ]);
  });

  it("a notional order buys shares to nine places and keeps its amount", () => {
    const exchange = opened();
    const { id } = submitAt(exchange, 1, { notional: "1000" });
    expect(exchange.order(id)?.qty).toBeNull();
    minute(exchange, 1, [300, 300, 300, 300]);
    expect(exchange.order(id)).toMatchObject({ status: "filled" });
    expect(exchange.order(id)?.filledQty.toFixed()).toBe("3.333333333");
  });

  it("crypto trades at any hour", () => {
    const exchange = exchangeWith();
    const sunday = Date.UTC(2024, 2, 3, 3);
    minute(exchange, 0, [60_000, 60_000, 60_000, 60_000], { symbol: "BTC/USD", from: sunday });
    accepted(exchange.submit(order({ symbol: "BTC/USD", qty: "0.5", timeInForce: "gtc" }), sunday + MINUTE));
    minute(exchange, 1, [61_000, 61_000, 61_000, 61_000], { symbol: "BTC/USD", from: sunday });
    expect(drained(exchange)).toEqual(["new buy", "fill buy 0.5@61000"]);
  });
});
