/**
 * The older SDK, 3.1.3, as a second client of the venue: another HTTP library, another MessagePack, other habits.
 *
 * Its stock and news streams cannot be pointed here: they put `wss` before whatever address they are given. Its crypto
 * stream, which speaks the same protocol, can; so can its trade updates.
 */
import AlpacaV3 from "alpaca-trade-api-v3";
import { afterEach, describe, expect, test } from "vitest";
import type { Venue } from "../../../engine/adapters/venue/options.ts";
import { KEY, MINUTE, OPEN, SECRET, minuteBars, stopVenues, testVenue, until } from "./support.ts";

/** Its types say less than it does: every answer is `any`. */
type Client = any;

const open: { disconnect(): void }[] = [];

afterEach(async () => {
  for (const stream of open.splice(0)) stream.disconnect();
  await stopVenues();
});

function client(venue: Venue, keys: Readonly<Record<string, string>> = {}): Client {
  const options = {
    keyId: KEY,
    secretKey: SECRET,
    baseUrl: venue.url,
    dataBaseUrl: venue.url,
    dataStreamUrl: venue.url.replace("http", "ws"),
    ...keys,
  };
  const Constructor = AlpacaV3 as unknown as new (settings: typeof options) => Client;
  return new Constructor(options);
}

async function collected(rows: AsyncIterable<Client>): Promise<Client[]> {
  const found: Client[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

const BUY = { symbol: "SPY", qty: 10, side: "buy", type: "market", time_in_force: "day" };
const LIMIT = { ...BUY, qty: 1, type: "limit", limit_price: 400 };

describe("SDK 3.1.3 over REST", () => {
  test("reads the account, changes its settings and reads clock, calendar and assets", async () => {
    const alpaca = client(await testVenue());
    expect(await alpaca.getAccount()).toMatchObject({ status: "ACTIVE", cash: "100000" });
    expect(await alpaca.updateAccountConfigurations({ no_shorting: true })).toMatchObject({ no_shorting: true });
    expect(await alpaca.getAccountConfigurations()).toMatchObject({ no_shorting: true });
    expect(await alpaca.getPortfolioHistory({ period: "1D", timeframe: "1Min" })).toMatchObject({ timeframe: "1Min" });
    expect(await alpaca.getClock()).toMatchObject({ is_open: true });
    expect(await alpaca.getCalendar({ start: "2024-03-04", end: "2024-03-05" })).toHaveLength(2);
    expect(await alpaca.getAssets({ status: "active" })).toHaveLength(2);
    expect(await alpaca.getAsset("SPY")).toMatchObject({ tradable: true });
  });

  test("takes an order through its life: placed, read, replaced, canceled, filled, closed", async () => {
    const venue = await testVenue();
    const alpaca = client(venue);
    await venue.advance();
    const order = await alpaca.createOrder({ ...LIMIT, client_order_id: "v3" });
    expect(order).toMatchObject({ status: "pending_new", qty: "1", limit_price: "400" });
    expect(await alpaca.getOrder(order.id)).toMatchObject({ status: "new" });
    expect(await alpaca.getOrderByClientId("v3")).toMatchObject({ id: order.id });
    const replaced = await alpaca.replaceOrder(order.id, { limit_price: "401" });
    expect(replaced).toMatchObject({ replaces: order.id });
    await alpaca.cancelOrder(replaced.id);
    await expect(alpaca.cancelOrder(replaced.id)).rejects.toMatchObject({ response: { status: 422 } });
    await alpaca.createOrder(BUY);
    await venue.advance();
    expect(await alpaca.getOrders({ status: "closed", limit: 10 })).toHaveLength(3);
    expect(await alpaca.getPositions()).toMatchObject([{ symbol: "SPY", qty: "10", side: "long" }]);
    expect(await alpaca.getPosition("SPY")).toMatchObject({ avg_entry_price: "500" });
    expect(await alpaca.getAccountActivities({ activityTypes: ["FILL"] })).toHaveLength(1);
    await alpaca.createOrder(LIMIT);
    expect(await alpaca.cancelAllOrders()).toMatchObject([{ status: 200 }]);
    expect(await alpaca.closePosition("SPY")).toMatchObject({ side: "sell", qty: "10" });
    await venue.advance();
    expect(await alpaca.getPositions()).toEqual([]);
    expect(await alpaca.closeAllPositions()).toEqual([]);
  });

  test("keeps watchlists", async () => {
    const alpaca = client(await testVenue());
    const list = await alpaca.addWatchlist("old", ["SPY"]);
    expect(await alpaca.addToWatchlist(list.id, "QQQ")).toMatchObject({
      assets: [{ symbol: "SPY" }, { symbol: "QQQ" }],
    });
    expect(await alpaca.updateWatchlist(list.id, { name: "older" })).toMatchObject({ name: "older" });
    expect(await alpaca.deleteFromWatchlist(list.id, "SPY")).toMatchObject({ assets: [{ symbol: "QQQ" }] });
    expect(await alpaca.getWatchlist(list.id)).toMatchObject({ id: list.id });
    expect(await alpaca.getWatchlists()).toHaveLength(1);
    await alpaca.deleteWatchlist(list.id);
    expect(await alpaca.getWatchlists()).toEqual([]);
  });

  test("pages bars and trades, and reads the latest and snapshots", async () => {
    const at = { symbol: "SPY", time: OPEN + 4 * MINUTE };
    const venue = await testVenue([
      ...minuteBars("SPY", [500, 501, 502]),
      { kind: "trade", ...at, price: 503, size: 3, setsPrice: true },
      { kind: "quote", ...at, bid: 502, bidSize: 1, ask: 504, askSize: 2 },
      ...minuteBars("BTC/USD", [60_000], OPEN + 4 * MINUTE),
    ]);
    while (await venue.advance());
    const alpaca = client(venue);
    const range = { start: new Date(OPEN).toISOString(), timeframe: "1Min" };
    const bars = await collected(alpaca.getBarsV2("SPY", { ...range, pageLimit: 1 }));
    expect(bars.map((bar) => bar.ClosePrice)).toEqual([500, 501, 502]);
    const many = await alpaca.getMultiBarsV2(["SPY", "QQQ"], { ...range });
    expect(many.get("SPY")).toHaveLength(3);
    expect(await collected(alpaca.getTradesV2("SPY", { start: range.start }))).toMatchObject([{ Price: 503, Size: 3 }]);
    expect(await collected(alpaca.getQuotesV2("SPY", { start: range.start }))).toMatchObject([{ AskPrice: 504 }]);
    expect(await alpaca.getLatestTrade("SPY")).toMatchObject({ Price: 503 });
    expect(await alpaca.getLatestQuote("SPY")).toMatchObject({ BidPrice: 502 });
    expect(await alpaca.getLatestBar("SPY")).toMatchObject({ ClosePrice: 502 });
    expect(await alpaca.getSnapshot("SPY")).toMatchObject({ DailyBar: { OpenPrice: 500, ClosePrice: 502 } });
    const coins = await alpaca.getCryptoBars(["BTC/USD"], { ...range });
    expect(coins.get("BTC/USD")).toMatchObject([{ Close: 60_000 }]);
  });

  test("is told what is wrong with Alpaca's bodies", async () => {
    const venue = await testVenue();
    await venue.advance();
    const alpaca = client(venue);
    await alpaca.createOrder({ ...LIMIT, client_order_id: "once" });
    const again = alpaca.createOrder({ ...LIMIT, client_order_id: "once" });
    await expect(again).rejects.toMatchObject({ response: { status: 422, data: { code: 40010001 } } });
    const wrong = client(venue, { secretKey: "wrong" }).getAccount();
    await expect(wrong).rejects.toMatchObject({ response: { status: 401, data: { code: 40110000 } } });
  });
});

describe("SDK 3.1.3's streams", () => {
  test("tell trade updates in either kind of frame, and come back after a cut", async () => {
    for (const tradingFrames of ["binary", "text"] as const) {
      const venue = await testVenue(minuteBars("SPY", [500, 500, 500, 500]), { tradingFrames });
      const alpaca = client(venue);
      const stream = alpaca.trade_ws;
      open.push(stream);
      const events: string[] = [];
      let listening = 0;
      stream.onConnect(() => {
        // The SDK tells nobody that it listens; its socket hears it.
        stream.conn.once("message", () => (listening += 1));
        stream.subscribe(["trade_updates"]);
      });
      stream.onOrderUpdate((update: Client) => events.push(`${update.event} ${update.order.client_order_id}`));
      stream.connect();
      await until("listening", () => listening === 1);
      await venue.advance();
      await alpaca.createOrder({ ...BUY, client_order_id: "first" });
      await venue.advance();
      await until("two events", () => events.length === 2);
      venue.faults.dropSockets("trading");
      await until("listening again", () => listening === 2);
      await alpaca.createOrder({ ...BUY, client_order_id: "second" });
      await until("the new order", () => events.length >= 3);
      expect(events).toEqual(["new first", "fill first", "new second"]);
    }
  });

  test("of crypto receive bars, trades and quotes", async () => {
    const at = { symbol: "BTC/USD", time: OPEN + 1 };
    const venue = await testVenue([
      { kind: "trade", ...at, price: 60_000, size: 0.5, setsPrice: true },
      { kind: "quote", ...at, bid: 59_999, bidSize: 1, ask: 60_001, askSize: 2 },
      ...minuteBars("BTC/USD", [60_002]),
    ]);
    const { crypto_stream_v1beta3: stream } = client(venue);
    open.push(stream);
    const seen: string[] = [];
    let lists = 0;
    stream.onConnect(() => {
      stream.conn.on("message", () => (lists += 1));
      stream.subscribeForTrades(["BTC/USD"]);
      stream.subscribeForQuotes(["BTC/USD"]);
      stream.subscribeForBars(["BTC/USD"]);
    });
    stream.onCryptoTrade((trade: Client) => seen.push(`trade ${trade.Price} ${trade.Timestamp.toISOString()}`));
    stream.onCryptoQuote((quote: Client) => seen.push(`quote ${quote.AskPrice}`));
    stream.onCryptoBar((bar: Client) => seen.push(`bar ${bar.Close}`));
    stream.connect();
    await until("three lists", () => lists === 3);
    while (await venue.advance());
    await until(`three messages, have ${seen.join()}`, () => seen.length === 3);
    expect(seen).toEqual(["trade 60000 2024-03-04T14:30:00.001Z", "quote 60001", "bar 60002"]);
  });

  test("of stocks and news insist on TLS, which the venue does not speak", async () => {
    const alpaca = client(await testVenue());
    expect(alpaca.data_stream_v2.session.url).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/v2\/iex$/);
    expect(alpaca.news_stream.session.url).toMatch(/^wss:/);
  });
});
