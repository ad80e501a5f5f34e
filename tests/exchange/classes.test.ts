import { describe, expect, it } from "vitest";
import type { Exchange, ExchangeRequest } from "../../engine/exchange/types.ts";
import {
  accepted,
  drained,
  expectFlat,
  minute,
  opened,
  order,
  submitAt,
  TUE,
  MINUTE,
  WED,
  day,
  type Ohlc,
} from "./support.ts";

const BRACKET: Partial<ExchangeRequest> = {
  orderClass: "bracket",
  takeProfit: { limitPrice: "105" },
  stopLoss: { stopPrice: "95" },
};

function legs(exchange: Exchange, id: string): { tp: string; sl: string } {
  const [tp, sl] = exchange.order(id)?.legIds ?? [];
  return { tp: tp as string, sl: sl as string };
}

/** Bars 1, 2, … from the one the bracket is submitted at. */
type Case = readonly [name: string, change: Partial<ExchangeRequest>, bars: readonly Ohlc[], events: readonly string[]];

const woken = ["new take_profit", "new stop_loss"] as const;

const CASES: readonly Case[] = [
  [
    "the target fills in a later bar and cancels the stop",
    {},
    [
      [100, 101, 99, 100],
      [101, 106, 100, 105],
    ],
    ["fill buy 100@100", ...woken, "fill take_profit 100@105", "canceled stop_loss"],
  ],
  [
    "the stop fills in a later bar and cancels the target",
    {},
    [
      [100, 101, 99, 100],
      [99, 100, 94, 96],
    ],
    ["fill buy 100@100", ...woken, "fill stop_loss 100@95", "canceled take_profit"],
  ],
  [
    "when one bar holds both, the stop fills",
    {},
    [
      [100, 101, 99, 100],
      [100, 106, 94, 105],
    ],
    ["fill buy 100@100", ...woken, "fill stop_loss 100@95", "canceled take_profit"],
  ],
  [
    "an open beyond the target fills there although the bar holds the stop too",
    {},
    [
      [100, 101, 99, 100],
      [106, 107, 94, 95],
    ],
    ["fill buy 100@100", ...woken, "fill take_profit 100@106", "canceled stop_loss"],
  ],
  [
    "an entry at the open can be stopped out in the same bar",
    {},
    [[100, 106, 94, 105]],
    ["fill buy 100@100", ...woken, "fill stop_loss 100@95", "canceled take_profit"],
  ],
  [
    "an entry at the open can take its profit in the same bar",
    {},
    [[100, 106, 96, 105]],
    ["fill buy 100@100", ...woken, "fill take_profit 100@105", "canceled stop_loss"],
  ],
  [
    "an entry inside the bar does not take its profit in it",
    { type: "limit", limitPrice: "98" },
    [[100, 106, 97, 105]],
    ["fill buy 100@98", ...woken],
  ],
  [
    "an entry inside the bar can be stopped out in it",
    { type: "limit", limitPrice: "98" },
    [[100, 106, 94, 105]],
    ["fill buy 100@98", ...woken, "fill stop_loss 100@95", "canceled take_profit"],
  ],
  [
    "a gap through entry and stop buys and sells at the open",
    { type: "limit", limitPrice: "98" },
    [[93, 94, 92, 93]],
    ["fill buy 100@93", ...woken, "fill stop_loss 100@93", "canceled take_profit"],
  ],
  [
    "a stop-limit stop that is elected and not filled keeps the target out of that bar",
    { stopLoss: { stopPrice: "95", limitPrice: "94.9" } },
    [
      [100, 101, 99, 100],
      [100, 106, 90, 91],
      [92, 106, 91, 105],
    ],
    ["fill buy 100@100", ...woken, "fill stop_loss 100@94.9", "canceled take_profit"],
  ],
  [
    "an oto stop wakes with the fill",
    { orderClass: "oto", stopLoss: { stopPrice: "95" } },
    [
      [100, 101, 99, 100],
      [99, 100, 94, 96],
    ],
    ["fill buy 100@100", "new stop_loss", "fill stop_loss 100@95"],
  ],
  [
    "a short bracket mirrors it",
    { side: "sell", takeProfit: { limitPrice: "95" }, stopLoss: { stopPrice: "105" } },
    [
      [100, 101, 99, 100],
      [100, 106, 94, 96],
    ],
    ["fill sell 100@100", ...woken, "fill stop_loss 100@105", "canceled take_profit"],
  ],
];

