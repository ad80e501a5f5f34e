/** Bars of activity in a whole backtest: made-up trades of two symbols, and the ticks of a real week. */
import { describe, expect, it } from "vitest";
import { createSimBroker } from "../../engine/adapters/sim/broker.ts";
import type { MarketInput, TradeInput } from "../../engine/core/event.ts";
import type { Program } from "../../engine/core/program.ts";
import { compile } from "../../engine/lang/compile.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { checkLookahead } from "../../engine/runtime/lookahead.ts";
import { activityBars, told } from "../support/activity-model.ts";
import type { Kind } from "../support/activity-model.ts";
import { replay, run } from "../support/backtest.ts";
import { openOf } from "../support/core-driver.ts";
import { LEAN_REGULAR, SHARED_DATA_MISSING, haveSharedData, leanTrades } from "../support/reference-data.ts";
import { picker } from "../support/runs.ts";
import { newExchange } from "./support.ts";

function programOf(text: string): Program {
  const { program, diagnostics } = compile({ "case.strategy.yaml": text });
  if (program === null) throw new Error(diagnostics.map(({ line, message }) => `${line}: ${message}`).join("\n"));
  return program;
}

const RULES = `rules:
  - name: enter
    when: fast crosses above slow and mood > 20
    then: {buy: {size: {qty: 10}, bracket: {stop_loss: close - 5}}}
    cooldown: 2 bars
  - {name: leave, when: fast crosses below slow, then: {close: {}}}
  - {name: flat, when: session.minutes_to_close <= 5, then: {close: {}}}
`;

/** On bars of activity, reading the others; on bars of time, reading those. */
const COUNTED = `barwise: 1
name: counted
symbols: [SPY, QQQ]
on: 20 ticks
facts:
  fast: ema(2)
  slow: sma(5)
  mood: rsi(3, on: 8_000 volume)
  five: close(on: 5m)
  yesterday: prior(high, on: 1d)
  other: close(symbol: QQQ, on: 300_000 dollars)
${RULES}`;
const TIMED = `barwise: 1
name: timed
symbols: [SPY, QQQ]
on: 1m
facts:
  fast: ema(2, on: 20 ticks)
  slow: sma(5, on: 20 ticks)
  mood: rsi(3, on: 8_000 volume)
  other: change(close(symbol: QQQ, on: 20 ticks), 1)
  same: close(symbol: QQQ)
${RULES}`;

/** Both symbols, two days, odd lots that set no price, quotes between. */
function tape(): MarketInput[] {
  const pick = picker(7);
  const items: MarketInput[] = [];
  for (const day of ["2024-07-02", "2024-07-03"]) {
    let time = openOf(day) - 60_000;
    const close = calendarOf("SPY").sessionOn(day)?.close ?? 0;
    const prices = { SPY: 100, QQQ: 50 };
    while (time < close + 60_000) {
      // Many of one millisecond, and the odd pause.
      time += pick(3) === 0 ? 0 : pick(100) === 0 ? 240_000 : pick(9_000);
      const symbol = pick(2) === 0 ? "SPY" : "QQQ";
      prices[symbol] = Math.round(prices[symbol] * 100 + pick(41) - 20) / 100;
      const price = prices[symbol];
      const size = pick(4) === 0 ? 1 + pick(99) : 100 * (1 + pick(9));
      items.push({ kind: "trade", symbol, time, price, size, setsPrice: size >= 100 });
      if (pick(3) === 0)
        items.push({ kind: "quote", symbol, time, bid: price - 0.01, bidSize: 100, ask: price + 0.01, askSize: 100 });
    }
  }
  return items;
}

describe("a backtest on bars of activity", () => {
  it.each([
    ["judged at them", COUNTED],
    ["read by bars of time", TIMED],
  ])(
    "trades, balances, replays to the same bytes and looks at nothing that comes later: %s",
    async (_, text) => {
      const program = programOf(text);
      const items = tape();
      const { result, statement, inputs, outputs } = await run({ program, items, symbols: ["SPY", "QQQ"] });
      expect(result.firings).toBeGreaterThan(10);
      expect(result.confirmed).toBe(result.firings);
      expect(statement.fills.length).toBeGreaterThan(10);
      expect(statement.statement()).toMatchObject({ difference: "0.00" });
      expect(replay(inputs)).toEqual(outputs.map((out) => JSON.stringify(out)));
      const looked = await checkLookahead({
        program,
        sources: {},
        items: () => items,
        broker: () => createSimBroker(newExchange(["SPY", "QQQ"])),
        calendarOf,
        account: "t",
        journalId: "t",
        confirm: { mode: "full" },
        cuts: 12,
      });
      expect(looked.difference).toBeUndefined();
      expect(looked.compared).toBeGreaterThan(1_000);
    },
    60_000,
  );

  it.skipIf(!haveSharedData())(
    `makes the bars of IBM's week in 2013 that a model cuts out of its trades ${haveSharedData() ? "" : SHARED_DATA_MISSING}`,
    async () => {
      const days = ["20131007", "20131008", "20131009", "20131010", "20131011"];
      const trades = days.flatMap((day) =>
        leanTrades("ibm", day)
          .filter(({ suspicious }) => !suspicious)
          .map(({ time, price, size, condition }): TradeInput => {
            return { kind: "trade", symbol: "IBM", time, price, size, setsPrice: (condition & LEAN_REGULAR) !== 0 };
          }),
      );
      const stretches = days.map((day) => {
        const session = calendarOf("IBM").sessionOn(day.replace(/(....)(..)(..)/, "$1-$2-$3"));
        const { open = 0, close = 0 } = session ?? {};
        return { trades: trades.filter(({ time }) => time >= open && time < close), end: close };
      });
      const sizes: readonly [Kind, number][] = [
        ["ticks", 500],
        ["volume", 50_000],
        ["dollars", 20_000_000],
      ];
      for (const [kind, threshold] of sizes) {
        const on = `${threshold} ${kind}`;
        const program = programOf(
          `barwise: 1\nname: a\nsymbols: [IBM]\non: ${on}\nrules:\n  - {name: leave, when: close < 1, then: {close: {}}}\n`,
        );
        const { outputs } = await run({ program, items: trades, symbols: ["IBM"] });
        const found = outputs.flat().flatMap((one) => (one.kind === "bar" ? [one] : []));
        expect(new Set(found.map(({ size }) => size))).toEqual(new Set([on]));
        const expected = activityBars(stretches, kind, threshold);
        expect(expected.length).toBeGreaterThan(50);
        expect(found.map(({ bar }) => bar)).toEqual(expected.map(told));
      }
    },
    60_000,
  );
});
