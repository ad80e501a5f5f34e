import { afterEach, describe, expect, test } from "vitest";
import { createAlpacaMarketData } from "../../../engine/adapters/alpaca/market-data.ts";
import { ALWAYS } from "../../../engine/market/always.ts";
import { NYSE } from "../../../engine/market/nyse.ts";
import { RawSocket } from "../venue/raw-socket.ts";
import { LOGIN, MINUTE, OPEN, SECRET, minuteBars, stopVenues, testVenue, until } from "../venue/support.ts";
import { CREDENTIALS, FeedRecorder, feedAt, stopAdapters } from "./support.ts";

afterEach(async () => {
  await stopAdapters();
  await stopVenues();
});

describe("starting the Alpaca feed", () => {
  test("says which variables are missing", async () => {
    const feed = createAlpacaMarketData({
      feed: "iex",
      credentials: undefined,
      channels: { bars: ["SPY"] },
      calendar: NYSE,
    });
    await expect(feed.start(new FeedRecorder())).rejects.toMatchObject({
      name: "FeedError",
      code: "config",
      message: expect.stringMatching(/APCA_API_KEY_ID and APCA_API_SECRET_KEY/),
    });
  });

  test("refuses to subscribe to nothing", async () => {
    const feed = createAlpacaMarketData({
      feed: "iex",
      credentials: CREDENTIALS,
      channels: { bars: [] },
      calendar: NYSE,
    });
    await expect(feed.start(new FeedRecorder())).rejects.toMatchObject({ code: "config" });
  });

  test("ends with a clear sentence when the keys are refused", async () => {
    const venue = await testVenue();
    const feed = feedAt(venue, { credentials: { keyId: "WRONGKEY", secret: "wrong-secret" } });
    const sink = new FeedRecorder();
    await expect(feed.start(sink)).rejects.toMatchObject({
      code: "auth",
      message: expect.stringMatching(/refused the login: check APCA_API_KEY_ID/),
    });
    expect(sink.inputs).toEqual([]);
  });

  test("says that another connection is open", async () => {
    const venue = await testVenue();
    const other = new RawSocket(venue.marketStreamUrl("iex"), LOGIN);
    await other.at(1);
    await expect(feedAt(venue).start(new FeedRecorder())).rejects.toMatchObject({
      code: "config",
      message: expect.stringMatching(/connection limit exceeded \(406\).*another connection open/),
    });
  });

  test("says that the plan has fewer symbols", async () => {
    const venue = await testVenue([], { limits: { symbols: 1 } });
    const feed = feedAt(venue, { channels: { trades: ["SPY", "QQQ"] } });
    await expect(feed.start(new FeedRecorder())).rejects.toMatchObject({
      code: "config",
      message: expect.stringMatching(/405/),
    });
  });

  test("ends when nobody answers, or the login is never answered", async () => {
    const venue = await testVenue();
    venue.faults.muteLogins(true);
    await expect(feedAt(venue, { loginMs: 40 }).start(new FeedRecorder())).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/not confirmed within 40 ms/),
    });
    await venue.stop();
    await expect(feedAt(venue).start(new FeedRecorder())).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });
});

