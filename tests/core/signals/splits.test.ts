import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bar, HistoryInput, InputBody } from "../../../engine/core/event.ts";
import type { Strategy } from "../../../engine/core/program.ts";
import { inspect } from "../../../engine/core/view.ts";
import { replay } from "../../support/backtest.ts";
import { CoreDriver, openOf, reconciled } from "../../support/core-driver.ts";
import { StrategyBuilder, alert, all, buy, program } from "../../support/program.ts";
import { runs } from "../../support/runs.ts";

const MINUTE = 60_000;
const [DAY1, DAY2] = [openOf("2024-03-05"), openOf("2024-03-06")];
const MIDNIGHT = Date.parse("2024-03-06T00:00:00-05:00");
const SYMBOLS = ["SPY", "QQQ"] as const;

/** Facts of every kind that a split may touch; conditions that no scale changes, but for the last. */
function rich(level: number): Strategy {
  const builder = new StrategyBuilder("rich", "1m", { symbols: [...SYMBOLS] });
  const price = builder.close();
  const sma = builder.indicator("sma", [4]);
  const five = builder.close("5m");
  const other = builder.close(undefined, "QQQ");
  const above = builder.when(price, ">", { fact: sma });
  const held = builder.barsTrue(above);
  const since = builder.barsSince(above, 6);
  const lag = builder.lag(price, 2);
  const ratio = builder.calc("/", builder.close(undefined, "SPY"), other);
  const told = alert({ expression: price }, "/", { expression: held }, "/", { expression: ratio });
  builder.rule("cross", builder.crossesAbove(price, sma), told);
  builder.rule("long", all(builder.when(held, ">=", 2), builder.when(since, ">=", 0)), told);
  builder.rule("five", builder.when(price, ">", { fact: five }), told, { cooldown: { bars: 3 } });
  builder.rule("lag", builder.when(price, "<", { fact: lag }), told, { fire: "each" });
  builder.rule("level", builder.when(price, "<", level), told);
  return builder.build();
}

interface Minute {
  readonly symbol: string;
  readonly start: number;
  readonly close: number;
}

const feedTo = (run: CoreDriver, minutes: readonly Minute[], ratio = 1): void => {
  for (const { symbol, start, close } of minutes)
    run.bar(symbol, "1m", start, symbol === "SPY" ? close / ratio : close, { volume: 100 });
};

/** The bars of the first day as history has them afterwards, five minutes first. */
function historyOf(minutes: readonly Minute[], ratio: number): HistoryInput[] {
  const history: HistoryInput[] = [];
  const fives = new Map<string, Bar[]>();
  for (const { symbol, start, close } of minutes) {
    const price = symbol === "SPY" ? close / ratio : close;
    const bar = { start, open: price, high: price, low: price, close: price, volume: 100 };
    const parts = [...(fives.get(symbol) ?? []), bar];
    fives.set(symbol, parts);
    if (parts.length === 5) {
      const prices = parts.map((part) => part.close);
      const [first] = parts;
      const five = { high: Math.max(...prices), low: Math.min(...prices), close: price, volume: 500 };
      history.push({
        ...{ kind: "history", symbol, size: "5m" },
        bars: [{ start: first?.start ?? 0, open: first?.open ?? 0, ...five }],
      });
      fives.set(symbol, []);
    }
    history.push({ kind: "history", symbol, size: "1m", bars: [bar] });
  }
  return history;
}

/** Whole bars of five minutes. */
const closes = fc
  .array(
    fc.array(fc.tuple(fc.integer({ min: 90, max: 110 }), fc.integer({ min: 90, max: 110 })), {
      minLength: 5,
      maxLength: 5,
    }),
    {
      minLength: 2,
      maxLength: 6,
    },
  )
  .map((fives) => fives.flat());
const minutesOf = (open: number, prices: readonly (readonly [number, number])[]): Minute[] =>
  prices.flatMap(([spy, qqq], i) => [
    { symbol: "SPY", start: open + i * MINUTE, close: spy },
    { symbol: "QQQ", start: open + i * MINUTE, close: qqq },
  ]);

