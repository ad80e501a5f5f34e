/**
 * Faults: their words, that each does what it says, and that the same seed does it again.
 */
import { afterEach, describe, expect, test } from "vitest";
import fc from "fast-check";
import { RawSocket } from "./raw-socket.ts";
import { FaultPlan } from "../../../engine/adapters/venue/fault-plan.ts";
import { FAULT_NAMES, faultHelp, readFault } from "../../../engine/adapters/venue/faults.ts";
import type { Fault } from "../../../engine/adapters/venue/faults.ts";
import type { Venue, VenueOptions } from "../../../engine/adapters/venue/options.ts";
import { runs, SEED } from "../../support/runs.ts";
import {
  KEY,
  MINUTE,
  OPEN,
  SECRET,
  body,
  call,
  json,
  minuteBars,
  place,
  stopVenues,
  testExchange,
  testVenue,
  until,
} from "./support.ts";

afterEach(stopVenues);

function fault(text: string): Fault {
  const read = readFault(text);
  if (!read.ok) throw new Error(read.problem.what);
  return read.fault;
}

describe("the words of faults", () => {
  test.each([
    ["delay=50ms..200ms", { name: "delay", minMs: 50, maxMs: 200 }],
    ["delay=1.5s", { name: "delay", minMs: 1_500, maxMs: 1_500 }],
    ["timeout", { name: "timeout", ratio: 1 }],
    ["timeout=0.5%", { name: "timeout", ratio: 0.005 }],
    ["drop-ack=5%", { name: "drop-ack", ratio: 0.05 }],
    ["500-after-accept=1%", { name: "500-after-accept", ratio: 0.01 }],
    ["error=503:2%", { name: "error", status: 503, ratio: 0.02 }],
    ["error=429", { name: "error", status: 429, ratio: 1 }],
    ["reject=10%", { name: "reject", symbol: null, ratio: 0.1 }],
    ["reject=SPY", { name: "reject", symbol: "SPY", ratio: 1 }],
    ["reject=BTC/USD:50%", { name: "reject", symbol: "BTC/USD", ratio: 0.5 }],
    ["drop-socket=30s", { name: "drop-socket", channel: "both", everyMs: 30_000 }],
    ["drop-socket=trading:1m", { name: "drop-socket", channel: "trading", everyMs: 60_000 }],
    ["slow-client=2s", { name: "slow-client", everyMs: 2_000 }],
    ["login-error=409:25%", { name: "login-error", code: 409, ratio: 0.25 }],
    ["connection-limit=1", { name: "connection-limit", count: 1 }],
    ["rate-limit=0", { name: "rate-limit", count: 0 }],
    ["halt=SPY@10:00..10:05", { name: "halt", symbol: "SPY", from: { date: null, minutes: 600 } }],
    ["halt=SPY@2024-03-04T10:00..2024-03-05T09:35", { until: { date: "2024-03-05", minutes: 575 } }],
  ])("%s is read", (text, expected) => {
    expect(fault(text)).toMatchObject(expected);
  });

  test.each([
    ["dealy=5ms", 1, 'there is no fault "dealy"'],
    ["", 1, 'there is no fault ""'],
    ["drop-ack", 9, "drop-ack needs a value"],
    ["drop-ack=5", 10, 'drop-ack cannot be "5"'],
    ["drop-ack=0%", 10, 'drop-ack cannot be "0%"'],
    ["drop-ack=101%", 10, 'drop-ack cannot be "101%"'],
    ["drop-ack=-5%", 10, 'drop-ack cannot be "-5%"'],
    ["timeout=", 9, 'timeout cannot be ""'],
    ["delay=50", 7, 'delay cannot be "50"'],
    ["delay=200ms..50ms", 7, 'delay cannot be "200ms..50ms"'],
    ["delay=1ms..2ms..3ms", 7, 'delay cannot be "1ms..2ms..3ms"'],
    ["delay=99m", 7, 'delay cannot be "99m"'],
    ["error=200", 7, 'error cannot be "200"'],
    ["error=503:2", 7, 'error cannot be "503:2"'],
    ["reject=spy", 8, 'reject cannot be "spy"'],
    ["login-error=405", 13, 'login-error cannot be "405"'],
    ["connection-limit=-1", 18, 'connection-limit cannot be "-1"'],
    ["drop-socket=data:5s", 13, 'drop-socket cannot be "data:5s"'],
    ["halt=SPY@10:05..10:00", 6, 'halt cannot be "SPY@10:05..10:00"'],
    ["halt=SPY@10:00..2024-03-04T10:05", 6, 'halt cannot be "SPY@10:00..2024-03-04T10:05"'],
    ["halt=SPY@25:00..26:00", 6, 'halt cannot be "SPY@25:00..26:00"'],
  ])("%s is refused at its column", (text, column, what) => {
    const read = readFault(text);
    expect(read).toMatchObject({ ok: false, problem: { text, column, what } });
    if (!read.ok) expect(read.problem.help).not.toBe("");
  });

  test("all stand in the help", () => {
    for (const name of FAULT_NAMES) expect(faultHelp()).toContain(`  ${name}`);
  });

  test("never throw, whatever the text", () => {
    const text = fc.oneof(
      fc.string(),
      fc.tuple(fc.constantFrom(...FAULT_NAMES), fc.string()).map(([name, value]) => `${name}=${value}`),
    );
    fc.assert(
      fc.property(text, (source) => {
        const read = readFault(source);
        if (read.ok) expect(FAULT_NAMES).toContain(read.fault.name);
        else expect(read.problem.column).toBeLessThanOrEqual(source.length + 1);
      }),
      { numRuns: runs(500), seed: SEED },
    );
  });
});

