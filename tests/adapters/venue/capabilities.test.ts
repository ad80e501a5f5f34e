/**
 * Every method that the official SDK says it has, and what becomes of it here: it works, and is run, or it is out of
 * scope for the reason that stands beside it. A method of a new version of the SDK fails the first test.
 */
import { Alpaca, TimeFrame, capabilities, streaming } from "@alpacahq/alpaca-trade-api";
import { afterEach, describe, expect, test } from "vitest";
import type { Venue } from "../../../engine/adapters/venue/options.ts";
import { KEY, OPEN, SECRET, minuteBars, stopVenues, testVenue, until } from "./support.ts";

const CREDENTIALS = { keyId: KEY, secret: SECRET };
const START = new Date(OPEN);
const MULTI = { symbols: "SPY", start: START };
const COINS = { symbols: "BTC/USD", start: START, loc: "us" } as const;
const TIMEFRAME = { timeframe: "1Min" };

interface Stage {
  readonly venue: Venue;
  readonly alpaca: Alpaca;
  /** A working limit order in SPY. */
  readonly orderId: string;
  readonly watchlistId: string;
}

type Run = (stage: Stage) => Promise<unknown>;

/** `accessor.method`, run against a venue with a position, a working order and a watchlist called mine. */
const WORKS: Readonly<Record<string, Run>> = {
  "trading.account.getAccount": ({ alpaca }) => alpaca.trading.account.getAccount(),
  "trading.accountActivities.getAccountActivities": ({ alpaca }) =>
    alpaca.trading.accountActivities.getAccountActivities(),
  "trading.accountActivities.getAccountActivitiesByActivityType": ({ alpaca }) =>
    alpaca.trading.accountActivities.getAccountActivitiesByActivityType({ activityType: "FILL" }),
  "trading.accountConfigurations.getAccountConfig": ({ alpaca }) =>
    alpaca.trading.accountConfigurations.getAccountConfig(),
  "trading.accountConfigurations.patchAccountConfig": ({ alpaca }) =>
    alpaca.trading.accountConfigurations.patchAccountConfig({ accountConfigurations: { suspendTrade: true } }),
  "trading.assets.getV2Assets": ({ alpaca }) => alpaca.trading.assets.getV2Assets(),
  "trading.assets.getV2AssetsSymbolOrAssetId": ({ alpaca }) =>
    alpaca.trading.assets.getV2AssetsSymbolOrAssetId({ symbolOrAssetId: "SPY" }),
  "trading.calendar.calendar": ({ alpaca }) => alpaca.trading.calendar.calendar({ market: "NYSE" }),
  "trading.calendar.legacyCalendar": ({ alpaca }) => alpaca.trading.calendar.legacyCalendar(),
  "trading.clock.clock": ({ alpaca }) => alpaca.trading.clock.clock(),
  "trading.clock.legacyClock": ({ alpaca }) => alpaca.trading.clock.legacyClock(),
  "trading.orders.getAllOrders": ({ alpaca }) => alpaca.trading.orders.getAllOrders({ status: "all" }),
  "trading.orders.postOrder": ({ alpaca }) =>
    alpaca.trading.orders.postOrder({
      postOrderRequest: { symbol: "SPY", qty: "1", side: "buy", type: "market", timeInForce: "day" },
    }),
  "trading.orders.getOrderByOrderID": ({ alpaca, orderId }) => alpaca.trading.orders.getOrderByOrderID({ orderId }),
  "trading.orders.getOrderByClientOrderId": ({ alpaca }) =>
    alpaca.trading.orders.getOrderByClientOrderId({ clientOrderId: "working" }),
  "trading.orders.patchOrderByOrderId": ({ alpaca, orderId }) =>
    alpaca.trading.orders.patchOrderByOrderId({ orderId, patchOrderRequest: { limitPrice: "401" } }),
  "trading.orders.deleteOrderByOrderID": ({ alpaca, orderId }) =>
    alpaca.trading.orders.deleteOrderByOrderID({ orderId }).then(() => "gone"),
  "trading.orders.deleteAllOrders": ({ alpaca }) => alpaca.trading.orders.deleteAllOrders(),
  "trading.portfolioHistory.getAccountPortfolioHistory": ({ alpaca }) =>
    alpaca.trading.portfolioHistory.getAccountPortfolioHistory({ period: "1D", timeframe: "1Min" }),
  "trading.positions.getAllOpenPositions": ({ alpaca }) => alpaca.trading.positions.getAllOpenPositions(),
  "trading.positions.getOpenPosition": ({ alpaca }) =>
    alpaca.trading.positions.getOpenPosition({ symbolOrAssetId: "SPY" }),
  "trading.positions.deleteAllOpenPositions": ({ alpaca }) =>
    alpaca.trading.positions.deleteAllOpenPositions({ cancelOrders: true }),
  "trading.positions.deleteOpenPosition": ({ alpaca }) =>
    alpaca.trading.orders
      .deleteAllOrders()
      .then(() => alpaca.trading.positions.deleteOpenPosition({ symbolOrAssetId: "SPY", percentage: 50 })),
  "trading.watchlists.getWatchlists": ({ alpaca }) => alpaca.trading.watchlists.getWatchlists(),
  "trading.watchlists.getWatchlistById": ({ alpaca, watchlistId }) =>
    alpaca.trading.watchlists.getWatchlistById({ watchlistId }),
  "trading.watchlists.getWatchlistByName": ({ alpaca }) =>
    alpaca.trading.watchlists.getWatchlistByName({ name: "mine" }),
  "trading.watchlists.postWatchlist": ({ alpaca }) =>
    alpaca.trading.watchlists.postWatchlist({ createWatchlistRequest: { name: "another", symbols: ["QQQ"] } }),
  "trading.watchlists.updateWatchlistById": ({ alpaca, watchlistId }) =>
    alpaca.trading.watchlists.updateWatchlistById({ watchlistId, updateWatchlistRequest: { name: "renamed" } }),
  "trading.watchlists.updateWatchlistByName": ({ alpaca }) =>
    alpaca.trading.watchlists.updateWatchlistByName({ name: "mine", updateWatchlistRequest: { symbols: ["QQQ"] } }),
  "trading.watchlists.addAssetToWatchlist": ({ alpaca, watchlistId }) =>
    alpaca.trading.watchlists.addAssetToWatchlist({ watchlistId, addAssetToWatchlistRequest: { symbol: "QQQ" } }),
  "trading.watchlists.addAssetToWatchlistByName": ({ alpaca }) =>
    alpaca.trading.watchlists.addAssetToWatchlistByName({
      name: "mine",
      addAssetToWatchlistRequest: { symbol: "QQQ" },
    }),
  "trading.watchlists.removeAssetFromWatchlist": ({ alpaca, watchlistId }) =>
    alpaca.trading.watchlists.removeAssetFromWatchlist({ watchlistId, symbol: "SPY" }),
  "trading.watchlists.deleteWatchlistById": ({ alpaca, watchlistId }) =>
    alpaca.trading.watchlists.deleteWatchlistById({ watchlistId }).then(() => "gone"),
  "trading.watchlists.deleteWatchlistByName": ({ alpaca }) =>
    alpaca.trading.watchlists.deleteWatchlistByName({ name: "mine" }).then(() => "gone"),
  "marketData.stocks.stockBars": ({ alpaca }) => alpaca.marketData.stocks.stockBars({ ...MULTI, ...TIMEFRAME }),
  "marketData.stocks.stockTrades": ({ alpaca }) => alpaca.marketData.stocks.stockTrades(MULTI),
  "marketData.stocks.stockQuotes": ({ alpaca }) => alpaca.marketData.stocks.stockQuotes(MULTI),
  "marketData.stocks.stockSnapshots": ({ alpaca }) => alpaca.marketData.stocks.stockSnapshots({ symbols: "SPY" }),
  "marketData.stocks.stockLatestBars": ({ alpaca }) => alpaca.marketData.stocks.stockLatestBars({ symbols: "SPY" }),
  "marketData.stocks.stockLatestQuotes": ({ alpaca }) => alpaca.marketData.stocks.stockLatestQuotes({ symbols: "SPY" }),
  "marketData.stocks.stockLatestTrades": ({ alpaca }) => alpaca.marketData.stocks.stockLatestTrades({ symbols: "SPY" }),
  "marketData.stocks.stockMetaConditions": ({ alpaca }) =>
    alpaca.marketData.stocks.stockMetaConditions({ ticktype: "trade", tape: "C" }),
  "marketData.stocks.stockMetaExchanges": ({ alpaca }) => alpaca.marketData.stocks.stockMetaExchanges(),
  "marketData.crypto.cryptoBars": ({ alpaca }) => alpaca.marketData.crypto.cryptoBars({ ...COINS, ...TIMEFRAME }),
  "marketData.crypto.cryptoTrades": ({ alpaca }) => alpaca.marketData.crypto.cryptoTrades(COINS),
  "marketData.crypto.cryptoQuotes": ({ alpaca }) => alpaca.marketData.crypto.cryptoQuotes(COINS),
  "marketData.crypto.cryptoSnapshots": ({ alpaca }) => alpaca.marketData.crypto.cryptoSnapshots(COINS),
  "marketData.crypto.cryptoLatestBars": ({ alpaca }) => alpaca.marketData.crypto.cryptoLatestBars(COINS),
  "marketData.crypto.cryptoLatestQuotes": ({ alpaca }) => alpaca.marketData.crypto.cryptoLatestQuotes(COINS),
  "marketData.crypto.cryptoLatestTrades": ({ alpaca }) => alpaca.marketData.crypto.cryptoLatestTrades(COINS),
  "marketData.crypto.cryptoLatestOrderbooks": ({ alpaca }) => alpaca.marketData.crypto.cryptoLatestOrderbooks(COINS),
  "marketData.corporateActions.corporateActions": ({ alpaca }) =>
    alpaca.marketData.corporateActions.corporateActions({ symbols: "SPY", types: "forward_split" }),
  "marketData.news.news": ({ alpaca }) => alpaca.marketData.news.news({ symbols: "SPY" }),
};

