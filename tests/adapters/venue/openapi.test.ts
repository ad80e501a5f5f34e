/**
 * The venue's answers against Alpaca's OpenAPI files: first that the check sees what is wrong, then every route.
 */
import { afterEach, describe, expect, test } from "vitest";
import { conformance } from "./conformance.ts";
import { RawSocket } from "./raw-socket.ts";
import type { Venue } from "../../../engine/adapters/venue/options.ts";
import { KEY, OPEN, SECRET, body, call, json, minuteBars, place, stopVenues, testVenue, until } from "./support.ts";

const files = conformance as NonNullable<typeof conformance>;

afterEach(stopVenues);

/** Everything that an account and a market can show. */
async function busy(): Promise<Venue> {
  const venue = await testVenue([
    ...minuteBars("SPY", [500, 501, 502]),
    ...minuteBars("BTC/USD", [60_000], OPEN + 180_000),
    { kind: "trade", symbol: "SPY", time: OPEN + 250_000, price: 500, size: 3, setsPrice: true },
    { kind: "quote", symbol: "SPY", time: OPEN + 250_000, bid: 499, bidSize: 3, ask: 501, askSize: 3 },
    { kind: "trade", symbol: "BTC/USD", time: OPEN + 250_000, price: 60_001, size: 0.3, setsPrice: true },
    { kind: "quote", symbol: "BTC/USD", time: OPEN + 250_000, bid: 59_999, bidSize: 1, ask: 60_001, askSize: 2 },
  ]);
  await venue.advance();
  await place(venue, { client_order_id: "filled" });
  await place(venue, { type: "limit", limit_price: "400", client_order_id: "limit" });
  await place(venue, { type: "market", qty: undefined, notional: "250.5", client_order_id: "notional" });
  await place(venue, { side: "sell", symbol: "QQQ", type: "stop", stop_price: "300", client_order_id: "short" });
  await place(venue, {
    symbol: "SPY",
    type: "limit",
    limit_price: "450",
    order_class: "bracket",
    take_profit: { limit_price: "520" },
    stop_loss: { stop_price: "440", limit_price: "439" },
    client_order_id: "bracket",
  });
  while (await venue.advance());
  await place(venue, { symbol: "BTC/USD", qty: "0.1", time_in_force: "gtc", client_order_id: "coin" });
  await place(venue, { side: "sell", type: "trailing_stop", trail_percent: "1.5", qty: "1", client_order_id: "trail" });
  return venue;
}

/** Every way to read, with the query that shows most of it. */
const READS = [
  "/v2/account",
  "/v2/account/configurations",
  "/v2/account/activities",
  "/v2/account/activities/FILL",
  "/v2/account/activities/DIV",
  "/v2/account/portfolio/history?period=1D&timeframe=1Min",
  "/v2/account/portfolio/history",
  "/v2/assets",
  "/v2/assets/SPY",
  "/v2/clock",
  "/v3/clock?markets=NYSE,NASDAQ",
  "/v2/calendar?start=2024-01-01&end=2024-12-31",
  "/v3/calendar/NYSE?start=2024-01-01&end=2024-12-31",
  "/v2/orders?status=all&nested=true&limit=500",
  "/v2/orders?status=all&limit=500",
  "/v2/orders:by_client_order_id?client_order_id=bracket",
  "/v2/positions",
  "/v2/positions/SPY",
  "/v2/positions/BTC%2FUSD",
  "/v2/watchlists",
  ...["bars", "trades", "quotes"].flatMap((kind) => [
    `/v2/stocks/${kind}?symbols=SPY,QQQ&timeframe=1Min&start=2024-03-04`,
    `/v2/stocks/SPY/${kind}?timeframe=1Min&start=2024-03-04`,
    `/v2/stocks/${kind}/latest?symbols=SPY`,
    `/v2/stocks/SPY/${kind}/latest`,
    `/v1beta3/crypto/us/${kind}?symbols=BTC/USD&timeframe=1Min&start=2024-03-04`,
    `/v1beta3/crypto/us/latest/${kind}?symbols=BTC/USD`,
  ]),
  "/v1/corporate-actions?symbols=SPY,QQQ&start=2024-01-01&end=2024-12-31",
  "/v1/corporate-actions",
  "/v2/stocks/snapshots?symbols=SPY,QQQ",
  "/v2/stocks/SPY/snapshot",
  "/v2/stocks/meta/exchanges",
  "/v2/stocks/meta/conditions/trade?tape=C",
  "/v1beta3/crypto/us/latest/orderbooks?symbols=BTC/USD",
  "/v1beta3/crypto/us/snapshots?symbols=BTC/USD",
  "/v1beta1/news?symbols=SPY",
];

