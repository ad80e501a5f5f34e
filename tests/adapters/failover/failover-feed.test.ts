/** Two feeds as one: who is heard, when that changes, and that nothing is counted twice. */
import { afterEach, describe, expect, it } from "vitest";
import { createAlpacaMarketData } from "../../../engine/adapters/alpaca/market-data.ts";
import { FailoverFeed } from "../../../engine/adapters/failover/failover-feed.ts";
import { WebSocketFeed } from "../../../engine/adapters/websocket/websocket-feed.ts";
import type { MarketInput, Output } from "../../../engine/core/event.ts";
import { NYSE } from "../../../engine/market/nyse.ts";
import { FeedError } from "../../../engine/ports/feed.ts";
import type { Feed, FeedSink } from "../../../engine/ports/feed.ts";
import { FakeClock } from "../../runtime/support.ts";
import { CoreDriver } from "../../support/core-driver.ts";
import { programOf, threshold } from "../../runtime/support.ts";
import { CREDENTIALS } from "../alpaca/support.ts";
import { minuteBars, MINUTE, OPEN, stopVenues, testVenue } from "../venue/support.ts";
import { backend, closeAll, opened, PLAIN, until } from "../websocket/support.ts";

afterEach(closeAll);

class Scripted implements Feed {
  readonly name: string;
  paceMs = 0;
  failure: FeedError | undefined;
  starts = 0;
  sink: FeedSink | undefined;

  constructor(name: string) {
    this.name = name;
  }

  start(sink: FeedSink): Promise<void> {
    this.starts++;
    this.sink = sink;
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.say("live");
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  say(status: "live" | "down"): void {
    this.sink?.market({ kind: "feed", feed: this.name, status, detail: `${this.name} ${status}` });
  }

  bar(start: number, close: number, symbol = "ACME/USD"): void {
    const prices = { open: close, high: close, low: close, close, volume: 1 };
    this.sink?.market({ kind: "bar", symbol, size: "1m", start, revised: false, ...prices });
  }

  trade(price: number, time = 0): void {
    this.sink?.market({ kind: "trade", symbol: "ACME/USD", time, price, size: 1, setsPrice: true });
  }
}

function pair() {
  const clock = new FakeClock();
  const [a, b] = [new Scripted("a"), new Scripted("b")];
  const feed = new FailoverFeed([a, b], { clock, afterMs: 5_000, backMs: 20_000, expectData: () => expects.data });
  const expects = { data: true };
  const inputs: MarketInput[] = [];
  const words = (): string[] =>
    inputs.splice(0).map((input) => {
      if (input.kind === "feed") return `${input.status}: ${input.detail}`;
      if (input.kind === "notice") return `notice of ${input.feed}: ${input.text}`;
      return input.kind === "trade" ? String(input.price) : input.kind === "bar" ? `bar ${input.close}` : input.kind;
    });
  const sink: FeedSink = { market: (input) => void inputs.push(input), refused: () => {} };
  return { clock, a, b, feed, inputs, words, expects, start: () => feed.start(sink) };
}

/** Both speak once a second. */
async function talk({ clock, a, b }: ReturnType<typeof pair>, seconds: number, who = "ab"): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    if (who.includes("a")) a.trade(1, clock.time);
    if (who.includes("b")) b.trade(2, clock.time);
    await clock.pass(1_000);
  }
}