describe.each(["json", "msgpack"] as const)("the Alpaca feed in %s", (format) => {
  test("is live when the subscription is confirmed, then tells bars as they close", async () => {
    const venue = await testVenue();
    const sink = new FeedRecorder();
    await feedAt(venue, { format }).start(sink);
    expect(sink.inputs).toEqual([
      { kind: "feed", feed: "alpaca-iex", status: "live", detail: "subscription confirmed" },
    ]);
    await venue.advance();
    const { kind, symbol, size, revised, start, open, high, low, close, volume } = await sink.first("bar");
    expect({ kind, symbol, size, revised, start, open, high, low, close, volume }).toEqual(minuteBars("SPY", [500])[0]);
  });

  test("tells trades with all digits of their ids, quotes, and revisions", async () => {
    const [bar] = minuteBars("SPY", [500]);
    const venue = await testVenue([
      { kind: "trade", symbol: "SPY", time: OPEN + 5, price: 500.25, size: 3, setsPrice: true, id: "9007199254740993" },
      { kind: "trade", symbol: "SPY", time: OPEN + 6, price: 500.5, size: 1, setsPrice: false, id: "12" },
      { kind: "quote", symbol: "SPY", time: OPEN + 7, bid: 500, bidSize: 100, ask: 500.02, askSize: 200 },
      { at: OPEN + 2 * MINUTE, input: { ...bar!, close: 500.01, revised: true } },
    ]);
    const sink = new FeedRecorder();
    const all = ["SPY"];
    await feedAt(venue, { format, channels: { trades: all, quotes: all, bars: all, updatedBars: all } }).start(sink);
    while (await venue.advance());
    expect(await sink.first("bar")).toMatchObject({ revised: true, close: 500.01, start: OPEN });
    expect(sink.of("trade")).toEqual([
      { kind: "trade", symbol: "SPY", time: OPEN + 5, price: 500.25, size: 3, setsPrice: true, id: "9007199254740993" },
      { kind: "trade", symbol: "SPY", time: OPEN + 6, price: 500.5, size: 1, setsPrice: false, id: "12" },
    ]);
    expect(sink.of("quote")).toEqual([
      { kind: "quote", symbol: "SPY", time: OPEN + 7, bid: 500, bidSize: 100, ask: 500.02, askSize: 200 },
    ]);
  });

  test("tells crypto around the clock", async () => {
    const time = Date.parse("2024-03-02T03:00:00Z");
    const venue = await testVenue(
      [
        { kind: "trade", symbol: "BTC/USD", time, price: 62_000.5, size: 0.25, setsPrice: true, id: "7" },
        { kind: "quote", symbol: "BTC/USD", time: time + 1, bid: 62_000, bidSize: 1.5, ask: 62_001, askSize: 2 },
      ],
      { startAt: time, calendarOf: () => ALWAYS },
    );
    const sink = new FeedRecorder();
    const channels = { trades: ["BTC/USD"], quotes: ["BTC/USD"] };
    await feedAt(venue, { format, feed: "crypto", channels, calendar: ALWAYS }).start(sink);
    while (await venue.advance());
    expect(await sink.first("quote")).toMatchObject({ symbol: "BTC/USD", bidSize: 1.5 });
    expect(sink.of("trade")).toMatchObject([{ price: 62_000.5, size: 0.25, setsPrice: true, id: "7" }]);
  });

  test("gives a closed day the start of its session", async () => {
    const [bar] = minuteBars("SPY", [500]);
    const venue = await testVenue([{ ...bar!, size: "1d" }]);
    const sink = new FeedRecorder();
    await feedAt(venue, { format, channels: { dailyBars: ["SPY"] }, dailyBarsAreFinal: true }).start(sink);
    await venue.advance();
    expect(await sink.first("bar")).toMatchObject({ size: "1d", start: OPEN, revised: false });
  });

  test("refuses malformed messages with the reason and goes on", async () => {
    const venue = await testVenue();
    const sink = new FeedRecorder();
    await feedAt(venue, { format }).start(sink);
    const { encode } = await import("@msgpack/msgpack");
    const send = (message: unknown): void =>
      venue.faults.sendRaw("market", format === "json" ? JSON.stringify(message) : encode(message));
    const bar = { T: "b", S: "SPY", o: 1, h: 2, l: 1, c: 2, v: 5, t: "2024-03-04T14:30:00Z" };
    venue.faults.sendRaw("market", format === "json" ? "{{{" : new Uint8Array([0xc1, 0xc1]));
    send({ not: "a list" });
    send([1]);
    send([{ ...bar, S: "" }]);
    send([{ ...bar, t: "yesterday" }]);
    send([{ ...bar, o: "1" }]);
    send([{ ...bar, l: -1 }]);
    send([{ ...bar, h: 0.5 }]);
    send([{ ...bar, T: "z" }]);
    send([{ T: "t", S: "SPY", p: 0, s: 1, t: bar.t }]);
    send([{ T: "q", S: "SPY", bp: 1, ap: 2, bs: -1, as: 1, t: bar.t }]);
    send([bar]);
    await sink.first("bar");
    expect(sink.refusals.map((refusal) => refusal.reason)).toEqual([
      "a frame that cannot be decoded",
      "a frame that is not a list",
      "a message that is not an object",
      "no symbol",
      "no usable time",
      "bar with a missing number",
      "bar with a price that is not positive",
      "bar whose high and low do not hold its open and close",
      'unknown message type "z"',
      "trade price is not a positive number",
      "quote without sizes",
    ]);
    expect(sink.refusals.every((refusal) => refusal.sample.length <= 200)).toBe(true);
    expect(sink.statuses).toEqual(["live"]);
  });
});

