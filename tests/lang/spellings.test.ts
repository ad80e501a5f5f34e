/** Two spellings of one meaning are one program; different meanings are not. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toCanonical } from "../../engine/core/canonical.ts";
import type { Strategy } from "../../engine/core/program.ts";
import { compile } from "../../engine/lang/compile.ts";
import { conditionWords } from "../../engine/report/words.ts";
import { runs } from "../support/runs.ts";

const HEAD = "barwise: 1\nname: case\nsymbols: [SPY]\non: 5m\n";

function strategyOf(when: string, extra = ""): Strategy {
  const text = `${HEAD}${extra}rules:\n  - name: go\n    when: ${when}\n    then: {close: {}}\n`;
  const { program, diagnostics } = compile({ "a.strategy.yaml": text });
  const strategy = program?.strategies[0];
  if (strategy === undefined) throw new Error(`${text}\n${JSON.stringify(diagnostics, null, 1)}`);
  return strategy;
}

const digest = (when: string, extra = ""): string => strategyOf(when, extra).rules[0]?.digest ?? "";
const canonical = (when: string, extra = ""): unknown => {
  const strategy = strategyOf(when, extra);
  const rule = strategy.rules[0];
  return rule === undefined ? undefined : toCanonical(strategy.facts, rule.condition);
};

describe("the same meaning has the same digest", () => {
  const same: readonly (readonly [string, string, string?])[] = [
    ["rsi(14) < 30", "{fact: rsi, params: {period: 14}, operator: lessThan, value: 30}"],
    ["rsi(14) < 30", "30 > rsi(14)"],
    ["rsi(14) < 30", "rsi(period: 14) is below 30"],
    ["rsi < 30", "rsi(14, of: close) < 30"],
    ["rsi < 30", '"((rsi(14) < 30))"'],
    ["rsi < limit", "rsi < 30", "params: {limit: 30}\n"],
    ["ema(close, 12) > 1", "ema(12) > 1"],
    ["ema(hl2, 12) > 1", "{fact: ema, params: {period: 12, of: hl2}, operator: greaterThan, value: 1}"],
    ["close > 1 and open > 2 and low > 3", "{all: [close > 1, {all: [open > 2, low > 3]}]}"],
    ["close > 1 or (open > 2 or low > 3)", "{any: [close > 1, open > 2, low > 3]}"],
    ["not close > 1", "{not: close > 1}"],
    ["up", "{condition: up}", "conditions: {up: close > 1}\n"],
    ["up", "close > 1", "conditions: {up: close > 1}\n"],
    ["close between 1 and 2", "close >= 1 and close <= 2"],
    ["close crosses above sma(5)", "close[1] <= sma(5)[1] and close > sma(5)"],
    ["close crosses below 5", "close[1] >= 5 and close < 5"],
    ["5 crosses above close", "close crosses below 5"],
    ["close crosses 5", "close crosses above 5 or close crosses below 5"],
    ["change(close, 3) > 1", "close - close[3] > 1"],
    ["close[1][2] > 1", "close[3] > 1"],
    ["position.unrealized_pct < -2%", "position.unrealized_pct < -0.02"],
    ["position.age > 2h", "position.age > 7200"],
    ["session.minutes_to_close <= 10m", "session.minutes_to_close <= 10"],
    ["time >= 09:45", "{fact: time, operator: greaterThanInclusive, value: 585}"],
    ["weekday in [1, 2]", "{fact: weekday, operator: in, value: [2, 1, 1]}"],
    ["weekday not in [6, 7]", "{fact: weekday, operator: notIn, value: [6, 7]}"],
    [
      "close > band.upper",
      "{fact: close, operator: greaterThan, value: {fact: band, params: {output: upper}}}",
      "facts: {band: 'bollinger(20, 2)'}\n",
    ],
    ["close > bollinger.upper", "close > bollinger(20, 2).upper"],
    ["sma(200, on: 1d) > 1", "{fact: sma, params: {period: 200, on: 1d}, operator: greaterThan, value: 1}"],
    ["session.open", "session.open == 1"],
    ["close > 1_000", "close > 1000"],
    [
      "CLOSE_ABOVE and close > 2 FOR 3 BARS",
      "CLOSE_ABOVE && close > 2 for 3 bars",
      "conditions: {CLOSE_ABOVE: close > 1}\n",
    ],
    ["close(symbol: QQQ) > 1", "{fact: close, params: {symbol: QQQ}, operator: greaterThan, value: 1}"],
    ["weekday is not in [6, 7]", "weekday not in [7, 6]"],
    ["close not between 1 and 2", "not (close between 1 and 2)"],
    ["close is not between 1 and 2", "not (close >= 1 and close <= 2)"],
    ["close Is Above 1 || close IS BELOW 0.5", "close > 1 or close < 0.5"],
    ["close = 1 WITHIN LAST 3 Bars", "close == 1 within 3 bars"],
    ["(close > 1) then (close < 1) within 2h", "close > 1 THEN close < 1 within 7200s"],
    [
      "close > 1 then close < 1 within 5 bars then close > 2 within 3 bars",
      "(close > 1 then close < 1 within 5 bars) then close > 2 within 3 bars",
    ],
    [
      "close > 1 then close < 1 within 2h",
      "{all: [close < 1, {fact: seconds_since, params: {of: close > 1, horizon: 7200, before: true}, operator: lessThanInclusive, value: 7200}]}",
    ],
    ["prior(high, on: 5m) > 1", "high[1] > 1"],
    ["prior(high, on: 1d)[1] > 1", "prior(high[1], on: 1d) > 1"],
    ["prior(high, on: 1d) > 1", "prior(of: high(on: 1d), on: 1d) > 1"],
    ["change(prior(close, on: 1d)) > 1", "prior(close, on: 1d) - prior(close[1], on: 1d) > 1"],
    [
      "opening_range(15m).high > 1",
      "{fact: opening_range, params: {span: 900s, output: high}, operator: greaterThan, value: 1}",
    ],
    ["first.low > 1", "opening_range(span: 0.25h).low > 1", "facts: {first: opening_range(15m)}\n"],
    [
      "rank(roc(20)) <= 1",
      "{fact: rank, params: {of: {fact: roc, params: {period: 20}}}, operator: lessThanInclusive, value: 1}",
    ],
    ["ema(20) > 1", "ema(20, seed: sma) > 1"],
    ["ema(20, seed: first) > 1", "{fact: ema, params: {period: 20, seed: first}, operator: greaterThan, value: 1}"],
    ["psar.rising", "psar(0.02, 0.2).rising == 1"],
    ["psar().rising[1]", "psar.rising[1] == 1"],
    ["band(2%).upper > 1", "band(percent: 0.02, atr_period: 14).upper > 1"],
    ["correlation(close, volume, 20) > 0", "correlation(20, with: volume) > 0"],
    [
      "correlation(hl2, 20, with: close(symbol: QQQ)) > 0",
      "{fact: correlation, params: {period: 20, of: hl2, with: {fact: close, params: {symbol: QQQ}}}, operator: greaterThan, value: 0}",
    ],
    ["close * 2 > 1", "{fact: calc, params: {op: '*', args: [close, 2]}, operator: greaterThan, value: 1}"],
    [
      "(close > 1) for 10m",
      "{fact: seconds_true, params: {of: close > 1}, operator: greaterThanInclusive, value: 600}",
    ],
  ];
  for (const [a, b, extra] of same) {
    it(`${a} = ${b}`, () => {
      expect(digest(a, extra)).toBe(digest(b, extra));
    });
  }

  it("whatever the comments, the key order and the quotes", () => {
    const a = compile({ "a.strategy.yaml": `${HEAD}rules:\n  - {name: go, when: close > 1, then: {close: {}}}\n` });
    const b = compile({
      "a.strategy.yaml": `# a remark\nrules:\n  - then: {close: }\n    when: "close  >  1"\n    name: 'go'\non: "300s"\nsymbols:\n  - SPY\nname: case\nbarwise: 1\n`,
    });
    expect(a.program).not.toBeNull();
    expect(b.program?.digest).toBe(a.program?.digest);
  });
});

describe("another meaning has another digest", () => {
  const other: readonly (readonly [string, string])[] = [
    ["rsi(14) < 30", "rsi(14) <= 30"],
    ["rsi(14) < 30", "rsi(13) < 30"],
    ["close[1] > 1", "close > 1"],
    ["close > 1 for 3 bars", "close > 1 for 4 bars"],
    ["close > 1 within 3 bars", "close > 1 for 3 bars"],
    ["close > 1 then close < 1 within 2h", "close > 1 then close < 1 within 24 bars"],
    ["close > 1 then close < 1 within 2h", "close < 1 and close > 1 within 2h"],
    [
      "close > 1 then close < 1 within 5 bars then close > 2 within 3 bars",
      "close > 1 then (close < 1 then close > 2 within 3 bars) within 5 bars",
    ],
    ["sma(20, on: 1d)[1] > 1", "sma(20, on: 1d) > 1"],
    ["close(symbol: QQQ) > 1", "close > 1"],
    ["prior(high, on: 1d) > 1", "high(on: 1d) > 1"],
    ["prior(high, on: 1d)[1] > 1", "high(on: 1d)[1] > 1"],
    ["opening_range(15m).high > 1", "opening_range(30m).high > 1"],
    ["ema(20, seed: first) > 1", "ema(20) > 1"],
    ["vwap(anchor: week) > 1", "vwap(anchor: month) > 1"],
    ["correlation(20, with: volume) > 0", "correlation(20, with: open) > 0"],
    ["band(close, atr_multiple: 2).upper > 1", "band(close, atr_multiple: 2, atr_period: 5).upper > 1"],
  ];
  it.each(other)("%s ≠ %s", (a, b) => {
    expect(digest(a)).not.toBe(digest(b));
  });
});

describe("on ticks", () => {
  const TICK = HEAD.replace("on: 5m", "on: tick\nbars: 5m");
  const ruleOf = (when: string): { readonly digest: string; readonly printed: string } => {
    const text = `${TICK}rules:\n  - name: go\n    when: ${when}\n    then: {close: {}}\n`;
    const { program, diagnostics } = compile({ "a.strategy.yaml": text });
    const strategy = program?.strategies[0];
    const rule = strategy?.rules[0];
    if (strategy === undefined || rule === undefined) throw new Error(JSON.stringify(diagnostics, null, 1));
    return { digest: rule.digest, printed: JSON.stringify(toCanonical(strategy.facts, rule.condition)) };
  };
  const same: readonly (readonly [string, string])[] = [
    ["close > 1", "close(forming: true) > 1"],
    [
      "rsi(14, forming: false) < 30",
      "{fact: rsi, params: {period: 14, forming: false}, operator: lessThan, value: 30}",
    ],
    ["close[1][2] > 1", "close[3] > 1"],
    ["prior(high, on: 5m) > 1", "high[1] > 1"],
    ["(close - open)[2] > 1", "(close - open)[1][1] > 1"],
    ["close(on: 1d) > 1", "close(on: 1d, forming: false) > 1"],
  ];
  it.each(same)("%s = %s", (a, b) => {
    expect(ruleOf(a).digest).toBe(ruleOf(b).digest);
  });
  const all = ["close crosses above 5", "close[1] crosses below sma(5)[2]", "close(forming: false) crosses 5"];
  it.each([...all, ...same.flat(), "(close > 1) for 10m", "close > 1 then close < 1 within 20m"])(
    "%s means the same when it is read again, and something else than on bars",
    (when) => {
      const { digest: own, printed } = ruleOf(when);
      expect(ruleOf(printed).digest).toBe(own);
      expect(digest(when)).not.toBe(own);
    },
  );
  it("a lookback counts bars and a cross evaluations", () => {
    expect(ruleOf("close[1] > 1").printed).toContain('{"lag":1}');
    expect(ruleOf("close crosses above 1").printed).toContain('{"lag":1,"lag_on":"tick"}');
  });
});

describe("samples", () => {
  it("a lookback counts bars of the fact, a cross bars of the strategy", () => {
    const strategy = strategyOf("sma(5, on: 1d)[1] > 1 and sma(5, on: 1d) crosses above 2");
    const lags = strategy.facts.flatMap(({ spec }) => (spec.kind === "lag" ? [spec.series.size.label] : []));
    expect(lags).toEqual(["1d", "5m"]);
  });

  it("a crossing price of another symbol keeps its symbol", () => {
    expect(canonical("close(symbol: QQQ) crosses above 5")).toEqual({
      all: [
        { fact: "close", params: { symbol: "QQQ", lag: 1, lag_on: "5m" }, operator: "lessThanInclusive", value: 5 },
        { fact: "close", params: { symbol: "QQQ" }, operator: "greaterThan", value: 5 },
      ],
    });
  });
});

// ---------------------------------------------------------------------------------------------- round trips

const number = fc
  .constantFrom(
    "close",
    "rsi(14)",
    "sma(20, on: 1d)",
    "close[3]",
    "volume",
    "bollinger(20, 2).upper",
    "prior(high, on: 1d)",
    "opening_range(15m).low",
  )
  .chain((base) =>
    fc.constantFrom(
      base,
      `${base} * 2`,
      `${base} - close[1]`,
      `max(${base}, open)`,
      `-${base}`,
      `(${base} + 1)[2]`,
      `ema(${base}, 5)`,
    ),
  );
const usable = number.filter((text) => !/^ema\(-|ema\(\(/.test(text));
const comparison = fc
  .tuple(
    usable,
    fc.constantFrom("<", "<=", ">", ">=", "crosses above", "crosses below", "crosses"),
    fc.constantFrom("7", "1.5", "vwap", "low[2]"),
  )
  .map(([left, relation, right]) => `${left} ${relation} ${right}`);
const condition: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    comparison,
    fc.tuple(tie("node"), fc.constantFrom("and", "or"), tie("node")).map(([a, word, b]) => `(${a}) ${word} (${b})`),
    tie("node").map((a) => `not (${a})`),
    fc
      .tuple(tie("node"), fc.constantFrom("for 3 bars", "for 10m", "within 5 bars", "within 2h"))
      .map(([a, suffix]) => `(${a}) ${suffix}`),
    fc
      .tuple(comparison, comparison, fc.constantFrom("4 bars", "30m"))
      .map(([a, b, within]) => `(${a}) then (${b}) within ${within}`),
    fc
      .tuple(comparison, comparison, comparison)
      .map(([a, b, c]) => `(${a}) then (${b}) within 4 bars then (${c}) within 1h`),
  ),
})).node;

function compiled(when: string): Strategy | undefined {
  const text = `${HEAD}rules:\n  - name: go\n    when: ${when}\n    then: {close: {}}\n`;
  return compile({ "a.strategy.yaml": text }).program?.strategies[0];
}

describe("printed canonical conditions", () => {
  it("mean the same when they are read again", () => {
    let checked = 0;
    fc.assert(
      fc.property(condition, (text) => {
        const first = compiled(JSON.stringify(text));
        fc.pre(first !== undefined);
        const rule = first.rules[0];
        if (rule === undefined) throw new Error("no rule");
        const printed = JSON.stringify(toCanonical(first.facts, rule.condition));
        const second = compiled(printed);
        expect(second?.rules[0]?.digest, printed).toBe(rule.digest);
        checked++;
      }),
      { numRuns: runs(300) },
    );
    expect(checked).toBeGreaterThan(100);
  });

  it("use the operators of the safe profile only, and no empty group", () => {
    fc.assert(
      fc.property(condition, (text) => {
        const strategy = compiled(JSON.stringify(text));
        fc.pre(strategy !== undefined);
        const rule = strategy.rules[0];
        const printed = JSON.stringify(toCanonical(strategy.facts, rule?.condition ?? { op: "all", kids: [] }));
        expect(printed).not.toMatch(/"path"|"priority"|\[\]|null/);
        for (const [, operator] of printed.matchAll(/"operator":"(\w+)"/g)) {
          expect(["lessThan", "lessThanInclusive", "greaterThan", "greaterThanInclusive"]).toContain(operator);
        }
      }),
      { numRuns: runs(200) },
    );
  });

  it("read as words for every condition", () => {
    fc.assert(
      fc.property(condition, (text) => {
        const strategy = compiled(JSON.stringify(text));
        fc.pre(strategy !== undefined);
        const words = conditionWords(
          toCanonical(strategy.facts, strategy.rules[0]?.condition ?? { op: "all", kids: [] }),
        );
        expect(words).not.toMatch(/undefined|object Object|\{/);
      }),
      { numRuns: runs(200) },
    );
  });

  it("facts stand after what they read", () => {
    fc.assert(
      fc.property(condition, (text) => {
        const strategy = compiled(JSON.stringify(text));
        fc.pre(strategy !== undefined);
        for (const [index, { spec }] of strategy.facts.entries()) {
          const inputs =
            spec.kind === "indicator"
              ? spec.inputs
              : spec.kind === "calc"
                ? spec.args
                : spec.kind === "lag"
                  ? [spec.of]
                  : [];
          for (const input of inputs) expect(input).toBeLessThan(index);
        }
        expect(new Set(strategy.facts.map((fact) => fact.key)).size).toBe(strategy.facts.length);
      }),
      { numRuns: runs(200) },
    );
  });
});