describe("two feeds", () => {
  it("are heard one at a time, the first while it is well", async () => {
    const two = pair();
    await two.start();
    expect(two.words()).toEqual(["live: a is heard"]);
    await talk(two, 3);
    expect(two.words()).toEqual(["1", "1", "1"]);
    expect(two.feed.name).toBe("a, else b");
  });

  it("change at once when the one in use is lost, and back when the better one was well for long enough", async () => {
    const two = pair();
    await two.start();
    await talk(two, 1);
    two.words();
    two.a.say("down");
    two.b.trade(2);
    expect(two.words()).toEqual(["down: a: a down", "live: b takes over from a", "2"]);
    two.a.say("live");
    await talk(two, 19);
    expect(new Set(two.words())).toEqual(new Set(["notice of a: waits: a live", "2"]));
    await talk(two, 2);
    expect(two.words().slice(-3)).toEqual([
      "down: back to a, which has been well for 20 s",
      "live: a takes over from b",
      "1",
    ]);
  });

  it("start the wait for the better one anew when it falls silent", async () => {
    const two = pair();
    await two.start();
    two.a.say("down");
    two.a.say("live");
    await talk(two, 15);
    await talk(two, 8, "b");
    await talk(two, 15);
    expect(two.words().filter((word) => word.startsWith("down"))).toEqual(["down: a: a down"]);
    await talk(two, 10);
    expect(two.words().some((word) => word.startsWith("down: back to a"))).toBe(true);
  });

  it("change when the one in use is silent while the other speaks, but not at night", async () => {
    const two = pair();
    await two.start();
    two.expects.data = false;
    await talk(two, 30, "b");
    expect(two.words()).toEqual(["live: a is heard"]);
    two.expects.data = true;
    await talk(two, 5, "b");
    expect(two.words()).toEqual([]);
    await talk(two, 2, "b");
    expect(two.words().slice(0, 2)).toEqual(["down: a is silent for 5 s while b speaks", "live: b takes over from a"]);
  });

  it("do not change because the other one tells the same a moment later, or sooner", async () => {
    const two = pair();
    await two.start();
    for (const [first, second] of [
      ["a", "b"],
      ["b", "a"],
    ] as const)
      for (let i = 0; i < 20; i++) {
        two[first].trade(1, two.clock.time);
        await two.clock.pass(900);
        two[second].trade(1, two.clock.time);
        // Nothing is traded for longer than the silence that is allowed: checks come between the two.
        await two.clock.pass(5_000 + i * 100);
      }
    expect(two.words().filter((word) => word !== "1")).toEqual(["live: a is heard"]);
  });

  it("give the one in use its time at the start, too", async () => {
    const two = pair();
    await two.start();
    await talk(two, 4, "b");
    expect(two.words()).toEqual(["live: a is heard"]);
    await talk(two, 3, "b");
    expect(two.words().slice(0, 2)).toEqual(["down: a is silent for 5 s while b speaks", "live: b takes over from a"]);
  });

  it("of bars are silent only when the next bar is overdue, and its bars are heard from the other one", async () => {
    const two = pair();
    two.a.paceMs = two.b.paceMs = 60_000;
    await two.start();
    const minute = async (n: number, who: string): Promise<void> => {
      const start = two.clock.time - 60_000;
      await two.clock.pass(200);
      if (who.includes("a")) two.a.bar(start, n);
      await two.clock.pass(3_800);
      two.b.bar(start, n + 0.5);
      await two.clock.pass(56_000);
    };
    for (const n of [1, 2, 3]) await minute(n, "ab");
    expect(two.words()).toEqual(["live: a is heard", "bar 1", "bar 2", "bar 3"]);
    await minute(4, "b");
    await minute(5, "b");
    expect(two.words()).toEqual([
      "down: a is silent for 65 s while b speaks",
      "live: b takes over from a",
      "bar 4.5",
      "bar 5.5",
    ]);
    for (const n of [6, 7]) await minute(n, "ab");
    expect(two.words()).toEqual([
      "bar 6.5",
      "down: back to a, which has been well for 20 s",
      "live: a takes over from b",
      "bar 7",
    ]);
  });

  it("hand over the bars that the lost one had not told, and none twice", async () => {
    const two = pair();
    two.a.paceMs = two.b.paceMs = 60_000;
    await two.start();
    const now = two.clock.time;
    two.b.bar(now - 120_000, 1.5);
    two.a.bar(now - 120_000, 1);
    two.a.bar(now - 120_000, 1, "OTHER/USD");
    await two.clock.pass(60_000);
    two.b.bar(now - 60_000, 2.5);
    two.b.bar(now - 60_000, 2.6, "OTHER/USD");
    await two.clock.pass(3_000);
    two.a.say("down");
    expect(two.words().slice(1)).toEqual([
      "bar 1",
      "bar 1",
      "down: a: a down",
      "live: b takes over from a",
      "bar 2.5",
      "bar 2.6",
    ]);
  });

  it("stay as they are when both are silent", async () => {
    const two = pair();
    await two.start();
    await two.clock.pass(60_000);
    expect(two.words()).toEqual(["live: a is heard"]);
  });

  it("are down together until one comes back, whichever it is", async () => {
    const two = pair();
    await two.start();
    two.words();
    two.b.say("down");
    two.a.say("down");
    expect(two.words()).toEqual(["notice of b: down: b down", "down: a: a down"]);
    two.b.say("live");
    expect(two.words()).toEqual(["live: b takes over from a"]);
  });

  it("start with one that cannot be reached, and take it in when it can", async () => {
    const two = pair();
    two.a.failure = new FeedError("unreachable", "nobody there");
    await two.start();
    expect(two.words()).toEqual(["live: b is heard", "notice of a: cannot be reached: nobody there"]);
    await two.clock.pass(30_000);
    expect([two.a.starts, two.words()]).toEqual([2, ["notice of a: cannot be reached: nobody there"]]);
    two.a.failure = undefined;
    await two.clock.pass(30_000);
    expect([two.a.starts, two.words()]).toEqual([3, ["notice of a: waits: a live"]]);
  });

  it.each([
    ["a wrong key", new FeedError("auth", "wrong key"), undefined],
    ["nobody there", new FeedError("unreachable", "no a"), new FeedError("unreachable", "no b")],
  ])("do not start with %s", async (_, first, second) => {
    const two = pair();
    two.a.failure = first;
    two.b.failure = second;
    await expect(two.start()).rejects.toBe(first);
    two.b.trade(2);
    expect(two.words()).toEqual([]);
    expect(two.clock.pending).toBe(0);
  });

  it("that are stopped while they start say so, and nothing is left", async () => {
    const two = pair();
    const starting = two.start();
    await two.feed.stop();
    await expect(starting).rejects.toThrow("stopped before it was connected");
    expect([two.words(), two.clock.pending]).toEqual([[], 0]);
  });

  it("say nothing after a stop", async () => {
    const two = pair();
    await two.start();
    await two.feed.stop();
    two.words();
    two.a.trade(1);
    two.b.say("down");
    await two.clock.pass(60_000);
    expect([two.words(), two.clock.pending]).toEqual([[], 0]);
  });

  it("count nothing twice: the bar of the change is left out, the next is whole", async () => {
    const two = pair();
    const core = new CoreDriver(programOf(threshold(100)), two.clock.time);
    const bars: Output[] = [];
    await two.feed.start({
      market: (input) => {
        core.passTo(two.clock.time);
        bars.push(...core.feed(input).filter(({ kind }) => kind === "bar"));
      },
      refused: () => {},
    });
    const minute = async (change: number): Promise<void> => {
      for (let second = 0; second < 60; second++) {
        if (second === change) two.a.say("down");
        two.a.trade(100, two.clock.time);
        two.b.trade(100, two.clock.time);
        await two.clock.pass(1_000);
      }
    };
    await minute(-1);
    await minute(30);
    await minute(-1);
    await minute(-1);
    const made = core
      .of("bar")
      .map(({ bar }) => [(bar.start - (core.inputs[0]?.marketTime ?? 0)) / 60_000, bar.volume]);
    expect(made).toEqual([
      [0, 60],
      [2, 60],
    ]);
    expect(core.alerts).toEqual(["data/incomplete-bar"]);
  });
});

