import { describe, expect, it } from "vitest";
import { compile } from "../../engine/lang/compile.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { warmupOf } from "../../engine/runtime/warmup.ts";
import { openOf } from "../support/core-driver.ts";

const MINUTE = 60_000;

async function asked(facts: string, before: number): Promise<Record<string, number>> {
  const text = `barwise: 1\nname: x\nsymbols: [SPY]\non: 5m\nfacts: {${facts}}\nrules:\n  - {name: leave, when: close < 1, then: {close: {}}}\n`;
  const { program } = compile({ "x.strategy.yaml": text });
  if (program === null) throw new Error("no program");
  const counts: Record<string, number> = {};
  const history = {
    bars: async (_symbol: string, size: { readonly label: string }, _before: number, count: number) => {
      counts[size.label] = count;
      return [];
    },
  };
  await warmupOf(program, history, before, calendarOf);
  return counts;
}

describe("a warm-up", () => {
  const three = openOf("2024-07-02") + 5.5 * 60 * MINUTE;

  it("asks for what the facts need, and a little more", async () => {
    expect(await asked("a: sma(10), b: 'sma(3, on: 1d)'", three)).toEqual({ "5m": 30, "1d": 23 });
  });

  it("asks for no bars that are counted from trades", async () => {
    expect(await asked("a: 'sma(10, on: 500 ticks)', b: 'vwap(on: 50_000 volume)'", three)).toEqual({ "5m": 21 });
  });

  it("reaches back to the start of the session for facts that begin there", async () => {
    const sinceFour = (11 * 60) / 5;
    expect(await asked("a: vwap()", three)).toEqual({ "5m": sinceFour });
    expect(await asked("a: opening_range(15m).high", three)).toEqual({ "5m": sinceFour });
  });

  it("reaches back to the start of the week or month for an average that is anchored there", async () => {
    const whole = (16 * 60) / 5;
    const today = (11 * 60) / 5;
    // 2024-07-02 is a Tuesday: Monday the 1st began the week, the month and the quarter.
    for (const anchor of ["week", "month", "quarter"]) {
      expect(await asked(`a: 'vwap(anchor: ${anchor})'`, three)).toEqual({ "5m": whole + today });
    }
    // A year of 16-hour days holds half days that end earlier.
    const year = (await asked("a: 'vwap(anchor: year)'", three))["5m"] ?? 0;
    expect(year).toBeGreaterThan(124 * (whole - 60) + today);
    expect(year).toBeLessThanOrEqual(125 * whole + today);
  });

  it("asks for as many bars of the other symbol when two are compared", async () => {
    const counts: Record<string, number> = {};
    const text =
      "barwise: 1\nname: x\nsymbols: [QQQ]\non: 1d\nfacts: {a: 'beta(60, with: close(symbol: SPY))', b: 'sma(5, of: close(symbol: IWM))', c: 'sma(9, of: close - close(symbol: DIA))'}\n" +
      "rules:\n  - {name: leave, when: a > b and c > 0, then: {close: {}}}\n";
    const { program } = compile({ "x.strategy.yaml": text });
    if (program === null) throw new Error("no program");
    const history = {
      bars: async (symbol: string, _size: unknown, _before: number, count: number) => {
        counts[symbol] = count;
        return [];
      },
    };
    await warmupOf(program, history, three, calendarOf);
    expect(counts).toEqual({ QQQ: 81, SPY: 81, IWM: 25, DIA: 29 });
  });

  it("asks for the days that a prior value lies back", async () => {
    expect(await asked("a: 'prior(high, on: 1d)[2]'", three)).toEqual({ "5m": 21, "1d": 24 });
  });
});
