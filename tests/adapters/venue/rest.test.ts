import { request } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import type { Venue } from "../../../engine/adapters/venue/options.ts";
import { CLOSE, LOGIN, MINUTE, OPEN, body, call, json, minuteBars, place, stopVenues, testVenue } from "./support.ts";

afterEach(stopVenues);

/** A request with headers that fetch does not let one set. */
function raw(venue: Venue, headers: Record<string, string>, path = "/v2/clock"): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: venue.port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

describe("access to the venue", () => {
  test("refuses a wrong key with Alpaca's body", async () => {
    const venue = await testVenue();
    const answer = await call(venue, "/v2/account", { headers: { "APCA-API-SECRET-KEY": "wrong" } });
    expect(answer.status).toBe(401);
    expect(await body(answer)).toEqual({ code: 40110000, message: "request is not authorized" });
  });

  test("names a request and the budget on every answer", async () => {
    const venue = await testVenue();
    const answer = await call(venue, "/v2/clock");
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
    expect(answer.headers.get("x-ratelimit-limit")).toBe("200");
    expect(answer.headers.get("x-ratelimit-remaining")).toBe("199");
    expect(Number(answer.headers.get("x-ratelimit-reset"))).toBeGreaterThan(Date.now() / 1000);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("limits requests per minute, trading and data apart", async () => {
    const venue = await testVenue([], { limits: { requestsPerMinute: 2 } });
    await call(venue, "/v2/clock");
    await call(venue, "/v2/clock");
    const third = await call(venue, "/v2/clock");
    expect(third.status).toBe(429);
    expect(await body(third)).toMatchObject({ code: 42910000, message: "rate limit exceeded" });
    expect((await call(venue, "/v2/stocks/bars?symbols=SPY&timeframe=1Min")).status).toBe(200);
  });

  test("serves loopback names only", async () => {
    const venue = await testVenue();
    expect(await raw(venue, { ...LOGIN, Host: "evil.test" })).toBe(403);
    expect(await raw(venue, { ...LOGIN, Host: `localhost:${venue.port}` })).toBe(200);
    expect(await raw(venue, { ...LOGIN, Host: "127.0.0.1.evil.test" })).toBe(403);
  });

  test("answers 404 and 405 for what it does not serve", async () => {
    const venue = await testVenue();
    expect((await call(venue, "/v2/nothing")).status).toBe(404);
    expect((await call(venue, "/v2/clock", { method: "DELETE" })).status).toBe(405);
    expect((await call(venue, "/v2/assets/%E0%A4%A")).status).toBe(400);
  });

  test("survives targets that are no paths and clients that hang up", async () => {
    const venue = await testVenue();
    for (const target of ["//", "/\\", "/%", "/v2/orders/%ff"])
      expect(await raw(venue, LOGIN, target)).toBeGreaterThanOrEqual(400);
    const half = request({
      host: "127.0.0.1",
      port: venue.port,
      path: "/v2/orders",
      method: "POST",
      headers: { ...LOGIN, "Content-Length": "50" },
    });
    half.on("error", () => {});
    half.write("{");
    await new Promise((resolve) => setTimeout(resolve, 20));
    half.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await raw(venue, LOGIN)).toBe(200);
  });

  test("refuses bodies that are too large, not JSON, or of another type", async () => {
    const venue = await testVenue();
    const post = (body: string, type = "application/json") =>
      call(venue, "/v2/orders", { method: "POST", body, headers: { "Content-Type": type } });
    expect((await post("x".repeat(70_000))).status).toBe(413);
    expect(await body(await post("{"))).toEqual({ code: 40010000, message: "request body format is invalid" });
    expect((await post("{}", "text/plain")).status).toBe(400);
    expect((await post("[]")).status).toBe(400);
  });
});

describe("orders over REST", () => {
  test("fill on the next bar, not on the one that was known", async () => {
    const venue = await testVenue();
    await venue.advance();
    const placed = await body(await place(venue, { client_order_id: "one" }));
    expect(placed).toMatchObject({
      client_order_id: "one",
      status: "pending_new",
      qty: "10",
      filled_qty: "0",
      legs: null,
    });
    await venue.advance();
    const filled = await json(venue, "/v2/orders:by_client_order_id?client_order_id=one");
    expect(filled).toMatchObject({ id: placed.id, status: "filled", filled_qty: "10", filled_avg_price: "500" });
    expect(await json(venue, "/v2/positions/SPY")).toMatchObject({
      qty: "10",
      side: "long",
      avg_entry_price: "500",
      current_price: "501",
      unrealized_pl: "10",
      unrealized_plpc: "0.002",
    });
    expect(await json(venue, "/v2/account")).toMatchObject({ cash: "95000", equity: "100010", multiplier: "2" });
    const fills = await json(venue, "/v2/account/activities/FILL");
    expect(fills).toMatchObject([
      { activity_type: "FILL", order_id: placed.id, qty: "10", price: "500", type: "fill" },
    ]);
  });

  test("refuse a repeated client id with 422", async () => {
    const venue = await testVenue();
    await venue.advance();
    await place(venue, { client_order_id: "same" });
    const again = await place(venue, { client_order_id: "same" });
    expect(again.status).toBe(422);
    expect((await body(again)).message).toMatch(/client_order_id must be unique/);
  });

  test.each([
    [{ side: "hold" }, /invalid side/],
    [{ symbol: "" }, /symbol is required/],
    [{ qty: "1e3" }, /invalid qty/],
    [{ qty: "1", notional: "5" }, /only one of qty or notional/],
    [{ qty: undefined }, /qty or notional is required/],
    [{ type: "limit" }, /limit/],
    [{ order_class: "mleg" }, /mleg/],
    [{ client_order_id: "x".repeat(129) }, /128/],
    [{ symbol: "NOPE" }, /not found/],
    [{ type: "limit", limit_price: "290.123" }, /sub-penny/],
  ])("refuse %j with 422 and a reason", async (order, reason) => {
    const venue = await testVenue();
    await venue.advance();
    const answer = await place(venue, order);
    expect(answer.status).toBe(422);
    expect((await body(answer)).message).toMatch(reason);
  });

  test("refuse what the account cannot pay with 403", async () => {
    const venue = await testVenue();
    await venue.advance();
    const answer = await place(venue, { qty: "100000" });
    expect(answer.status).toBe(403);
    expect(await body(answer)).toMatchObject({
      code: 40310000,
      message: expect.stringMatching(/insufficient buying power/),
    });
  });

  test("are listed by status, direction and nesting", async () => {
    const venue = await testVenue();
    await venue.advance();
    const bracket = await body(
      await place(venue, {
        order_class: "bracket",
        take_profit: { limit_price: "520" },
        stop_loss: { stop_price: "480" },
      }),
    );
    expect(bracket.legs).toHaveLength(2);
    expect(bracket.legs.map((leg: any) => leg.status)).toEqual(["held", "held"]);
    await place(venue, { type: "limit", limit_price: "400", client_order_id: "low" });
    const flat = await json(venue, "/v2/orders?direction=asc");
    expect(flat).toHaveLength(4);
    expect(flat[0].legs).toBeNull();
    const nested = await json(venue, "/v2/orders?nested=true&direction=asc");
    expect(nested.map((order: any) => order.legs?.length ?? 0)).toEqual([2, 0]);
    await venue.advance();
    const open = await json(venue, "/v2/orders?nested=true&direction=asc");
    expect(open.map((order: any) => order.status)).toEqual(["filled", "new"]);
    expect(await json(venue, "/v2/orders?status=closed")).toHaveLength(1);
    expect(await json(venue, "/v2/orders?status=all&side=sell")).toHaveLength(2);
    expect(await json(venue, `/v2/orders?status=all&after_order_id=${bracket.id}&direction=asc`)).toHaveLength(3);
    expect((await call(venue, "/v2/orders?limit=501")).status).toBe(422);
  });

  test("are replaced, canceled one by one, and all at once", async () => {
    const venue = await testVenue();
    await venue.advance();
    const order = await body(await place(venue, { type: "limit", limit_price: "400" }));
    const change = JSON.stringify({ limit_price: "401" });
    const replaced = await json(venue, `/v2/orders/${order.id}`, { method: "PATCH", body: change });
    expect(replaced).toMatchObject({ limit_price: "401", replaces: order.id });
    expect(await json(venue, `/v2/orders/${order.id}`)).toMatchObject({ status: "replaced", replaced_by: replaced.id });
    expect((await call(venue, `/v2/orders/${replaced.id}`, { method: "DELETE" })).status).toBe(204);
    const again = await call(venue, `/v2/orders/${replaced.id}`, { method: "DELETE" });
    expect(again.status).toBe(422);
    await place(venue, { type: "limit", limit_price: "400" });
    const all = await call(venue, "/v2/orders", { method: "DELETE" });
    expect(all.status).toBe(207);
    expect(await body(all)).toMatchObject([{ status: 200 }]);
    expect(await json(venue, "/v2/orders")).toEqual([]);
    const missing = await call(venue, "/v2/orders/00000000-0000-4000-8000-000000000000");
    expect([missing.status, (await body(missing)).code]).toEqual([404, 40410000]);
  });

  test("close positions in part and in whole", async () => {
    const venue = await testVenue();
    await venue.advance();
    await place(venue, {});
    await venue.advance();
    const part = await json(venue, "/v2/positions/SPY?percentage=40", { method: "DELETE" });
    expect(part).toMatchObject({ side: "sell", qty: "4", type: "market" });
    await venue.advance();
    const rest = await call(venue, "/v2/positions?cancel_orders=true", { method: "DELETE" });
    expect(rest.status).toBe(207);
    expect(await body(rest)).toMatchObject([{ symbol: "SPY", status: 200, body: { qty: "6" } }]);
    await venue.advance();
    expect(await json(venue, "/v2/positions")).toEqual([]);
    expect((await call(venue, "/v2/positions/SPY")).status).toBe(404);
  });
});

describe("a list of orders", () => {
  test("keeps to the symbols and asset classes that are named, coins by either name", async () => {
    const venue = await testVenue([...minuteBars("SPY", [500]), ...minuteBars("BTC/USD", [60_000])]);
    while (await venue.advance());
    for (const symbol of ["SPY", "QQQ", "BTC/USD"])
      await place(venue, { symbol, type: "limit", limit_price: "1", time_in_force: "gtc" });
    const listed = async (query: string): Promise<string[]> =>
      (await json(venue, `/v2/orders?${query}`)).map(({ symbol }: any) => symbol).toSorted();
    expect(await listed("symbols=BTCUSD,SPY")).toEqual(["BTC/USD", "SPY"]);
    expect(await listed("symbols=BTC/USD")).toEqual(["BTC/USD"]);
    expect(await listed("symbols=NOPE")).toEqual([]);
    expect(await listed("asset_class=us_equity,crypto")).toHaveLength(3);
    expect(await listed("asset_class=us_option,crypto")).toEqual(["BTC/USD"]);
    expect(await listed("asset_class=us_option")).toEqual([]);
  });
});

describe("clock, calendar, assets and data", () => {
  test("tell the tape's time, not the wall's", async () => {
    const venue = await testVenue();
    await venue.advance();
    expect(await json(venue, "/v2/clock")).toEqual({
      timestamp: "2024-03-04T09:31:00-05:00",
      is_open: true,
      next_open: "2024-03-05T09:30:00-05:00",
      next_close: "2024-03-04T16:00:00-05:00",
    });
    expect((await json(venue, "/v3/clock")).clocks[0]).toMatchObject({
      market: { acronym: "NYSE", timezone: "America/New_York" },
      phase: "core",
      phase_until: "2024-03-04T16:00:00-05:00",
    });
  });

  test("tell seconds where the tape's time has some", async () => {
    const venue = await testVenue([
      { kind: "trade", symbol: "SPY", time: OPEN + 80_250, price: 500, size: 1, setsPrice: true },
    ]);
    await venue.advance();
    expect((await json(venue, "/v2/clock")).timestamp).toBe("2024-03-04T09:31:20-05:00");
  });

  test("know half days, holidays and the change of the clocks", async () => {
    const venue = await testVenue();
    const days = await json(venue, "/v2/calendar?start=2024-11-28&end=2024-11-29");
    expect(days).toEqual([
      {
        date: "2024-11-29",
        open: "09:30",
        close: "13:00",
        session_open: "0400",
        session_close: "1700",
        settlement_date: "2024-12-02",
      },
    ]);
    const march = await json(venue, "/v3/calendar/NYSE?start=2024-03-08&end=2024-03-11");
    expect(march.calendar.map((day: any) => day.core_start)).toEqual([
      "2024-03-08T09:30:00-05:00",
      "2024-03-11T09:30:00-04:00",
    ]);
  });

  test("tell dates of trading or of settlement, all of them when none are asked for, and times of UTC", async () => {
    const venue = await testVenue();
    const dates = async (query: string): Promise<string[]> =>
      (await json(venue, `/v2/calendar?${query}`)).map(({ date }: any) => date);
    const weekend = "start=2024-03-02&end=2024-03-04";
    expect(await dates(weekend)).toEqual(["2024-03-04"]);
    expect(await dates(`${weekend}&date_type=SETTLEMENT`)).toEqual(["2024-03-01"]);
    const all = await dates("");
    expect([all.length > 7_000, all[0], all.at(-1)]).toEqual([true, "1998-01-02", "2028-12-29"]);
    expect(await dates("start=0001-01-01&end=1900-01-01")).toEqual([]);
    for (const query of ["date_type=MINE", "start=monday"])
      expect((await call(venue, `/v2/calendar?${query}`)).status).toBe(400);
    const { calendar } = await json(venue, "/v3/calendar/NYSE?start=2024-03-11&end=2024-03-11&timezone=UTC");
    expect(calendar[0]).toMatchObject({ core_start: "2024-03-11T13:30:00Z", core_end: "2024-03-11T20:00:00Z" });
    expect((await call(venue, "/v3/calendar/NYSE?timezone=CET")).status).toBe(400);
  });

  test("show assets by symbol and id", async () => {
    const venue = await testVenue();
    const all = await json(venue, "/v2/assets?status=active");
    expect(all.map(({ symbol }: any) => symbol)).toEqual(["SPY", "QQQ"]);
    expect(await json(venue, "/v2/assets?asset_class=crypto")).toMatchObject([{ symbol: "BTC/USD" }]);
    expect(await json(venue, "/v2/assets?attributes=ipo,has_options")).toEqual([]);
    expect(await json(venue, `/v2/assets/${all[0].id}`)).toEqual(await json(venue, "/v2/assets/SPY"));
    expect((await call(venue, "/v2/assets/NOPE")).status).toBe(404);
  });

  test("never show a bar that has not ended", async () => {
    const bars = minuteBars("SPY", [500, 501, 502, 503, 504]);
    const venue = await testVenue(bars, {
      historyOf: (symbol, size) => (symbol === "SPY" && size.label === "1m" ? bars : []),
    });
    await venue.advance();
    await venue.advance();
    const page = await json(venue, "/v2/stocks/bars?symbols=SPY,QQQ&timeframe=1Min&start=2024-03-04");
    expect(page.bars.SPY.map((bar: any) => [bar.t, bar.c])).toEqual([
      ["2024-03-04T14:30:00Z", 500],
      ["2024-03-04T14:31:00Z", 501],
    ]);
    expect(page.next_page_token).toBeNull();
    expect(await json(venue, "/v2/stocks/SPY/bars/latest")).toMatchObject({ symbol: "SPY", bar: { c: 501 } });
  });

  test("page bars in both directions", async () => {
    const venue = await testVenue(minuteBars("SPY", [500, 501, 502, 503, 504]));
    while (await venue.advance());
    for (const sort of ["asc", "desc"]) {
      const seen: number[] = [];
      let token = "";
      do {
        const next = token === "" ? "" : `&page_token=${token}`;
        const page = await json(venue, `/v2/stocks/SPY/bars?timeframe=1Min&limit=2&sort=${sort}${next}`);
        seen.push(...page.bars.map((bar: any) => bar.c));
        token = page.next_page_token ?? "";
      } while (token !== "");
      expect(seen).toEqual(sort === "asc" ? [500, 501, 502, 503, 504] : [504, 503, 502, 501, 500]);
    }
  });

  test("start a day bar at midnight, as Alpaca does", async () => {
    const day = {
      kind: "bar",
      symbol: "SPY",
      size: "1d",
      revised: false,
      start: OPEN,
      open: 500,
      high: 505,
      low: 499,
      close: 504,
      volume: 1e6,
    };
    const venue = await testVenue([day as never]);
    await venue.advance();
    expect(venue.now()).toBe(CLOSE);
    const { bars } = await json(venue, "/v2/stocks/bars?symbols=SPY&timeframe=1Day&start=2024-03-01");
    expect(bars.SPY).toMatchObject([{ t: "2024-03-04T05:00:00Z", o: 500, c: 504 }]);
  });

  test("give the latest trade and quote", async () => {
    const venue = await testVenue([
      { kind: "quote", symbol: "SPY", time: OPEN + 1, bid: 499.9, bidSize: 3, ask: 500.1, askSize: 4 },
      { kind: "trade", symbol: "SPY", time: OPEN + 2, price: 500, size: 7, setsPrice: true, id: "9007199254740993" },
    ]);
    while (await venue.advance());
    const quotes = await json(venue, "/v2/stocks/quotes/latest?symbols=SPY");
    expect(quotes.quotes.SPY).toMatchObject({ bp: 499.9, ap: 500.1, bs: 3, as: 4, t: "2024-03-04T14:30:00.001Z" });
    expect((await json(venue, "/v2/stocks/SPY/trades/latest")).trade).toMatchObject({ p: 500, s: 7 });
    expect((await call(venue, "/v2/stocks/QQQ/trades/latest")).status).toBe(404);
  });

  test("expire a day order at the close, after whoever acts on the last bar", async () => {
    const last = minuteBars("SPY", [500, 501], CLOSE - 2 * MINUTE);
    const venue = await testVenue(last, { startAt: CLOSE - 2 * MINUTE });
    await venue.advance();
    await place(venue, { type: "limit", limit_price: "400", client_order_id: "day" });
    await venue.advance();
    const status = async () => (await json(venue, "/v2/orders:by_client_order_id?client_order_id=day")).status;
    expect(await status()).toBe("new");
    expect(await venue.advance()).toBe(false);
    expect(await status()).toBe("expired");
  });
});
