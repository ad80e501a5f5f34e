import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { createAlpacaBroker } from "../../../engine/adapters/alpaca/broker.ts";
import { GuardedBroker } from "../../../engine/adapters/control/guarded-broker.ts";
import { json, minuteBars, place, SECRET, stopVenues, testVenue, until } from "../venue/support.ts";
import { approved, mayLeave, brokerAt, BrokerRecorder, CREDENTIALS, startedBroker, stopAdapters } from "./support.ts";

afterEach(async () => {
  await stopAdapters();
  await stopVenues();
});

const isPost = ({ method, path }: { readonly method: string; readonly path: string }): boolean =>
  method === "POST" && path === "/v2/orders";

describe("starting the Alpaca broker", () => {
  test("says that Alpaca takes fees in coins, also behind a guard; the venue takes none", () => {
    const guard = { isHalted: () => false, onSend: () => {} };
    const kinds = [
      { kind: "paper" },
      { kind: "live", confirmed: true },
      { kind: "loopback", url: "http://127.0.0.1:1" },
    ] as const;
    const brokers = kinds.map((account) => createAlpacaBroker({ account, credentials: CREDENTIALS }));
    expect(brokers.map((broker) => broker.feesInCoins)).toEqual([true, true, false]);
    expect(brokers.map((broker) => new GuardedBroker(broker, guard).feesInCoins)).toEqual([true, true, false]);
  });

  test("says which variables are missing", async () => {
    const broker = createAlpacaBroker({ account: { kind: "paper" }, credentials: undefined });
    await expect(broker.start(new BrokerRecorder())).rejects.toMatchObject({
      name: "BrokerError",
      code: "config",
      message: expect.stringMatching(/APCA_API_KEY_ID and APCA_API_SECRET_KEY/),
    });
  });

  test("needs an explicit confirmation for real money", async () => {
    const account = { kind: "live" } as unknown as { kind: "live"; confirmed: true };
    const broker = createAlpacaBroker({ account, credentials: CREDENTIALS });
    expect([broker.live, broker.name]).toEqual([true, "alpaca-live"]);
    await expect(broker.start(new BrokerRecorder())).rejects.toMatchObject({ code: "config" });
  });

  test("refuses a local address that is not loopback", async () => {
    const broker = createAlpacaBroker({
      account: { kind: "loopback", url: "http://10.0.0.1:80" },
      credentials: CREDENTIALS,
    });
    await expect(broker.start(new BrokerRecorder())).rejects.toThrow(/not an address of a local venue/);
  });

  test("ends with a clear sentence, and without the secret, when the keys are refused", async () => {
    const venue = await testVenue();
    const broker = brokerAt(venue, { credentials: { keyId: "WRONGKEY", secret: "wrong-secret" } });
    const error: Error = await broker.start(new BrokerRecorder()).then(
      () => new Error("started"),
      (reason) => reason,
    );
    expect(error).toMatchObject({ name: "BrokerError", code: "auth" });
    expect(error.message).toMatch(/check APCA_API_KEY_ID and APCA_API_SECRET_KEY/);
    expect(error.message).not.toContain("wrong-secret");
    await until("the socket to be gone", () => venue.stats().sockets === 0);
  });

  test("ends when nobody answers", async () => {
    const venue = await testVenue();
    const { url } = venue;
    await venue.stop();
    const broker = createAlpacaBroker({ account: { kind: "loopback", url }, credentials: CREDENTIALS });
    await expect(broker.start(new BrokerRecorder())).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  test("ends when the login is never answered", async () => {
    const venue = await testVenue();
    venue.faults.muteLogins(true);
    const broker = brokerAt(venue, { stream: { loginMs: 50 } });
    await expect(broker.start(new BrokerRecorder())).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/not answered within 50 ms/),
    });
  });
});