describe("bracket, oto", () => {
  it.each(CASES)("%s", (_name, change, bars, events) => {
    const exchange = opened();
    const { orderClass, ...rest } = { ...BRACKET, ...change };
    const request = { orderClass: orderClass ?? "bracket", ...rest } as Partial<ExchangeRequest>;
    if (orderClass === "oto") delete (request as { takeProfit?: unknown }).takeProfit;
    const parent = submitAt(exchange, 1, request);
    expect(parent.role).toBe("parent");
    exchange.drain();
    bars.forEach((bar, i) => minute(exchange, i + 1, bar));
    expect(drained(exchange)).toEqual(events);
    if (events.at(-1)?.startsWith("canceled")) expectFlat(exchange);
  });

  it("legs are held while the entry is partly filled and wake when it is complete", () => {
    const exchange = opened({ volumeShare: 1 });
    const { id } = submitAt(exchange, 1, BRACKET);
    const { tp, sl } = legs(exchange, id);
    minute(exchange, 1, [100, 106, 94, 100, 60]);
    expect([exchange.order(tp)?.status, exchange.order(sl)?.status]).toEqual(["held", "held"]);
    minute(exchange, 2, [100, 100, 100, 100, 60]);
    expect([exchange.order(tp)?.status, exchange.order(sl)?.status]).toEqual(["new", "new"]);
  });

  it("a partial fill of the target shrinks the stop", () => {
    const exchange = opened({ volumeShare: 1 });
    const { id } = submitAt(exchange, 1, BRACKET);
    const { sl } = legs(exchange, id);
    minute(exchange, 1, [100, 100, 100, 100]);
    exchange.drain();
    minute(exchange, 2, [105, 105, 105, 105, 30]);
    expect(drained(exchange)).toEqual(["partial_fill take_profit 30@105", "new stop_loss"]);
    expect(exchange.order(sl)).toMatchObject({ status: "new" });
    expect(exchange.order(sl)?.qty?.toFixed()).toBe("70");
    minute(exchange, 3, [94, 94, 94, 94, 20]);
    minute(exchange, 4, [105, 105, 105, 105, 100]);
    expect(drained(exchange)).toEqual([
      "partial_fill stop_loss 20@94",
      "new take_profit",
      "fill take_profit 50@105",
      "canceled stop_loss",
    ]);
    expectFlat(exchange);
  });

  it("canceling the entry cancels its legs, canceling a leg cancels the other", () => {
    const exchange = opened();
    const first = submitAt(exchange, 1, { ...BRACKET, type: "limit", limitPrice: "97" });
    exchange.drain();
    accepted(exchange.cancel(first.id, TUE.open + MINUTE));
    expect(drained(exchange)).toEqual(["canceled buy", "canceled take_profit", "canceled stop_loss"]);
    const second = submitAt(exchange, 1, BRACKET);
    minute(exchange, 1, [100, 100, 100, 100]);
    exchange.drain();
    accepted(exchange.cancel(legs(exchange, second.id).sl, TUE.open + 2 * MINUTE));
    expect(drained(exchange)).toEqual(["canceled stop_loss", "canceled take_profit"]);
    expect(exchange.positions()[0]?.qtyAvailable.toFixed()).toBe("100");
  });

  it("day legs expire with the session, gtc legs stay", () => {
    for (const timeInForce of ["day", "gtc"] as const) {
      const exchange = opened();
      submitAt(exchange, 1, { ...BRACKET, timeInForce });
      minute(exchange, 1, [100, 100, 100, 100]);
      exchange.drain();
      day(exchange, WED, [99, 100, 94, 95]);
      expect(drained(exchange)).toEqual(
        timeInForce === "day"
          ? ["expired take_profit", "expired stop_loss"]
          : ["fill stop_loss 100@95", "canceled take_profit"],
      );
    }
  });

  it("a leg's price can be replaced, held or working, and the family follows the new id", () => {
    const exchange = opened();
    const { id } = submitAt(exchange, 1, BRACKET);
    const held = accepted(exchange.replace(legs(exchange, id).sl, { stopPrice: "96" }, TUE.open + MINUTE));
    expect(held).toMatchObject({ status: "held", parentId: id });
    minute(exchange, 1, [100, 100, 100, 100]);
    const working = accepted(exchange.replace(held.id, { stopPrice: "97" }, TUE.open + 2 * MINUTE));
    expect(exchange.order(held.id)).toMatchObject({ status: "replaced", replacedBy: working.id });
    exchange.drain();
    minute(exchange, 2, [99, 99, 97, 98]);
    expect(drained(exchange)).toEqual(["fill stop_loss 100@97", "canceled take_profit"]);
  });
});