/** Of the SDK's helpers: those that ask for something of their own, or page. */
const HELPERS: Readonly<Record<string, Run>> = {
  "trading.orders.market": ({ alpaca }) => alpaca.trading.orders.market({ symbol: "SPY", side: "buy", notional: "5" }),
  "trading.orders.limit": ({ alpaca }) =>
    alpaca.trading.orders.limit({ symbol: "SPY", side: "buy", qty: "1", limitPrice: "400" }),
  "trading.orders.stop": ({ alpaca }) =>
    alpaca.trading.orders.stop({ symbol: "SPY", side: "buy", qty: "1", stopPrice: "600" }),
  "trading.orders.stopLimit": ({ alpaca }) =>
    alpaca.trading.orders.stopLimit({ symbol: "SPY", side: "buy", qty: "1", stopPrice: "600", limitPrice: "601" }),
  "trading.orders.trailingStop": ({ alpaca }) =>
    alpaca.trading.orders.trailingStop({ symbol: "SPY", side: "sell", qty: "1", trailPrice: "2" }),
  "trading.orders.bracket": ({ alpaca }) =>
    alpaca.trading.orders.bracket({
      ...{ symbol: "QQQ", side: "buy", qty: "1", limitPrice: "390" },
      takeProfit: { limitPrice: "420" },
      stopLoss: { stopPrice: "380" },
    }),
  "trading.orders.oco": ({ alpaca }) =>
    alpaca.trading.orders.oco({
      ...{ symbol: "SPY", side: "sell", qty: "1" },
      takeProfit: { limitPrice: "600" },
      stopLoss: { stopPrice: "400" },
    }),
  "trading.orders.oto": ({ alpaca }) =>
    alpaca.trading.orders.oto({
      ...{ symbol: "QQQ", side: "buy", qty: "1", limitPrice: "390" },
      stopLoss: { stopPrice: "380" },
    }),
  "trading.orders.submit": ({ alpaca }) =>
    alpaca.trading.orders.submit({ symbol: "SPY", side: "buy", qty: "1", type: "market" }),
  "trading.validateConnection": async ({ alpaca }) => {
    const check = await alpaca.trading.validateConnection();
    expect(check.ok).toBe(true);
    return check;
  },
  "trading.closeAllPositions": ({ alpaca }) => alpaca.trading.closeAllPositions({ cancelOrders: true }),
  "trading.collectActivities": ({ alpaca }) => alpaca.trading.collectActivities(),
  "trading.collectActivitiesByType": ({ alpaca }) =>
    alpaca.trading.collectActivitiesByType({ activityType: "FILL", pageSize: 1 }),
  "marketData.getLatestPrice": ({ alpaca }) => alpaca.marketData.getLatestPrice("SPY"),
  "marketData.getStockBars": ({ alpaca }) =>
    alpaca.marketData.getStockBars({ symbols: ["SPY"], start: START, timeframe: TimeFrame.Minute, limit: 1 }),
  "marketData.getStockTrades": ({ alpaca }) => alpaca.marketData.getStockTrades({ symbols: ["SPY"], start: START }),
  "marketData.getStockQuotes": ({ alpaca }) => alpaca.marketData.getStockQuotes({ symbols: ["SPY"], start: START }),
  "marketData.getStockCandles": ({ alpaca }) =>
    alpaca.marketData.getStockCandles({ symbols: ["SPY"], start: START, timeframe: TimeFrame.Minute }),
  "marketData.getCryptoBars": ({ alpaca }) =>
    alpaca.marketData.getCryptoBars({ symbols: ["BTC/USD"], start: START, timeframe: TimeFrame.Minute, loc: "us" }),
  "marketData.getCryptoTrades": ({ alpaca }) =>
    alpaca.marketData.getCryptoTrades({ symbols: ["BTC/USD"], start: START, loc: "us" }),
  "marketData.collectStockBarSingle": ({ alpaca }) =>
    alpaca.marketData.collectStockBarSingle({ symbol: "SPY", start: START, timeframe: TimeFrame.Minute, limit: 1 }),
  "marketData.collectStockTradeSingle": ({ alpaca }) =>
    alpaca.marketData.collectStockTradeSingle({ symbol: "SPY", start: START, limit: 1 }),
  "marketData.collectStockQuoteSingle": ({ alpaca }) =>
    alpaca.marketData.collectStockQuoteSingle({ symbol: "SPY", start: START }),
  "marketData.collectNews": ({ alpaca }) => alpaca.marketData.collectNews({ symbols: "SPY", limit: 1 }),
};