const said = (run: CoreDriver): string[] =>
  run.of("alert").flatMap(({ code, symbol, message }) => (code === "rule/alert" ? [`${symbol} ${message}`] : []));
const split = (ratio: number, time = MIDNIGHT): InputBody => {
  return { kind: "split", symbol: "SPY", time, newShares: String(ratio), oldShares: "1" };
};
/** Every fact of every instance. */
const factsOf = (run: CoreDriver, ...symbols: string[]): number[] =>
  run.core.signals.instances.flatMap(({ facts: { symbol, slotOf, strategy } }) =>
    strategy.facts.flatMap(({ spec }, i) => {
      const isWanted = symbols.length === 0 || (symbols.includes(symbol) && spec.series.symbol !== "QQQ");
      return isWanted && spec.kind !== "const" ? [run.core.signals.graph.slots[slotOf[i] ?? -1] ?? Infinity] : [];
    }),
  );
/** Those of SPY's rules that come from SPY: QQQ has not split, and its own bars stay known. */
const ofSpy = (run: CoreDriver): number[] => factsOf(run, "SPY");
const truths = (run: CoreDriver) => inspect(run.core).map(({ rules }) => rules.map(({ truth }) => truth));

class SplitRun extends CoreDriver {
  rebuild(warmup: readonly HistoryInput[], rebuilds = ["SPY"]): void {
    const { program: loaded } = this.core.signals;
    if (loaded !== undefined) this.feed({ kind: "program.loaded", program: loaded, warmup, rebuilds });
  }
}

/** Ten minutes of the day before, then midnight. */
function beforeSplit() {
  const run = new SplitRun(program([rich(0)]), DAY1 - 1_000);
  const first = minutesOf(
    DAY1,
    Array.from({ length: 10 }, (_, i) => [100 + i, 100 + i] as const),
  );
  feedTo(run, first);
  run.passTo(MIDNIGHT);
  return { run, first };
}

