import { afterEach, describe, expect, test } from "vitest";
import { json, minuteBars, place, stopVenues, testVenue, until } from "../venue/support.ts";
import { approved, mayLeave, startedBroker, stopAdapters } from "./support.ts";

afterEach(async () => {
  await stopAdapters();
  await stopVenues();
});

const isPost = ({ method, path }: { readonly method: string; readonly path: string }): boolean =>
  method === "POST" && path === "/v2/orders";

describe("canceling", () => {
  const LOW = { type: "limit", limitPrice: "400" } as const;

  test("an open order ends it, by broker id or by client id", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    for (const id of ["one", "two"]) broker.submit(approved({ clientOrderId: id, ...LOW }), mayLeave);
    const accepted = await sink.first("order.accepted");
    await sink.first("order.accepted", 2);
    broker.cancel("one", accepted.brokerOrderId);
    broker.cancel("two", null);
    for (const id of ["one", "two"]) {
      await until(`${id} to be canceled`, () => sink.story(id).includes("canceled"));
      expect(sink.story(id).filter((word) => word !== "pending_cancel")).toEqual(["order.accepted", "new", "canceled"]);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(sink.story("one").at(-1)).toBe("canceled");
  });

  test("a filled or unknown order is refused with the reason", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    broker.submit(approved({ clientOrderId: "done" }), mayLeave);
    const accepted = await sink.first("order.accepted");
    await venue.advance();
    await sink.first("execution");
    broker.cancel("done", accepted.brokerOrderId);
    expect((await sink.first("cancel.rejected")).reason).toMatch(/order is already in "filled" state/);
    broker.cancel("never", null);
    expect(await sink.first("cancel.rejected", 2)).toMatchObject({ clientOrderId: "never", reason: /no order/ });
  });

  test("with an unclear answer reads the order back", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    broker.submit(approved({ clientOrderId: "c", ...LOW }), mayLeave);
    const accepted = await sink.first("order.accepted");
    venue.faults.onRequest(({ method }) => (method === "DELETE" ? { kind: "status", status: 500 } : undefined));
    broker.cancel("c", accepted.brokerOrderId);
    expect((await sink.first("cancel.rejected")).reason).toMatch(/^unclear: 500/);
    venue.faults.onRequest(({ method }) => (method === "DELETE" ? { kind: "reset", after: true } : undefined));
    broker.cancel("c", accepted.brokerOrderId);
    await until("canceled", () => sink.story("c").includes("canceled"));
    await sink.first("order.accepted", 2);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(sink.of("cancel.rejected")).toHaveLength(1);
  });
});

