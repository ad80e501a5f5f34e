/** What the thing under the cursor is. */
import { describe, expect, it } from "vitest";
import { FACTS, FUNCTIONS } from "../../engine/catalog/facts.ts";
import { INDICATORS } from "../../engine/catalog/catalog.ts";
import { hover, when } from "./support.ts";

describe("hover", () => {
  it("documents every indicator, fact and function of the catalogue", () => {
    // Names that the sample strategy gives to its own things mean those.
    const own = ["band", "line", "trend", "calm"];
    for (const { name, doc } of [...INDICATORS.values(), ...FUNCTIONS.values(), ...FACTS.values()]) {
      const call = own.includes(name) ? "()" : "";
      const text = hover(when(`${name.slice(0, 1)}¦${name.slice(1)}${call} > 1`));
      expect(text).toContain(`${name}: `);
      expect(text).toContain(doc);
    }
  });

  it.each([
    ["r¦si(14) > 1", /^rsi: [^]*rsi\(period = 14\)[^]*period.*whole number[^]*0 to 100[^]*Formula[^]*Warm-up: 15 bars/],
    ["close > 1 an¦d calm", /^and: /],
    ["rsi(14) crosses ab¦ove 3", /^above: [^]*a crosses above b/],
    ["rsi(14) cro¦sses above 3", /^crosses: [^]*a crosses above b/],
    ["rsi(14) is ab¦ove 3", /^above: [^]*Greater than/],
    ["close >¦ 1", /^>: [^]*Greater than/],
    ["close > 1 f¦or 3 bars", /^for: [^]*C for 3 bars/],
    ["close > 1 wi¦thin 3 bars", /^within: [^]*at least once/],
    ["sma(per¦iod: 20) > 1", /^period: [^]*of sma/],
    ["sma(20, o¦f: hl2) > 1", /^of: [^]*instead of the close/],
    ["sma(20, on: 500 ti¦cks) > 1", /^ticks: [^]*on: 500 ticks[^]*closes at the trade/],
    ["sma(20, on: 50_000 vol¦ume) > 1", /so many shares/],
    ["ba¦nd.upper > 1", /^band\.upper: [^]*band: bollinger\(20, 2\)/],
    ["band.up¦per > 1", /^band\.upper: [^]*bollinger\.upper/],
    ["bollinger(20, 2).lo¦wer > 1", /^lower: [^]*bollinger\.lower/],
    ["position.unreal¦ized_pct < 1%", /Profit of the holding/],
    ["close > li¦ne", /line: 30[^]*A param of this strategy/],
    ["{any: [ca¦lm]}", /calm: rsi\(14\) > line[^]*Canonical[^]*rsi\(14\) > 30/],
    ["close > tre¦nd", /Canonical[^]*sma\(200, on: 1d\)[^]*Warm-up: 200 bars/],
  ])("explains %s", (condition, expected) => {
    expect(hover(when(condition))).toMatch(expected);
  });

  it.each([
    [when("close > 1").replace("  - name", "  - na¦me"), /^name: [^]*required[^]*limits and cooldowns/],
    [when("close > 1").replace("symbols", "sym¦bols"), /What is traded/],
    [when("close > 1", "session: reg¦ular\n"), /^regular: [^]*Regular hours/],
    [when("close > 1", "ses¦sion: regular\n"), /Left out: `regular`/],
    [when("close > 1").replace("  trend", "  tr¦end"), /A fact of this strategy[^]*Canonical/],
  ])("explains keys and choices", (text, expected) => {
    expect(hover(text)).toMatch(expected);
  });

  it("says nothing of what has no meaning, and of names in files that do not compile only what is written", () => {
    expect(hover(when("close > 1").replace("name: a", "name: a¦"))).toBe("");
    expect(hover(when("close > ¦1"))).toBe("");
    expect(hover(when("nothing > tre¦nd"))).not.toContain("Canonical");
    expect(hover(when("sma(20, symbol: ba¦nd) > 1"))).toBe("");
  });

  it("explains the code of an exception", () => {
    expect(hover(when("close > 1").replace("  - name", "  # lint-ignore risk/no-¦exit -- x\n  - name"))).toMatch(
      /^risk\/no-exit: [^]*warning/,
    );
  });

  it("finds the place in folded, literal and quoted texts", () => {
    for (const condition of [
      ">\n      close > 1\n      and r¦si(14) < 3",
      "|\n      close > 1\n      and r¦si(14) < 3",
      '"close > 1 and r¦si(14) < 3"',
      "'close > 1 and r¦si(14) < 3'",
    ])
      expect(hover(when(condition))).toMatch(/^rsi: /);
  });

  it("says what the keys of trades and quotes mean", () => {
    const head = "strategy: a.strategy.yaml\ntests:\n  - name: x\n";
    const of = (text: string): string => hover(head + text, "strategies/a.test.yaml");
    expect(of("    quotes: {SPY: {mid: 100x5, spr¦ead: 0.02}}\n")).toContain("Distance of bid and ask");
    expect(of("    trades: {SPY: [{at: +1s, price: 1, sets_pr¦ice: false}]}\n")).toContain("add volume alone");
  });

  it("reads the strategy of a test", () => {
    const others = { "strategies/a.strategy.yaml": when("close > 1") };
    const test =
      "strategy: a.strategy.yaml\ntests:\n  - name: x\n    bars: {SPY: 1x3}\n    expect:\n      - {at: bar 1, fact: ca¦lm}\n";
    expect(hover(test, "strategies/a.test.yaml", others)).toContain("calm: rsi(14) > line");
  });
});
