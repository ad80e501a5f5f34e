import { describe, expect, it } from "vitest";
import type { HistoryInput } from "../../engine/core/event.ts";
import { restoreCore, saveCore } from "../../engine/core/save.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import type { Strategy } from "../../engine/core/program.ts";
import { CoreDriver, openOf } from "../support/core-driver.ts";
import { StrategyBuilder, alert, all, buy, close, program, reduce } from "../support/program.ts";
import type { Rule } from "../../engine/core/program.ts";

const MINUTE = 60_000;
const OPEN = openOf("2024-03-05");

const load = (run: CoreDriver, strategy: Strategy, warmup: readonly HistoryInput[] = []): void => {
  run.feed({ kind: "program.loaded", program: program([{ ...strategy, digest: String(run.inputs.length) }]), warmup });
};
const said = (run: CoreDriver): string[] =>
  run.of("alert").flatMap(({ code, message }) => (code === "rule/alert" ? [message] : []));

function above(level: number, over: Partial<Rule> = {}): Strategy {
  const builder = new StrategyBuilder("s", "1m");
  const close = builder.close();
  return builder.rule("r", builder.when(close, ">", level), alert({ expression: close }), over).build();
}

describe("a reload", () => {
  it("keeps the latch of an unchanged rule and makes a changed one wait for false", () => {
    const run = new CoreDriver(program([above(100)]), OPEN - 1_000);
    run.bar("SPY", "1m", OPEN, 99);
    load(run, above(100));
    run.bar("SPY", "1m", OPEN + MINUTE, 101);
    expect(said(run)).toEqual(["101"]);
    load(run, above(90));
    run.bar("SPY", "1m", OPEN + 2 * MINUTE, 102);
    expect(said(run)).toEqual(["101"]);
  });

  it("keeps a cooldown by the rule's name when the rule changed", () => {
    const run = new CoreDriver(program([above(100, { fire: "each", cooldown: { bars: 5 } })]), OPEN - 1_000);
    run.bar("SPY", "1m", OPEN, 101);
    load(run, above(100, { fire: "each", cooldown: { bars: 4 } }));
    for (let i = 1; i < 5; i++) run.bar("SPY", "1m", OPEN + i * MINUTE, 101 + i);
    expect(said(run)).toEqual(["101", "105"]);
  });

  it.each(["the rule", "its file"])(
    "keeps what was spent while %s is gone for a while, across a restart too",
    (what) => {
      const once = above(100, { fire: "each", limit: { count: 1, per: "day" } });
      const run = new CoreDriver(program([once]), OPEN - 1_000);
      run.bar("SPY", "1m", OPEN, 101);
      expect(said(run)).toEqual(["101"]);
      const other = new StrategyBuilder(what === "the rule" ? "s" : "t", "1m");
      const without = other.rule("other", other.when(other.close(), "<", 0), alert("low")).build();
      load(run, without);
      run.bar("SPY", "1m", OPEN + MINUTE, 102);
      const running = run.core.signals.program;
      if (running === undefined) throw new Error("nothing runs");
      const saved = saveCore(run.core);
      const again = restoreCore({ account: "test", journal: "j", calendarOf }, saved, running);
      expect(saveCore(again)).toEqual(saved);

      load(run, once);
      run.bar("SPY", "1m", OPEN + 2 * MINUTE, 103);
      expect(said(run)).toEqual(["101"]);
      const next = openOf("2024-03-06");
      run.bar("SPY", "1m", next, 104);
      run.bar("SPY", "1m", next + MINUTE, 105);
      expect(said(run)).toEqual(["101", "104"]);
    },
  );

  it("does not run a cooldown of bars down while the rule is gone", () => {
    const strategy = above(100, { fire: "each", cooldown: { bars: 4 } });
    const run = new CoreDriver(program([strategy]), OPEN - 1_000);
    run.bar("SPY", "1m", OPEN, 101);
    load(run, above(100, { fire: "each", name: "other", cooldown: { bars: 100 } }));
    for (let i = 1; i <= 10; i++) run.bar("SPY", "1m", OPEN + i * MINUTE, 101);
    load(run, strategy);
    const before = said(run).length;
    for (let i = 11; i < 14; i++) run.bar("SPY", "1m", OPEN + i * MINUTE, 102);
    expect(said(run)).toHaveLength(before);
    run.bar("SPY", "1m", OPEN + 14 * MINUTE, 103);
    expect(said(run).at(-1)).toBe("103");
  });

  it("keeps what facts remember, and counts evaluations on", () => {
    const strategy = (): Strategy => {
      const builder = new StrategyBuilder("s", "1m");
      const close = builder.close();
      const held = builder.barsTrue(builder.when(close, ">", 100));
      const seconds = builder.secondsTrue(builder.when(close, ">", 100));
      const sma = builder.indicator("sma", [4]);
      return builder
        .rule(
          "r",
          all(builder.when(held, ">=", 4), builder.when(sma, ">", 0)),
          alert({ expression: held }, "/", { expression: seconds }, "/", { expression: sma }),
          { fire: "each" },
        )
        .build();
    };
    const run = new CoreDriver(program([strategy()]), OPEN - 1_000);
    run.bar("SPY", "1m", OPEN, 101);
    run.bar("SPY", "1m", OPEN + MINUTE, 101);
    load(run, strategy());
    run.bar("SPY", "1m", OPEN + 2 * MINUTE, 101);
    run.bar("SPY", "1m", OPEN + 3 * MINUTE, 101);
    expect(said(run)).toEqual(["4/180/101"]);
  });

  it("does not re-arm a reduction because a position is open", () => {
    const strategy = (over: Partial<Strategy> = {}): Strategy => {
      const builder = new StrategyBuilder("s", "1m", over);
      const close = builder.close();
      builder.rule("in", builder.when(close, ">", 100.5), buy(builder, 10), { start: "fire" });
      builder.rule("half", builder.when(close, ">", 102), reduce(builder, 0.5), { start: "fire" });
      return builder.build();
    };
    const run = new CoreDriver(program([strategy()]), OPEN - 1_000);
    run.bar("SPY", "1m", OPEN, 98);
    run.bar("SPY", "1m", OPEN + MINUTE, 101);
    run.filled(run.lastSubmit, 10, 101);
    run.bar("SPY", "1m", OPEN + 2 * MINUTE, 103);
    run.filled(run.lastSubmit, 5, 101);
    expect(run.submits.map(({ side, qty }) => `${side} ${qty}`)).toEqual(["buy 10", "sell 5"]);
    load(run, strategy());
    run.bar("SPY", "1m", OPEN + 3 * MINUTE, 103);
    expect(run.submits).toHaveLength(2);
  });

  it("does not feed new facts a bar that the running series still has to close", () => {
    const run = new CoreDriver(program([above(1_000)]), OPEN - 1_000);
    run.bar("SPY", "1m", OPEN, 100);
    const builder = new StrategyBuilder("s", "1m");
    const sma = builder.indicator("sma", [2]);
    const next = builder.rule("r", builder.when(sma, ">", 0), alert({ expression: sma }), { fire: "each" }).build();
    const bar = (i: number, close: number) => ({
      start: OPEN + i * MINUTE,
      open: close,
      high: close,
      low: close,
      close,
      volume: 1,
    });
    load(run, next, [{ kind: "history", symbol: "SPY", size: "1m", bars: [bar(0, 100), bar(1, 104)] }]);
    run.bar("SPY", "1m", OPEN + MINUTE, 104);
    expect(said(run)).toEqual(["102"]);
  });

  it("does not lose an evaluation that waits for another symbol", () => {
    const strategy = (): Strategy => {
      const builder = new StrategyBuilder("s", "1m");
      const other = builder.close(undefined, "QQQ");
      return builder.rule("r", builder.when(other, ">", 0), alert({ expression: other }), { fire: "each" }).build();
    };
    const run = new CoreDriver(program([strategy()]), OPEN - 1_000);
    run.bar("SPY", "1m", OPEN, 100);
    load(run, strategy());
    run.bar("QQQ", "1m", OPEN, 200);
    expect(said(run)).toEqual(["200"]);
  });
});