describe("an order through the Alpaca broker", () => {
  test("is accepted, becomes new and fills, in this order", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    broker.submit(approved({ clientOrderId: "a" }), mayLeave);
    await sink.first("order.update");
    await venue.advance();
    const execution = await sink.first("execution");
    expect(sink.story("a")).toEqual(["order.accepted", "new", "buy 10 @ 500"]);
    expect(execution).toMatchObject({ symbol: "SPY", cumulativeQty: "10", fee: "0", time: venue.now() - 60_000 });
    expect(execution.brokerOrderId).toBe(sink.of("order.accepted")[0]?.brokerOrderId);
  });

  test("tells the acceptance first when the fill overtakes the answer", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    venue.faults.onRequest((request) => (isPost(request) ? { kind: "stall", after: true } : undefined));
    // The answer never comes, the stream does: unknown first, then the stream proves the order.
    broker.submit(approved({ clientOrderId: "a" }), mayLeave);
    await until("the order to be at the venue", () => venue.stats().tradeUpdates === 1);
    await venue.advance();
    await sink.first("execution");
    expect(sink.story("a")).toEqual(["order.unknown", "order.accepted", "new", "buy 10 @ 500"]);
  });

  test("with a bracket names both legs, and their updates come after it", async () => {
    const venue = await testVenue(minuteBars("SPY", [500, 501, 502, 530, 531]));
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
    const accepted = await sink.first("order.accepted");
    expect(accepted.legs.map((leg) => leg.role).toSorted()).toEqual(["stop_loss", "take_profit"]);
    const target = accepted.legs.find((leg) => leg.role === "take_profit")?.clientOrderId ?? "";
    const stop = accepted.legs.find((leg) => leg.role === "stop_loss")?.clientOrderId ?? "";
    await until("the legs to be held", () => sink.story(stop).length === 1);
    expect(sink.inputs[1]).toBe(accepted);
    while (await venue.advance());
    await sink.first("execution", 2);
    await until("the stop to fall", () => sink.story(stop).includes("canceled"));
    expect(sink.story("b")).toEqual(["order.accepted", "new", "buy 10 @ 500", "filled"]);
    expect(sink.story(target)).toEqual(["held", "new", "sell 10 @ 520", "filled"]);
    expect(sink.story(stop)).toEqual(["held", "new", "canceled"]);
  });

  test.each([
    [
      "oco",
      {
        side: "sell",
        type: "limit",
        orderClass: "oco",
        takeProfit: { limitPrice: "520" },
        stopLoss: { stopPrice: "480" },
      },
      1,
    ],
    ["oto", { type: "limit", limitPrice: "490", orderClass: "oto", stopLoss: { stopPrice: "480" } }, 1],
    ["limit", { type: "limit", limitPrice: "490" }, 0],
    ["stop", { type: "stop", stopPrice: "520" }, 0],
    ["stop_limit", { type: "stop_limit", stopPrice: "520", limitPrice: "521" }, 0],
    ["trailing_stop", { side: "sell", type: "trailing_stop", trailPercent: "1.5" }, 0],
    ["gtc fraction", { qty: "0.5" }, 0],
  ] as const)("of kind %s is accepted with its legs", async (_kind, order, legs) => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    broker.submit(approved({ clientOrderId: "entry" }), mayLeave);
    await sink.first("order.accepted");
    await venue.advance();
    broker.submit(approved({ clientOrderId: "x", ...order }), mayLeave);
    await until("an answer", () => sink.story("x").length > 0);
    expect(sink.of("order.rejected")).toEqual([]);
    expect(sink.of("order.accepted")[1]?.legs).toHaveLength(legs);
  });

  test("keeps the order of submits in one symbol", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    for (let n = 0; n < 10; n += 1) broker.submit(approved({ clientOrderId: `n${n}`, qty: "1" }), mayLeave);
    await sink.first("order.accepted", 10);
    const listed = await json(venue, "/v2/orders?direction=asc");
    expect(listed.map((order: any) => order.client_order_id)).toEqual(Array.from({ length: 10 }, (_, n) => `n${n}`));
  });

  test("sends amounts as text, digit for digit", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    broker.submit(approved({ clientOrderId: "tiny", qty: "0.000000001" }), mayLeave);
    await until("an answer", () => sink.story("tiny").length > 0);
    const order = await json(venue, "/v2/orders:by_client_order_id?client_order_id=tiny");
    expect(order.qty ?? sink.of("order.rejected")[0]?.reason).toMatch(/^0\.000000001$|minimal/);
  });
});