describe("two feeds of bars over a change", () => {
  it("leave no bar out, not even the longer ones that are built from theirs", async () => {
    const two = pair();
    two.a.paceMs = two.b.paceMs = 60_000;
    const rules = `barwise: 1
name: a
symbols: [ACME/USD]
on: 5m
rules:
  - {name: enter, when: volume > 1_000, then: {buy: {size: {qty: 1}, time_in_force: gtc}}}
`;
    const core = new CoreDriver(programOf(rules), two.clock.time, { live: true });
    await two.feed.start({
      market: (input) => {
        core.passTo(two.clock.time);
        core.feed(input);
      },
      refused: () => {},
    });
    for (let minute = 0; minute < 15; minute++) {
      await two.clock.pass(60_000);
      if (minute !== 7) two.a.bar(two.clock.time - 60_000, 100);
      two.b.bar(two.clock.time - 60_000, 100);
      if (minute === 7) two.a.say("down");
    }
    expect(core.of("bar").map(({ bar }) => bar.volume)).toEqual([5, 5, 5]);
    expect(core.alerts).toEqual([]);
  });
});

describe("feeds of two kinds on loopback", () => {
  it.each(["Alpaca first", "Alpaca second"])("take over from each other and tell each bar once: %s", async (order) => {
    const venue = await testVenue(minuteBars("SPY", [500, 501, 502]));
    const own = await backend();
    const start = (minute: number) => OPEN + minute * MINUTE;
    const say = (minute: number): void => {
      const close = 500 + minute;
      own.send({ s: "SPY", t: start(minute), o: close, h: close, l: close, c: close, v: 7 });
    };
    const map = { symbol: "$.s", start: "$.t", open: "$.o", high: "$.h", low: "$.l", close: "$.c", volume: "$.v" };
    const config = { url: own.url, name: "own", map: { type: "bar", bar_size: "1m", ...map } } as const;
    const members: Feed[] = [
      createAlpacaMarketData({
        ...{ feed: "iex", credentials: CREDENTIALS, calendar: NYSE, venueUrl: venue.url },
        channels: { bars: ["SPY"] },
      }),
      new WebSocketFeed(config, ["SPY"], { expectData: () => false }),
    ];
    if (order === "Alpaca second") members.reverse();
    const feed = new FailoverFeed(members);
    opened.push({ close: () => feed.stop().then(stopVenues) });
    const inputs: MarketInput[] = [];
    await feed.start({ market: (input) => void inputs.push(input), refused: () => {} });
    const bars = (): number[] =>
      inputs.flatMap((input) => (input.kind === "bar" ? [(input.start - OPEN) / MINUTE] : []));
    const heard = (input: MarketInput): boolean => input.kind === "feed" && input.detail.includes(" takes over from ");
    for (const minute of [0, 1]) {
      await venue.advance();
      say(minute);
    }
    await until(() => bars().length === 2);
    if (order === "Alpaca first") {
      say(2);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await venue.stop();
    } else {
      await venue.advance();
      await new Promise((resolve) => setTimeout(resolve, 50));
      own.sockets[0]?.terminate();
    }
    await until(() => inputs.some(heard) && bars().length === 3);
    expect(bars()).toEqual([0, 1, 2]);
    expect(feed.name).toBe(order === "Alpaca first" ? "alpaca-iex, else own" : "own, else alpaca-iex");
  });
});