describe("a plan of faults", () => {
  const POST = { method: "POST", path: "/v2/orders" };
  const strikes = (seed: string, between: (plan: FaultPlan) => void = () => {}): boolean[] => {
    const plan = new FaultPlan([fault("drop-ack=30%"), fault("timeout=10%")], seed, () => {});
    return Array.from({ length: 200 }, () => {
      between(plan);
      return plan.request(POST) !== undefined;
    });
  };

  test("strikes as often as asked for, the same for the same seed", () => {
    const found = strikes("a").filter(Boolean).length;
    expect(found).toBeGreaterThan(40);
    expect(found).toBeLessThan(110);
    expect(strikes("a")).toEqual(strikes("a"));
    expect(strikes("a")).not.toEqual(strikes("b"));
  });

  test("does not strike other orders because somebody reads in between", () => {
    let n = 0;
    const reading = (plan: FaultPlan): void => {
      n += 1;
      for (let i = 0; i < n % 3; i += 1) plan.request({ method: "GET", path: "/v2/orders/x" });
    };
    expect(strikes("a", reading)).toEqual(strikes("a"));
  });

  test("loses answers of orders alone", () => {
    const plan = new FaultPlan([fault("drop-ack=100%"), fault("500-after-accept=100%")], "a", () => {});
    expect(plan.request({ method: "GET", path: "/v2/orders" })).toBeUndefined();
    expect(plan.request({ method: "POST", path: "/v2/watchlists" })).toBeUndefined();
    expect(plan.request({ method: "DELETE", path: "/v2/positions/SPY" })).toEqual({ kind: "reset", after: true });
  });
});

async function faulty(texts: readonly string[], options: Partial<VenueOptions> = {}): Promise<Venue> {
  return await testVenue(minuteBars("SPY", [500, 500, 500, 500, 500]), { faults: texts.map(fault), ...options });
}

const known = async (venue: Venue, id: string): Promise<number> =>
  (await call(venue, `/v2/orders:by_client_order_id?client_order_id=${id}`)).status;