/** `accessor` or `accessor.method`, and why the venue does not do it. */
const OUT_OF_SCOPE: Readonly<Record<string, string>> = {
  "trading.assets.getOptionsContracts": "the engine trades no options",
  "trading.assets.getOptionContractSymbolOrId": "the engine trades no options",
  "trading.corporateActions": "the data REST tells of splits, and more is not on a tape",
  "trading.cryptoFunding": "no wallets: the venue's money is simulated",
  "trading.events": "the SDK waits for the end of a stream that has none; the trade_updates socket tells the same",
  "trading.locates": "shares to sell short are either there or not",
  "trading.positions.optionExercise": "the engine trades no options",
  "trading.positions.optionDoNotExercise": "the engine trades no options",
  "trading.tokenization": "no tokens: the venue's shares are simulated",
  "marketData.stocks.stockAuctions": "a tape has no auction prints",
  "marketData.cryptoPerpetualFutures": "the engine trades no futures",
  "marketData.fixedIncome": "the engine trades no bonds",
  "marketData.forex": "the account is in dollars",
  "marketData.indices": "an index cannot be traded; play it as a symbol of its own",
  "marketData.logos": "pictures decide nothing",
  "marketData.options": "the engine trades no options",
  "marketData.screener": "a tape has a handful of symbols",
};