describe("oco", () => {
  const OCO: Partial<ExchangeRequest> = {
    side: "sell",
    type: "limit",
    orderClass: "oco",
    takeProfit: { limitPrice: "105" },
    stopLoss: { stopPrice: "95" },
  };

  function long(): Exchange {
    const exchange = opened();
    submitAt(exchange, 1);
    minute(exchange, 1, [100, 100, 100, 100]);
    exchange.drain();
    return exchange;
  }

  it("both exits work at once; the target is the parent", () => {
    const exchange = long();
    const target = submitAt(exchange, 2, OCO);
    expect(target).toMatchObject({ role: "take_profit", status: "new" });
    expect(exchange.order(target.legIds[0] as string)).toMatchObject({
      role: "stop_loss",
      status: "new",
      side: "sell",
    });
    expect(drained(exchange)).toEqual(["new take_profit", "new stop_loss"]);
    minute(exchange, 2, [100, 106, 96, 104]);
    expect(drained(exchange)).toEqual(["fill take_profit 100@105", "canceled stop_loss"]);
  });

  it("its stop cancels its target, and together they hold the shares once", () => {
    const exchange = long();
    submitAt(exchange, 2, OCO);
    expect(exchange.positions()[0]?.qtyAvailable.toFixed()).toBe("0");
    exchange.drain();
    minute(exchange, 2, [100, 106, 94, 104]);
    expect(drained(exchange)).toEqual(["fill stop_loss 100@95", "canceled take_profit"]);
    expectFlat(exchange);
  });

  it("replacing the target keeps the pair together", () => {
    const exchange = long();
    const target = submitAt(exchange, 2, OCO);
    const moved = accepted(exchange.replace(target.id, { limitPrice: "103" }, TUE.open + 2 * MINUTE));
    exchange.drain();
    minute(exchange, 2, [100, 103, 99, 102]);
    expect(drained(exchange)).toEqual(["fill take_profit 100@103", "canceled stop_loss"]);
    expect(exchange.order(moved.id)?.replaces).toBe(target.id);
  });
});

describe("cancel and replace", () => {
  it("a cancel is final: a second one is refused and changes nothing", () => {
    const exchange = opened();
    const { id } = submitAt(exchange, 1, { type: "limit", limitPrice: "90" });
    accepted(exchange.cancel(id, TUE.open + MINUTE));
    exchange.drain();
    const before = exchange.order(id);
    expect(exchange.cancel(id, TUE.open + 2 * MINUTE)).toMatchObject({
      ok: false,
      refusal: { status: 422, code: 42210000, message: 'order is already in "canceled" state' },
    });
    expect(exchange.order(id)).toBe(before);
    expect(exchange.drain()).toEqual([]);
  });

  it("an unknown id is not found", () => {
    const exchange = opened();
    const notFound = { ok: false, refusal: { status: 404, code: 40410000, message: "order not found" } };
    expect(exchange.cancel("nope", TUE.open)).toMatchObject(notFound);
    expect(exchange.replace("nope", { qty: "1" }, TUE.open)).toMatchObject(notFound);
  });

  it("a replacement is a new order that sees bars from now on", () => {
    const exchange = opened();
    const { id } = submitAt(exchange, 1, { type: "limit", limitPrice: "90" });
    const next = accepted(
      exchange.replace(id, { limitPrice: "99", qty: "50", clientOrderId: "moved" }, TUE.open + MINUTE),
    );
    expect(drained(exchange)).toEqual(["new buy", "replaced buy", "new buy"]);
    expect(next).toMatchObject({ replaces: id, clientOrderId: "moved", status: "new" });
    minute(exchange, 1, [100, 100, 98, 99]);
    expect(drained(exchange)).toEqual(["fill buy 50@99"]);
  });

  it("the new quantity counts what was filled", () => {
    const exchange = opened({ volumeShare: 1 });
    const { id } = submitAt(exchange, 1, { type: "limit", limitPrice: "100" });
    minute(exchange, 1, [100, 100, 100, 100, 40]);
    expect(exchange.replace(id, { qty: "40" }, TUE.open + 2 * MINUTE)).toMatchObject({ ok: false });
    const next = accepted(exchange.replace(id, { qty: "70" }, TUE.open + 2 * MINUTE));
    expect(next.qty?.toFixed()).toBe("30");
  });

  it("a queued, notional, fractional-quantity or oto order is not replaced", () => {
    const exchange = opened();
    const queued = accepted(exchange.submit(order(), TUE.close));
    expect(exchange.replace(queued.id, { qty: "5" }, TUE.close)).toMatchObject({ ok: false });
    const other = opened();
    for (const change of [
      { notional: "100" },
      { qty: "1.5", type: "limit", limitPrice: "90" },
      { orderClass: "oto", stopLoss: { stopPrice: "90" } },
    ] as const) {
      const { id } = submitAt(other, 1, change);
      expect(other.replace(id, { qty: "5" }, TUE.open + MINUTE)).toMatchObject({ ok: false, refusal: { status: 422 } });
    }
  });
});
