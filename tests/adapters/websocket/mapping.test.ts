/**
 * What becomes of a JSON message under a mapping.
 */
import { describe, expect, it } from "vitest";
import { redactUrl, resolveUrl, Secrets, subscribeMessages } from "../../../engine/adapters/websocket/config.ts";
import type { Mapping } from "../../../engine/adapters/websocket/config.ts";
import { Mapper } from "../../../engine/adapters/websocket/mapping.ts";
import { parsePath, valueAt } from "../../../engine/adapters/websocket/path.ts";
import { Refusals, sampleOf } from "../../../engine/adapters/refusals.ts";
import { wireTime } from "../../../engine/adapters/websocket/wire-time.ts";
import { backoffMs, refusedBackoffMs } from "../../../engine/adapters/websocket/backoff.ts";
import type { MarketInput } from "../../../engine/core/event.ts";

const NOW = Date.UTC(2024, 2, 4, 15);

function map(message: unknown, mapping?: Mapping | Mapping[], mapper = new Mapper(mapping, ["SPY", "QQQ"], 60_000)) {
  const inputs: MarketInput[] = [];
  const refused: string[] = [];
  const broken: string[] = [];
  let ignored = 0;
  mapper.message(message, NOW, {
    market: (input) => inputs.push(input),
    refused: (reason) => refused.push(reason),
    ignored: () => ignored++,
    broken: (detail) => broken.push(detail),
  });
  return { inputs, refused, ignored, ...(broken.length > 0 ? { broken } : {}) };
}

const PLAIN = { symbol: "SPY", price: 512.5, volume: 100, timestamp: NOW };
const TRADE = { kind: "trade", symbol: "SPY", time: NOW, price: 512.5, size: 100, setsPrice: true };

describe("without a mapping", () => {
  it.each([
    ["plain", PLAIN],
    ["size and time", { symbol: "SPY", price: 512.5, size: 100, time: NOW }],
    ["numbers as text", { symbol: "SPY", price: "512.50", volume: "100", timestamp: String(NOW) }],
    ["ISO time", { ...PLAIN, timestamp: "2024-03-04T15:00:00Z" }],
    ["ISO time with nanoseconds and an offset", { ...PLAIN, timestamp: "2024-03-04T10:00:00.000000001-05:00" }],
    ["seconds", { ...PLAIN, timestamp: NOW / 1000 }],
    ["microseconds", { ...PLAIN, timestamp: NOW * 1000 }],
    ["nanoseconds", { ...PLAIN, timestamp: NOW * 1_000_000 }],
  ])("understands a %s message", (_, message) => {
    expect(map(message).inputs).toEqual([TRADE]);
  });

  it("understands an array of messages and takes a missing volume for 0", () => {
    const { inputs } = map([PLAIN, { symbol: "QQQ", price: 1, time: NOW }]);
    expect(inputs).toEqual([TRADE, { ...TRADE, symbol: "QQQ", price: 1, size: 0 }]);
  });

  it.each([
    ["price is not a positive number", { ...PLAIN, price: 0 }],
    ["price is not a positive number", { ...PLAIN, price: "12,5" }],
    ["price is not a positive number", { ...PLAIN, price: "NaN" }],
    ["price is not a positive number", { symbol: "SPY", timestamp: NOW }],
    ["size is not a number of at least 0", { ...PLAIN, volume: -1 }],
    ["symbol is missing or not text", { ...PLAIN, symbol: 7 }],
    ["time is missing", { symbol: "SPY", price: 1 }],
    ["time is not a time with a zone or an epoch", { ...PLAIN, timestamp: "2024-03-04T15:00:00" }],
    ["time lies more than 5 minutes in the future", { ...PLAIN, timestamp: NOW + 300_001 }],
    ["time lies before 1990", { ...PLAIN, timestamp: 1 }],
    ["a message is not an object", "hello"],
    ["a message is not an object", null],
  ])("refuses: %s", (reason, message) => {
    const { inputs, refused } = map(message);
    expect([inputs, refused]).toEqual([[], [reason]]);
  });

  it("ignores acknowledgements and symbols nobody asked for", () => {
    expect(map([{ type: "subscribed" }, { ...PLAIN, symbol: "TSLA" }])).toEqual({
      inputs: [],
      refused: [],
      ignored: 2,
    });
  });

  it("passes late items on with their own time and refuses very late ones", () => {
    const mapper = new Mapper(undefined, ["SPY"], 60_000);
    const send = (timestamp: number) => map({ ...PLAIN, timestamp }, undefined, mapper);
    expect(send(NOW).inputs).toHaveLength(1);
    expect(send(NOW - 60_000).inputs).toMatchObject([{ time: NOW - 60_000 }]);
    expect(send(NOW - 60_001).refused).toEqual(["older than the newest trade by more than 60 s"]);
  });
});