describe("a request", () => {
  test("of an order whose answer is dropped was executed; one whose connection is reset was not", async () => {
    const dropped = await faulty(["drop-ack=100%"]);
    await dropped.advance();
    await expect(place(dropped, { client_order_id: "x" })).rejects.toThrow();
    expect(await known(dropped, "x")).toBe(200);
    const reset = await faulty(["error=503:100%"]);
    await reset.advance();
    expect((await place(reset, { client_order_id: "x" })).status).toBe(503);
    const cut = await faulty(["reset=100%"]);
    await expect(place(cut, {})).rejects.toThrow();
  });

  test("that is answered with 500 after it was accepted is in the book", async () => {
    const venue = await faulty(["500-after-accept=100%"]);
    await venue.advance();
    const answer = await place(venue, { client_order_id: "x" });
    expect([answer.status, (await body(answer)).code]).toEqual([500, 50010000]);
    expect(await known(venue, "x")).toBe(200);
  });

  test.each([
    ["timeout", 404],
    ["timeout-after-accept=100%", 200],
  ])("under %s is never answered; asking for it later gives %i", async (text, later) => {
    const lines: string[] = [];
    const venue = await faulty([text], { onFault: ({ what }) => lines.push(what) });
    await venue.advance();
    const signal = AbortSignal.timeout(60);
    const order = JSON.stringify({ symbol: "SPY", qty: "1", side: "buy", type: "market", time_in_force: "day" });
    const init = { method: "POST", body: order.replace("{", '{"client_order_id":"x",'), signal };
    await expect(call(venue, "/v2/orders", init)).rejects.toThrow(/timeout/i);
    expect(lines).toEqual([`POST /v2/orders was ${later === 200 ? "" : "not "}executed`]);
    if (later === 200) expect(await known(venue, "x")).toBe(200);
    expect(venue.stats().tradeUpdates).toBe(later === 200 ? 1 : 0);
  });

  test("is delayed, refused by symbol, or over the budget", async () => {
    const slow = await faulty(["delay=300ms..400ms"]);
    await expect(call(slow, "/v2/clock", { signal: AbortSignal.timeout(60) })).rejects.toThrow(/timeout/i);
    expect((await call(slow, "/v2/clock")).status).toBe(200);
    const picky = await faulty(["reject=SPY"]);
    await picky.advance();
    const refused = await place(picky, {});
    expect([refused.status, (await body(refused)).message]).toEqual([422, "order rejected by fault injection"]);
    const tight = await faulty(["rate-limit=1"]);
    expect((await call(tight, "/v2/clock")).status).toBe(200);
    expect((await call(tight, "/v2/clock")).status).toBe(429);
  });
});

describe("trade updates", () => {
  async function told(texts: readonly string[]): Promise<string[]> {
    const venue = await faulty(texts);
    const socket = new RawSocket(venue.tradingStreamUrl);
    await until("open", () => socket.socket.readyState === socket.socket.OPEN);
    socket.send({ action: "auth", key: KEY, secret: SECRET });
    await socket.at(0);
    socket.send({ action: "listen", data: { streams: ["trade_updates"] } });
    await socket.at(1);
    await venue.advance();
    await place(venue, {});
    await venue.advance();
    await call(venue, "/v2/clock");
    await new Promise((resolve) => setTimeout(resolve, 20));
    return socket.messages.slice(2).map(({ data }) => data.event);
  }

  test("come twice, in disorder, or not at all", async () => {
    expect(await told([])).toEqual(["new", "fill"]);
    expect(await told(["duplicate-updates"])).toEqual(["new", "new", "fill", "fill"]);
    expect(await told(["reorder-updates"])).toEqual(["fill", "new"]);
    expect(await told(["drop-updates=100%"])).toEqual([]);
  });

  test("that wait for another one which does not come are sent after a quarter of a second", async () => {
    const venue = await faulty(["reorder-updates"]);
    const socket = new RawSocket(venue.tradingStreamUrl);
    await until("open", () => socket.socket.readyState === socket.socket.OPEN);
    socket.send({ action: "auth", key: KEY, secret: SECRET });
    await socket.at(0);
    socket.send({ action: "listen", data: { streams: ["trade_updates"] } });
    await socket.at(1);
    await venue.advance();
    await place(venue, {});
    expect((await socket.at(2)).data.event).toBe("new");
  });
});

