/**
 * The official SDK as a client of the venue: what it can do against Alpaca it can do here.
 */
import {
  Alpaca,
  AuthError,
  FetchError,
  OrdersApi,
  RateLimitError,
  marketData,
  streaming,
  trading,
} from "@alpacahq/alpaca-trade-api";
import { afterEach, describe, expect, test } from "vitest";
import type { Venue } from "../../../engine/adapters/venue/options.ts";
import { KEY, MINUTE, OPEN, SECRET, minuteBars, stopVenues, testVenue, until } from "./support.ts";

const CREDENTIALS = { keyId: KEY, secret: SECRET };
const open: { disconnect(): void }[] = [];

afterEach(async () => {
  for (const stream of open.splice(0)) stream.disconnect();
  await stopVenues();
});

function configuration(venue: Venue, options: Record<string, unknown> = {}) {
  return new trading.Configuration({ ...CREDENTIALS, basePath: venue.url, timeoutMs: 2_000, ...options });
}

function toVenue(venue: Venue): typeof fetch {
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    return fetch(venue.url + url.pathname + url.search, init);
  };
}

/** A venue with one filled order of ten and a working limit. */
async function traded(): Promise<{ readonly venue: Venue; readonly orders: OrdersApi }> {
  const venue = await testVenue();
  const orders = new OrdersApi(configuration(venue));
  await venue.advance();
  await orders.market({ symbol: "SPY", side: "buy", qty: "10", clientOrderId: "filled" });
  await orders.limit({ symbol: "SPY", side: "buy", qty: "1", limitPrice: "400", clientOrderId: "working" });
  await venue.advance();
  return { venue, orders };
}