describe("two WebSockets on loopback", () => {
  it("change when the server of the first goes away, and nothing of it is heard afterwards", async () => {
    const [first, second] = [await backend(), await backend()];
    const options = { random: () => 0, expectData: () => false };
    const feeds = [first, second].map(
      ({ url }, i) => new WebSocketFeed({ url, name: i === 0 ? "one" : "two" }, ["SPY"], options),
    );
    const feed = new FailoverFeed(feeds, { backMs: 60_000 });
    opened.push({ close: () => feed.stop() });
    const inputs: MarketInput[] = [];
    await feed.start({ market: (input) => void inputs.push(input), refused: () => {} });
    const prices = (): number[] => inputs.flatMap((input) => (input.kind === "trade" ? [input.price] : []));
    first.send({ ...PLAIN, price: 1 });
    second.send({ ...PLAIN, price: 2 });
    await until(() => prices().length === 1);
    first.sockets[0]?.terminate();
    await until(() => inputs.some((input) => input.kind === "feed" && input.detail === "two takes over from one"));
    await until(() => first.connections === 2);
    first.send({ ...PLAIN, price: 3 });
    second.send({ ...PLAIN, price: 4 });
    await until(() => prices().length === 2);
    expect(prices()).toEqual([1, 4]);
  });
});
