import { afterEach, describe, expect, test } from "vitest";
import { RawSocket } from "./raw-socket.ts";
import { KEY, LOGIN, MINUTE, OPEN, SECRET, minuteBars, place, stopVenues, testVenue, until } from "./support.ts";

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

describe("the market-data stream", () => {
  test("greets, logs in and acknowledges the full list", async () => {
    const venue = await testVenue();
    const socket = new RawSocket(venue.marketStreamUrl("iex"));
    expect(await socket.at(0)).toEqual({ T: "success", msg: "connected" });
    socket.send(AUTH);
    expect(await socket.at(1)).toEqual({ T: "success", msg: "authenticated" });
    socket.send({ action: "subscribe", bars: ["SPY"], trades: ["QQQ"] });
    expect(await socket.at(2)).toEqual({
      T: "subscription",
      trades: ["QQQ"],
      quotes: [],
      bars: ["SPY"],
      updatedBars: [],
      dailyBars: [],
      statuses: [],
      lulds: [],
      corrections: ["QQQ"],
      cancelErrors: ["QQQ"],
    });
    socket.send({ action: "subscribe", bars: ["*"] });
    expect((await socket.at(3)).bars).toEqual(["SPY", "*"]);
    socket.send({ action: "unsubscribe", bars: ["SPY"], trades: ["QQQ"] });
    expect(await socket.at(4)).toMatchObject({ bars: ["*"], trades: [], corrections: [] });
    expect(socket.frames.every((frame) => !frame.isBinary)).toBe(true);
  });

  test("takes the login from the headers of the handshake", async () => {
    const venue = await testVenue();
    const socket = new RawSocket(venue.marketStreamUrl("sip"), LOGIN);
    expect(await socket.at(1)).toEqual({ T: "success", msg: "authenticated" });
  });

  test("sends what was asked for, in one frame per time", async () => {
    const tape = [...minuteBars("SPY", [500, 501]), ...minuteBars("QQQ", [400, 401])].toSorted(
      (a, b) => a.start - b.start,
    );
    const venue = await testVenue(tape);
    const socket = await login(venue.marketStreamUrl("iex"));
    socket.send({ action: "subscribe", bars: ["SPY", "QQQ"] });
    await socket.at(2);
    await venue.advance();
    expect(await socket.at(4)).toMatchObject({
      T: "b",
      S: "QQQ",
      o: 400,
      c: 400,
      v: 10_000,
      t: "2024-03-04T14:30:00Z",
    });
    expect(socket.messages[3]).toMatchObject({ T: "b", S: "SPY", c: 500, n: 1, vw: 500 });
    expect(socket.frames).toHaveLength(4);
  });

  test("speaks MessagePack in binary frames, times as the timestamp extension", async () => {
    const venue = await testVenue([
      {
        kind: "trade",
        symbol: "SPY",
        time: OPEN + 250,
        price: 500.5,
        size: 3,
        setsPrice: false,
        id: "9007199254740993",
      },
    ]);
    const socket = await login(venue.marketStreamUrl("iex"), MSGPACK);
    socket.send({ action: "subscribe", trades: ["SPY"] });
    await socket.at(2);
    await venue.advance();
    const trade = await socket.at(3);
    expect(trade).toMatchObject({ T: "t", S: "SPY", p: 500.5, c: ["@", "I"], i: 9007199254740993n });
    expect(trade.t).toEqual(new Date(OPEN + 250));
    expect(socket.frames.every((frame) => frame.isBinary)).toBe(true);
  });

  test("keeps all digits of an id in JSON", async () => {
    const venue = await testVenue([
      { kind: "trade", symbol: "SPY", time: OPEN, price: 500, size: 3, setsPrice: true, id: "9007199254740993" },
    ]);
    const socket = await login(venue.marketStreamUrl("iex"));
    socket.send({ action: "subscribe", trades: ["*"] });
    await socket.at(2);
    await venue.advance();
    await socket.at(3);
    expect(socket.frames[3]?.data.toString()).toContain('"i":9007199254740993,');
  });

  test("sends quotes, revised bars and closed days on their channels", async () => {
    const [bar] = minuteBars("SPY", [500]);
    const venue = await testVenue([
      { kind: "quote", symbol: "SPY", time: OPEN + 1, bid: 499.9, bidSize: 3, ask: 500.1, askSize: 4 },
      { at: OPEN + MINUTE + 30_000, input: { ...bar!, revised: true } },
      { ...bar!, size: "1d" },
      { ...bar!, size: "5m", start: OPEN + 86_400_000 },
    ]);
    const socket = await login(venue.marketStreamUrl("iex"));
    socket.send({ action: "subscribe", quotes: ["SPY"], bars: ["SPY"], updatedBars: ["SPY"], dailyBars: ["SPY"] });
    await socket.at(2);
    while (await venue.advance());
    expect(await socket.at(5)).toMatchObject({ T: "d", t: "2024-03-04T05:00:00Z" });
    expect(socket.messages[3]).toMatchObject({ T: "q", bp: 499.9, as: 4, c: ["R"] });
    expect(socket.messages[4]).toMatchObject({ T: "u", t: "2024-03-04T14:30:00Z" });
    expect(venue.stats()).toMatchObject({ unsentBars: 1, marketMessages: 3, ended: true });
  });

  test.each([
    ["bytes that are not JSON", "{{{", 400],
    ["an unknown action", JSON.stringify({ action: "dance" }), 400],
    ["a list", "[]", 400],
    ["a bad symbol", JSON.stringify({ action: "subscribe", bars: ["sp y"] }), 400],
    ["a channel that is not a list", JSON.stringify({ action: "subscribe", bars: "SPY" }), 400],
    ["a channel of another feed", JSON.stringify({ action: "subscribe", orderbooks: ["SPY"] }), 410],
    ["a second login", JSON.stringify(AUTH), 403],
  ])("answers %s with its error code", async (_what, frame, code) => {
    const venue = await testVenue();
    const socket = await login(venue.marketStreamUrl("iex"));
    socket.socket.send(frame);
    expect(await socket.at(2)).toMatchObject({ T: "error", code });
    expect(socket.closed).toBe(false);
  });

  test("refuses a subscription before the login (401) and a wrong login (402)", async () => {
    const venue = await testVenue();
    const socket = new RawSocket(venue.marketStreamUrl("iex"));
    await socket.at(0);
    socket.send({ action: "subscribe", bars: ["SPY"] });
    expect(await socket.at(1)).toEqual({ T: "error", code: 401, msg: "not authenticated" });
    socket.send({ action: "auth", key: KEY, secret: "wrong" });
    expect(await socket.at(2)).toEqual({ T: "error", code: 402, msg: "auth failed" });
    await socket.end();
  });

  test("ends a connection that does not log in (404)", async () => {
    const venue = await testVenue([], { limits: { authTimeoutMs: 30 } });
    const socket = new RawSocket(venue.marketStreamUrl("iex"));
    expect(await socket.at(1)).toEqual({ T: "error", code: 404, msg: "auth timeout" });
    await socket.end();
  });

  test("limits symbols (405, nothing changed) and connections per endpoint (406)", async () => {
    const venue = await testVenue([], { limits: { symbols: 1 } });
    const socket = await login(venue.marketStreamUrl("iex"));
    socket.send({ action: "subscribe", trades: ["SPY"] });
    await socket.at(2);
    socket.send({ action: "subscribe", trades: ["QQQ"] });
    expect(await socket.at(3)).toMatchObject({ T: "error", code: 405 });
    socket.send({ action: "subscribe", bars: ["QQQ"] });
    expect(await socket.at(4)).toMatchObject({ T: "subscription", trades: ["SPY"], bars: ["QQQ"] });
    const second = new RawSocket(venue.marketStreamUrl("iex"), LOGIN);
    expect(await second.at(1)).toEqual({ T: "error", code: 406, msg: "connection limit exceeded" });
    await second.end();
    await login(venue.marketStreamUrl("sip"));
  });

  test("drops a client that does not read (407)", async () => {
    const bars = minuteBars(
      "SPY",
      Array.from({ length: 40 }, () => 500),
    );
    const wide = bars.flatMap((bar) => Array.from({ length: 4_000 }, () => bar));
    const venue = await testVenue(wide, { limits: { slowClientMs: 50 } });
    const socket = await login(venue.marketStreamUrl("iex"));
    socket.send({ action: "subscribe", bars: ["SPY"] });
    await socket.at(2);
    socket.socket.pause();
    while (await venue.advance());
    expect(venue.stats().slowClients).toBe(1);
    await until("the socket to be gone", () => venue.stats().sockets === 0);
  });

  test("refuses pages from elsewhere, unknown paths and too many sockets", async () => {
    const venue = await testVenue([], { limits: { maxSockets: 1 } });
    const page = new RawSocket(venue.marketStreamUrl("iex"), { Origin: "https://evil.test" });
    await page.end();
    expect(page.failure).toMatch(/403/);
    const path = new RawSocket(venue.marketStreamUrl("iex").replace("iex", "nothing"));
    await path.end();
    expect(path.failure).toMatch(/404/);
    await login(venue.marketStreamUrl("iex"));
    const third = new RawSocket(venue.marketStreamUrl("sip"));
    await third.end();
    expect(third.failure).toMatch(/503/);
  });

  test("ends a connection that sends too large a frame", async () => {
    const venue = await testVenue([], { limits: { maxFrameBytes: 1_000 } });
    const socket = await login(venue.marketStreamUrl("iex"));
    socket.send({ action: "x".repeat(2_000) });
    await socket.end();
  });
});