describe("the SDK over REST", () => {
  test("reads the account through the facade, by fetch and by middleware", async () => {
    const venue = await testVenue();
    const byFetch = new Alpaca({ ...CREDENTIALS, paper: true, fetchApi: toVenue(venue) });
    expect(await byFetch.trading.account.getAccount()).toMatchObject({ status: "ACTIVE", cash: "100000" });
    const pre = async (context: { url: string; init: RequestInit }) => {
      const url = new URL(context.url);
      return { url: venue.url + url.pathname + url.search, init: context.init };
    };
    const byMiddleware = new Alpaca({ ...CREDENTIALS, paper: true, middleware: [{ pre }] });
    expect(await byMiddleware.trading.account.getAccount()).toMatchObject({ equity: "100000" });
  });

  test("places every kind of order and reads it back", async () => {
    const { orders } = await traded();
    const filled = await orders.getOrderByClientOrderId({ clientOrderId: "filled" });
    expect(filled).toMatchObject({
      status: "filled",
      filledQty: "10",
      filledAvgPrice: "500",
      filledAt: expect.any(Date),
    });
    await orders.stop({ symbol: "SPY", side: "buy", qty: "1", stopPrice: "520" });
    await orders.stopLimit({ symbol: "SPY", side: "buy", qty: "1", stopPrice: "520", limitPrice: "521" });
    await orders.trailingStop({ symbol: "SPY", side: "sell", qty: "1", trailPercent: "2" });
    await orders.market({ symbol: "SPY", side: "buy", notional: "100" });
    const bracket = await orders.bracket({
      symbol: "QQQ",
      side: "buy",
      qty: "1",
      limitPrice: "390",
      takeProfit: { limitPrice: "420" },
      stopLoss: { stopPrice: "380" },
    });
    expect(bracket.legs?.map((leg) => [leg.type, leg.status])).toEqual([
      ["limit", "held"],
      ["stop", "held"],
    ]);
    expect(await orders.getAllOrders({ status: "open", symbols: ["QQQ"], nested: true })).toHaveLength(1);
    expect((await orders.getOrderByOrderID({ orderId: bracket.id!, nested: true })).legs).toHaveLength(2);
  });

  test("replaces and cancels", async () => {
    const { orders } = await traded();
    const working = await orders.getOrderByClientOrderId({ clientOrderId: "working" });
    const replaced = await orders.patchOrderByOrderId({
      orderId: working.id!,
      patchOrderRequest: { limitPrice: "401" },
    });
    expect(replaced).toMatchObject({ limitPrice: "401", replaces: working.id });
    await orders.deleteOrderByOrderID({ orderId: replaced.id! });
    await orders.limit({ symbol: "SPY", side: "buy", qty: "1", limitPrice: "400" });
    expect(await orders.deleteAllOrders()).toMatchObject([{ status: 200 }]);
  });

  test("reads positions, activities, assets, clocks and calendars", async () => {
    const { venue, orders } = await traded();
    const config = configuration(venue);
    const positions = new trading.PositionsApi(config);
    expect(await positions.getAllOpenPositions()).toMatchObject([{ symbol: "SPY", qty: "10", side: "long" }]);
    expect(await positions.getOpenPosition({ symbolOrAssetId: "SPY" })).toMatchObject({ avgEntryPrice: "500" });
    const activities = new trading.AccountActivitiesApi(config);
    const fills = await activities.getAccountActivitiesByActivityType({ activityType: "FILL" });
    // The SDK reads every activity as the first of its two kinds, so that only the common fields survive.
    expect(fills).toMatchObject([{ activityType: "FILL", qty: "10", symbol: "SPY" }]);
    expect(await activities.getAccountActivities()).toHaveLength(1);
    const assets = new trading.AssetsApi(config);
    expect(await assets.getV2Assets()).toHaveLength(2);
    expect(await assets.getV2Assets({ assetClass: "crypto" })).toHaveLength(1);
    expect(await assets.getV2AssetsSymbolOrAssetId({ symbolOrAssetId: "SPY" })).toMatchObject({ tradable: true });
    const clock = new trading.ClockApi(config);
    expect((await clock.legacyClock()).timestamp).toEqual(new Date(OPEN + 2 * MINUTE));
    expect((await clock.clock()).clocks).toMatchObject([{ phase: "core", isMarketDay: true }]);
    const calendar = new trading.CalendarApi(config);
    expect(await calendar.legacyCalendar({ start: new Date(OPEN), end: new Date(OPEN + 7 * 86_400_000) })).toHaveLength(
      6,
    );
    expect((await calendar.calendar({ market: "NYSE" })).calendar[0]?.coreStart).toEqual(new Date(OPEN));
    expect(await new trading.AccountConfigurationsApi(config).getAccountConfig()).toMatchObject({
      suspendTrade: false,
    });
    await orders.deleteAllOrders();
    expect(await positions.deleteOpenPosition({ symbolOrAssetId: "SPY", qty: 4 })).toMatchObject({
      side: "sell",
      qty: "4",
    });
    await venue.advance();
    expect(await positions.deleteAllOpenPositions({ cancelOrders: true })).toMatchObject([
      { symbol: "SPY", status: 200 },
    ]);
  });

  test("reads bars, and the latest of everything", async () => {
    const venue = await testVenue([
      ...minuteBars("SPY", [500, 501]),
      { kind: "trade", symbol: "SPY", time: OPEN + 3 * MINUTE, price: 500, size: 3, setsPrice: true },
      { kind: "quote", symbol: "SPY", time: OPEN + 3 * MINUTE, bid: 499, bidSize: 3, ask: 501, askSize: 3 },
    ]);
    while (await venue.advance());
    const stocks = new marketData.StockApi(new marketData.Configuration({ ...CREDENTIALS, basePath: venue.url }));
    const bars = await stocks.stockBars({ symbols: "SPY", timeframe: "1Min", start: new Date(OPEN) });
    expect(bars.bars["SPY"]?.map((bar) => bar.c)).toEqual([500, 501]);
    const single = await stocks.stockBarSingle({ symbol: "SPY", timeframe: "1Min", limit: 1 });
    expect(single.bars).toHaveLength(1);
    expect(single.nextPageToken).toEqual(expect.any(String));
    expect((await stocks.stockLatestTrades({ symbols: "SPY" })).trades["SPY"]).toMatchObject({ p: 500 });
    expect((await stocks.stockLatestQuoteSingle({ symbol: "SPY" })).quote).toMatchObject({ bp: 499, ap: 501 });
    expect((await stocks.stockLatestBars({ symbols: "SPY" })).bars["SPY"]).toMatchObject({ c: 501 });
  });

  test("meets the venue's faults: writes go out once, reads are repeated", async () => {
    const { venue, orders } = await traded();
    let asked: string[] = [];
    const faulty = (fault: Parameters<typeof venue.faults.onRequest>[0]): void => {
      asked = [];
      venue.faults.onRequest((request) => (asked.push(request.method), fault?.(request)));
    };
    const buy = { symbol: "SPY", side: "buy", qty: "1" } as const;
    for (const status of [500, 429, 403, 422]) {
      faulty(() => ({ kind: "status", status }));
      await expect(orders.market(buy)).rejects.toMatchObject({ status });
      expect(asked).toEqual(["POST"]);
    }
    faulty(() => ({ kind: "reset" }));
    await expect(orders.market(buy)).rejects.toBeInstanceOf(FetchError);
    expect(asked).toEqual(["POST"]);
    const impatient = new OrdersApi(configuration(venue, { timeoutMs: 50, retry: { maxRetries: 2, retryDelayMs: 1 } }));
    faulty(() => ({ kind: "stall" }));
    await expect(impatient.market(buy)).rejects.toMatchObject({ cause: { name: "TimeoutError" } });
    expect(asked).toEqual(["POST"]);
    faulty(() => ({ kind: "status", status: 503 }));
    await expect(impatient.getAllOrders()).rejects.toMatchObject({ status: 503 });
    expect(asked).toEqual(["GET", "GET", "GET"]);
    faulty(() => ({ kind: "status", status: 429 }));
    await expect(orders.getAllOrders()).rejects.toBeInstanceOf(RateLimitError);
  });

  test("is told that its keys are wrong, and which request it was", async () => {
    const venue = await testVenue();
    const accounts = new trading.AccountsApi(configuration(venue, { secret: "wrong" }));
    const error = await accounts.getAccount().then(undefined, (reason) => reason);
    expect(error).toBeInstanceOf(AuthError);
    expect(error).toMatchObject({ code: 40110000, requestId: expect.any(String) });
  });
});