describe("reconciling", () => {
  test("shows account, positions and open orders, legs included", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    broker.submit(
      approved({
        clientOrderId: "b",
        orderClass: "bracket",
        takeProfit: { limitPrice: "520" },
        stopLoss: { stopPrice: "480" },
      }),
      mayLeave,
    );
    await sink.first("order.accepted");
    await venue.advance();
    const picture = await broker.reconcile();
    expect(picture).toMatchObject({
      kind: "reconciled",
      account: { cash: "95000", equity: "100010", lastEquity: "100000", multiplier: 2, shorting: true },
      positions: [{ symbol: "SPY", qty: "10", avgPrice: "500" }],
    });
    expect(picture.openOrders.map((order) => `${order.side} ${order.qty} ${order.type}`).toSorted()).toEqual([
      "sell 10 limit",
      "sell 10 stop",
    ]);
  });

  test("shows coins that were bought under the name of their pair", async () => {
    const venue = await testVenue(minuteBars("BTC/USD", [60_000, 60_000, 60_000]));
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    const coin = { symbol: "BTC/USD", qty: "0.3", timeInForce: "gtc" } as const;
    broker.submit(approved({ clientOrderId: "c", ...coin }), mayLeave);
    await sink.first("order.accepted");
    await venue.advance();
    expect(await sink.first("execution")).toMatchObject({ symbol: "BTC/USD", qty: "0.3" });
    expect((await broker.reconcile()).positions).toMatchObject([{ symbol: "BTC/USD", qty: "0.3" }]);
  });

  test("tells what was executed during an outage before it shows the position", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    broker.submit(approved({ clientOrderId: "a" }), mayLeave);
    broker.submit(approved({ clientOrderId: "low", type: "limit", limitPrice: "400" }), mayLeave);
    await sink.first("order.update", 2);
    venue.faults.refuseSockets(true);
    venue.faults.dropSockets("trading");
    await sink.first("broker", 2);
    await venue.advance();
    const picture = await broker.reconcile();
    expect(sink.story("a")).toEqual(["order.accepted", "new", "order.accepted", "buy 10 @ 500"]);
    expect(picture.positions).toEqual([{ symbol: "SPY", qty: "10", avgPrice: "500" }]);
    expect(picture.openOrders.map((order) => order.clientOrderId)).toEqual(["low"]);
    const { requests } = venue.stats();
    await broker.reconcile();
    expect(venue.stats().requests - requests).toBe(5);
  });

  test("does not tell again what a picture holds of somebody else's order, when its update comes late", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    venue.faults.refuseSockets(true);
    venue.faults.dropSockets("trading");
    await sink.first("broker", 2);
    await place(venue, { symbol: "SPY", side: "buy", type: "market", time_in_force: "day", qty: "7" });
    await venue.advance();
    venue.faults.refuseSockets(false);
    await sink.first("broker", 3);
    const [order] = await json(venue, "/v2/orders?status=closed");
    const late = (qty: string, filled: string): void => {
      const data = {
        event: "fill",
        execution_id: `x${filled}`,
        qty,
        price: "500",
        order: { ...order, filled_qty: filled },
      };
      venue.faults.sendRaw("trading", JSON.stringify({ stream: "trade_updates", data }));
    };
    const picture = await broker.reconcile();
    expect(picture.positions).toMatchObject([{ symbol: "SPY", qty: "7" }]);
    late("7", "7");
    late("2", "9");
    await sink.first("execution");
    // What is in no picture is told.
    expect(sink.of("execution")).toMatchObject([{ qty: "2", cumulativeQty: "9" }]);
  });

  test("waits for the answer of an order on its way", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    venue.faults.onRequest((request) => (isPost(request) ? { kind: "delay", ms: 80 } : undefined));
    broker.submit(approved({ clientOrderId: "slow", type: "limit", limitPrice: "400" }), mayLeave);
    const picture = await broker.reconcile();
    expect(sink.story("slow")[0]).toBe("order.accepted");
    expect(picture.openOrders).toHaveLength(1);
  });

  test("fails rather than guess when a query fails", async () => {
    const venue = await testVenue();
    const { broker } = await startedBroker(venue);
    venue.faults.onRequest(({ path }) => (path === "/v2/positions" ? { kind: "status", status: 500 } : undefined));
    await expect(broker.reconcile()).rejects.toMatchObject({ name: "BrokerError", code: "unreachable" });
    venue.faults.onRequest(() => ({ kind: "status", status: 401 }));
    await expect(broker.reconcile()).rejects.toMatchObject({ code: "auth" });
  });
});

