import { describe, expect, it } from "vitest";
import type { SessionKind } from "../../engine/core/program.ts";
import { Stamper } from "../../engine/core/stamp.ts";
import { createCore, step } from "../../engine/core/step.ts";
import { inspect } from "../../engine/core/view.ts";
import { compile } from "../../engine/lang/compile.ts";
import { parseBarSize } from "../../engine/market/bar-size.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { KnownBars } from "../../engine/runtime/rebuild.ts";
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

  it("asks for the hours that each strategy has bars in, and keeps them apart", async () => {
    const text = (name: string, session: string): string =>
      `barwise: 1\nname: ${name}\nsymbols: [SPY]\non: 1h\nsession: ${session}\nfacts: {a: sma(2), b: 'sma(2, on: 1d)'}\nrules:\n  - {name: leave, when: a < 1 and b < 1, then: {close: {}}}\n`;
    const { program } = compile({
      "r.strategy.yaml": text("r", "regular"),
      "e.strategy.yaml": text("e", "extended"),
    });
    if (program === null) throw new Error("no program");
    const questions: string[] = [];
    const day = openOf("2024-07-01");
    const hours = { regular: day, extended: day - 5.5 * 60 * MINUTE, always: Number.NaN };
    const price = { regular: 100, extended: 50, always: Number.NaN };
    const history = {
      bars: async (
        _: string,
        { label }: { readonly label: string },
        __: number,
        ___: number,
        session?: SessionKind,
      ) => {
        questions.push(`${label} ${session}`);
        const kind = session ?? "regular";
        const bar = { open: price[kind], high: price[kind], low: price[kind], close: price[kind], volume: 1 };
        return label === "1d"
          ? [{ ...bar, start: day }]
          : [0, 1].map((n) => ({ ...bar, start: hours[kind] + n * 60 * MINUTE }));
      },
    };
    const { warmup } = await warmupOf(program, history, three, calendarOf);
    expect(questions.toSorted()).toEqual(["1d regular", "1h extended", "1h regular"]);
    expect(warmup.map(({ size, session, bars }) => `${size} ${session} ${bars.length}`)).toEqual([
      "1h extended 2",
      "1h regular 2",
      "1d undefined 1",
    ]);
    const core = createCore({ account: "a", journal: "j", calendarOf });
    const stamped = new Stamper().stamp({ kind: "program.loaded", program, warmup }, 1, three, three);
    step(core, { ...stamped });
    const averages = inspect(core).map(({ strategy, facts }) => `${strategy} ${facts["a"]}`);
    expect(averages.toSorted()).toEqual(["e 50", "r 100"]);
  });
});

describe("bars that are known of a run", () => {
  it("are those of the session that is asked about, when history was told by session", async () => {
    const known = new KnownBars(calendarOf);
    const open = openOf("2024-07-01");
    const at = (hours: number) => ({
      start: open + hours * 60 * MINUTE,
      open: 1,
      high: 1,
      low: 1,
      close: 1,
      volume: 1,
    });
    const hour = parseBarSize("1h")!;
    const told = { kind: "history", symbol: "SPY", size: "1h" } as const;
    known.learn({ ...told, bars: [at(0), at(1)] } as never, []);
    const starts = async (session: SessionKind): Promise<readonly number[]> =>
      (await known.bars("SPY", hour, open + 24 * 60 * MINUTE, 9, session)).map(({ start }) => (start - open) / MINUTE);
    // Nothing was said of sessions: whatever is known is told.
    expect(await starts("extended")).toEqual([0, 60]);
    known.learn({ ...told, session: "extended", bars: [at(-5.5), at(-0.5), at(0.5)] } as never, []);
    expect(await starts("extended")).toEqual([-330, -30, 30]);
    expect(await starts("regular")).toEqual([0, 60]);
  });
});
