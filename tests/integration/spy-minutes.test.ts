import { describe, expect, it } from "vitest";
import type { BarInput } from "../../engine/core/event.ts";
import type { Program } from "../../engine/core/program.ts";
import { replay, run } from "../support/backtest.ts";
import { StrategyBuilder, all, buy, close, program } from "../support/program.ts";
import { SHARED_DATA_MISSING, haveSharedData, leanMinuteBars, leanMinuteDates } from "../support/reference-data.ts";

function smaCross(): Program {
  const builder = new StrategyBuilder("cross", "1m");
  const price = builder.close();
  const fast = builder.indicator("sma", [5]);
  const slow = builder.indicator("sma", [20]);
  const rsi = builder.indicator("rsi", [14]);
  const atr = builder.indicator("atr", [14]);
  const distance = builder.calc("*", builder.number(2), atr);
  builder.rule(
    "enter",
    all(builder.crossesAbove(fast, slow), builder.when(rsi, "<", 70)),
    buy(builder, 100, {
      bracket: { stopLoss: builder.calc("-", price, distance), takeProfit: builder.calc("+", price, distance) },
    }),
  );
  builder.rule("leave", builder.crossesBelow(fast, slow), close());
  builder.rule("bell", builder.when(builder.session("minutes_to_close"), "<=", 10), close());
  return program([builder.build()], { maxPositionRatio: 0.9, maxDailyLossRatio: 0.05 });
}

describe.runIf(haveSharedData())("SPY minutes of seven days", () => {
  const items: BarInput[] = [];
  const load = (): void => {
    if (items.length > 0) return;
    for (const date of leanMinuteDates("spy"))
      for (const bar of leanMinuteBars("spy", date))
        items.push({ kind: "bar", symbol: "SPY", size: "1m", revised: false, ...bar });
  };

  it("trade, add up to the cent, and replay to the same bytes", async () => {
    load();
    const { result, statement, inputs, outputs } = await run({ program: smaCross(), items, symbols: ["SPY"] });
    const summary = statement.statement();
    expect(result.confirmed).toBe(result.firings);
    expect(summary.orders).toBeGreaterThan(50);
    expect(summary.trades).toBeGreaterThan(30);
    expect(summary.difference).toBe("0.00");
    const roles = new Set(statement.fills.map(({ role }) => role));
    expect([...roles].sort()).toEqual(["entry", "exit", "stop_loss", "take_profit"]);
    // Flat before each bell: no fill of an entry in the last minutes, and the account holds nothing at the end.
    expect(summary.marketValue).toBe("0.00");
    const alerts = statement.alerts.map(({ code }) => code);
    expect(alerts.filter((code) => code !== "data/incomplete-bar")).toEqual([]);
    expect(replay(inputs)).toEqual(outputs.map((out) => JSON.stringify(out)));
  });

  it("give the same run twice, whatever came before in the process", async () => {
    load();
    const first = await run({ program: smaCross(), items: items.slice(0, 900), symbols: ["SPY"] });
    const second = await run({ program: smaCross(), items: items.slice(0, 900), symbols: ["SPY"] });
    expect(JSON.stringify(second.outputs)).toBe(JSON.stringify(first.outputs));
  });
});

it.skipIf(haveSharedData())(SHARED_DATA_MISSING, () => {});
