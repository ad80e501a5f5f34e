import { describe, expect, test } from "vitest";
import { credentialsFrom, messageOf, redactor } from "../../../engine/adapters/alpaca/credentials.ts";
import { dataUrl, marketStreamUrl, tradingStreamUrl, tradingUrl } from "../../../engine/adapters/alpaca/endpoints.ts";
import { Lanes } from "../../../engine/adapters/alpaca/lanes.ts";
import { CANCEL, ORDER, QUERY, RequestLimiter } from "../../../engine/adapters/alpaca/limiter.ts";
import { MessageMapper } from "../../../engine/adapters/alpaca/market-messages.ts";
import { OrderBook } from "../../../engine/adapters/alpaca/order-book.ts";
import { tradeEffect } from "../../../engine/adapters/alpaca/sale-conditions.ts";
import { guardedFetch } from "../../../engine/adapters/alpaca/guarded-fetch.ts";
import { backoffMs } from "../../../engine/adapters/alpaca/timers.ts";
import type { Timers } from "../../../engine/adapters/alpaca/timers.ts";
import { NYSE } from "../../../engine/market/nyse.ts";
import { CLOSE, OPEN } from "../venue/support.ts";

/** A clock that only `run` moves. */
class HandTimers implements Timers {
  #now = 1_000_000;
  #due: { readonly at: number; readonly call: () => void }[] = [];

  now = (): number => this.#now;
  random = (): number => 0.5;

  set(call: () => void, ms: number): unknown {
    const entry = { at: this.#now + ms, call };
    this.#due.push(entry);
    return entry;
  }

  clear(handle: unknown): void {
    this.#due = this.#due.filter((entry) => entry !== handle);
  }

  async run(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#due.filter((entry) => entry.at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.clear(next);
      this.#now = Math.max(this.#now, next.at);
      next.call();
      await Promise.resolve();
    }
    this.#now = end;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("endpoints", () => {
  test("are Alpaca's own, or loopback", () => {
    expect(tradingUrl({ kind: "paper" })).toBe("https://paper-api.alpaca.markets");
    expect(tradingUrl({ kind: "live", confirmed: true })).toBe("https://api.alpaca.markets");
    expect(tradingStreamUrl({ kind: "paper" })).toBe("wss://paper-api.alpaca.markets/stream");
    expect(tradingStreamUrl({ kind: "loopback", url: "http://127.0.0.1:4000/" })).toBe("ws://127.0.0.1:4000/stream");
    expect(dataUrl(undefined)).toBe("https://data.alpaca.markets");
    expect(marketStreamUrl("crypto", undefined)).toBe("wss://stream.data.alpaca.markets/v1beta3/crypto/us");
    for (const url of ["http://example.test", "https://127.0.0.1", "http://127.0.0.1.evil.test", "no url"]) {
      expect(() => dataUrl(url)).toThrow(RangeError);
    }
  });

  test("are guarded: a request to another origin is not sent", async () => {
    const fetchGuarded = guardedFetch("http://127.0.0.1:1");
    await expect(fetchGuarded("https://api.alpaca.markets/v2/orders")).rejects.toMatchObject({
      name: "WrongOriginError",
    });
    await expect(fetchGuarded("http://127.0.0.1:2/v2/orders")).rejects.toMatchObject({ name: "WrongOriginError" });
  });
});

describe("credentials", () => {
  test("come from the environment, complete or not at all", () => {
    expect(credentialsFrom({ APCA_API_KEY_ID: " k ", APCA_API_SECRET_KEY: "s" })).toEqual({ keyId: "k", secret: "s" });
    expect(credentialsFrom({ APCA_API_KEY_ID: "k" })).toBeUndefined();
    expect(credentialsFrom({ APCA_API_KEY_ID: "k", APCA_API_SECRET_KEY: " " })).toBeUndefined();
  });

  test("are cut out of every message, causes included", () => {
    const redact = redactor({ keyId: "KEY123", secret: "hush-hush" });
    const error = new Error("failed", { cause: new Error("header hush-hush of KEY123") });
    expect(messageOf(error, redact)).toBe("failed: header *** of ***");
  });
});