describe.skipIf(conformance === undefined)("the check against the files", () => {
  const order = async (): Promise<Record<string, unknown>> => {
    const venue = await busy();
    return await json(venue, "/v2/orders:by_client_order_id?client_order_id=filled");
  };
  const found = (method: string, path: string, status: number, value: unknown): string => {
    files.check({ method, path, status, body: value });
    return files.problems.splice(0).join("\n");
  };

  test("sees a wrong type, a wrong word, a missing key and an empty time", async () => {
    const whole = await order();
    const get = (change: Record<string, unknown>): string => found("GET", "/v2/orders", 200, [{ ...whole, ...change }]);
    expect(get({})).toBe("");
    expect(get({ qty: 10 })).toMatch(/qty must be string/);
    expect(get({ status: "done" })).toMatch(/status must be equal to one of/);
    expect(get({ filled_at: "" })).toMatch(/filled_at/);
    expect(get({ hwm: undefined })).toMatch(/required property 'hwm'/);
  });

  test("sees answers to the wrong question and statuses that nobody documented", async () => {
    expect(found("GET", "/v2/positions", 200, {})).toMatch(/must be array/);
    expect(found("POST", "/v2/orders", 201, {})).toMatch(/no such status/);
    expect(found("GET", "/v2/nothing", 200, {})).toMatch(/no such operation/);
    expect(found("DELETE", "/v2/orders/x", 204, { id: "x" })).toMatch(/not described/);
    expect(found("GET", "/v2/clock", 418, { code: 41_810_000, message: "teapot" })).toMatch(/no documented status/);
  });

  test("sees errors without a code, with that of another status and with unknown fields", () => {
    expect(found("GET", "/v2/account", 403, { message: "no" })).toMatch(/required property 'code'/);
    expect(found("GET", "/v2/account", 403, { code: 42_210_000, message: "no" })).toMatch(/another status/);
    expect(found("GET", "/v2/account", 403, { code: 40_310_000, message: "no", why: "x" })).toMatch(/additional/);
    expect(found("POST", "/v2/orders", 422, { code: 40_010_001, message: "must be unique" })).toBe("");
  });
});