describe("facts of a symbol that splits", () => {
  it("are unknown until a history of today's prices is loaded, and so are those that read it", () => {
    const { run } = beforeSplit();
    run.feed(split(4));
    expect(new Set(ofSpy(run))).toEqual(new Set([Number.NaN]));
    expect([...run.core.signals.awaitingHistory]).toEqual(["SPY"]);
    const before = said(run).length;
    feedTo(
      run,
      minutesOf(DAY2, [
        [100, 120],
        [108, 130],
        [104, 140],
      ]),
      4,
    );
    expect(said(run)).toHaveLength(before);
    expect(new Set(ofSpy(run))).toEqual(new Set([Number.NaN]));
  });

  it("are those of a run that had today's prices from the start, and so is what fires", () => {
    fc.assert(
      fc.property(closes, closes, fc.constantFrom(2, 4, 10), fc.boolean(), (one, two, ratio, settlesFirst) => {
        const [first, second] = [minutesOf(DAY1, one), minutesOf(DAY2, two)];
        const adjusted = new SplitRun(program([rich(0)]), DAY1 - 1_000);
        feedTo(adjusted, first, ratio);
        const run = new SplitRun(program([rich(0)]), DAY1 - 1_000);
        feedTo(run, first);
        for (const each of [adjusted, run]) each.passTo(MIDNIGHT);
        run.feed(split(ratio));
        if (settlesFirst) run.feed(reconciled());
        run.rebuild(historyOf(first, ratio));
        if (!settlesFirst) run.feed(reconciled());
        const before = [adjusted, run].map((each) => said(each).length);
        for (const minute of second) {
          for (const each of [adjusted, run]) feedTo(each, [minute], ratio);
          expect(factsOf(run)).toEqual(factsOf(adjusted));
          expect(truths(run)).toEqual(truths(adjusted));
        }
        expect(said(run).slice(before[1])).toEqual(said(adjusted).slice(before[0]));
        expect(replay(run.inputs).flatMap((outputs) => JSON.parse(outputs))).toEqual(run.outputs);
      }),
      { numRuns: runs(40) },
    );
  });

  it("follow bars while the broker is awaited, and nothing fires", () => {
    const { run, first } = beforeSplit();
    run.feed(split(2));
    run.rebuild(historyOf(first, 2));
    const before = said(run).length;
    feedTo(
      run,
      minutesOf(DAY2, [
        [90, 100],
        [130, 100],
        [90, 100],
      ]),
      2,
    );
    expect(said(run)).toHaveLength(before);
    expect(inspect(run.core).map(({ price }) => price)).toEqual([45, 100]);
    run.feed(reconciled());
    run.bar("SPY", "1m", DAY2 + 3 * MINUTE, 40);
    run.bar("QQQ", "1m", DAY2 + 3 * MINUTE, 100);
    expect(said(run).length).toBeGreaterThan(before);
  });

  it("stay unknown when a program comes whose history was asked for before", () => {
    const { run, first } = beforeSplit();
    run.feed(split(4));
    run.rebuild(historyOf(first, 1), []);
    expect(new Set(ofSpy(run))).toEqual(new Set([Number.NaN]));
    expect([...run.core.signals.awaitingHistory]).toEqual(["SPY"]);
  });

  it("do not fire a rule because the new prices alone have passed a level", () => {
    const run = new SplitRun(program([rich(80)]), DAY1 - 1_000);
    const first = minutesOf(
      DAY1,
      Array.from({ length: 10 }, () => [100, 100] as const),
    );
    feedTo(run, first);
    run.passTo(MIDNIGHT);
    run.feed(split(4));
    run.rebuild(historyOf(first, 4));
    run.feed(reconciled());
    const before = said(run).length;
    feedTo(
      run,
      minutesOf(DAY2, [
        [100, 100],
        [100, 100],
      ]),
      4,
    );
    expect(said(run)).toHaveLength(before);
  });

  it("drop the bar that is half of old prices, and keep one that began after the split", () => {
    const builder = new StrategyBuilder("s", "5m");
    const price = builder.close();
    builder.rule("any", builder.when(price, ">", 0), alert({ expression: price }), { fire: "each" });
    const play = (time: number): CoreDriver => {
      const run = new SplitRun(program([builder.build()]), DAY2 - 1_000, { live: true });
      run.trade("SPY", DAY2 + MINUTE, 25);
      run.feed(split(4, time));
      run.rebuild([]);
      run.feed(reconciled());
      run.trade("SPY", DAY2 + 2 * MINUTE, 26);
      run.passTo(DAY2 + 6 * MINUTE);
      return run;
    };
    expect(
      play(MIDNIGHT)
        .of("bar")
        .map(({ bar }) => [bar.open, bar.close]),
    ).toEqual([[25, 26]]);
    expect(
      play(DAY2 + 90_000)
        .of("bar")
        .map(({ bar }) => [bar.open, bar.close]),
    ).not.toContainEqual([25, 26]);
  });

  it("keep cooldowns and bars since the position was opened", () => {
    const builder = new StrategyBuilder("s", "1m");
    const price = builder.close();
    const bars = builder.position("bars_held");
    builder.rule("in", builder.when(price, ">", 0), buy(builder, 10), { start: "fire" });
    builder.rule("told", builder.when(price, ">", 0), alert({ expression: bars }), {
      fire: "each",
      cooldown: { bars: 4 },
    });
    const run = new SplitRun(program([builder.build()]), DAY1 - 1_000);
    const spy = (open: number, count: number) =>
      Array.from({ length: count }, (_, i) => ({ symbol: "SPY", start: open + i * MINUTE, close: 100 }));
    feedTo(run, spy(DAY1, 1));
    run.accept(run.lastSubmit);
    run.filled(run.lastSubmit, 10, 100);
    feedTo(run, spy(DAY1 + MINUTE, 2));
    expect(said(run)).toEqual(["SPY 0"]);
    run.passTo(MIDNIGHT);
    run.feed(split(4));
    run.rebuild(historyOf(spy(DAY1, 3), 4));
    run.feed({ ...reconciled(), positions: [{ symbol: "SPY", qty: "40", avgPrice: "25" }] });
    feedTo(run, spy(DAY2, 2), 4);
    expect(said(run)).toEqual(["SPY 0", "SPY 4"]);
    expect(inspect(run.core)[0]).toMatchObject({ qty: 40, avgPrice: 25 });
  });
});
