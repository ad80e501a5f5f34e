/**
 * What a feed and a backend say to each other over a real socket: login, heartbeats, numbers, MessagePack, silence.
 */
import { decode } from "@msgpack/msgpack";
import { afterEach, describe, expect, it } from "vitest";
import type { MarketInput } from "../../../engine/core/event.ts";
import { NOW, PLAIN, backend, closeAll, feedOf, statuses, until } from "./support.ts";

afterEach(closeAll);

const prices = (inputs: MarketInput[]): number[] =>
  inputs.flatMap((input) => (input.kind === "trade" ? [input.price] : input.kind === "quote" ? [input.bid] : []));
const downs = (inputs: MarketInput[]): string[] =>
  inputs.flatMap((input) => (input.kind === "feed" && input.status === "down" ? [input.detail] : []));

const BAR_FIELDS = { symbol: "$.s", start: "$.t", open: "$.o", high: "$.h", low: "$.l", close: "$.c" };

describe("a login", () => {
  const config = {
    login: {
      after: { "$.msg": "hello" },
      send: [{ op: "auth", key: "${env:KEY}" }],
      expect: { "$.msg": "welcome" },
      refused: { "$.msg": "denied" },
    },
    send: [{ op: "sub", symbols: "$symbols" }],
    confirm: { "$.msg": "subscribed" },
  };
  const environment = { KEY: "hush" };

  it("waits for the greeting, then for the answer, and only then subscribes", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server, config, { environment });
    const done = start();
    await until(() => server.connections === 1);
    expect(server.received).toEqual([]);
    server.send({ msg: "hello" });
    await until(() => server.received.length === 1);
    server.send({ msg: "welcome" });
    await until(() => server.received.length === 2);
    expect(inputs).toEqual([]);
    server.send([{ msg: "subscribed" }]);
    await done;
    expect(server.received).toEqual(['{"op":"auth","key":"hush"}', '{"op":"sub","symbols":["SPY"]}']);
    expect(statuses(inputs)).toEqual(["live"]);
  });

  it("that is refused ends the start and says what the server said, without the key", async () => {
    const server = await backend();
    server.onConnect = () => server.send({ msg: "hello" });
    server.onMessage = () => server.send({ msg: "denied", key: "hush" });
    const { start } = feedOf(server, config, { environment });
    await expect(start()).rejects.toMatchObject({
      code: "auth",
      message: expect.stringMatching(/the server refused the login: .*denied.*\*\*\*/) as string,
    });
  });

  it("is repeated, with the whole subscription, after each reconnect", async () => {
    const server = await backend();
    server.onConnect = () => server.send({ msg: "hello" });
    server.onMessage = (text) => server.send({ msg: text.includes("auth") ? "welcome" : "subscribed" });
    const { inputs, start } = feedOf(server, config, { environment });
    await start();
    server.sockets[0]?.terminate();
    await until(() => statuses(inputs).join() === "live,down,live");
    expect(server.received).toHaveLength(4);
  });
});

describe("heartbeats", () => {
  it("are sent, and a missing answer renews the connection", async () => {
    const server = await backend();
    const heartbeat = { send: { op: "ping" }, everyMs: 40, expect: { "$.op": "pong" } };
    const { feed, inputs, start } = feedOf(server, { heartbeat });
    let answers = true;
    server.onMessage = () => answers && server.send({ op: "pong" });
    await start();
    await until(() => server.received.length >= 4);
    expect(server.connections).toBe(1);
    expect(feed.ignored).toBeGreaterThan(2);
    answers = false;
    await until(() => server.connections === 2);
    expect(downs(inputs)).toEqual([expect.stringContaining("no heartbeat for 0.04 s")]);
  });

  it("of the server alone are awaited when they are declared", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server, { heartbeat: { everyMs: 50, expect: { "$.type": "hb" } } });
    await start();
    await until(() => server.connections === 2);
    expect(downs(inputs)[0]).toContain("no heartbeat");
  });

  it("that ask get the answer that was declared", async () => {
    const server = await backend();
    const { start } = feedOf(server, { heartbeat: { answer: { to: "$.ping", send: { pong: "$.ping", by: "us" } } } });
    await start();
    server.send({ ping: 1_492_420_473 });
    await until(() => server.received.length === 1);
    expect(server.received).toEqual(['{"pong":1492420473,"by":"us"}']);
  });
});

