import { describe, expect, it } from "vitest";
import type { Bar, Output } from "../../../engine/core/event.ts";
import { inspect } from "../../../engine/core/view.ts";
import { compile } from "../../../engine/lang/compile.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";
import { StrategyBuilder, alert, all, program } from "../../support/program.ts";
import type { Strategy } from "../../../engine/core/program.ts";

const MINUTE = 60_000;
const OPEN = openOf("2024-03-05");

/** A strategy that watches closes and says every one of them: its alerts are its evaluations. */
function watcher(on: string, over: Partial<Strategy> = {}): Strategy {
  const builder = new StrategyBuilder(`watch-${on}`, on, over);
  const close = builder.close();
  return builder.rule("say", builder.when(close, ">", 0), alert({ expression: close }), { fire: "each" }).build();
}

function driver(
  strategies: readonly Strategy[],
  options: { live?: boolean; grace?: number; now?: number } = {},
): CoreDriver {
  return new CoreDriver(program(strategies, {}, options.grace ?? 2_000), options.now ?? OPEN - 60_000, {
    live: options.live ?? false,
  });
}

const barsOf = (outputs: readonly Output[], size: string): (Bar & { readonly at: number })[] =>
  outputs.flatMap((output) =>
    output.kind === "bar" && output.size === size ? [{ ...output.bar, at: output.bar.start }] : [],
  );

const said = (run: CoreDriver): string[] =>
  run
    .of("alert")
    .filter(({ code }) => code === "rule/alert")
    .map(({ message }) => message);

describe("bars from trades", () => {
  it("close at their end plus the grace, and late trades inside the grace count", () => {
    const run = driver([watcher("1m")]);
    run.trade("SPY", OPEN + 1_000, 100);
    run.trade("SPY", OPEN + MINUTE + 500, 105);
    run.feed({ kind: "trade", symbol: "SPY", time: OPEN + 59_900, price: 99, size: 1, setsPrice: true });
    expect(run.of("bar")).toHaveLength(0);
    run.passTo(OPEN + MINUTE + 2_000);
    expect(barsOf(run.outputs, "1m")).toMatchObject([
      { start: OPEN, open: 100, high: 100, low: 99, close: 99, volume: 101 },
    ]);
    run.passTo(OPEN + 2 * MINUTE + 2_000);
    expect(barsOf(run.outputs, "1m")[1]).toMatchObject({ start: OPEN + MINUTE, open: 105 });
  });

  it("keep more than two intervals open when the grace is longer than the bar", () => {
    const run = driver([watcher("1s")], { grace: 5_000 });
    for (let i = 0; i < 5; i++) run.trade("SPY", OPEN + i * 1_000 + 10, 100 + i);
    run.passTo(OPEN + 20_000);
    expect(barsOf(run.outputs, "1s").map(({ close }) => close)).toEqual([100, 101, 102, 103, 104]);
  });

  it("take a trade inside the grace of an interval that was still empty", () => {
    const run = driver([watcher("1m")]);
    run.trade("SPY", OPEN + MINUTE + 500, 105);
    run.feed({ kind: "trade", symbol: "SPY", time: OPEN + 59_900, price: 99, size: 1, setsPrice: true });
    run.passTo(OPEN + 3 * MINUTE);
    expect(barsOf(run.outputs, "1m").map(({ start, close }) => [start - OPEN, close])).toEqual([
      [0, 99],
      [MINUTE, 105],
    ]);
  });

  it("leave out a trade that comes after its interval was decided, and say so once", () => {
    const run = driver([watcher("1m")]);
    run.passTo(OPEN + 10 * MINUTE);
    run.feed({ kind: "trade", symbol: "SPY", time: OPEN + 100, price: 99, size: 1, setsPrice: true });
    run.feed({ kind: "trade", symbol: "SPY", time: OPEN + 200, price: 99, size: 1, setsPrice: true });
    run.passTo(OPEN + 20 * MINUTE);
    expect(run.of("bar")).toHaveLength(0);
    expect(run.alerts).toEqual(["data/late-trade"]);
  });

  it("leave out an interval whose beginning was missed", () => {
    const run = driver([watcher("1m")], { live: true, now: OPEN + 30_000 });
    run.trade("SPY", OPEN + 31_000, 100);
    run.trade("SPY", OPEN + MINUTE + 100, 101);
    run.passTo(OPEN + 5 * MINUTE);
    expect(barsOf(run.outputs, "1m").map(({ close }) => close)).toEqual([101]);
    expect(run.alerts).toContain("data/incomplete-bar");
  });

  it("leave out what a broken feed interrupted, also when a program is reloaded meanwhile", () => {
    const subject = program([watcher("1m")]);
    const run = new CoreDriver(subject, OPEN - 1_000, { live: true });
    run.trade("SPY", OPEN + 1_000, 100);
    run.feed({ kind: "feed", feed: "f", status: "down", detail: "" });
    run.feed({ kind: "program.loaded", program: subject, warmup: [] });
    run.passTo(OPEN + MINUTE + 2_000);
    run.passTo(OPEN + MINUTE + 30_000);
    run.feed({ kind: "feed", feed: "f", status: "live", detail: "" });
    run.trade("SPY", OPEN + MINUTE + 40_000, 101);
    run.trade("SPY", OPEN + 2 * MINUTE, 102);
    run.passTo(OPEN + 10 * MINUTE);
    expect(barsOf(run.outputs, "1m").map(({ close }) => close)).toEqual([102]);
  });

  it("go on after a warm-up from history", () => {
    const run = driver([watcher("1m")], { live: true });
    const past = Array.from({ length: 5 }, (_, i) => {
      const start = openOf("2024-03-04") + i * MINUTE;
      return { start, open: 1, high: 1, low: 1, close: 1, volume: 1 };
    });
    run.feed({ kind: "history", symbol: "SPY", size: "1m", bars: past });
    run.trade("SPY", OPEN + 1_000, 100);
    run.passTo(OPEN + 2 * MINUTE);
    expect(barsOf(run.outputs, "1m").map(({ close }) => close)).toEqual([100]);
  });
});