describe("rules of one evaluation", () => {
  it("that reduce nothing drop no entry", () => {
    const builder = new StrategyBuilder("s", "1m");
    const up = builder.when(builder.close(), ">", 0);
    builder.rule("in", up, buy(builder, 1), { start: "fire" });
    builder.rule("half", up, reduce(builder, 0.5), { start: "fire" });
    const run = new CoreDriver(program([builder.build()]), OPEN - 1_000);
    run.bar("SPY", "1m", OPEN, 100);
    expect(run.submits).toHaveLength(1);
  });

  it("of one group fire once, the highest priority first", () => {
    const builder = new StrategyBuilder("s", "1m");
    const up = builder.when(builder.close(), ">", 0);
    builder.rule("low", up, alert("low"), { fire: "each", group: "g" });
    builder.rule("high", up, alert("high"), { fire: "each", group: "g", priority: 5 });
    const run = new CoreDriver(program([builder.build()]), OPEN - 1_000);
    run.bar("SPY", "1m", OPEN, 100);
    expect(said(run)).toEqual(["high"]);
    expect(run.refusals).toEqual(["group"]);
  });

  it("of one group let an exit go first, whatever the priorities", () => {
    const builder = new StrategyBuilder("s", "1m");
    const close_ = builder.close();
    builder.rule("in", builder.when(close_, ">", 0), buy(builder, 1), { start: "fire" });
    builder.rule("say", builder.when(close_, ">", 100), alert("up"), { group: "g", priority: 9 });
    builder.rule("out", builder.when(close_, ">", 100), close(), { group: "g" });
    const run = new CoreDriver(program([builder.build()]), OPEN - 1_000);
    run.bar("SPY", "1m", OPEN, 100);
    run.accept(run.lastSubmit);
    run.filled(run.lastSubmit, 1, 100);
    run.bar("SPY", "1m", OPEN + MINUTE, 101);
    expect(run.lastSubmit.side).toBe("sell");
    expect(run.refusals).toEqual(["group"]);
  });

  it("use up a sequence, but not what holds at the firing itself", () => {
    const builder = new StrategyBuilder("s", "1m");
    const close = builder.close();
    const first = builder.when(close, ">", 100);
    const since = builder.barsSince(first, 5, { rule: "then" });
    builder.rule(
      "then",
      all(builder.when(close, ">", 90), builder.when(since, "<=", 5)),
      alert({ expression: since }),
      { fire: "each" },
    );
    const run = new CoreDriver(program([builder.build()]), OPEN - 1_000);
    [101, 101, 95, 95].forEach((price, i) => run.bar("SPY", "1m", OPEN + i * MINUTE, price));
    expect(said(run)).toEqual(["1", "1"]);
  });

  it("say once per spell that an exit cannot be judged", () => {
    const builder = new StrategyBuilder("s", "1m");
    const close = builder.close();
    builder.rule("in", builder.when(close, ">", 0), buy(builder, 1), { start: "fire" });
    builder.rule("out", builder.when(builder.indicator("sma", [50]), ">", 0), {
      kind: "close",
      order: { type: "market", timeInForce: "day", extendedHours: false },
    });
    const run = new CoreDriver(program([builder.build()]), OPEN - 1_000);
    run.bar("SPY", "1m", OPEN, 100);
    run.filled(run.lastSubmit, 1, 100);
    for (let i = 1; i < 6; i++) run.bar("SPY", "1m", OPEN + i * MINUTE, 100);
    expect(run.alerts).toEqual(["exit/unknown"]);
  });
});