describe("heartbeats that are plain text", () => {
  it("are sent, awaited and answered as they stand", async () => {
    const server = await backend();
    const answer = { to: { $: "ping" }, send: "pong" };
    const { inputs, refused, start } = feedOf(server, {
      heartbeat: { send: "ping", everyMs: 500, expect: { $: "pong" }, answer },
    });
    server.onMessage = (text) => text === "ping" && server.send("pong");
    await start();
    server.send("ping");
    await until(() => server.received.filter((text) => text === "ping").length === 2);
    expect(server.received).toContain("pong");
    server.send("bang");
    await until(() => refused.length === 1);
    expect([server.connections, statuses(inputs), refused[0]?.sample]).toEqual([1, ["live"], "bang"]);
  });
});

describe("a heartbeat whose number is long", () => {
  it("is answered with that number in MessagePack, too", async () => {
    const server = await backend();
    const answer = { to: "$.ping", send: { pong: "$.ping" } };
    const { start } = feedOf(server, { format: "msgpack", heartbeat: { answer } });
    const received: unknown[] = [];
    server.onConnect = (socket) =>
      socket.on("message", (data) => received.push(decode(data as Buffer, { useBigInt64: true })));
    await start();
    server.pack({ ping: 1_709_562_600_000n });
    await until(() => received.length === 1);
    expect(received).toEqual([{ pong: 1_709_562_600_000n }]);
  });

  it("is refused when no answer can be written", async () => {
    const server = await backend();
    const { inputs, refused, start } = feedOf(server, {
      heartbeat: { answer: { to: "$.ping", send: { pong: "$.ping" } } },
    });
    await start();
    server.send(`{"ping":${"[".repeat(100_000)}${"]".repeat(100_000)}}`);
    server.send(PLAIN);
    await until(() => prices(inputs).length === 1);
    expect(refused[0]?.reason).toBe("what it asks to be answered with cannot be written");
  });
});