const METHODS = capabilities.capabilities.flatMap(({ accessor, methods }) =>
  methods.map((method) => ({ accessor, name: `${accessor}.${method}` })),
);

const open: { disconnect(): void }[] = [];

afterEach(async () => {
  for (const stream of open.splice(0)) stream.disconnect();
  await stopVenues();
});

async function stage(): Promise<Stage> {
  const venue = await testVenue([
    ...minuteBars("SPY", [500, 501]),
    ...minuteBars("BTC/USD", [60_000], OPEN + 120_000),
    ...["SPY", "BTC/USD"].flatMap((symbol) => {
      const price = symbol === "SPY" ? 500 : 60_000;
      const at = { symbol, time: OPEN + 185_000 };
      return [
        { kind: "trade", ...at, price, size: 3, setsPrice: true } as const,
        { kind: "trade", ...at, price, size: 4, setsPrice: true } as const,
        { kind: "quote", ...at, bid: price - 1, bidSize: 3, ask: price + 1, askSize: 3 } as const,
      ];
    }),
    ...[1, 2].map((id) => ({ ...NEWS, id, time: OPEN + 186_000 + id })),
  ]);
  const fetchApi: typeof fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    return fetch(venue.url + url.pathname + url.search, init);
  };
  const alpaca = new Alpaca({ ...CREDENTIALS, paper: true, fetchApi, rateLimit: false });
  await venue.advance();
  await alpaca.trading.orders.market({ symbol: "SPY", side: "buy", qty: "10" });
  while (await venue.advance());
  const limit = { symbol: "SPY", side: "buy", qty: "1", limitPrice: "400", clientOrderId: "working" } as const;
  const order = await alpaca.trading.orders.limit(limit);
  const list = await alpaca.trading.watchlists.postWatchlist({
    createWatchlistRequest: { name: "mine", symbols: ["SPY"] },
  });
  return { venue, alpaca, orderId: order.id as string, watchlistId: list.id };
}

