/** Sizes of activity, wherever a person may write one. */
import { describe, expect, it } from "vitest";
import { toCanonical } from "../../engine/core/canonical.ts";
import type { Strategy } from "../../engine/core/program.ts";
import { compile } from "../../engine/lang/compile.ts";
import type { CompileEnv } from "../../engine/lang/compile.ts";
import { formatText } from "../../engine/lang/format.ts";
import { readTests } from "../../engine/lang/test-file.ts";
import { parseSeriesSize } from "../../engine/market/bar-size.ts";
import type { SeriesSize } from "../../engine/market/bar-size.ts";
import { explain } from "../../engine/report/explain.ts";

const HEAD = "barwise: 1\nname: a\nsymbols: [SPY, QQQ]\n";
const LEAVE = "rules:\n  - {name: leave, when: close < 1, then: {close: {}}}\n";

function strategyOf(text: string, more: Record<string, string> = {}, env: CompileEnv = {}): Strategy {
  const { program, diagnostics } = compile({ "a.strategy.yaml": text, ...more }, env);
  const [strategy] = program?.strategies ?? [];
  if (strategy === undefined) throw new Error(diagnostics.map(({ line, message }) => `${line}: ${message}`).join("\n"));
  return strategy;
}

const codesOf = (text: string): string[] => compile({ "a.strategy.yaml": text }).diagnostics.map(({ code }) => code);

describe("sizes of activity", () => {
  it.each([
    ["500 ticks", "ticks", 500],
    ["50_000 volume", "volume", 50_000],
    ["2_000_000 dollars", "dollars", 2_000_000],
    ["1 ticks", "ticks", 1],
    ["100_000_000_000 dollars", "dollars", 100_000_000_000],
  ])("%s", (source, kind, threshold) => {
    expect(parseSeriesSize(source)).toEqual({ label: `${threshold} ${kind}`, kind, threshold });
  });

  it.each([
    "0 ticks",
    "05 ticks",
    "1__0 ticks",
    "1_ ticks",
    "1.5 volume",
    "-1 dollars",
    "500 Ticks",
    "500ticks",
    "ticks",
  ])("not %s", (source) => expect(parseSeriesSize(source)).toBeUndefined());

  it("judge rules and feed facts, in text and in the object form, under one name", () => {
    const { on, facts } = strategyOf(
      `${HEAD}on: 500 ticks\nfacts:\n  a: sma(20, on: 50_000 volume)\n  b: {fact: sma, params: {period: 20, on: 50000 volume}}\n  c: rsi(14)\n${LEAVE}`,
    );
    expect(on).toEqual({ label: "500 ticks", kind: "ticks", threshold: 500 });
    const keys = facts.filter(({ spec }) => spec.kind === "indicator").map(({ key }) => key);
    expect(keys).toEqual([
      'sma{"on":"50000 volume","period":20,"symbol":"@"}',
      'rsi{"on":"500 ticks","period":14,"symbol":"@"}',
    ]);
  });

  it("read back from their canonical form", () => {
    const when = "sma(20, on: 500 ticks) > close(symbol: QQQ, on: 2_000_000 dollars)";
    const text = (condition: string): string =>
      `${HEAD}on: 5m\nrules:\n  - {name: go, when: ${condition}, then: {close: {}}}\n`;
    const one = strategyOf(text(`"${when}"`));
    const canonical = JSON.stringify(toCanonical(one.facts, one.rules[0]?.condition as never));
    expect(canonical).toContain('"on":"500 ticks"');
    expect(strategyOf(text(canonical)).digest).toBe(one.digest);
  });

  it("fill inputs of templates, alone and inside an expression", () => {
    const template = `barwise: 1\ninputs:\n  size: {type: bar_size, default: 5m}\n  slow: {type: bar_size, default: 1d}\nstrategy:\n  symbols: [SPY]\n  on: $size\n  facts: {trend: "sma(3, on: $slow)"}\n  rules:\n    - {name: leave, when: close < trend, then: {close: {}}}\n`;
    const filled = `barwise: 1\nname: a\ntemplate: t.template.yaml\nwith: {size: 500 ticks, slow: 50_000 volume}\n`;
    const { on, facts } = strategyOf(filled, { "t.template.yaml": template });
    expect(on.label).toBe("500 ticks");
    expect(facts.map(({ spec }) => spec.series.size.label)).toContain("50000 volume");
  });

  it("replace the bars of a strategy from outside, and make it again from its settings", () => {
    const size = parseSeriesSize("500 ticks") as SeriesSize;
    const text = `${HEAD}on: 5m\n${LEAVE}`;
    const { program } = compile({ "a.strategy.yaml": text }, { override: { on: size } });
    expect(program?.strategies[0]?.on).toEqual(size);
    expect(program?.settings?.on).toBe("500 ticks");
  });

  it("have no length: short spans and cooldowns are no findings, and the first one may close right after the open", () => {
    const text = `${HEAD}on: 500 ticks\nrules:\n  - {name: go, when: "(close > 1 for 2s) and (close > 2 then close > 3 within 5s) and time >= 09:31", cooldown: 1s, then: {close: {}}}\n`;
    expect(codesOf(text)).toEqual(["time/counted-live"]);
  });

  it("are put in the house style with one blank and the separators of their author", () => {
    const text = `${HEAD}on: 50_000 volume\nfacts:\n  a: sma( 20,on:  2_000_000   dollars )\n${LEAVE}`;
    const { text: formatted } = formatText("a.strategy.yaml", text) as { text: string };
    expect(formatted).toContain("on: 50_000 volume\n");
    expect(formatted).toContain("a: sma(20, on: 2_000_000 dollars)\n");
    const again = formatText("a.strategy.yaml", formatted) as { text: string };
    expect(again.text).toBe(formatted);
  });

  it("are told in words, with what is counted and what is history", () => {
    const strategy = strategyOf(`${HEAD}on: 500 ticks\nfacts: {a: sma(20), b: "sma(9, on: 1d)"}\n${LEAVE}`);
    const program = { digest: "", strategies: [strategy], risk: {}, graceMs: 0 };
    const text = explain(program, () => "");
    expect(text).toContain("rules are judged when a bar of 500 ticks closes");
    expect(text).toContain("9 bars of 1d (QQQ, SPY), 20 bars of 500 ticks, counted from trades (QQQ, SPY)");
  });

  it("are refused where a test has bars alone, played from its trades, and refused as the bars of a test", () => {
    const read = (strategy: string, tests: string): string[] =>
      readTests("a.test.yaml", `strategy: a.strategy.yaml\ntests:\n${tests}`, {
        files: { "a.strategy.yaml": strategy },
        absent: new Set(),
        csv: new Map(),
      }).diagnostics.map(({ code, message }) => `${code} ${message}`);
    const counted = `${HEAD}on: 5m\nfacts: {a: "sma(2, on: 500 ticks)"}\n${LEAVE}`;
    const plain = "  - {name: x, bars: {SPY: 100x3}, expect: []}\n";
    expect(read(counted, plain)).toEqual(["schema/value a counts trades (500 ticks), and SPY has bars only"]);
    const trades = "  - {name: x, trades: {SPY: {every: 1s, price: 100x3}}, expect: []}\n";
    expect(read(counted, trades)).toEqual([]);
    const rows = "  - {name: x, bars: {SPY: {on: 500 ticks, close: 100x3}}, expect: []}\n";
    expect(read(`${HEAD}on: 5m\n${LEAVE}`, rows)).toEqual([
      "time/bar-size The bars of a test are bars of time, not of 500 ticks",
    ]);
  });
});