describe("with a mapping", () => {
  it("does not take one time in the future for the time of the stream", () => {
    const mapper = new Mapper(undefined, ["SPY", "QQQ"], 60_000);
    expect(map({ ...PLAIN, timestamp: NOW + 240_000 }, undefined, mapper).inputs).toHaveLength(1);
    expect(map({ ...PLAIN, timestamp: NOW - 50_000 }, undefined, mapper).refused).toEqual([]);
  });

  it("reads nested fields and the items of an array", () => {
    const message = {
      ch: "SPY",
      data: [
        { p: 1, v: 2, t: NOW },
        { p: 3, v: 4, t: NOW },
      ],
    };
    const mapping = { symbol: "$.ch", price: "$.data[*].p", size: "$.data[*].v", time: "$.data[*].t" };
    expect(map(message, mapping).inputs).toMatchObject([
      { price: 1, size: 2 },
      { price: 3, size: 4 },
    ]);
  });

  it("tells kinds apart by their fields", () => {
    const mapping: Mapping[] = [
      { where: { "$.T": "t" }, symbol: "$.S", price: "$.p", size: "$.s", time: "$.t", id: "$.i" },
      {
        type: "quote",
        where: { "$.T": "q" },
        symbol: "$.S",
        bid: "$.bp",
        ask: "$.ap",
        bid_size: "$.bs",
        ask_size: "$.as",
        time: "$.t",
      },
      {
        type: "bar",
        bar_size: "1m",
        where: { "$.T": "b" },
        symbol: "$.S",
        open: "$.o",
        high: "$.h",
        low: "$.l",
        close: "$.c",
        volume: "$.v",
        start: "$.t",
      },
    ];
    const { inputs, ignored } = map(
      [
        { T: "t", S: "SPY", p: 1, s: 2, t: NOW, i: 42 },
        { T: "q", S: "SPY", bp: 1, ap: 2, bs: 3, as: 4, t: NOW },
        { T: "b", S: "SPY", o: 2, h: 3, l: 1, c: 2, v: 9, t: NOW - 60_000 },
        { T: "success", msg: "authenticated" },
      ],
      mapping,
    );
    expect(inputs).toEqual([
      { kind: "trade", symbol: "SPY", time: NOW, price: 1, size: 2, setsPrice: true, id: "42" },
      { kind: "quote", symbol: "SPY", time: NOW, bid: 1, ask: 2, bidSize: 3, askSize: 4 },
      {
        kind: "bar",
        symbol: "SPY",
        size: "1m",
        revised: false,
        start: NOW - 60_000,
        open: 2,
        high: 3,
        low: 1,
        close: 2,
        volume: 9,
      },
    ]);
    expect(ignored).toBe(1);
    expect(map({ T: "q", S: "SPY", bp: 3, ap: 2, t: NOW, bs: 1, as: 1 }, mapping).refused).toEqual([
      "bid is above ask",
    ]);
    expect(map({ T: "b", S: "SPY", o: 2, h: 1, l: 1, c: 2, v: 9, t: NOW }, mapping).refused).toHaveLength(1);
  });

  it("uses the moment of arrival when no time is declared, and no id that JSON has rounded", () => {
    const mapping = { symbol: "$.s", price: "$.p", id: "$.i" };
    expect(map({ s: "SPY", p: 1, i: 2 ** 53 }, mapping).inputs).toEqual([{ ...TRADE, price: 1, size: 0 }]);
  });

  it("wants a declared size to be there", () => {
    expect(map({ s: "SPY", p: 1 }, { symbol: "$.s", price: "$.p", size: "$.q" }).refused).toHaveLength(1);
  });

  it.each<[Mapping, string]>([
    [{ symbol: "$.s" }, "a trade needs price"],
    [{ symbol: "s", price: "$.p" }, "symbol: s is not a path"],
    [{ symbol: "$..s", price: "$.p" }, "is not a path"],
    [{ symbol: "$.a[*].b[*].c", price: "$.p" }, "is not a path"],
    [{ symbol: "$.a[*].s", price: "$.b[*].p" }, "another array"],
    [{ type: "bar", symbol: "$.s", open: "$.o", high: "$.h", low: "$.l", close: "$.c" }, "a bar needs start"],
  ])("refuses a wrong mapping %j", (mapping, message) => {
    expect(() => new Mapper(mapping, ["SPY"], 0)).toThrow(message);
  });
});

describe("paths", () => {
  it("reach own properties only", () => {
    const at = (source: string, root: unknown): unknown => valueAt(root, parsePath(source)!.steps);
    expect(at("$.a.b[1]['c d']", { a: { b: [0, { "c d": 5 }] } })).toBe(5);
    expect(at("$", 7)).toBe(7);
    expect(at("$.constructor", {})).toBeUndefined();
    expect(at("$.__proto__.polluted", {})).toBeUndefined();
    expect(at("$.length", "text")).toBeUndefined();
  });
});