const NEWS = {
  kind: "news",
  headline: "SPY moves",
  summary: "It moved.",
  author: "a tape",
  source: "tape",
  url: "https://example.test/news",
  content: "<p>It moved.</p>",
  symbols: ["SPY", "QQQ"],
} as const;

describe("every method of the SDK", () => {
  test("is either run against the venue or has a reason not to be", () => {
    const unclear = METHODS.filter(
      ({ accessor, name }) => !(name in WORKS) && !(name in OUT_OF_SCOPE) && !(accessor in OUT_OF_SCOPE),
    );
    expect(unclear).toEqual([]);
    const known = new Set(METHODS.flatMap(({ accessor, name }) => [accessor, name]));
    const gone = [...Object.keys(WORKS), ...Object.keys(OUT_OF_SCOPE)].filter((name) => !known.has(name));
    expect(gone).toEqual([]);
    expect(Object.keys(WORKS).filter((name) => name in OUT_OF_SCOPE)).toEqual([]);
  });

  test.each(Object.entries({ ...WORKS, ...HELPERS }))("%s works", async (_name, run) => {
    const answer = await run(await stage());
    expect(answer).toBeTruthy();
    if (Array.isArray(answer)) expect(answer.length).toBeGreaterThan(0);
    const empty = JSON.stringify(answer, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    expect(["{}", '{"bars":{}}', '{"trades":{}}', '{"quotes":{}}', '{"news":[]}']).not.toContain(empty);
  });
});

describe("every stream of the SDK", () => {
  /** `runs`: here, or in sdk.test.ts. Otherwise why not. */
  const STREAMS: Readonly<Record<string, string>> = {
    "trading.stream": "runs",
    "marketData.stockStream": "runs",
    "marketData.cryptoStream": "runs",
    "marketData.optionStream": "the engine trades no options",
    "marketData.newsStream": "runs",
  };

  test("is either run or has a reason not to be", () => {
    expect(capabilities.streamingCapabilities.map(({ accessor }) => accessor).toSorted()).toEqual(
      Object.keys(STREAMS).toSorted(),
    );
  });

  test.each(["iex", "sip", "delayed_sip", "test"] as const)("of stocks receives everything at v2/%s", async (feed) => {
    const { seen, venue } = await streaming_(feed, (stream) => {
      stream.onTrade(() => seen.push("trade"));
      stream.onStatus((status) => seen.push(`status ${status.statusCode}`));
      stream.onLuld((band) => seen.push(`luld ${band.limitUpPrice} ${band.limitDownPrice}`));
      stream.onImbalance((imbalance) => seen.push(`imbalance ${imbalance.price}`));
      stream.onCorrection((correction) => seen.push(`correction ${correction.correctedPrice}`));
      stream.onCancelError((cancel) => seen.push(`cancel ${cancel.price}`));
      stream.onUpdatedBar((bar) => seen.push(`updated ${bar.close}`));
      stream.subscribeForTrades(["SPY"]);
      stream.subscribeForStatuses(["SPY"]);
      stream.subscribeForLulds(["SPY"]);
      stream.subscribeForImbalances(["SPY"]);
      stream.subscribeForUpdatedBars(["SPY"]);
    });
    while (await venue.advance());
    await until(`seven messages, have ${seen.join("; ")}`, () => seen.length === 7);
    expect(seen).toEqual([
      "trade",
      "status H",
      "luld 510 490",
      "imbalance 500.5",
      "correction 500.25",
      "cancel 499",
      "updated 502",
    ]);
  });

  async function streaming_(
    feed: "iex" | "sip" | "delayed_sip" | "test",
    prepare: (stream: streaming.StockDataStream) => void,
  ): Promise<{ readonly seen: string[]; readonly venue: Venue }> {
    const at = { symbol: "SPY", time: OPEN + 1 };
    const sale = { id: 1, price: 499, size: 3, conditions: ["@"] };
    const halt = { code: "H", message: "Trading Halt", reason: "T1", reasonMessage: "News Pending" };
    const venue = await testVenue([
      { kind: "trade", ...at, price: 500, size: 3, setsPrice: true },
      { kind: "status", ...at, ...halt },
      { kind: "luld", ...at, up: 510, down: 490, indicator: "B" },
      { kind: "imbalance", ...at, price: 500.5 },
      { kind: "correction", ...at, original: sale, corrected: { ...sale, id: 2, price: 500.25 } },
      { kind: "cancel", ...at, sale, action: "C" },
      ...minuteBars("SPY", [502]).map((bar) => ({ ...bar, revised: true })),
    ]);
    const stream = new streaming.StockDataStream({ credentials: CREDENTIALS, url: venue.marketStreamUrl(feed) });
    open.push(stream);
    let lists = 0;
    stream.on(streaming.EVENT.SUBSCRIPTION, () => (lists += 1));
    prepare(stream);
    stream.connect();
    await until("the subscription", () => lists > 0);
    return { seen, venue };
  }

  const seen: string[] = [];
  afterEach(() => void seen.splice(0));

  test("of crypto receives trades, quotes, bars and books", async () => {
    const at = { symbol: "BTC/USD", time: OPEN + 1 };
    const side = [{ price: 60_000, size: 1 }];
    const venue = await testVenue([
      { kind: "trade", ...at, price: 60_000, size: 0.5, setsPrice: true },
      { kind: "quote", ...at, bid: 59_999, bidSize: 1, ask: 60_001, askSize: 2 },
      { kind: "orderbook", ...at, bids: side, asks: side, whole: true },
      ...minuteBars("BTC/USD", [60_002]),
    ]);
    const stream = new streaming.CryptoDataStream({ credentials: CREDENTIALS, url: venue.marketStreamUrl("crypto") });
    open.push(stream);
    stream.onTrade((trade) => seen.push(`trade ${trade.size} ${trade.takerSide}`));
    stream.onQuote((quote) => seen.push(`quote ${quote.askPrice}`));
    stream.onOrderbook((book) => seen.push(`book ${book.bids.length}`));
    stream.onBar((bar) => seen.push(`bar ${bar.close}`));
    let lists = 0;
    stream.on(streaming.EVENT.SUBSCRIPTION, () => (lists += 1));
    stream.subscribeForTrades(["BTC/USD"]);
    stream.subscribeForQuotes(["BTC/USD"]);
    stream.subscribeForOrderbooks(["BTC/USD"]);
    stream.subscribeForBars(["BTC/USD"]);
    stream.connect();
    await until("the subscription", () => lists > 0);
    while (await venue.advance());
    await until("four messages", () => seen.length === 4);
    expect(seen).toEqual(["trade 0.5 B", "quote 60001", "book 1", "bar 60002"]);
  });

  test("of news receives an article once, whichever of its symbols was asked for", async () => {
    const venue = await testVenue([{ ...NEWS, id: 7, time: OPEN + 1 }]);
    const stream = new streaming.NewsStream({ credentials: CREDENTIALS, url: venue.marketStreamUrl("news") });
    open.push(stream);
    stream.onNews((news) => seen.push(`${news.headline}: ${news.symbols.join(" ")}`));
    let lists = 0;
    stream.on(streaming.EVENT.SUBSCRIPTION, () => (lists += 1));
    stream.subscribeForNews(["SPY", "QQQ"]);
    stream.connect();
    await until("the subscription", () => lists > 0);
    while (await venue.advance());
    await until("an article", () => seen.length > 0);
    expect(seen).toEqual(["SPY moves: SPY QQQ"]);
  });
});