describe("sequence numbers", () => {
  const trade = (seq: number, price: number, symbol = "SPY") => ({ ...PLAIN, symbol, seq, price });

  it("leave out what is told twice", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server, { sequence: { path: "$.seq" } });
    await start();
    for (const seq of [7, 8, 8, 7, 9]) server.send(trade(seq, seq));
    server.send([trade(10, 10), PLAIN]);
    await until(() => prices(inputs).length === 5);
    expect(prices(inputs)).toEqual([7, 8, 9, 10, 5]);
  });

  it("that miss one renew the connection, and the numbers may start anew", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server, { sequence: { path: "$.seq" } });
    await start();
    for (const seq of [1, 2, 5, 6]) server.send(trade(seq, seq));
    await until(() => server.connections === 2);
    server.send(trade(1, 100));
    await until(() => prices(inputs).includes(100));
    expect(prices(inputs)).toEqual([1, 2, 100]);
    expect(downs(inputs)).toEqual([expect.stringContaining("2 messages are missing: 2 was followed by 5")]);
  });

  it("mark a gap and subscribe again where that is asked for", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server, {
      send: ["sub $symbols"],
      sequence: { path: "$.seq", on_gap: "resubscribe" },
    });
    await start();
    for (const seq of [1, 4]) server.send(trade(seq, seq));
    await until(() => server.received.length === 2);
    server.send(trade(1, 9));
    await until(() => prices(inputs).includes(9));
    expect(server.connections).toBe(1);
    expect(inputs.map((input) => (input.kind === "feed" ? input.status : prices([input])[0]))).toEqual([
      ...["live", 1, "down", "live", 4, 9],
    ]);
  });

  it("count heartbeats, which may also repeat the last one", async () => {
    const server = await backend();
    const heartbeat = { everyMs: 60_000, expect: { "$.type": "hb" } };
    const { feed, inputs, start } = feedOf(server, { heartbeat, sequence: { path: "$.seq" } });
    await start();
    server.send(trade(1, 1));
    server.send({ type: "hb", seq: 2 });
    server.send(trade(3, 3));
    server.send({ type: "hb", seq: 3 });
    server.send(trade(4, 4));
    await until(() => prices(inputs).length === 3);
    expect([server.connections, downs(inputs), feed.ignored]).toEqual([1, [], 3]);
  });

  it("that are lower than the first one have begun anew: that is a gap, and what follows is heard", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server, { sequence: { path: "$.seq", on_gap: "alert" } });
    await start();
    for (const seq of [4_294_967_294, 4_294_967_295, 0, 1, 1, 2]) server.send(trade(seq, 10 + (seq % 1_000)));
    await until(() => prices(inputs).length === 5);
    expect(downs(inputs)).toEqual(["numbers began anew: 4294967295 was followed by 0"]);
  });

  it("that nobody can follow are refused with their messages", async () => {
    const server = await backend();
    const { inputs, refused, start } = feedOf(server, { sequence: { path: "$.seq", by: "$.symbol" } });
    await start();
    for (const seq of [1.5, "x", true]) server.send({ ...PLAIN, seq, price: 66 });
    server.send(JSON.stringify({ ...PLAIN, price: 66 }).replace("{", '{"seq":9007199254740993,'));
    server.send({ ...PLAIN, seq: 1, symbol: ["SPY"], price: 66 });
    server.send({ ...PLAIN, seq: null, price: 7 });
    await until(() => prices(inputs).length === 1);
    expect(refused.map(({ reason }) => reason)).toEqual([
      ...Array.from({ length: 4 }, () => "its sequence number is no whole number below 2^53"),
      "it does not say, as text or a number, what its sequence number counts",
    ]);
  });

  it("of a range stand for themselves where the first one is not told", async () => {
    const server = await backend();
    const sequence = { path: "$.last", first: "$.first", on_gap: "alert" } as const;
    const { inputs, start } = feedOf(server, { sequence });
    await start();
    for (const last of [1, 2, 5]) server.send({ ...PLAIN, last });
    await until(() => prices(inputs).length === 3);
    expect(downs(inputs)).toEqual(["2 messages are missing: 2 was followed by 5"]);
  });

  it("are counted for each symbol, and by ranges", async () => {
    const server = await backend();
    const sequence = { path: "$.last", first: "$.first", by: "$.symbol", on_gap: "alert" } as const;
    const { inputs, start } = feedOf(server, { sequence }, { symbols: ["SPY", "QQQ"] });
    await start();
    const send = (symbol: string, first: number, last: number) => server.send({ ...PLAIN, symbol, first, last });
    send("SPY", 1, 3);
    send("QQQ", 50, 50);
    send("SPY", 4, 9);
    send("QQQ", 53, 53);
    await until(() => statuses(inputs).length === 3);
    expect(downs(inputs)).toEqual(["2 messages of QQQ are missing: 50 was followed by 53"]);
  });
});

describe("MessagePack", () => {
  it("is spoken both ways, with times and long integers of its own", async () => {
    const server = await backend();
    const map = { symbol: "$.s", price: "$.p", size: "$.v", time: "$.t", id: "$.i" };
    const { inputs, refused, start } = feedOf(server, { format: "msgpack", send: [{ op: "sub", s: "$symbols" }], map });
    await start();
    await until(() => server.received.length === 1);
    server.pack({ s: "SPY", p: 5.5, v: 3n, t: new Date(NOW), i: 9_007_199_254_740_993n });
    server.pack([{ s: "SPY", p: 6, v: 1, t: BigInt(NOW) * 1_000_000n }]);
    server.send({ s: "SPY", p: 7, v: 1, t: NOW });
    server.sockets[0]?.send(Buffer.from([0xc1]));
    await until(() => prices(inputs).length === 3 && refused.length === 1);
    expect(server.received).toEqual(['{"op":"sub","s":["SPY"]}']);
    expect(inputs.slice(1)).toMatchObject([
      { price: 5.5, size: 3, time: NOW, id: "9007199254740993" },
      { price: 6, time: NOW },
      { price: 7 },
    ]);
    expect(refused[0]?.reason).toBe("a message is not MessagePack");
  });
});