describe("the trade-updates stream", () => {
  const LISTEN = { action: "listen", data: { streams: ["trade_updates"] } };

  test.each([
    ["the form of the documentation", AUTH],
    ["the form of the SDKs", { action: "authenticate", data: { key_id: KEY, secret_key: SECRET } }],
  ])("accepts a login in %s", async (_what, auth) => {
    const venue = await testVenue();
    const socket = new RawSocket(venue.tradingStreamUrl);
    await until("open", () => socket.socket.readyState === socket.socket.OPEN);
    socket.send(auth);
    expect(await socket.at(0)).toEqual({
      stream: "authorization",
      data: { status: "authorized", action: "authenticate" },
    });
    socket.send(LISTEN);
    expect(await socket.at(1)).toEqual({ stream: "listening", data: { streams: ["trade_updates"] } });
    expect(socket.frames.every((frame) => frame.isBinary)).toBe(true);
  });

  test("refuses to listen before the login, a wrong login and nonsense", async () => {
    const venue = await testVenue();
    const socket = new RawSocket(venue.tradingStreamUrl);
    await until("open", () => socket.socket.readyState === socket.socket.OPEN);
    socket.send(LISTEN);
    expect(await socket.at(0)).toEqual({ stream: "authorization", data: { status: "unauthorized", action: "listen" } });
    socket.send({ action: "auth", key: KEY, secret: "wrong" });
    expect((await socket.at(1)).data.status).toBe("unauthorized");
    socket.socket.send("nonsense");
    expect(await socket.at(2)).toMatchObject({ action: "error" });
    socket.send({ action: "dance" });
    expect(await socket.at(3)).toMatchObject({ action: "error" });
  });

  test("tells each step of an order with the full order, per-execution price and position", async () => {
    const venue = await testVenue();
    const socket = new RawSocket(venue.tradingStreamUrl);
    await until("open", () => socket.socket.readyState === socket.socket.OPEN);
    socket.send(AUTH);
    await socket.at(0);
    socket.send(LISTEN);
    await socket.at(1);
    await venue.advance();
    await place(venue, { client_order_id: "mine" });
    expect((await socket.at(2)).data).toMatchObject({
      event: "new",
      timestamp: "2024-03-04T14:31:00Z",
      event_id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
      order: { client_order_id: "mine", status: "new", qty: "10" },
    });
    await venue.exchangePhase();
    expect((await socket.at(3)).data).toMatchObject({
      event: "fill",
      price: "500",
      qty: "10",
      position_qty: "10",
      execution_id: expect.any(String),
      order: { status: "filled", filled_qty: "10", filled_avg_price: "500" },
    });
    await venue.dataPhase();
    socket.send({ action: "listen", data: { streams: [] } });
    expect(await socket.at(4)).toEqual({ stream: "listening", data: { streams: [] } });
    await place(venue, { client_order_id: "unheard" });
    await venue.advance();
    expect(socket.messages).toHaveLength(5);
  });
});