describe("a refused order", () => {
  test.each([
    [403, "insufficient buying power", "insufficient_buying_power"],
    [403, "potential wash trade detected. use complex orders", "wash_trade"],
    [403, "insufficient qty available for order (requested: 2, available: 0)", "insufficient_qty"],
    [403, "account is restricted", "forbidden"],
    [422, "invalid limit_price", "invalid"],
    [400, "request body format is invalid", "invalid"],
    [401, "request is not authorized", "auth"],
    [429, "rate limit exceeded", "rate_limited"],
  ])("with %i %s is rejected as %s", async (status, message, code) => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    venue.faults.onRequest((request) => (isPost(request) ? { kind: "status", status, message } : undefined));
    broker.submit(approved({ clientOrderId: "r" }), mayLeave);
    const rejected = await sink.first("order.rejected");
    expect(rejected).toMatchObject({ clientOrderId: "r", code, reason: expect.stringContaining(message) });
    expect(rejected.reason).not.toContain(SECRET);
  });

  test("over our own budget is rejected unsent", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue, { requestsPerMinute: 0, patienceMs: 20 });
    broker.submit(approved({ clientOrderId: "r" }), mayLeave);
    expect(await sink.first("order.rejected")).toMatchObject({
      code: "not_sent",
      reason: "the request budget of this minute is used up",
    });
    expect(venue.stats().requests).toBe(0);
  });

  test("that waited too long behind another is rejected unsent", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue, { patienceMs: 30, timeoutMs: 100 });
    venue.faults.onRequest((request) => (isPost(request) ? { kind: "stall" } : undefined));
    broker.submit(approved({ clientOrderId: "first" }), mayLeave);
    broker.submit(approved({ clientOrderId: "second" }), mayLeave);
    expect(await sink.first("order.rejected")).toMatchObject({ clientOrderId: "second", code: "not_sent" });
    expect(sink.story("first")).toEqual(["order.unknown"]);
    expect(venue.stats().requests).toBe(1);
  });

  test("that must not leave any more when its turn comes is rejected unsent", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    venue.faults.onRequest((request) => (isPost(request) ? { kind: "delay", ms: 100 } : undefined));
    const held: { why?: string } = {};
    const order = { type: "limit", limitPrice: "400" } as const;
    broker.submit(approved({ clientOrderId: "first", ...order }), () => held.why);
    broker.submit(approved({ clientOrderId: "second", ...order }), () => held.why);
    await sleep(50);
    held.why = "trading is HALTED";
    expect(await sink.first("order.rejected")).toEqual({
      ...{ kind: "order.rejected", clientOrderId: "second", code: "not_sent", reason: "trading is HALTED" },
    });
    expect((await sink.first("order.accepted")).clientOrderId).toBe("first");
    expect(venue.stats().requests).toBe(1);
  });

  test("without what its type needs is rejected unsent", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    broker.submit(approved({ clientOrderId: "r", type: "limit" }), mayLeave);
    expect(await sink.first("order.rejected")).toMatchObject({
      code: "invalid",
      reason: "the order has no limitPrice",
    });
    expect(venue.stats().requests).toBe(0);
  });
});

describe("an unclear submit", () => {
  test.each([
    ["500 after it was accepted", { kind: "status", status: 500, after: true }],
    ["504 after it was accepted", { kind: "status", status: 504, after: true }],
    ["408", { kind: "status", status: 408 }],
    ["no answer in time", { kind: "stall", after: true }],
    ["a broken connection", { kind: "reset", after: true }],
  ] as const)("(%s) is unknown, sent once, and never rejected", async (_what, fault) => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    let posts = 0;
    venue.faults.onRequest((request) => {
      if (!isPost(request)) return undefined;
      posts += 1;
      return fault;
    });
    broker.submit(approved({ clientOrderId: "u" }), mayLeave);
    await sink.first("order.unknown");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(posts).toBe(1);
    expect(sink.of("order.rejected")).toEqual([]);
  });

  test("is found by its id, with what was executed meanwhile told once", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    venue.faults.onRequest((request) => (isPost(request) ? { kind: "reset", after: true } : undefined));
    venue.faults.dropSockets("trading");
    venue.faults.refuseSockets(true);
    broker.submit(approved({ clientOrderId: "u" }), mayLeave);
    await sink.first("order.unknown");
    await venue.advance();
    broker.lookup("u");
    await sink.first("execution");
    expect(sink.story("u")).toEqual(["order.unknown", "order.accepted", "buy 10 @ 500"]);
    broker.lookup("u");
    await sink.first("order.accepted", 2);
    expect(sink.of("execution")).toHaveLength(1);
    venue.faults.refuseSockets(false);
    await sink.first("broker", 3);
    expect(sink.of("broker").map((input) => input.status)).toEqual(["connected", "disconnected", "connected"]);
  });

  test("is not found when it never arrived", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    venue.faults.onRequest((request) => (isPost(request) ? { kind: "reset" } : undefined));
    broker.submit(approved({ clientOrderId: "u" }), mayLeave);
    await sink.first("order.unknown");
    broker.lookup("u");
    expect(await sink.first("order.rejected")).toMatchObject({ clientOrderId: "u", code: "not_found" });
  });

  test("stays unknown when the look-up fails too", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    venue.faults.onRequest(() => ({ kind: "status", status: 503 }));
    broker.lookup("u");
    expect((await sink.first("order.unknown")).reason).toMatch(/look-up failed: .*internal server error/);
  });

  test("sent again with the same id adopts the first one", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    await place(venue, { client_order_id: "twice" });
    broker.submit(approved({ clientOrderId: "twice" }), mayLeave);
    const accepted = await sink.first("order.accepted");
    expect(await json(venue, "/v2/orders?status=all")).toHaveLength(1);
    await venue.advance();
    expect(await sink.first("execution")).toMatchObject({ brokerOrderId: accepted.brokerOrderId });
  });

  test("whose id belongs to a different order is refused", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    await place(venue, { client_order_id: "theirs", qty: "3" });
    broker.submit(approved({ clientOrderId: "theirs" }), mayLeave);
    expect(await sink.first("order.rejected")).toMatchObject({
      code: "client_id_conflict",
      reason: "another order has this client order id: buy 3 SPY market",
    });
  });
});