describe("the SDK's streams", () => {
  function stocks(venue: Venue, options: Record<string, unknown> = {}) {
    const stream = new streaming.StockDataStream({
      credentials: CREDENTIALS,
      url: venue.marketStreamUrl("iex"),
      initialReconnectMs: 10,
      ...options,
    });
    open.push(stream);
    return stream;
  }

  test("receive bars, trades and quotes with exact times and ids", async () => {
    const venue = await testVenue([
      ...minuteBars("SPY", [500]),
      {
        kind: "trade",
        symbol: "SPY",
        time: OPEN + MINUTE + 1,
        price: 5,
        size: 3,
        setsPrice: true,
        id: "9007199254740993",
      },
      { kind: "quote", symbol: "SPY", time: OPEN + MINUTE + 2, bid: 499, bidSize: 3, ask: 501, askSize: 4 },
    ]);
    const stream = stocks(venue);
    const seen: any[] = [];
    stream.onBar((bar) => seen.push(bar));
    stream.onTrade((trade) => seen.push(trade));
    stream.onQuote((quote) => seen.push(quote));
    let confirmed: any;
    stream.on(streaming.EVENT.SUBSCRIPTION, (lists: unknown) => (confirmed = lists));
    stream.connect();
    expect(await stream.waitForAuthentication(2_000)).toBe(true);
    stream.subscribeForBars(["SPY"]);
    stream.subscribeForTrades(["SPY"]);
    stream.subscribeForQuotes(["*"]);
    await until("the subscription", () => confirmed?.quotes?.length === 1);
    while (await venue.advance());
    await until("three messages", () => seen.length === 3);
    expect(seen[0]).toMatchObject({ symbol: "SPY", close: 500, timestamp: new Date(OPEN) });
    expect(seen[1]).toMatchObject({ price: 5, idRaw: "9007199254740993", timestamp: new Date(OPEN + MINUTE + 1) });
    expect(seen[2]).toMatchObject({ bidPrice: 499, askSize: 4 });
  });

  test("come back after a cut with the subscription they had", async () => {
    const venue = await testVenue();
    const stream = stocks(venue);
    const closes: number[] = [];
    stream.onBar((bar) => closes.push(bar.close));
    let reconnected = false;
    stream.onReconnected(() => (reconnected = true));
    let lists = 0;
    stream.on(streaming.EVENT.SUBSCRIPTION, () => (lists += 1));
    stream.connect();
    await stream.waitForAuthentication(2_000);
    stream.subscribeForBars(["SPY"]);
    await until("the first list", () => lists === 1);
    venue.faults.dropSockets("market");
    await until("the second list", () => reconnected && lists === 2);
    await venue.advance();
    await until("a bar", () => closes.length === 1);
  });

  test.each([
    ["wrong keys", { credentials: { keyId: KEY, secret: "wrong" } }, {}, "auth failed"],
    ["a login that comes too late", {}, { authTimeoutMs: 20 }, "auth timeout"],
    ["too many connections", { maxReconnectAttempts: 1 }, { marketConnections: 0 }, "connection limit exceeded"],
  ])("are refused for %s", async (_what, streamOptions, limits, message) => {
    const venue = await testVenue([], { limits });
    if ("authTimeoutMs" in limits) venue.faults.muteLogins(true);
    const stream = stocks(venue, streamOptions);
    const errors: string[] = [];
    stream.onError((error) => errors.push(error));
    stream.connect();
    await until("an error", () => errors.includes(message));
    await until("the end", () => stream.getState() === streaming.STATE.DISCONNECTED);
  });

  test("report text frames as errors, since they expect MessagePack", async () => {
    const venue = await testVenue();
    const stream = stocks(venue);
    const errors: string[] = [];
    stream.onError((error) => errors.push(error));
    stream.connect();
    await stream.waitForAuthentication(2_000);
    venue.faults.sendRaw("market", '[{"T":"b"}]');
    await until("an error", () => errors.length === 1);
    expect(errors[0]).toMatch(/failed to/);
  });

  test("tell trade updates, and submitAndWait waits for one", async () => {
    const venue = await testVenue();
    const alpaca = new Alpaca({ ...CREDENTIALS, paper: true, fetchApi: toVenue(venue) });
    const stream = alpaca.trading.stream({ url: venue.tradingStreamUrl });
    open.push(stream);
    const events: string[] = [];
    stream.onTradeUpdate((update) => events.push(`${update.event} ${update.order.clientOrderId}`));
    let listening = false;
    stream.on(streaming.EVENT.SUBSCRIPTION, () => (listening = true));
    stream.subscribeTradeUpdates();
    stream.connect();
    await until("listening", () => listening);
    await venue.advance();
    const order = { symbol: "SPY", side: "buy", qty: "2", type: "market", clientOrderId: "waited" } as const;
    const waited = alpaca.trading.submitAndWait(order, { stream, timeoutMs: 2_000 });
    await until("the order", () => events.length === 1);
    await venue.advance();
    expect(await waited).toMatchObject({ status: "filled", filledQty: "2", filledAvgPrice: "500" });
    expect(events).toEqual(["new waited", "fill waited"]);
  });

  test("accept text frames on the trading stream as well", async () => {
    const venue = await testVenue();
    const stream = new streaming.TradingStream({ credentials: CREDENTIALS, url: venue.tradingStreamUrl });
    open.push(stream);
    const events: string[] = [];
    stream.onTradeUpdate((update) => events.push(update.event));
    stream.connect();
    await stream.waitForAuthentication(2_000);
    const frame = { stream: "trade_updates", data: { event: "new", order: { id: "x" } } };
    venue.faults.sendRaw("trading", JSON.stringify(frame));
    venue.faults.sendRaw("trading", Buffer.from(JSON.stringify(frame)));
    await until("both", () => events.length === 2);
  });
});
