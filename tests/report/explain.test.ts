import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Program } from "../../engine/core/program.ts";
import { compile } from "../../engine/lang/compile.ts";
import { durationText } from "../../engine/lang/values.ts";
import { explain } from "../../engine/report/explain.ts";

function programOf(text: string): Program {
  const { program, diagnostics } = compile({ "a.strategy.yaml": text });
  if (program === null) throw new Error(JSON.stringify(diagnostics, null, 1));
  return program;
}

describe("explain", () => {
  const text = explain(
    programOf(readFileSync(join(import.meta.dirname, "../../strategies/rsi-dip.strategy.yaml"), "utf8")),
    () => "a number",
  );

  it("says when each rule fires and what it does", () => {
    expect(text).toContain("when  rsi(14) crosses below 38 and close > sma(200)");
    expect(text).toContain("buy so that 1% of equity is lost at the stop, 3 * atr(14) away, at the market (gtc)");
    expect(text).toContain("when  (close < sma(200)) for 3 bars");
    expect(text).toContain(
      "fires once, when it turns true; again after it was false; true at the start, it waits until it was false; not within 5 bars of the last time",
    );
  });

  it("shows the canonical json-rules-engine conditions and the bars each fact needs", () => {
    expect(text).toContain('"operator": "greaterThanInclusive"');
    expect(text).toMatch(/200 bars of 1d +trend = sma\(200\) +a number\n/);
    expect(text).toContain("history until every fact is known: 202 bars of 1d (SPX)");
    expect(text).toContain("rule enter   a.strategy.yaml:22:5");
    expect(text).toContain("at most 1 entry open per symbol; when an exit rule cannot be trusted: hold");
    expect(text).toContain("params: oversold 38, overbought 65");
    expect(text).toContain("limits: max position 40%, max orders per day 4");
  });

  it("reads every construct of the language aloud", () => {
    const all = readFileSync(join(import.meta.dirname, "../golden/lang/ok-all-of-it.yaml"), "utf8");
    const words = explain(programOf(all), () => "");
    expect(words).not.toMatch(/undefined|\?|\[object/);
    expect(words).toContain("close 50% of the position");
    expect(words).toContain("tell (warning): new high at {close} ({close - close[3]} more)");
    expect(words).toContain("trailing by 2%");
    expect(words).toContain("again after rsi(14) > 40");
    expect(words).toContain("bring the position to -2% of equity, limit close (day), cancelled after 1h");
    expect(words).toContain("close a short position first, then buy for 1000 dollars");
    expect(words).toContain(
      "protect the position by two orders of which one cancels the other (gtc), stop loss at close * 0.97 (limit close * 0.96), take profit at close * 1.1",
    );
    expect(words).toContain(`priority 2; at most one rule of the group "g" at a time`);
  });

  it("names durations by their largest unit", () => {
    expect([1_000, 90_000, 3_600_000, 86_400_000, 1].map(durationText)).toEqual(["1s", "90s", "1h", "1d", "1ms"]);
  });
});