const RATES = { "X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "4", "X-RateLimit-Reset": "1030" };

describe("the request limiter", () => {
  test("lets cancels use what orders and queries must leave", async () => {
    const limiter = new RequestLimiter(20, new HandTimers());
    const allowed: string[] = [];
    const ask = (name: string, priority: 0 | 1 | 2): void =>
      void limiter.acquire(priority, 100).then((yes) => yes && allowed.push(name));
    for (let n = 0; n < 18; n += 1) ask("query", QUERY);
    for (let n = 0; n < 3; n += 1) ask("order", ORDER);
    for (let n = 0; n < 2; n += 1) ask("cancel", CANCEL);
    await new Promise((resolve) => setImmediate(resolve));
    const count = (name: string): number => allowed.filter((entry) => entry === name).length;
    expect([count("query"), count("order"), count("cancel")]).toEqual([17, 2, 1]);
    expect(limiter.queued).toBe(3);
  });

  test("serves the most important first when the next minute begins", async () => {
    const timers = new HandTimers();
    const limiter = new RequestLimiter(20, timers);
    limiter.observe(
      new Headers({ "X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": String(1_030) }),
      200,
    );
    const served: string[] = [];
    for (const [name, priority] of [
      ["query", QUERY],
      ["order", ORDER],
      ["cancel", CANCEL],
    ] as const) {
      void limiter.acquire(priority, 60_000).then(() => served.push(name));
    }
    await timers.run(29_000);
    expect(served).toEqual([]);
    await timers.run(2_000);
    expect(served).toEqual(["cancel", "order", "query"]);
  });

  test.each([
    ["without a word", {}, 1_900],
    ["with a time to wait", { "Retry-After": "7" }, 6_900],
    ["beside numbers that say there is room", RATES, 1_900],
    ["with a time nobody waits", { "Retry-After": "-1" }, 0],
  ])("pauses after a refusal %s, and forgets nothing of what was used", async (_name, headers, ms) => {
    const timers = new HandTimers();
    const limiter = new RequestLimiter(10, timers);
    const served: boolean[] = [];
    for (let n = 0; n < 9; n += 1) void limiter.acquire(CANCEL, 60_000);
    limiter.observe(new Headers(headers), 429);
    for (let n = 0; n < 2; n += 1) void limiter.acquire(CANCEL, 60_000).then((yes) => served.push(yes));
    await timers.run(ms);
    if (ms > 0) expect(served).toEqual([]);
    await timers.run(200);
    expect(served).toEqual([true]);
  });

  test("gives up after the patience of a request, and all at once when closed", async () => {
    const timers = new HandTimers();
    const limiter = new RequestLimiter(0, timers);
    const first = limiter.acquire(ORDER, 50);
    await timers.run(60);
    expect(await first).toBe(false);
    const second = limiter.acquire(ORDER, 50_000);
    limiter.close();
    expect(await second).toBe(false);
    expect(await limiter.acquire(CANCEL, 1)).toBe(false);
  });
});

describe("lanes", () => {
  test("keep the order within a key and the limit over all", async () => {
    const lanes = new Lanes(2);
    const log: string[] = [];
    let running = 0;
    let most = 0;
    const task = (name: string) => async (): Promise<void> => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
      log.push(name);
    };
    for (const name of ["a1", "b1", "c1", "a2", "b2", "a3"]) lanes.run(name.charAt(0), task(name));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(log).toHaveLength(6);
    expect(most).toBe(2);
    expect(log.filter((name) => name.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
  });
});

describe("the backoff", () => {
  test("doubles to a ceiling and spreads over nearly all of it", () => {
    const backoff = { firstMs: 1_000, maxMs: 64_000 };
    expect([0, 1, 5, 6, 50].map((attempt) => backoffMs(attempt, backoff, 1))).toEqual([
      1_000, 2_000, 32_000, 64_000, 64_000,
    ]);
    expect(backoffMs(3, backoff, 0)).toBeCloseTo(800);
    expect(backoffMs(3, backoff, 0.5)).toBeCloseTo(4_400);
  });
});

describe("sale conditions", () => {
  test.each([
    [["@"], "C", true, true, true],
    [[], "A", true, true, true],
    [["@", "F", "X"], "C", true, true, true],
    [["@", "I"], "C", true, false, true],
    [["@", "T"], "C", false, true, true],
    [["@", "T"], "C", true, false, true],
    [["@", "T", "I"], "C", false, false, true],
    [["B"], "A", true, false, true],
    [["@", "B"], "C", true, true, true],
    [["@", "W"], "C", true, false, true],
    [["@", "M"], "C", true, false, false],
    [[" ", "Q"], "A", true, false, false],
    [["7", "V"], "B", true, false, true],
  ] as const)(
    "%j on tape %s (regular hours: %s) sets the price: %s, adds volume: %s",
    (codes, tape, regular, price, volume) => {
      expect(tradeEffect(codes, tape, regular)).toEqual({ setsPrice: price, addsVolume: volume });
    },
  );
});

describe("market messages", () => {
  const DAY = { T: "d", S: "SPY", o: 1, h: 2, l: 1, c: 2, v: 5, t: "2024-03-04T05:00:00Z" };
  const mapper = (now: () => number, latest = () => Number.POSITIVE_INFINITY): MessageMapper =>
    new MessageMapper({ calendar: NYSE, barSize: "1m", dailyBarsAreFinal: false, now, latest, feed: "f" });

  test("take a day for closed only after its session, and then as revised", () => {
    let now = CLOSE - 1;
    const map = mapper(() => now);
    expect(map.map(DAY)).toEqual({ kind: "ignored" });
    now = CLOSE;
    expect(map.map(DAY)).toMatchObject({ kind: "input", input: { size: "1d", start: OPEN, revised: false } });
    expect(map.map(DAY)).toMatchObject({ kind: "input", input: { revised: true } });
  });

  test("are refused when they are of the future, whatever they tell", () => {
    const latest = Date.parse("2024-03-04T15:00:00Z");
    const map = mapper(
      () => OPEN,
      () => latest,
    );
    for (const t of ["2024-03-04T15:00:00.001Z", "9999-12-31T23:59:59Z"])
      for (const T of ["t", "q", "b", "u", "s", "l"])
        expect(map.map({ ...DAY, T, p: 1, s: 1, bp: 1, ap: 1, bs: 1, as: 1, sc: "2", t })).toEqual({
          kind: "refused",
          reason: "time lies more than 5 minutes in the future",
        });
    expect(map.map({ T: "t", S: "SPY", p: 1, s: 1, t: "2024-03-04T15:00:00Z" })).toMatchObject({ kind: "input" });
  });

  test("leave out one-sided quotes, statuses and official prints", () => {
    const map = mapper(() => OPEN);
    const t = "2024-03-04T14:31:00.123456789Z";
    expect(map.map({ T: "q", S: "SPY", bp: 0, bs: 0, ap: 5, as: 1, t })).toEqual({ kind: "ignored" });
    expect(map.map({ T: "s", S: "SPY", sc: "H", t })).toEqual({ kind: "ignored" });
    expect(map.map({ T: "t", S: "SPY", p: 5, s: 1, c: ["M"], z: "A", t })).toEqual({ kind: "ignored" });
    expect(map.map({ T: "t", S: "SPY", p: 5, s: 1n, c: ["@"], z: "C", t, i: "77" })).toEqual({
      kind: "input",
      input: { kind: "trade", symbol: "SPY", time: OPEN + 60_123, price: 5, size: 1, setsPrice: true, id: "77" },
    });
  });
});

describe("the book of what was told", () => {
  const order = {
    id: "o",
    clientOrderId: "c",
    symbol: "SPY",
    side: "buy",
    qty: "10",
    type: "market",
    status: "filled",
    orderClass: "",
    time: 5,
    legs: [],
  } as const;
  const execution = (id: string, qty: string, price: string, cumulativeQty: string) =>
    ({
      kind: "execution",
      executionId: id,
      clientOrderId: "c",
      brokerOrderId: "o",
      symbol: "SPY",
      side: "buy",
      qty,
      price,
      fee: "0",
      cumulativeQty,
      time: 1,
    }) as const;

  test("lets REST tell only the shares that the stream has not, at their own average", () => {
    const book = new OrderBook();
    book.streamed(execution("1", "4", "100", "4"));
    expect(book.missing({ ...order, filledQty: "10", avgPrice: "103" })).toMatchObject({
      executionId: "rest:o:10",
      qty: "6",
      price: "105",
      cumulativeQty: "10",
    });
    expect(book.missing({ ...order, filledQty: "10", avgPrice: "103" })).toBeUndefined();
    expect(book.streamed(execution("2", "6", "105", "10"))).toBe(false);
  });

  test("lets repeats of the stream pass, since their id says it", () => {
    const book = new OrderBook();
    expect(book.streamed(execution("1", "10", "100", "10"))).toBe(true);
    expect(book.streamed(execution("1", "10", "100", "10"))).toBe(true);
    expect(book.missing({ ...order, filledQty: "10", avgPrice: "100" })).toBeUndefined();
  });
});
