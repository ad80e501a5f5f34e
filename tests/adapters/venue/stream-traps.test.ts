/**
 * What clients trip over on the streams: exact times and ids, frames in pieces, encodings, codes, halts.
 */
import { decode, decodeTimestampToTimeSpec, ExtensionCodec, EXT_TIMESTAMP } from "@msgpack/msgpack";
import { afterEach, describe, expect, test } from "vitest";
import { RawSocket } from "./raw-socket.ts";
import type { Venue, VenueOptions } from "../../../engine/adapters/venue/options.ts";
import { KEY, MINUTE, OPEN, SECRET, json, minuteBars, place, stopVenues, testVenue, until } from "./support.ts";

afterEach(stopVenues);

const MSGPACK = { "Content-Type": "application/msgpack" };
const AUTH = { action: "auth", key: KEY, secret: SECRET };

async function login(url: string, headers: Record<string, string> = {}): Promise<RawSocket> {
  const socket = new RawSocket(url, headers);
  await socket.at(0);
  socket.send(AUTH);
  expect(await socket.at(1)).toEqual({ T: "success", msg: "authenticated" });
  return socket;
}

async function listening(venue: Venue, headers: Record<string, string> = {}): Promise<RawSocket> {
  const socket = new RawSocket(venue.tradingStreamUrl, headers);
  await until("open", () => socket.socket.readyState === socket.socket.OPEN);
  socket.send({ action: "authenticate", data: { key_id: KEY, secret_key: SECRET } });
  expect((await socket.at(0)).data.status).toBe("authorized");
  socket.send({ action: "listen", data: { streams: ["trade_updates"] } });
  await socket.at(1);
  return socket;
}

const TRADE = { kind: "trade", symbol: "SPY", time: OPEN + 250, price: 500, size: 3, setsPrice: true } as const;

