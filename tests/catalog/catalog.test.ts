import { describe, expect, it } from "vitest";
import { INDICATORS, indicator } from "../../engine/catalog/catalog.ts";
import { FACTS, FUNCTIONS } from "../../engine/catalog/facts.ts";
import type { Indicator } from "../../engine/catalog/kernel.ts";
import { paramProblem } from "../../engine/catalog/params.ts";
import type { AccountField, BarField, PositionField, QuoteField, SessionField } from "../../engine/core/program.ts";

const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

// Objects instead of arrays: the compiler says when a field of the program is missing here.
const BAR: Record<BarField, string> = {
  open: "open",
  high: "high",
  low: "low",
  close: "close",
  volume: "volume",
  hl2: "hl2",
  hlc3: "hlc3",
  ohlc4: "ohlc4",
};
const QUOTE: Record<QuoteField, string> = {
  bid: "bid",
  ask: "ask",
  mid: "mid",
  spread: "spread",
  imbalance: "imbalance",
  last: "last",
};
const SESSION: Record<SessionField, string> = {
  open: "session.open",
  minutes_since_open: "session.minutes_since_open",
  minutes_to_close: "session.minutes_to_close",
  time: "time",
  weekday: "weekday",
};
const POSITION: Record<PositionField, string> = {
  qty: "position.qty",
  open_qty: "position.open_qty",
  side: "position.side",
  avg_price: "position.avg_price",
  unrealized: "position.unrealized",
  unrealized_pct: "position.unrealized_pct",
  bars_held: "position.bars_held",
  age: "position.age",
};
const ACCOUNT: Record<AccountField, string> = {
  equity: "account.equity",
  cash: "account.cash",
  buying_power: "account.buying_power",
  day_pnl: "account.day_pnl",
};

describe("catalogue", () => {
  it("documents every indicator completely", () => {
    for (const [name, entry] of INDICATORS) {
      expect(name).toBe(entry.name);
      expect(name).toMatch(NAME);
      expect(indicator(name)).toBe(entry);
      for (const text of [entry.title, entry.doc, entry.formula, entry.source]) {
        expect(text.length, name).toBeGreaterThan(3);
      }
      expect(entry.doc, name).toMatch(/[.]$/);
      expect(entry.source, name).toMatch(/[.]$/);
      expect(entry.outputs.length, name).toBeGreaterThan(0);
      expect(new Set(entry.outputs.map((o) => o.name)).size).toBe(entry.outputs.length);
      for (const doc of [...entry.params, ...entry.outputs]) {
        expect(doc.name).toMatch(NAME);
        expect(doc.doc, `${name}.${doc.name}`).toMatch(/[.]$/);
      }
      for (const output of entry.ascending ?? []) expect(entry.outputs.map((o) => o.name)).toContain(output);
    }
  });

  it("has defaults that are allowed, and required parameters before optional ones", () => {
    for (const entry of INDICATORS.values()) {
      const given = entry.params.map((doc) => doc.default ?? doc.min);
      // A band of nothing is none: one of its two heights must be given.
      if (entry.name === "band") given[0] = 0.02;
      expect(paramProblem(entry, given), entry.name).toBeUndefined();
      const optional = entry.params.findIndex((doc) => doc.default !== undefined);
      if (optional >= 0) {
        expect(entry.params.slice(optional).every((doc) => doc.default !== undefined)).toBe(true);
      }
    }
  });

  it("says in a sentence why parameters cannot be used", () => {
    const macd = indicator("macd") as Indicator;
    const rsi = indicator("rsi") as Indicator;
    expect(paramProblem(macd, [26, 12, 9, 0])).toBe("fast (26) must be shorter than slow (12).");
    expect(paramProblem(rsi, [14.5])).toBe("period must be a whole number, not 14.5.");
    expect(paramProblem(rsi, [1])).toBe("period must be between 2 and 10000, not 1.");
    expect(paramProblem(indicator("band") as Indicator, [0, 0, 14])).toBe("Give percent or atr_multiple, above 0.");
    expect(paramProblem(rsi, [NaN])).toBe("period must be a number.");
    expect(paramProblem(rsi, [])).toBe("rsi takes 1 parameters, not 0.");
  });

  it("names the defaults traders expect", () => {
    const defaults = (name: string): (number | undefined)[] =>
      (indicator(name) as Indicator).params.filter((p) => p.choices === undefined).map((p) => p.default);
    expect(defaults("rsi")).toEqual([14]);
    expect(defaults("macd")).toEqual([12, 26, 9]);
    expect(defaults("bollinger")).toEqual([20, 2]);
    expect(defaults("atr")).toEqual([14]);
    expect(defaults("sma")).toEqual([undefined]);
  });

  it("does not know an indicator by another name", () => {
    expect(indicator("RSI")).toBeUndefined();
    expect(indicator("__proto__")).toBeUndefined();
  });
});

describe("facts", () => {
  it("document every field that a program can name, and no other", () => {
    const fields = [BAR, QUOTE, SESSION, POSITION, ACCOUNT].flatMap((names) => Object.values(names));
    expect([...FACTS.keys()].toSorted()).toEqual(fields.toSorted());
  });

  it("have a sentence and a range each", () => {
    for (const doc of [...FACTS.values(), ...FUNCTIONS.values()]) {
      expect(doc.doc, doc.name).toMatch(/[.]$/);
      expect(doc.range[0], doc.name).toBeLessThan(doc.range[1]);
    }
  });

  it("do not share a name with an indicator or a function", () => {
    for (const name of [...INDICATORS.keys(), ...FUNCTIONS.keys()]) expect(FACTS.has(name), name).toBe(false);
    for (const name of FUNCTIONS.keys()) expect(INDICATORS.has(name), name).toBe(false);
  });
});