describe("bars from bars", () => {
  it("take the place of what trades built when they come within the grace", () => {
    const run = driver([watcher("1m")]);
    run.trade("SPY", OPEN + 1_000, 100);
    run.bar("SPY", "1m", OPEN, 100.5);
    run.passTo(OPEN + 10 * MINUTE);
    expect(said(run)).toEqual(["100.5"]);
  });

  it("are counted once when they are repeated inside a longer one", () => {
    const run = driver([watcher("5m")]);
    for (let i = 0; i < 5; i++) {
      run.bar("SPY", "1m", OPEN + i * MINUTE, 100 + i, { volume: 10 });
      if (i === 2)
        run.feed({
          kind: "bar",
          symbol: "SPY",
          size: "1m",
          revised: false,
          start: OPEN + i * MINUTE,
          open: 1,
          high: 1,
          low: 1,
          close: 1,
          volume: 10,
        });
    }
    expect(barsOf(run.outputs, "5m")).toMatchObject([{ open: 100, close: 104, low: 100, volume: 50 }]);
  });

  it("do not fill bars that they do not divide", () => {
    const run = driver([watcher("5m")]);
    for (let i = 0; i < 5; i++) run.bar("SPY", "3m", OPEN + i * 3 * MINUTE, 100 + i);
    run.passTo(OPEN + 60 * MINUTE);
    expect(run.of("bar")).toHaveLength(0);
  });

  it("count from the session's open, end at a short day's close, and survive the change of the clocks", () => {
    for (const [date, hours] of [
      ["2024-03-08", 7],
      ["2024-03-11", 7],
      ["2024-07-03", 4],
    ] as const) {
      const open = openOf(date);
      const run = driver([watcher("1h"), watcher("1d")], { now: open - MINUTE });
      const minutes = date === "2024-07-03" ? 210 : 390;
      for (let i = 0; i < minutes; i++) run.bar("SPY", "1m", open + i * MINUTE, 100 + i);
      const closes = barsOf(run.outputs, "1h").map(({ close }) => close);
      expect(closes).toHaveLength(hours);
      expect(closes.at(-1)).toBe(100 + minutes - 1);
      expect(barsOf(run.outputs, "1d")).toMatchObject([{ start: open, open: 100, close: 100 + minutes - 1 }]);
    }
  });

  it("ignore extended hours in regular bars and days", () => {
    const run = driver([watcher("1h"), watcher("1d")], { now: OPEN - 120 * MINUTE });
    run.bar("SPY", "1m", OPEN - 60 * MINUTE, 7);
    for (let i = 0; i < 390; i++) run.bar("SPY", "1m", OPEN + i * MINUTE, 100);
    run.bar("SPY", "1m", OPEN + 400 * MINUTE, 7);
    expect(barsOf(run.outputs, "1d")).toMatchObject([{ low: 100, high: 100 }]);
  });
});