describe("the market-data stream", () => {
  test("keeps nanoseconds in both encodings and over REST", async () => {
    const venue = await testVenue([{ at: OPEN + 250, input: TRADE, nanos: 123_456 }]);
    const packed = await login(venue.marketStreamUrl("iex"), MSGPACK);
    const text = await login(venue.marketStreamUrl("sip"));
    for (const socket of [packed, text]) {
      socket.send({ action: "subscribe", trades: ["SPY"] });
      await socket.at(2);
    }
    await venue.advance();
    const exact = new ExtensionCodec();
    exact.register({ type: EXT_TIMESTAMP, encode: () => null, decode: (data) => decodeTimestampToTimeSpec(data) });
    await packed.at(3);
    const [trade] = decode(packed.frames[3]!.data, { extensionCodec: exact }) as any[];
    expect(trade.t).toEqual({ sec: Math.floor(OPEN / 1000), nsec: 250_123_456 });
    const stamp = "2024-03-04T14:30:00.250123456Z";
    expect((await text.at(3)).t).toBe(stamp);
    expect((await json(venue, "/v2/stocks/SPY/trades/latest")).trade.t).toBe(stamp);
  });

  test("reads a frame that comes in pieces", async () => {
    const venue = await testVenue();
    const socket = await login(venue.marketStreamUrl("iex"));
    const text = JSON.stringify({ action: "subscribe", bars: ["SPY", "QQQ"] });
    socket.socket.send(text.slice(0, 10), { fin: false });
    socket.socket.send(text.slice(10, 30), { fin: false });
    socket.socket.send(text.slice(30), { fin: true });
    expect(await socket.at(2)).toMatchObject({ T: "subscription", bars: ["SPY", "QQQ"] });
  });

  test("sends corrections and cancels to whoever has the trades, without being asked", async () => {
    const at = { symbol: "SPY", time: OPEN + 1 };
    const sale = { id: 9007199254740993n, price: 499, size: 3, conditions: ["@"] };
    const venue = await testVenue([
      { kind: "correction", ...at, original: sale, corrected: { ...sale, id: 2, price: 500 } },
      { kind: "cancel", ...at, sale, action: "E" },
    ]);
    const socket = await login(venue.marketStreamUrl("iex"), MSGPACK);
    socket.send({ action: "subscribe", trades: ["SPY"], corrections: ["QQQ"] });
    expect(await socket.at(2)).toMatchObject({ trades: ["SPY"], corrections: ["SPY"], cancelErrors: ["SPY"] });
    await venue.advance();
    const correction = { T: "c", S: "SPY", oi: 9007199254740993n, op: 499, ci: 2, cp: 500, cc: ["@"], z: "C" };
    expect(await socket.at(3)).toMatchObject(correction);
    expect(await socket.at(4)).toMatchObject({ T: "x", i: 9007199254740993n, a: "E", p: 499 });
  });

  test.each([
    ["crypto", { statuses: ["BTC/USD"] }, 410],
    ["crypto", { orderbooks: ["BTC/USD"] }, undefined],
    ["news", { news: ["*"] }, undefined],
    ["news", { bars: ["SPY"] }, 410],
    ["iex", { news: ["*"] }, 410],
    ["iex", { imbalances: ["SPY"] }, undefined],
    ["iex", { made_up: ["SPY"] }, 400],
  ] as const)("of %s answers a subscription to %j with %s", async (feed, channels, code) => {
    const venue = await testVenue();
    const socket = await login(venue.marketStreamUrl(feed));
    socket.send({ action: "subscribe", ...channels });
    expect(await socket.at(2)).toMatchObject(code === undefined ? { T: "subscription", ...channels } : { code });
  });

  test("has the shape of its kind in the acknowledgement", async () => {
    const venue = await testVenue();
    const news = await login(venue.marketStreamUrl("news"));
    news.send({ action: "subscribe", news: ["*"] });
    expect(await news.at(2)).toEqual({ T: "subscription", news: ["*"] });
    const coins = await login(venue.marketStreamUrl("crypto"));
    coins.send({ action: "unsubscribe", trades: ["BTC/USD"] });
    const lists = { trades: [], quotes: [], bars: [], updatedBars: [], dailyBars: [], orderbooks: [] };
    expect(await coins.at(2)).toEqual({ T: "subscription", ...lists });
  });

  test("tells a halt and the end of it, and nothing fills in between", async () => {
    const venue = await testVenue(minuteBars("SPY", [500, 500, 500]));
    const socket = await login(venue.marketStreamUrl("iex"));
    socket.send({ action: "subscribe", statuses: ["*"] });
    await socket.at(2);
    await venue.advance();
    await place(venue, { client_order_id: "waits" });
    const words = { message: "Trading Halt", reason: "LUDP", reasonMessage: "Volatility Pause" };
    await venue.inject({ kind: "status", symbol: "SPY", time: venue.now(), code: "P", ...words });
    expect(await socket.at(3)).toMatchObject({ T: "s", S: "SPY", sc: "P", rc: "LUDP", rm: "Volatility Pause" });
    await venue.advance();
    const waiting = "/v2/orders:by_client_order_id?client_order_id=waits";
    expect(await json(venue, waiting)).toMatchObject({ status: "new", filled_qty: "0" });
    await venue.inject({ kind: "status", symbol: "SPY", time: venue.now(), code: "T", ...words });
    await venue.advance();
    expect(await json(venue, waiting)).toMatchObject({ status: "filled", filled_at: expect.any(String) });
  });
});

describe("the trade-updates stream", () => {
  const frames = async (options: Partial<VenueOptions>, headers: Record<string, string> = {}) => {
    const venue = await testVenue(minuteBars("SPY", [500]), options);
    const socket = await listening(venue, headers);
    await venue.advance();
    await place(venue, {});
    expect((await socket.at(2)).data.event).toBe("new");
    return socket.frames;
  };

  test("has binary frames like the paper service, text frames like the live one", async () => {
    expect((await frames({})).every(({ isBinary }) => isBinary)).toBe(true);
    expect((await frames({ tradingFrames: "text" })).some(({ isBinary }) => isBinary)).toBe(false);
  });

  test("speaks MessagePack to whoever asks for it at the handshake", async () => {
    expect((await frames({ tradingFrames: "text" }, MSGPACK)).every(({ isBinary }) => isBinary)).toBe(true);
  });

  test("is cut when nobody logs in", async () => {
    const venue = await testVenue([], { limits: { authTimeoutMs: 30 } });
    await new RawSocket(venue.tradingStreamUrl).end();
  });

  test("may tell a fill before the answer to the order that it fills", async () => {
    const quote = {
      kind: "quote",
      symbol: "SPY",
      time: OPEN + MINUTE,
      bid: 499,
      bidSize: 1,
      ask: 501,
      askSize: 1,
    } as const;
    const venue = await testVenue([quote]);
    const socket = await listening(venue);
    await venue.advance();
    venue.faults.onRequest(() => ({ kind: "stall", after: true }));
    void place(venue, { client_order_id: "race" }).catch(() => {});
    expect((await socket.at(3)).data).toMatchObject({ event: "fill", order: { client_order_id: "race" } });
  });
});