describe("the Alpaca feed under messages that are made to do harm", () => {
  test("shows what cannot be shown in a word, and goes on", async () => {
    const venue = await testVenue();
    const sink = new FeedRecorder();
    await feedAt(venue).start(sink);
    const deep = `${"[".repeat(300_000)}${"]".repeat(300_000)}`;
    for (const field of ["T", "S", "t", "p"])
      venue.faults.sendRaw("market", `[{"T":"t","S":"SPY","p":1,"s":1,"t":"2024-03-04T14:30:00Z","${field}":${deep}}]`);
    venue.faults.sendRaw("market", deep);
    await until("refusals", () => sink.refusals.length === 5);
    expect(sink.refusals[0]?.reason).toBe("unknown message type object");
    await venue.advance();
    await sink.first("bar");
    expect(sink.statuses).toEqual(["live"]);
  });

  test("reports a flood of them at a bearable rate, and all of their number", async () => {
    const venue = await testVenue();
    const sink = new FeedRecorder();
    const feed = feedAt(venue);
    await feed.start(sink);
    const bad = Array.from({ length: 1_000 }, () => ({ T: "t", S: "SPY", p: 0, s: 1, t: "2024-03-04T14:30:00Z" }));
    venue.faults.sendRaw("market", JSON.stringify(bad));
    await venue.advance();
    await sink.first("bar");
    expect(sink.refusals).toHaveLength(5);
    await feed.stop();
    expect(sink.refusals.map(({ count }) => count)).toEqual([1, 1, 1, 1, 1, 995]);
  });
});