describe("the stream of trade updates", () => {
  test("comes back after a cut, and says both", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    venue.faults.dropSockets("trading");
    await sink.first("broker", 3);
    expect(sink.of("broker").map((input) => input.status)).toEqual(["connected", "disconnected", "connected"]);
    await venue.advance();
    broker.submit(approved({ clientOrderId: "after" }), mayLeave);
    await sink.first("order.update");
  });

  test("outlives a venue that closes in the middle of an order", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    venue.faults.onRequest((request) => (isPost(request) ? { kind: "stall", after: true } : undefined));
    broker.submit(approved({ clientOrderId: "cut" }), mayLeave);
    await until("the order to be at the venue", () => venue.stats().tradeUpdates === 1);
    await venue.stop();
    expect((await sink.first("broker", 2)).status).toBe("disconnected");
    await sink.first("order.unknown");
    expect(sink.of("order.rejected")).toEqual([]);
    await expect(broker.reconcile()).rejects.toMatchObject({ code: "unreachable" });
  });

  test("comes back from a login that was never answered", async () => {
    const venue = await testVenue();
    const { sink } = await startedBroker(venue, { stream: { loginMs: 40, reconnect: { firstMs: 5, maxMs: 10 } } });
    venue.faults.muteLogins(true);
    venue.faults.dropSockets("trading");
    await sink.first("broker", 2);
    await new Promise((resolve) => setTimeout(resolve, 120));
    venue.faults.muteLogins(false);
    await sink.first("broker", 3);
  });

  test("asks for a reconciliation when an update is not understood", async () => {
    const venue = await testVenue();
    const { sink } = await startedBroker(venue);
    const update = (data: unknown): void =>
      venue.faults.sendRaw("trading", JSON.stringify({ stream: "trade_updates", data }));
    venue.faults.sendRaw("trading", "{{{");
    update({ event: "fill" });
    update({ event: "fill", order: { id: "x" } });
    update({ event: "new", order: { ...(await anOrder()), legs: [null] } });
    update({ event: "brand_new", order: { ...(await anOrder()), status: "brand_new" } });
    update({ event: "trade_bust", order: await anOrder() });
    await sink.first("broker", 6);
    const details = sink.of("broker").map((input) => input.detail);
    expect(details.slice(1)).toEqual([
      expect.stringMatching(/not understood: failed to decode.*reconcile$/),
      expect.stringMatching(/not understood: failed to process.*reconcile$/),
      "a trade update carried an incomplete order; reconcile",
      expect.stringMatching(/not understood: Cannot .* null.*reconcile$/),
      "trade_bust of order theirs; reconcile",
    ]);
  });

  test("leaves an order of several options alone until it fills, which changes what the account holds", async () => {
    const venue = await testVenue();
    const { sink } = await startedBroker(venue);
    const order = { ...(await anOrder()), symbol: "", side: "", asset_class: "", order_class: "mleg", legs: [] };
    for (const event of ["pending_new", "new", "fill"])
      venue.faults.sendRaw("trading", JSON.stringify({ stream: "trade_updates", data: { event, order } }));
    expect((await sink.first("broker", 2)).detail).toBe("an order of several options filled; reconcile");
  });

  test("fills the gap when an execution was missed on the way", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    broker.submit(approved({ clientOrderId: "a" }), mayLeave);
    const { brokerOrderId } = await sink.first("order.accepted");
    venue.faults.dropSockets("trading");
    venue.faults.refuseSockets(true);
    await sink.first("broker", 2);
    await venue.advance();
    venue.faults.refuseSockets(false);
    await sink.first("broker", 3);
    const order = {
      ...(await anOrder()),
      id: brokerOrderId,
      client_order_id: "a",
      qty: "10",
      filled_qty: "10",
      status: "filled",
    };
    const data = { event: "fill", execution_id: "second", qty: "4", price: "500", order };
    venue.faults.sendRaw("trading", JSON.stringify({ stream: "trade_updates", data }));
    await sink.first("execution", 2);
    expect(sink.of("execution")).toMatchObject([
      { executionId: "second", qty: "4", cumulativeQty: "10" },
      { executionId: `rest:${brokerOrderId}:10`, qty: "6", price: "500", cumulativeQty: "10" },
    ]);
  });

  test("passes orders that nobody here sent", async () => {
    const venue = await testVenue();
    const { sink } = await startedBroker(venue);
    await venue.advance();
    await place(venue, { client_order_id: "by-hand" });
    await venue.advance();
    await sink.first("execution");
    expect(sink.story("by-hand")).toEqual(["new", "buy 10 @ 500"]);
  });

  test("says nothing after the stop", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    broker.submit(approved({ clientOrderId: "late" }), mayLeave);
    await broker.stop();
    const told = sink.inputs.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sink.inputs).toHaveLength(told);
    await until("the socket to be gone", () => venue.stats().sockets === 0);
  });
});

async function anOrder(): Promise<Record<string, unknown>> {
  return {
    id: "b3c1",
    client_order_id: "theirs",
    symbol: "SPY",
    side: "buy",
    type: "market",
    time_in_force: "day",
    qty: "1",
    filled_qty: "0",
    status: "new",
  };
}