describe("a higher timeframe", () => {
  it("is the last closed bar and never the one in progress", () => {
    const builder = new StrategyBuilder("s", "5m");
    const hour = builder.close("1h");
    const run = driver([
      builder.rule("say", builder.when(hour, ">", 0), alert({ expression: hour }), { fire: "each" }).build(),
    ]);
    for (let i = 0; i < 130; i++) run.bar("SPY", "1m", OPEN + i * MINUTE, i);
    expect(said(run)).toEqual([...Array.from({ length: 12 }, () => "59"), ...Array.from({ length: 3 }, () => "119")]);
  });
});

describe("several series at once", () => {
  function pair(on: string, field: { on?: string }): Strategy {
    const builder = new StrategyBuilder("pair", on, { symbols: ["QQQ"] });
    const own = builder.close();
    const other = builder.close(field.on, "SPY");
    return builder
      .rule(
        "say",
        all(builder.when(own, ">", 0), builder.when(other, ">", 0)),
        alert({ expression: own }, "/", { expression: other }),
        { fire: "each" },
      )
      .build();
  }

  it("are judged once per boundary, when the last of them has closed", () => {
    const run = driver([pair("1m", {})]);
    for (let i = 0; i < 3; i++) {
      run.bar("QQQ", "1m", OPEN + i * MINUTE, 10 + i);
      expect(said(run)).toHaveLength(i);
      run.bar("SPY", "1m", OPEN + i * MINUTE, 20 + i);
    }
    expect(said(run)).toEqual(["10/20", "11/21", "12/22"]);
  });

  it("are unknown when one is missing after the grace", () => {
    const run = driver([pair("1m", {})]);
    run.bar("SPY", "1m", OPEN, 20);
    run.bar("QQQ", "1m", OPEN, 10);
    run.bar("QQQ", "1m", OPEN + MINUTE, 11);
    run.bar("SPY", "1m", OPEN + 2 * MINUTE, 22);
    run.bar("QQQ", "1m", OPEN + 2 * MINUTE, 12);
    expect(said(run)).toEqual(["10/20", "12/22"]);
  });

  it("never let one that ran ahead be seen at an earlier instant", () => {
    const run = driver([pair("1m", {})], { grace: 200_000 });
    run.bar("QQQ", "1m", OPEN, 10);
    run.bar("SPY", "1m", OPEN + MINUTE, 21);
    run.bar("QQQ", "1m", OPEN + MINUTE, 11);
    run.passTo(OPEN + 100 * MINUTE);
    expect(said(run)).toEqual(["11/21"]);
  });

  it("do not take an interval that made no bar for a fresh one", () => {
    const run = driver([pair("1m", {})], { live: true });
    run.trade("SPY", OPEN + 1_000, 20);
    run.trade("QQQ", OPEN + 1_000, 10);
    run.passTo(OPEN + MINUTE + 10_000);
    // A trade that may not set the price opens an interval of SPY that ends without a bar.
    run.market({ kind: "trade", symbol: "SPY", time: OPEN + MINUTE + 20_000, price: 1, size: 1, setsPrice: false });
    run.trade("QQQ", OPEN + MINUTE + 30_000, 11);
    run.passTo(OPEN + 5 * MINUTE);
    expect(said(run)).toEqual(["10/20"]);
  });

  it("read the last closed day or hour of another symbol during the session", () => {
    for (const on of ["1d", "1h"]) {
      const run = driver([pair("5m", { on })]);
      const day = openOf("2024-03-04");
      const closed = on === "1d" ? [day] : Array.from({ length: 7 }, (_, i) => day + i * 60 * MINUTE);
      const bars = closed.map((start) => ({ start, open: 50, high: 50, low: 50, close: 50, volume: 1 }));
      run.feed({ kind: "history", symbol: "SPY", size: on, bars });
      run.bar("QQQ", "5m", OPEN, 10);
      expect(said(run)).toEqual(["10/50"]);
    }
  });

  it("say which side of the quote is larger, when both are there with a size", () => {
    const text = `barwise: 1
name: case
symbols: [SPY]
on: 1m
facts: {pressure: imbalance}
rules:
  - {name: leave, when: imbalance > 0.5, then: {close: {}}}
`;
    const { program: compiled } = compile({ "case.strategy.yaml": text });
    if (compiled === null) throw new Error("the case does not compile");
    const run = new CoreDriver(compiled, OPEN);
    const seen = [
      [10, 300, 11, 100],
      [10, 100, 11, 300],
      [10, 100, 0, 0],
      [10, 0, 11, 0],
    ].map(([bid = 0, bidSize = 0, ask = 0, askSize = 0], i) => {
      run.market({ kind: "quote", symbol: "SPY", time: OPEN + i * MINUTE, bid, bidSize, ask, askSize });
      run.bar("SPY", "1m", OPEN + i * MINUTE, 10);
      return inspect(run.core)[0]?.facts["pressure"];
    });
    expect(seen).toEqual([0.5, -0.5, Number.NaN, Number.NaN]);
  });

  it("keep the quotes of two symbols apart", () => {
    const builder = new StrategyBuilder("q", "1m", { symbols: ["QQQ"] });
    const bids = [builder.quote("bid"), builder.quote("bid", "SPY")] as const;
    const run = driver([
      builder
        .rule(
          "say",
          builder.when(builder.close(), ">", 0),
          alert({ expression: bids[0] }, "/", { expression: bids[1] }),
          { fire: "each" },
        )
        .build(),
    ]);
    run.market({ kind: "quote", symbol: "QQQ", time: OPEN, bid: 10, bidSize: 1, ask: 11, askSize: 1 });
    run.market({ kind: "quote", symbol: "SPY", time: OPEN, bid: 20, bidSize: 1, ask: 21, askSize: 1 });
    run.bar("QQQ", "1m", OPEN, 10);
    expect(said(run)).toEqual(["10/20"]);
    run.market({ kind: "quote", symbol: "SPY", time: OPEN + MINUTE, bid: 0, bidSize: 0, ask: 21, askSize: 1 });
    run.bar("QQQ", "1m", OPEN + MINUTE, 10);
    expect(said(run), "a side nobody quotes is unknown").toEqual(["10/20", "10/unknown"]);
  });
});