describe("each route", () => {
  // 52 reads of a venue that has everything; what they say is held against the files when the venue stops.
  test("of those that read answers with 200", async () => {
    const venue = await busy();
    for (const path of READS) expect([path, (await call(venue, path)).status]).toEqual([path, 200]);
  });

  test("of those that write answers with its own status", async () => {
    const venue = await busy();
    const send = async (method: string, path: string, content?: unknown): Promise<any> => {
      const init = content === undefined ? { method } : { method, body: JSON.stringify(content) };
      const answer = await call(venue, path, init);
      return answer.status === 204 ? 204 : await body(answer);
    };
    const limit = await json(venue, "/v2/orders:by_client_order_id?client_order_id=limit");
    expect(await json(venue, `/v2/orders/${limit.id}`)).toEqual(limit);
    const replaced = await send("PATCH", `/v2/orders/${limit.id}`, { limit_price: "401" });
    expect(replaced.replaces).toBe(limit.id);
    expect(await send("DELETE", `/v2/orders/${replaced.id}`)).toBe(204);
    expect((await send("PATCH", "/v2/account/configurations", { no_shorting: true })).no_shorting).toBe(true);
    const list = await send("POST", "/v2/watchlists", { name: "mine", symbols: ["SPY"] });
    await send("POST", `/v2/watchlists/${list.id}`, { symbol: "QQQ" });
    await send("PUT", "/v2/watchlists:by_name?name=mine", { name: "yours" });
    expect((await send("DELETE", `/v2/watchlists/${list.id}/SPY`)).assets).toHaveLength(1);
    expect((await send("PUT", `/v2/watchlists/${list.id}`, { symbols: ["SPY"] })).name).toBe("yours");
    await send("POST", "/v2/watchlists:by_name?name=yours", { symbol: "BTC/USD" });
    const both = await send("GET", "/v2/watchlists:by_name?name=yours");
    expect(both.assets.map((asset: any) => asset.symbol)).toEqual(["SPY", "BTC/USD"]);
    expect(await send("GET", `/v2/watchlists/${list.id}`)).toEqual(both);
    expect(await send("DELETE", "/v2/watchlists:by_name?name=yours")).toBe(204);
    const other = await send("POST", "/v2/watchlists", { name: "other" });
    expect(await send("DELETE", `/v2/watchlists/${other.id}`)).toBe(204);
    expect((await call(venue, `/v2/watchlists/${other.id}`)).status).toBe(404);
    expect((await send("DELETE", "/v2/positions/SPY?qty=2")).qty).toBe("2");
    expect((await send("DELETE", "/v2/orders")).length).toBeGreaterThan(0);
    // Shares that an order has spoken for cannot be closed: the body of that line is an error.
    await place(venue, { side: "sell", qty: "1", type: "limit", limit_price: "600" });
    const closed = await send("DELETE", "/v2/positions");
    expect(closed.map((line: any) => line.status)).toContain(403);
  });
});

describe.skipIf(conformance === undefined)("trade updates", () => {
  test("fit the event's schema, and the order in each fits an order's", async () => {
    const venue = await testVenue();
    const socket = new RawSocket(venue.tradingStreamUrl);
    await until("open", () => socket.socket.readyState === socket.socket.OPEN);
    socket.send({ action: "auth", key: KEY, secret: SECRET });
    await socket.at(0);
    socket.send({ action: "listen", data: { streams: ["trade_updates"] } });
    await socket.at(1);
    await venue.advance();
    const exits = { take_profit: { limit_price: "520" }, stop_loss: { stop_price: "480" } };
    await place(venue, { order_class: "bracket", ...exits });
    const { id } = await body(await place(venue, { type: "limit", limit_price: "400" }));
    await call(venue, `/v2/orders/${id}`, { method: "PATCH", body: JSON.stringify({ limit_price: "401" }) });
    await place(venue, { type: "limit", limit_price: "400", time_in_force: "ioc" });
    await venue.advance();
    await call(venue, "/v2/orders", { method: "DELETE" });
    await until("updates", () => socket.messages.length === 2 + venue.stats().tradeUpdates);
    const updates = socket.messages.slice(2).map((message) => message.data);
    const events = new Set(updates.map((update) => update.event));
    expect(events).toEqual(new Set(["new", "held", "replaced", "fill", "canceled"]));
    for (const update of updates) {
      expect(files.validate("trading#/components/schemas/Order", update.order)).toBeUndefined();
      expect(files.validate("event", update)).toBeUndefined();
      expect(update).toMatchObject({ event_id: expect.any(String), timestamp: expect.any(String) });
    }
  });
});

/** What the files describe and the venue does not do, with the reason in capabilities.test.ts. */
const OUT_OF_SCOPE =
  /locates|events\/|corporate_actions|options|exercise|tokenization|wallets|forex|logos|screener|auctions|\/v1\/|perps|indices|fixed_income/;

describe.skipIf(conformance === undefined)("the files", () => {
  test("describe no operation in scope that the tests above leave out", () => {
    const left = files.operations().filter((name) => !files.checked.has(name) && !OUT_OF_SCOPE.test(name));
    expect(left).toEqual([]);
  });
});
