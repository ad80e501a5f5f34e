import { afterEach, describe, expect, test } from "vitest";
import { createAlpacaBroker } from "../../../engine/adapters/alpaca/broker.ts";
import { answering, stopAnswering } from "./answers.ts";
import type { Answer } from "./answers.ts";
import { BrokerRecorder, CREDENTIALS, approved, mayLeave } from "./support.ts";

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await stopAnswering();
});

const OPEN = { clientOrderId: "ours", brokerOrderId: "b1", symbol: "SPY", side: "buy", qty: "10", type: "limit" };

const orderOf = (over: object): object => ({
  ...{ id: "b1", client_order_id: "ours", symbol: "SPY", side: "buy", type: "limit", time_in_force: "gtc", qty: "10" },
  ...{ filled_qty: "0", filled_avg_price: null, order_class: "", notional: null, legs: null },
  ...over,
});

/** A broker that goes on with one order, at an Alpaca that answers so. */
async function following(answers: Readonly<Record<string, Answer | (() => Answer)>>) {
  const url = await answering({
    "GET /v2/account": { body: { cash: "1", equity: "1", last_equity: "1", multiplier: "1" } },
    "GET /v2/positions": { body: [] },
    "GET /v2/orders": { body: [] },
    ...answers,
  });
  const sink = new BrokerRecorder();
  const broker = createAlpacaBroker({ account: { kind: "loopback", url }, credentials: CREDENTIALS });
  stops.push(() => broker.stop());
  await broker.start(sink, [{ ...OPEN, filledQty: "0", avgPrice: null } as never]);
  return { broker, sink };
}

describe("a reconciliation", () => {
  test.each(["done_for_day", "suspended", "calculated", "stopped", "accepted_for_bidding", "never_heard_of"])(
    "stands when an order that is not listed as open is %s",
    async (status) => {
      const { broker, sink } = await following({
        "GET /v2/orders:by_client_order_id": { body: orderOf({ status }) },
      });
      await expect(broker.reconcile()).resolves.toMatchObject({ openOrders: [], positions: [] });
      expect(sink.of("execution")).toEqual([]);
      // It is asked for again next time: it may have ended meanwhile.
      await expect(broker.reconcile()).resolves.toMatchObject({ kind: "reconciled" });
      expect(sink.of("order.accepted").length).toBeGreaterThan(1);
    },
  );

  test("takes another picture when such an order has filled while it was taken", async () => {
    const states = [{ status: "done_for_day" }, { status: "done_for_day", filled_qty: "4", filled_avg_price: "500" }];
    const { broker, sink } = await following({
      "GET /v2/orders:by_client_order_id": () => ({ body: orderOf(states.shift() ?? { status: "filled" }) }),
    });
    await broker.reconcile();
    await broker.reconcile();
    expect(sink.story("ours")).toContain("buy 4 @ 500");
  });
});

test("an answer that does not name the legs of a bracket leaves it unclear until they are asked for", async () => {
  const leg = orderOf({ id: "b2", client_order_id: "leg", side: "sell", order_class: "bracket", status: "held" });
  const bare = orderOf({ client_order_id: "new", order_class: "bracket", status: "accepted" });
  const { broker, sink } = await following({
    "POST /v2/orders": { body: bare },
    "GET /v2/orders:by_client_order_id": { body: bare },
    "GET /v2/orders/b1": { body: { ...bare, legs: [leg] } },
  });
  broker.submit(
    approved({
      clientOrderId: "new",
      orderClass: "bracket",
      takeProfit: { limitPrice: "520" },
      stopLoss: { stopPrice: "480" },
    }),
    mayLeave,
  );
  expect(await sink.first("order.unknown")).toMatchObject({ clientOrderId: "new", reason: /names no legs/ });
  broker.lookup("new");
  expect(await sink.first("order.accepted")).toMatchObject({
    legs: [{ role: "take_profit", clientOrderId: "leg", brokerOrderId: "b2" }],
  });
});

test.each([422, 409, 400])("an id that is there already is adopted, whatever the status: %i", async (status) => {
  const { broker, sink } = await following({
    "POST /v2/orders": { status, body: { code: status * 100_000, message: "client_order_id must be unique" } },
    "GET /v2/orders:by_client_order_id": { body: orderOf({ client_order_id: "new", status: "new" }) },
  });
  broker.submit(approved({ clientOrderId: "new", type: "limit", limitPrice: "400", timeInForce: "gtc" }), mayLeave);
  expect(await sink.first("order.accepted")).toMatchObject({ clientOrderId: "new", brokerOrderId: "b1" });
  expect(sink.of("order.rejected")).toEqual([]);
});