describe("time, reports and waiting", () => {
  it("honours a declared unit", () => {
    expect(wireTime(5, "s")).toBe(5_000);
    expect(wireTime("1709562600.25", "s")).toBe(1_709_562_600_250);
    expect(wireTime("x", "auto")).toBeNaN();
    expect(wireTime(NOW, "iso")).toBeNaN();
  });

  it("reports the first of each reason and the number of the rest", () => {
    let now = 0;
    const told: string[] = [];
    let count = 0;
    const refusals = new Refusals({
      report: (reason, _, more) => (told.push(reason), (count += more)),
      clean: (text) => text,
      now: () => now,
    });
    for (let i = 0; i < 100; i++) refusals.add("bad", () => "x".repeat(1_000));
    expect(told).toEqual(["bad", "bad", "bad", "bad", "bad"]);
    now = 10_000;
    refusals.tick();
    expect(told.at(-1)).toBe("bad (95 more within 10 s)");
    expect(count).toBe(100);
  });

  it("shows no part of a secret, not even where a sample is cut", () => {
    const samples: string[] = [];
    const secrets = new Secrets({ KEY: 'a "quoted" secret' });
    secrets.expand("${env:KEY}");
    const refusals = new Refusals({
      report: (_, sample) => samples.push(sample),
      clean: (text) => secrets.scrub(text),
      now: () => 0,
    });
    for (const before of ["", "x".repeat(195)])
      refusals.add("bad", () => sampleOf({ before, key: 'a "quoted" secret' }));
    expect(samples.join()).not.toContain("quoted");
    expect(samples[1]).toHaveLength(200);
  });

  it("waits longer each time, spread over the whole range, and long after a refused login", () => {
    expect([0, 1, 5, 6, 60].map((attempt) => backoffMs(attempt, 0.9999))).toEqual([999, 1_999, 31_996, 63_993, 63_993]);
    expect(backoffMs(6, 0)).toBe(250);
    expect(refusedBackoffMs(0)).toBe(32_000);
  });
});

describe("configuration", () => {
  const secrets = (): Secrets => new Secrets({ KEY: "s3cret/x" });

  it("fills symbols and variables into messages", () => {
    const templates = [{ op: "subscribe", symbols: "$symbols" }, { s: "$symbol@trade" }, "SUB $symbols ${env:KEY}"];
    expect(subscribeMessages(templates, ["SPY", "QQQ"], secrets())).toEqual([
      { op: "subscribe", symbols: ["SPY", "QQQ"] },
      { s: "SPY@trade" },
      { s: "QQQ@trade" },
      "SUB SPY,QQQ s3cret/x",
    ]);
  });

  it("hides what must not be seen", () => {
    expect(redactUrl("wss://u:p@h.test/a?token=1&x=2")).toBe("wss://***@h.test/a?token=***&x=***");
    const used = secrets();
    used.expand("${env:KEY}");
    expect(used.scrub("a s3cret/x b s3cret%2Fx")).toBe("a *** b ***");
  });

  it("says what is wrong", () => {
    expect(() => secrets().expand("${env:NONE}")).toThrow("environment variable NONE is not set");
    expect(() => resolveUrl({ url: "https://h.test" }, secrets())).toThrow("starts with wss://");
    expect(() => resolveUrl({ url: "wss://h.test/#part" }, secrets())).toThrow("has no part behind a #");
    expect(() => resolveUrl({ url: "ws://h.test/?k=${env:KEY}" }, secrets())).toThrow("unencrypted");
    expect(resolveUrl({ url: "ws://127.0.0.1:1/?k=${env:KEY}" }, secrets())).toContain("s3cret");
  });
});

describe("a time in nanoseconds", () => {
  it.each([NOW, NOW + 1, NOW + 999])("is the millisecond it lies in: %i", (ms) => {
    const ns = BigInt(ms) * 1_000_000n;
    for (const value of [ns, Number(ns), String(ns)]) expect(wireTime(value, "ns")).toBe(ms);
    expect(wireTime(ns + 900_000n, "auto")).toBe(ms);
  });
});

