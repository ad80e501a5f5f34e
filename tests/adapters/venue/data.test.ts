/**
 * The data REST: pages, snapshots, what is refused, and what is on every answer.
 */
import { afterEach, describe, expect, test } from "vitest";
import { LOGIN, OPEN, call, json, minuteBars, stopVenues, testVenue } from "./support.ts";

afterEach(stopVenues);

describe("every answer", () => {
  test("names its request and the budget, whatever its status", async () => {
    const venue = await testVenue([], { limits: { requestsPerMinute: 2 } });
    const answers = [
      await call(venue, "/v2/account", { headers: { "APCA-API-KEY-ID": "wrong" } }),
      await call(venue, "/v2/nothing"),
      await call(venue, "/v2/clock"),
      await call(venue, "/v2/clock"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 404, 200, 429]);
    expect(answers.map(({ headers }) => headers.get("x-ratelimit-remaining"))).toEqual(["2", "1", "0", "0"]);
    for (const { headers } of answers) expect(headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
  });

  test("of crypto data needs no keys, of anything else it does", async () => {
    const venue = await testVenue(minuteBars("BTC/USD", [60_000]));
    const open = `${venue.url}/v1beta3/crypto/us/latest/bars?symbols=BTC/USD`;
    expect((await fetch(open)).status).toBe(200);
    expect((await fetch(open, { headers: { ...LOGIN, "APCA-API-SECRET-KEY": "wrong" } })).status).toBe(401);
    expect((await fetch(`${venue.url}/v2/stocks/bars/latest?symbols=SPY`)).status).toBe(401);
  });

  test("keeps all digits of an id", async () => {
    const id = "9007199254740993";
    const venue = await testVenue([
      { kind: "trade", symbol: "SPY", time: OPEN, price: 500, size: 3, setsPrice: true, id },
    ]);
    await venue.advance();
    expect(await (await call(venue, "/v2/stocks/SPY/trades/latest")).text()).toContain(`"i":${id},`);
  });
});

describe("market data", () => {
  test("pages trades of one instant without gaps or repeats", async () => {
    const at = { kind: "trade", symbol: "SPY", time: OPEN + 1, price: 500, setsPrice: true } as const;
    const venue = await testVenue(Array.from({ length: 5 }, (_, n) => ({ ...at, size: n + 1 })));
    await venue.advance();
    for (const sort of ["asc", "desc"]) {
      const sizes: number[] = [];
      let token = "";
      do {
        const path = `/v2/stocks/trades?symbols=SPY&limit=2&sort=${sort}&page_token=${token}`;
        const page = await json(venue, path);
        sizes.push(...page.trades.SPY.map((trade: any) => trade.s));
        token = page.next_page_token ?? "";
      } while (token !== "");
      expect(sizes).toEqual(sort === "asc" ? [1, 2, 3, 4, 5] : [5, 4, 3, 2, 1]);
    }
  });

  test("of several symbols goes on where a page ended between them", async () => {
    const tape = [...minuteBars("QQQ", [400, 401]), ...minuteBars("SPY", [500, 501])];
    const venue = await testVenue(tape.toSorted((a, b) => a.start - b.start));
    while (await venue.advance());
    const seen: string[] = [];
    let token = "";
    do {
      const path = `/v2/stocks/bars?symbols=SPY,QQQ&timeframe=1Min&limit=2&page_token=${token}`;
      const page = await json(venue, path);
      for (const [symbol, bars] of Object.entries<any>(page.bars))
        for (const bar of bars) seen.push(`${symbol} ${bar.c}`);
      token = page.next_page_token ?? "";
    } while (token !== "");
    expect(seen).toEqual(["QQQ 400", "QQQ 401", "SPY 500", "SPY 501"]);
  });

  test("puts a day together from what was played, with the day before", async () => {
    const friday = { ...minuteBars("SPY", [490], OPEN - 3 * 86_400_000)[0]!, size: "1d", low: 480, high: 495 };
    const venue = await testVenue([friday, ...minuteBars("SPY", [500, 502])], { startAt: OPEN - 4 * 86_400_000 });
    while (await venue.advance());
    expect(await json(venue, "/v2/stocks/SPY/snapshot")).toMatchObject({
      symbol: "SPY",
      minuteBar: { c: 502 },
      dailyBar: { t: "2024-03-04T05:00:00Z", o: 500, c: 502, v: 20_000 },
      prevDailyBar: { t: "2024-03-01T05:00:00Z", l: 480 },
    });
  });

  test("makes weeks and months of days, when they are over", async () => {
    const days = ["2024-01-31", "2024-02-01", "2024-02-02", "2024-02-05", "2024-02-29", "2024-03-01"];
    const bars = days.map((day, n) => {
      const start = Date.parse(`${day}T14:30:00Z`);
      return { start, open: 10 + n, high: 20 + n, low: 5 - n / 10, close: 11 + n, volume: 1 };
    });
    const venue = await testVenue([], {
      startAt: Date.parse("2024-03-02T02:00:00Z"),
      historyOf: (_symbol, size) => (size.label === "1d" ? bars : []),
    });
    const asked = async (timeframe: string): Promise<string[]> => {
      const path = `/v2/stocks/SPY/bars?timeframe=${timeframe}&start=2023-12-01`;
      return (await json(venue, path)).bars.map(({ t, o, h, l, c, v }: any) =>
        [t.slice(0, 13), o, h, l, c, v].join(" "),
      );
    };
    const weeks = ["2024-01-29T05 10 22 4.8 13 3", "2024-02-05T05 13 23 4.7 14 1", "2024-02-26T05 14 25 4.5 16 2"];
    expect(await asked("1Week")).toEqual(weeks);
    expect(await asked("1W")).toEqual(weeks);
    // March goes on.
    expect(await asked("1Month")).toEqual(["2024-01-01T05 10 20 5 11 1", "2024-02-01T05 11 24 4.6 15 4"]);
    expect(await asked("2M")).toEqual(["2024-01-01T05 10 24 4.6 15 5"]);
    expect(await asked("12Month")).toEqual([]);
  });

  test("counts corporate actions among data, as the other requests to that host", async () => {
    const venue = await testVenue([], { limits: { requestsPerMinute: 2 } });
    const left = async (path: string) => (await call(venue, path)).headers.get("X-RateLimit-Remaining");
    expect(await left("/v1/corporate-actions")).toBe("1");
    expect(await left("/v1beta1/news")).toBe("0");
    expect(await left("/v2/account")).toBe("1");
  });

  test.each([
    "/v2/stocks/bars?symbols=spy&timeframe=1Min",
    "/v2/stocks/bars?symbols=SPY&timeframe=1Parsec",
    ...["60Min", "0Min", "24Hour", "2Day", "2Week", "5Month", ""].map(
      (size) => `/v2/stocks/bars?symbols=SPY&timeframe=${size}`,
    ),
    "/v2/stocks/bars?symbols=SPY&timeframe=1Day&adjustment=half",
    "/v2/stocks/bars?symbols=SPY&timeframe=1Day&feed=delayed_sip",
    "/v2/stocks/bars?timeframe=1Min",
    "/v2/stocks/trades?symbols=SPY&limit=0",
    "/v2/stocks/trades?symbols=SPY&sort=up",
    "/v2/stocks/trades?symbols=SPY&feed=mine",
    "/v2/stocks/trades?symbols=SPY&currency=XYZ",
    "/v2/stocks/trades?symbols=SPY&page_token=%25%25",
    "/v2/stocks/trades?symbols=SPY&start=2024-03-05&end=2024-03-04",
    "/v2/stocks/meta/conditions/trade?tape=X",
    "/v1beta3/crypto/us/bars?symbols=SPY&timeframe=1Min",
  ])("refuses %s with 400", async (path) => {
    expect((await call(await testVenue(), path)).status).toBe(400);
  });
});