describe("a timer that comes late", () => {
  it("judges each instant by what had closed then", () => {
    const builder = new StrategyBuilder("s", "5m");
    const minute = builder.close("1m");
    const subject = builder
      .rule("say", builder.when(minute, ">", 0), alert({ expression: minute }), { fire: "each" })
      .build();
    const run = driver([subject], { live: true });
    run.now = OPEN;
    for (let i = 0; i < 7; i++)
      run.feed({ kind: "trade", symbol: "SPY", time: OPEN + i * MINUTE + 1, price: 100 + i, size: 1, setsPrice: true });
    run.now = OPEN + 60 * MINUTE;
    run.feed({ kind: "timer", id: "bars", clock: "market", at: OPEN + MINUTE + 2_000 });
    expect(said(run)).toEqual(["104", "106"]);
  });
});

describe("bars from quotes", () => {
  it("take the middle of the quote while nobody trades, without volume", () => {
    const run = driver([watcher("1m")]);
    run.quote("SPY", OPEN + 1_000, 99, 101);
    run.quote("SPY", OPEN + 20_000, 103, 105);
    run.quote("SPY", OPEN + 50_000, 101, 103);
    run.passTo(OPEN + MINUTE + 2_000);
    expect(barsOf(run.outputs, "1m")).toMatchObject([
      { start: OPEN, open: 100, high: 104, low: 100, close: 102, volume: 0 },
    ]);
  });

  it("end with the first trade, and forget what quotes had built of the open bar", () => {
    const run = driver([watcher("1m")]);
    run.quote("SPY", OPEN + 1_000, 90, 92);
    run.trade("SPY", OPEN + 2_000, 100);
    run.quote("SPY", OPEN + 3_000, 110, 112);
    run.passTo(OPEN + MINUTE + 2_000);
    expect(barsOf(run.outputs, "1m")).toMatchObject([{ open: 100, high: 100, low: 100, close: 100 }]);
  });

  it("leave out one-sided and crossed quotes", () => {
    const run = driver([watcher("1m")]);
    run.quote("SPY", OPEN + 1_000, 0, 101);
    run.quote("SPY", OPEN + 2_000, 102, 101);
    run.passTo(OPEN + MINUTE + 2_000);
    expect(barsOf(run.outputs, "1m")).toEqual([]);
  });
});