describe("silence of one kind of data", () => {
  it("renews the connection though another kind flows", async () => {
    const server = await backend();
    const map = [
      { where: { "$.k": "t" }, symbol: "$.s", price: "$.p" },
      { where: { "$.k": "q" }, type: "quote" as const, symbol: "$.s", bid: "$.b", ask: "$.a" },
    ];
    const { inputs, start } = feedOf(server, { map, idleMs: { trade: 80 } }, { expectData: () => true });
    await start();
    const quotes = setInterval(() => server.send({ k: "q", s: "SPY", b: 1, a: 2 }), 10);
    await until(() => server.connections === 2);
    clearInterval(quotes);
    expect(downs(inputs)[0]).toContain("connected, but no trades for 0.08 s");
    expect(inputs.filter(({ kind }) => kind === "quote").length).toBeGreaterThan(1);
  });
});

describe("silence of all data", () => {
  it.each([
    ["while the next bar is not due", { map: { type: "bar", bar_size: "5m", ...BAR_FIELDS } as const }],
    ["as long as somebody said that it may last", { idleMs: { trade: 60_000 } }],
  ])("is no fault %s", async (_, config) => {
    const server = await backend();
    const { inputs, start } = feedOf(server, config, { dataIdleMs: 60, expectData: () => true });
    await start();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([server.connections, statuses(inputs)]).toEqual([1, ["live"]]);
  });
});

describe("what does not fit together before the feed is live", () => {
  it("is no gap, and does not make it live", async () => {
    const server = await backend();
    const book = { type: "book", symbol: "$.s", bids: "$.b", asks: "$.a" } as const;
    const { inputs, start } = feedOf(server, {
      map: [book, { ...book, where: { "$.k": "some" }, update: "delta" }],
      sequence: { path: "$.seq", on_gap: "alert" },
      confirm: { "$.msg": "subscribed" },
    });
    const done = start();
    await until(() => server.connections === 1);
    server.send({ seq: 1, s: "SPY", b: [[12, 1]], a: [[11, 1]] });
    server.send({ seq: 5, s: "SPY", b: [[10, 1]], a: [[11, 1]] });
    await until(() => prices(inputs).length === 2);
    expect(statuses(inputs)).toEqual([]);
    server.send({ seq: 6, msg: "subscribed" });
    await done;
    expect([statuses(inputs), prices(inputs)]).toEqual([["live"], [0, 10]]);
  });
});

describe("a book over a connection", () => {
  const map = [
    { type: "book" as const, where: { "$.k": "all" }, symbol: "$.s", bids: "$.b", asks: "$.a" },
    {
      type: "book" as const,
      update: "delta" as const,
      where: { "$.k": "some" },
      symbol: "$.s",
      bids: "$.b",
      asks: "$.a",
    },
  ];

  it("is unknown while the connection is down, and when its changes do not fit together", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server, { map });
    await start();
    const snapshot = { k: "all", s: "SPY", b: [[10, 1]], a: [[11, 1]] };
    server.send(snapshot);
    await until(() => prices(inputs).length === 1);
    server.sockets[0]?.terminate();
    await until(() => server.connections === 2);
    server.send({ k: "some", s: "SPY", b: [[10.5, 1]], a: [] });
    server.send(snapshot);
    await until(() => prices(inputs).length === 3);
    server.send({ k: "some", s: "SPY", b: [[12, 1]], a: [] });
    await until(() => server.connections === 3);
    expect(prices(inputs)).toEqual([10, 0, 10, 0]);
    expect(downs(inputs).at(-1)).toContain("SPY: the book is crossed: bid 12 is above ask 11");
  });
});
