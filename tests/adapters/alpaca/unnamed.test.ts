/** Orders whose answer was lost, and updates that were: what is told of them is whole, and in its order. */
import { afterEach, describe, expect, test } from "vitest";
import { isSame } from "../../../engine/adapters/alpaca/orders.ts";
import type { SeenOrder } from "../../../engine/adapters/alpaca/orders.ts";
import type { SdkTradeUpdate } from "../../../engine/adapters/alpaca/sdk.ts";
import { UnnamedOrders } from "../../../engine/adapters/alpaca/unnamed.ts";
import { stopVenues, testVenue, until } from "../venue/support.ts";
import { approved, mayLeave, startedBroker, stopAdapters } from "./support.ts";

afterEach(async () => {
  await stopAdapters();
  await stopVenues();
});

interface Request {
  readonly method: string;
  readonly path: string;
}

const isPost = ({ method, path }: Request): boolean => method === "POST" && path === "/v2/orders";
const isLookup = ({ path }: Request): boolean => path.startsWith("/v2/orders:by_client_order_id");

const BRACKET = {
  clientOrderId: "b",
  orderClass: "bracket",
  takeProfit: { limitPrice: "520" },
  stopLoss: { stopPrice: "480" },
} as const;

const ORDER = {
  symbol: "SPY",
  side: "buy",
  time_in_force: "day",
  qty: "10",
  filled_qty: "0",
  status: "new",
  notional: null,
  legs: null,
};

describe("a bracket whose answer was lost", () => {
  test("is asked for when the stream tells of it: updates do not name its legs", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    venue.faults.dropSockets("trading");
    venue.faults.refuseSockets(true);
    venue.faults.onRequest((request) => (isPost(request) ? { kind: "reset", after: true } : undefined));
    broker.submit(approved(BRACKET), mayLeave);
    await sink.first("order.unknown");
    venue.faults.refuseSockets(false);
    await sink.first("broker", 3);
    const order = { ...ORDER, id: "known only there", client_order_id: "b", type: "market", order_class: "bracket" };
    venue.faults.sendRaw("trading", JSON.stringify({ stream: "trade_updates", data: { event: "new", order } }));
    const { legs } = await sink.first("order.accepted");
    expect(legs.map(({ role }) => role).toSorted()).toEqual(["stop_loss", "take_profit"]);
    expect(sink.story("b").slice(0, 2)).toEqual(["order.unknown", "order.accepted"]);
  });

  test("is there though a look-up has not found it, when the stream has told of it since: its legs are its own", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    let lookups = 0;
    const order = { ...ORDER, id: "late", client_order_id: "b", type: "market", order_class: "bracket" };
    const leg = { ...ORDER, id: "leg", client_order_id: "leg", type: "stop", side: "sell", order_class: "bracket" };
    const tell = (event: string, one: object): void =>
      venue.faults.sendRaw("trading", JSON.stringify({ stream: "trade_updates", data: { event, order: one } }));
    venue.faults.onRequest((request) => {
      if (isPost(request)) return { kind: "reset" };
      if (!isLookup(request)) return undefined;
      lookups += 1;
      if (lookups === 1) {
        tell("new", order);
        tell("new", leg);
      }
      return { kind: "delay", ms: 100 };
    });
    broker.submit(approved(BRACKET), mayLeave);
    await sink.first("order.unknown");
    broker.lookup("b");
    expect((await sink.first("order.unknown", 2)).reason).toMatch(/the stream has told more meanwhile/);
    expect(sink.story("leg")).toEqual([]);
    expect(sink.of("order.rejected")).toEqual([]);
  });

  test("stands against a picture while nobody can say whether it is there", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    venue.faults.dropSockets("trading");
    venue.faults.refuseSockets(true);
    venue.faults.onRequest((request) => {
      if (isPost(request)) return { kind: "reset", after: true };
      return isLookup(request) ? { kind: "status", status: 503 } : undefined;
    });
    broker.submit(approved(BRACKET), mayLeave);
    await sink.first("order.unknown");
    await venue.advance();
    await expect(broker.reconcile()).rejects.toMatchObject({ code: "unreachable" });
    venue.faults.onRequest(() => undefined);
    const picture = await broker.reconcile();
    expect(picture.positions).toMatchObject([{ symbol: "SPY", qty: "10" }]);
    // The shares of the picture were told before it.
    expect(sink.of("execution")).toMatchObject([{ clientOrderId: "b", qty: "10" }]);
  });
});

describe("an oco that the broker has under our id", () => {
  const legs = [{ filledQty: "4" }];
  const target = { symbol: "SPY", side: "sell", type: "limit", qty: "6", legs } as unknown as SeenOrder;
  const ours = approved({ clientOrderId: "o", side: "sell", type: "limit", orderClass: "oco", qty: "10" });

  test("is ours also when its stop has taken a part", () => {
    expect(isSame(target, ours)).toBe(true);
    expect(isSame({ ...target, legs: [] }, ours)).toBe(false);
    expect(isSame(target, { ...ours, orderClass: "bracket" })).toBe(false);
  });
});

describe("updates of orders that nobody knows", () => {
  const update = (clientOrderId: string) => ({ order: { clientOrderId } }) as unknown as SdkTradeUpdate;
  const seen = (clientOrderId: string) => ({ clientOrderId, symbol: "SPY" }) as unknown as SeenOrder;

  test("wait for each bracket they may belong to, one after the other", () => {
    const orders = new UnnamedOrders();
    for (const clientOrderId of ["first", "second"]) orders.sent(approved({ ...BRACKET, clientOrderId }), 0);
    const first = orders.get("first");
    if (first === undefined) throw new Error("not there");
    first.isUnclear = true;
    expect(orders.waitsFor(seen("leg"), false)).toBe(first);
    first.held.push(update("leg"), update("first"));
    expect(orders.release("first")).toEqual([update("leg")]);
    expect(first.held).toEqual([update("first")]);
    const second = orders.waitsFor(seen("leg"), false, first.number);
    expect(second?.id).toBe("second");
    expect(orders.waitsFor(seen("leg"), false, second?.number)).toBeUndefined();
    // Sent once more, it keeps its place.
    orders.sent(approved({ ...BRACKET, clientOrderId: "first" }), 1);
    expect(orders.waitsFor(seen("leg"), false, second?.number)).toBeUndefined();
    expect(orders.settle("first")).toEqual([update("first")]);
  });
});

describe("an execution whose update was lost", () => {
  test("is told before the end of its order, of which the broker says how much was filled", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    broker.submit(approved({ clientOrderId: "a", type: "limit", limitPrice: "400" }), mayLeave);
    const { brokerOrderId } = await sink.first("order.accepted");
    const filled = { filled_qty: "4", filled_avg_price: "399.5", status: "canceled" };
    const order = { ...ORDER, id: brokerOrderId, client_order_id: "a", type: "limit", ...filled };
    venue.faults.sendRaw("trading", JSON.stringify({ stream: "trade_updates", data: { event: "canceled", order } }));
    await until("the end", () => sink.story("a").includes("canceled"));
    expect(sink.story("a")).toEqual(["order.accepted", "new", "buy 4 @ 399.5", "canceled"]);
  });
});