describe("market data", () => {
  async function subscribed(venue: Venue): Promise<RawSocket> {
    const socket = new RawSocket(venue.marketStreamUrl("iex"));
    await socket.at(0);
    socket.send({ action: "auth", key: KEY, secret: SECRET });
    await socket.at(1);
    socket.send({ action: "subscribe", bars: ["SPY"], statuses: ["SPY"] });
    await socket.at(2);
    return socket;
  }

  test("comes twice, or not at all", async () => {
    const double = await faulty(["duplicate-data=100%"]);
    const socket = await subscribed(double);
    await double.advance();
    expect(await socket.at(4)).toEqual(socket.messages[3]);
    const none = await faulty(["drop-data=100%"]);
    const silent = await subscribed(none);
    while (await none.advance());
    await call(none, "/v2/clock");
    expect(silent.messages).toHaveLength(3);
  });

  test("ends with 407 every so often, or without a word", async () => {
    const slow = await subscribed(await faulty(["slow-client=30ms"]));
    expect(await slow.at(3)).toEqual({ T: "error", code: 407, msg: "slow client" });
    await slow.end();
    const cut = await subscribed(await faulty(["drop-socket=market:250ms"]));
    await cut.end();
    expect(cut.messages).toHaveLength(3);
  });

  test("tells halts at the exchange's time and fills nothing in them, every session", async () => {
    const nextDay = minuteBars("SPY", [500, 500, 500], OPEN + 86_400_000);
    const venue = await testVenue([...minuteBars("SPY", [500, 500, 500, 500]), ...nextDay], {
      faults: [fault("halt=SPY@09:31..09:33")],
    });
    const socket = await subscribed(venue);
    await venue.advance();
    await place(venue, { client_order_id: "waits" });
    const filled: string[] = [];
    for (let more = true; more; more = await venue.advance()) {
      const order = await json(venue, "/v2/orders:by_client_order_id?client_order_id=waits");
      if (order.filled_at !== null && filled.length === 0) filled.push(order.filled_at);
    }
    expect(filled).toEqual([new Date(OPEN + 3 * MINUTE).toISOString().replace(".000", "")]);
    const statuses = socket.messages.filter(({ T }) => T === "s").map(({ sc, t }) => `${sc} ${t}`);
    expect(statuses).toEqual([
      "H 2024-03-04T14:31:00Z",
      "T 2024-03-04T14:33:00Z",
      "H 2024-03-05T14:31:00Z",
      "T 2024-03-05T14:33:00Z",
    ]);
  });

  test("of a halt on one date is told on that date alone, also over a change of the clocks", async () => {
    const sunday = Date.parse("2024-03-11T13:30:00Z");
    const tape = [...minuteBars("SPY", [500, 500]), ...minuteBars("SPY", [500, 500, 500], sunday)];
    const venue = await testVenue(tape, { faults: [fault("halt=SPY@2024-03-11T09:31..2024-03-11T09:32")] });
    const socket = await subscribed(venue);
    while (await venue.advance());
    await until("both", () => socket.messages.filter(({ T }) => T === "s").length === 2);
    expect(socket.messages.filter(({ T }) => T === "s").map(({ t }) => t)).toEqual([
      "2024-03-11T13:31:00Z",
      "2024-03-11T13:32:00Z",
    ]);
  });
});

describe("a login", () => {
  test.each([402, 404, 406, 408, 409, 411, 500])("is refused with %i when asked for", async (code) => {
    const venue = await faulty([`login-error=${code}`]);
    const socket = new RawSocket(venue.marketStreamUrl("sip"));
    await socket.at(0);
    socket.send({ action: "auth", key: KEY, secret: SECRET });
    expect(await socket.at(1)).toMatchObject({ T: "error", code });
    await socket.end();
  });

  test("is not answered, and then too late", async () => {
    const venue = await faulty(["auth-timeout"], { limits: { authTimeoutMs: 40 } });
    const market = new RawSocket(venue.marketStreamUrl("iex"));
    await market.at(0);
    market.send({ action: "auth", key: KEY, secret: SECRET });
    expect(await market.at(1)).toMatchObject({ code: 404 });
    const trading = new RawSocket(venue.tradingStreamUrl);
    await until("open", () => trading.socket.readyState === trading.socket.OPEN);
    trading.send({ action: "auth", key: KEY, secret: SECRET });
    await trading.end();
    expect(trading.messages).toEqual([]);
  });

  test("is one of few, and asks for few symbols", async () => {
    const venue = await faulty(["connection-limit=1", "symbol-limit=1"]);
    const first = new RawSocket(venue.marketStreamUrl("iex"));
    await first.at(0);
    first.send({ action: "auth", key: KEY, secret: SECRET });
    await first.at(1);
    first.send({ action: "subscribe", trades: ["SPY", "QQQ"] });
    expect(await first.at(2)).toMatchObject({ code: 405 });
    const second = new RawSocket(venue.marketStreamUrl("iex"));
    await second.at(0);
    second.send({ action: "auth", key: KEY, secret: SECRET });
    expect(await second.at(1)).toMatchObject({ code: 406 });
  });
});

describe("partial fills", () => {
  test("belong to the exchange: a venue over one that makes none says so", async () => {
    await expect(faulty(["partial-fills=50%"])).rejects.toThrow("created with partialFills: 0.5");
  });

  test("are told as such, and the rest waits", async () => {
    const exchange = testExchange({ partialFills: 1 });
    const venue = await faulty(["partial-fills=100%"], { exchange });
    await venue.advance();
    const { id } = await body(await place(venue, { qty: "100" }));
    await venue.advance();
    const order = await json(venue, `/v2/orders/${id}`);
    expect(order.status).toBe("partially_filled");
    const fills = await json(venue, "/v2/account/activities/FILL");
    expect(fills).toMatchObject([{ type: "partial_fill", cum_qty: order.filled_qty }]);
    expect(Number(fills[0].leaves_qty)).toBe(100 - Number(order.filled_qty));
  });
});