describe("an order book", () => {
  const paths = { symbol: "$.s", bids: "$.b", asks: "$.a" };
  const mapping: Mapping[] = [
    { type: "book", where: { "$.k": "all" }, ...paths },
    { type: "book", update: "delta", where: { "$.k": "some" }, ...paths },
  ];
  const book = () => {
    const mapper = new Mapper(mapping, ["SPY", "QQQ"], 60_000);
    return (k: string, b: unknown, a: unknown, s = "SPY") => map({ k, s, b, a }, mapping, mapper);
  };
  const best = (bid: number, bidSize: number, ask: number, askSize: number) => [
    { kind: "quote", symbol: "SPY", time: NOW, bid, bidSize, ask, askSize },
  ];

  it("tells its best prices when they change, and only then", () => {
    const send = book();
    expect(send("some", [[9, 1]], []).inputs).toEqual([]);
    expect(
      send(
        "all",
        [
          [10, 1],
          ["9", "5"],
        ],
        [
          [11, 2],
          [12, 3],
        ],
      ).inputs,
    ).toEqual(best(10, 1, 11, 2));
    expect(send("some", [[9, 6]], undefined).inputs).toEqual([]);
    expect(send("some", [[10, 0]], [[11, 0]]).inputs).toEqual(best(9, 6, 12, 3));
    expect(send("some", [[9.5, 4]], []).inputs).toEqual(best(9.5, 4, 12, 3));
    expect(send("all", [[9.5, 4]], [[12, 3]]).inputs).toEqual([]);
  });

  it("has no price on a side without a level", () => {
    const send = book();
    send("all", [[10, 1]], [[11, 2]]);
    expect(send("some", [], [[11, 0]]).inputs).toEqual(best(10, 1, 0, 0));
  });

  it("is forgotten when it is crossed, until the next snapshot", () => {
    const send = book();
    send("all", [[10, 1]], [[11, 2]]);
    const crossed = send("some", [[12, 1]], []);
    expect(crossed.inputs).toEqual(best(0, 0, 0, 0));
    expect(crossed.refused).toEqual(["the book is crossed: bid 12 is above ask 11"]);
    expect(crossed).toMatchObject({ broken: [expect.stringContaining("SPY: the book is crossed")] });
    expect(send("some", [[9, 1]], []).inputs).toEqual([]);
    expect(send("all", [[10, 1]], [[11, 2]]).inputs).toEqual(best(10, 1, 11, 2));
  });

  it("is forgotten when one of its messages is refused: a change is missing then", () => {
    const lost = "SPY: a message of its book was refused: bids or asks is not a list of levels with price and size";
    for (const kind of ["some", "all"]) {
      const send = book();
      send("all", [[10, 1]], [[11, 2]]);
      send("all", [[20, 1]], [[21, 2]], "QQQ");
      expect(send(kind, [[10, -1]], [])).toMatchObject({ inputs: best(0, 0, 0, 0), broken: [lost] });
      expect(send("some", [[10.5, 1]], []).inputs).toEqual([]);
      expect(send("some", [[20.5, 1]], [], "QQQ").inputs).toHaveLength(1);
      expect(send("some", [[10, -1]], [])).not.toHaveProperty("broken");
    }
  });

  it("is forgotten with all others when nobody can say whose a refused change was", () => {
    const send = book();
    send("all", [[10, 1]], [[11, 2]]);
    expect(send("some", [[10, 2]], [], 7 as unknown as string)).toMatchObject({ inputs: best(0, 0, 0, 0) });
  });

  it("that is told in snapshots alone is unknown until the next one when one is refused, and that is no gap", () => {
    const only = { ...paths, type: "book" } as const;
    const mapper = new Mapper(only, ["SPY"], 60_000);
    const send = (b: unknown, a: unknown) => map({ s: "SPY", b, a }, only, mapper);
    send([[10, 1]], [[11, 2]]);
    const refused = send("none", []);
    expect(refused.inputs).toEqual(best(0, 0, 0, 0));
    expect(refused).not.toHaveProperty("broken");
    expect(send([[10, 1]], [[11, 2]]).inputs).toEqual(best(10, 1, 11, 2));
  });

  it("finds its best prices again when thousands of levels go at once", () => {
    const send = book();
    const levels = (size: number) => Array.from({ length: 9_000 }, (_, i) => [i + 1, size]);
    send("all", levels(1), [[10_000, 1]]);
    expect(send("some", levels(0).slice(1).reverse(), []).inputs).toEqual(best(1, 1, 10_000, 1));
  });

  it("refuses levels that are none", () => {
    const send = book();
    for (const level of [[0, 1], [1, -1], ["x", 1], 7, null]) {
      expect(send("all", [level], [[11, 2]]).refused).toEqual([
        "bids or asks is not a list of levels with price and size",
      ]);
    }
    expect(send("all", "no list", []).refused).toHaveLength(1);
  });

  it("reads levels where a mapping says they are", () => {
    const level = { price: "$.px", size: "$.qty" };
    const { inputs } = map(
      { s: "SPY", b: [{ px: 1, qty: 2 }], a: [{ px: 3, qty: 4 }] },
      { type: "book", ...paths, level },
    );
    expect(inputs).toEqual(best(1, 2, 3, 4));
  });
});
