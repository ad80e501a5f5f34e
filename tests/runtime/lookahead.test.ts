/** The lookahead check: finds nothing in what is sound, and finds what is not. */
import { describe, expect, it } from "vitest";
import { createSimBroker } from "../../engine/adapters/sim/broker.ts";
import type { BarInput } from "../../engine/core/event.ts";
import { compile } from "../../engine/lang/compile.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { NYSE as nyse } from "../../engine/market/nyse.ts";
import { checkLookahead } from "../../engine/runtime/lookahead.ts";
import type { LookaheadResult } from "../../engine/runtime/lookahead.ts";
import { newExchange } from "../e2e/support.ts";

const STRATEGY = `barwise: 1
name: case
symbols: [SPY]
on: 5m
facts: {trend: "sma(3, on: 30m)", yesterday: "prior(high, on: 1d)"}
rules:
  - name: enter
    when: close > trend and close[2] < close
    then: {buy: {size: {qty: 1}, bracket: {stop_loss: close - 2}}}
  - {name: leave, when: close < trend for 2 bars, then: {close: {}}}
`;

const DAYS = ["2024-07-02", "2024-07-03", "2024-07-05"];

function bars(): BarInput[] {
  const found: BarInput[] = [];
  for (const day of DAYS) {
    const session = nyse.sessionOn(day);
    if (session === undefined) throw new Error(day);
    for (let start = session.open; start < session.close; start += 300_000) {
      const close = 100 + ((found.length * 37) % 11);
      const prices = { open: close, high: close + 1, low: close - 1, close };
      found.push({ kind: "bar", symbol: "SPY", size: "5m", revised: false, start, ...prices, volume: 10 });
    }
  }
  return found;
}

async function check(items: () => Iterable<BarInput>, cuts = 20): Promise<LookaheadResult> {
  const { program } = compile({ "case.strategy.yaml": STRATEGY });
  if (program === null) throw new Error("the case does not compile");
  return await checkLookahead({
    program,
    sources: {},
    items,
    broker: () => createSimBroker(newExchange(["SPY"])),
    calendarOf,
    account: "t",
    journalId: "t",
    confirm: { mode: "full" },
    cuts,
  });
}

describe("the lookahead check", () => {
  it("compares every evaluation before every cut, orders and positions included", async () => {
    const result = await check(bars);
    expect(result).toMatchObject({ items: 198, cuts: 20, evaluations: 198, difference: undefined });
    expect(result.compared).toBeGreaterThan(1_500);
  });

  it("finds data whose past depends on its future, and names the first fact that does", async () => {
    // As if prices were scaled by the last one: what a chart normalised to today does.
    const scaled = (length: number): BarInput[] => {
      const all = bars();
      const factor = length / 1_000;
      return all.map((bar, i) => (i === 30 ? { ...bar, close: bar.close + factor } : bar));
    };
    // Played whole first and last; in between cut off, the fourth time behind the bar in question, and once more to look.
    const lengths = [198, 9, 18, 28, 37, 37, 198];
    const { difference } = await check(() => scaled(lengths.shift() ?? Number.NaN));
    expect(lengths).toEqual([]);
    expect(difference).toMatchObject({ strategy: "case", symbol: "SPY" });
    expect(difference?.time).toBe((bars()[30]?.start ?? 0) + 300_000);
    expect(difference?.what).toContain("close");
  });

  it("makes as many cuts as the data has room for", async () => {
    expect(await check(() => bars().slice(0, 4), 20)).toMatchObject({ items: 4, cuts: 3 });
  });
});