describe("the tape", () => {
  test("plays one distinct time per step and tells the phases in order", async () => {
    const phases: string[] = [];
    const venue = await testVenue(minuteBars("SPY", [500, 501]), {
      onPhase: (phase) =>
        phases.push(`${phase.phase} ${new Date(phase.time).toISOString().slice(11, 16)} ${phase.items}`),
    });
    let between = 0;
    while (await venue.advance(() => void (between += 1)));
    expect(between).toBe(2);
    expect(phases).toEqual(["exchange 14:31 1", "data 14:31 1", "exchange 14:32 1", "data 14:32 1", "ended 14:32 0"]);
    await venue.finished;
  });

  test("waits for the first subscription before it paces itself", async () => {
    const venue = await testVenue(minuteBars("SPY", [500, 501, 502]), { pace: { delayMs: 1 } });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(venue.now()).toBe(OPEN);
    const socket = await login(venue.marketStreamUrl("iex"));
    socket.send({ action: "subscribe", bars: ["SPY"] });
    await venue.finished;
    await socket.at(5);
    expect(socket.messages.slice(3).map((bar) => bar.c)).toEqual([500, 501, 502]);
  });

  test("runs at a multiple of its own speed, long pauses cut", async () => {
    const venue = await testVenue(
      [...minuteBars("SPY", [500, 501]), ...minuteBars("SPY", [502], OPEN + 20 * 3_600_000)],
      {
        pace: { speed: 60_000, maxPauseMs: 20 },
        waitForSubscriber: false,
      },
    );
    const began = performance.now();
    await venue.finished;
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(venue.stats().ended).toBe(true);
  });

  test("takes an async tape, counts late items and never turns the clock back", async () => {
    async function* tape() {
      yield* minuteBars("SPY", [500, 501, 502]);
      yield* minuteBars("QQQ", [400]);
    }
    const venue = await testVenue([], { tape: tape() });
    while (await venue.advance());
    expect(venue.stats().lateItems).toBe(1);
    expect(venue.now()).toBe(OPEN + 3 * MINUTE);
  });

  test("tells a failed tape through `finished`", async () => {
    async function* tape() {
      yield* minuteBars("SPY", [500]);
      throw new Error("the file is damaged");
    }
    const venue = await testVenue([], { tape: tape(), pace: { delayMs: 0 }, waitForSubscriber: false });
    await expect(venue.finished).rejects.toThrow("the file is damaged");
  });

  test("stops at once, in the middle of a pause, with clients connected", async () => {
    const venue = await testVenue(minuteBars("SPY", [500, 501]), { pace: { delayMs: 60_000 } });
    const socket = await login(venue.marketStreamUrl("iex"));
    socket.send({ action: "subscribe", bars: ["SPY"] });
    await socket.at(3);
    const began = performance.now();
    await venue.stop();
    await venue.stop();
    expect(performance.now() - began).toBeLessThan(1_000);
    await socket.end();
    await expect(fetch(venue.url)).rejects.toThrow();
  });
});