describe("a connection that goes wrong", () => {
  test("is told as down, renewed, and told as live with the same subscription", async () => {
    const venue = await testVenue();
    const sink = new FeedRecorder();
    await feedAt(venue).start(sink);
    await venue.advance();
    await sink.first("bar");
    venue.faults.dropSockets("market");
    await sink.first("feed", 3);
    expect(sink.statuses).toEqual(["live", "down", "live"]);
    await venue.advance();
    expect(await sink.first("bar", 2)).toMatchObject({ close: 501 });
  });

  test("is renewed as often as it takes, while the venue is away, and each cause is told once", async () => {
    const venue = await testVenue();
    const sink = new FeedRecorder();
    await feedAt(venue, { loginMs: 30 }).start(sink);
    venue.faults.refuseSockets(true);
    venue.faults.dropSockets("market");
    await sink.first("feed", 3);
    await new Promise((resolve) => setTimeout(resolve, 150));
    venue.faults.muteLogins(true);
    venue.faults.refuseSockets(false);
    await sink.first("feed", 4);
    venue.faults.muteLogins(false);
    await sink.first("feed", 5);
    expect(sink.of("feed").map(({ status, detail }) => `${status}: ${detail}`)).toEqual([
      "live: subscription confirmed",
      "down: the connection was closed (1006)",
      "down: Unexpected server response: 503",
      "down: login and subscription were not confirmed within 30 ms",
      "live: subscription confirmed",
    ]);
  });

  test("is renewed when it falls silent during the session, and only then", async () => {
    const venue = await testVenue();
    const sink = new FeedRecorder();
    let open = false;
    await feedAt(venue, { idleMs: 40, channels: { trades: ["SPY"] }, expectData: () => open }).start(sink);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(sink.statuses).toEqual(["live"]);
    open = true;
    await sink.first("feed", 2);
    expect(sink.of("feed")[1]).toMatchObject({ status: "down", detail: expect.stringMatching(/no data for/) });
    await sink.first("feed", 3);
  });

  test("is renewed when an error comes among data, which counts", async () => {
    const venue = await testVenue();
    const sink = new FeedRecorder();
    await feedAt(venue).start(sink);
    const bar = { T: "b", S: "SPY", o: 1, h: 2, l: 1, c: 2, v: 5, t: "2024-03-04T14:30:00Z" };
    const error = { T: "error", code: 407, msg: "slow client" };
    venue.faults.sendRaw("market", JSON.stringify([bar, error, bar]));
    await sink.first("feed", 3);
    expect(sink.inputs.map((input) => (input.kind === "feed" ? input.detail : input.kind))).toEqual([
      "subscription confirmed",
      "bar",
      "bar",
      "slow client (407)",
      "subscription confirmed",
    ]);
  });

  test("is not renewed while the next bar is not due", async () => {
    const venue = await testVenue();
    const sink = new FeedRecorder();
    const feed = feedAt(venue, { idleMs: 40, expectData: () => true });
    await feed.start(sink);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([sink.statuses, feed.paceMs]).toEqual([["live"], MINUTE]);
  });

  test("is renewed when pings are not answered", async () => {
    const venue = await testVenue();
    const sink = new FeedRecorder();
    const { createServer, connect } = await import("node:net");
    // A proxy that can stop passing bytes while both connections stay open.
    let passing = true;
    const proxy = createServer((client) => {
      const server = connect(venue.port, "127.0.0.1");
      client.on("data", (data) => passing && server.write(data));
      server.on("data", (data) => passing && client.write(data));
      for (const end of [client, server]) {
        end.on("error", () => {});
        end.on("close", () => (client.destroy(), server.destroy()));
      }
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as { port: number };
    const feed = feedAt(venue, { venueUrl: `http://127.0.0.1:${port}`, pingMs: 20, pongMs: 30 });
    await feed.start(sink);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(sink.statuses).toEqual(["live"]);
    passing = false;
    expect(await sink.first("feed", 2)).toMatchObject({ status: "down", detail: "no answer to a ping within 30 ms" });
    await feed.stop();
    proxy.close();
  });

  test("is told as down once for each cause when the venue closes for good", async () => {
    const venue = await testVenue();
    const sink = new FeedRecorder();
    await feedAt(venue).start(sink);
    await venue.advance();
    await sink.first("bar");
    await venue.stop();
    expect(await sink.first("feed", 2)).toMatchObject({
      status: "down",
      detail: expect.stringMatching(/closed \(1001\)/),
    });
    await sink.first("feed", 3);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(sink.of("feed").map(({ detail }) => detail)).toEqual([
      "subscription confirmed",
      expect.stringMatching(/closed \(1001\)/),
      expect.stringMatching(/ECONNREFUSED/),
    ]);
  });

  test("says nothing after the stop", async () => {
    const venue = await testVenue();
    const sink = new FeedRecorder();
    const feed = feedAt(venue);
    await feed.start(sink);
    await feed.stop();
    await feed.stop();
    await venue.advance();
    expect(sink.statuses).toEqual(["live"]);
    await until("the socket to be gone", () => venue.stats().sockets === 0);
  });

  test("never shows the secret", async () => {
    const venue = await testVenue();
    const sink = new FeedRecorder();
    await feedAt(venue, { format: "json" }).start(sink);
    venue.faults.sendRaw("market", JSON.stringify([{ T: "b", S: "", echo: SECRET }]));
    await until("a refusal", () => sink.refusals.length === 1);
    expect(sink.refusals[0]?.sample).toContain("***");
    expect(JSON.stringify(sink.refusals)).not.toContain(SECRET);
  });
});
