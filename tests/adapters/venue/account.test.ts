/**
 * What belongs to the account beside its orders: settings, positions, history, watchlists.
 */
import { afterEach, describe, expect, test } from "vitest";
import type { Venue } from "../../../engine/adapters/venue/options.ts";
import { MINUTE, OPEN, body, call, json, minuteBars, place, stopVenues, testVenue } from "./support.ts";

afterEach(stopVenues);

async function opened(tape = minuteBars("SPY", [500, 500, 500])): Promise<Venue> {
  const venue = await testVenue(tape);
  await venue.advance();
  return venue;
}

async function refusal(venue: Venue, order: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const answer = await place(venue, order);
  return { status: answer.status, ...(await body(answer)) };
}

describe("the account's settings", () => {
  const settings = (venue: Venue, change: unknown) =>
    call(venue, "/v2/account/configurations", { method: "PATCH", body: JSON.stringify(change) });

  test("suspend trading, forbid short sales and fractions, and show in the account", async () => {
    const venue = await opened();
    await settings(venue, { no_shorting: true });
    expect(await refusal(venue, { side: "sell" })).toMatchObject({
      status: 403,
      message: expect.stringMatching(/not allowed to short/),
    });
    expect(await json(venue, "/v2/account")).toMatchObject({ shorting_enabled: false });
    await settings(venue, { fractional_trading: false });
    expect(await refusal(venue, { qty: "0.5" })).toMatchObject({ status: 403 });
    await settings(venue, { suspend_trade: true });
    expect(await refusal(venue, {})).toMatchObject({ status: 403, message: "new orders are rejected by user request" });
    expect(await json(venue, "/v2/account")).toMatchObject({ trade_suspended_by_user: true });
    await settings(venue, { suspend_trade: false });
    expect((await place(venue, {})).status).toBe(200);
  });

  test.each([
    { suspend_trade: "yes" },
    { max_margin_multiplier: "4" },
    { made_up: true },
    { max_options_trading_level: 2 },
  ])("refuse %j as a whole", async (change) => {
    const venue = await opened();
    const before = await json(venue, "/v2/account/configurations");
    expect((await settings(venue, { no_shorting: true, ...change })).status).toBe(422);
    expect(await json(venue, "/v2/account/configurations")).toEqual(before);
  });
});

describe("closing positions", () => {
  test("works for coins, by either name, and leaves nothing over", async () => {
    const venue = await testVenue(minuteBars("BTC/USD", [60_000, 60_000, 60_000]));
    await venue.advance();
    expect((await place(venue, { symbol: "BTCUSD", qty: "0.3", time_in_force: "gtc" })).status).toBe(200);
    await venue.advance();
    expect(await json(venue, "/v2/positions/BTCUSD")).toMatchObject({ symbol: "BTCUSD", qty: "0.3" });
    const closed = await json(venue, "/v2/positions/BTC%2FUSD", { method: "DELETE" });
    expect(closed).toMatchObject({ symbol: "BTC/USD", qty: "0.3", time_in_force: "gtc" });
    await venue.advance();
    expect(await json(venue, "/v2/positions")).toEqual([]);
  });

  test.each(["qty=0", "qty=abc", "percentage=0", "percentage=101", "qty=1&percentage=1"])(
    "with %s is refused",
    async (query) => {
      const venue = await opened();
      await place(venue, {});
      await venue.advance();
      expect((await call(venue, `/v2/positions/SPY?${query}`, { method: "DELETE" })).status).toBe(422);
    },
  );
});

describe("the history of the account", () => {
  test("values each minute of the session since the start, against the start", async () => {
    const venue = await testVenue(minuteBars("SPY", [500, 501, 503]));
    await venue.advance();
    await place(venue, { qty: "10" });
    while (await venue.advance());
    const history = await json(venue, "/v2/account/portfolio/history?period=1D&timeframe=1Min");
    expect(history).toEqual({
      timestamp: [OPEN, OPEN + MINUTE, OPEN + 2 * MINUTE].map((ms) => ms / 1000),
      equity: [100_000, 100_000, 100_010],
      profit_loss: [0, 0, 10],
      profit_loss_pct: [0, 0, 0.0001],
      base_value: 100_000,
      timeframe: "1Min",
      cashflow: {},
    });
  });

  test.each(["start=2024-03-01&end=2024-03-02&period=1D", "timeframe=7Min", "period=1X", "timeframe=1Min&period=2M"])(
    "asked for with %s is refused",
    async (query) => {
      const venue = await opened();
      expect((await call(venue, `/v2/account/portfolio/history?${query}`)).status).toBe(422);
    },
  );
});

describe("watchlists", () => {
  test("have one name each, known symbols and no more", async () => {
    const venue = await opened();
    const post = (content: unknown) => call(venue, "/v2/watchlists", { method: "POST", body: JSON.stringify(content) });
    expect((await post({ name: "mine", symbols: ["SPY"] })).status).toBe(200);
    for (const content of [
      {},
      { name: "" },
      { name: "x".repeat(65) },
      { name: "b", symbols: ["NOPE"] },
      { name: "mine" },
    ])
      expect((await post(content)).status).toBe(422);
    expect((await post([])).status).toBe(400);
    const add = { method: "POST", body: JSON.stringify({ symbol: "SPY" }) };
    expect((await call(venue, "/v2/watchlists:by_name?name=mine", add)).status).toBe(422);
    expect((await call(venue, "/v2/watchlists:by_name?name=yours")).status).toBe(404);
  });
});
