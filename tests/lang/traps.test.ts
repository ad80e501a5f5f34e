import { describe, expect, it } from "vitest";
import { compile } from "../../engine/lang/compile.ts";

function codes(when: string): string[] {
  const text = `barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\nrules:\n  - name: go\n    when: ${when}\n    then: {close: {}}\n`;
  return compile({ "a.strategy.yaml": text }).diagnostics.map((finding) => finding.code);
}

describe("comments behind expressions", () => {
  it.each([
    "close > 5 #00",
    "close > 5 # and rsi(14) < 30",
    "close > 5 # for 3 bars",
    "close > 5 # * 2",
    "close > 5 #and up",
  ])("%s is a trap", (when) => expect(codes(when)).toEqual(["yaml/comment-in-expression"]));

  it.each([
    "close > 5 # a remark",
    "close > 5 # for the bell",
    "close > 5 # not yet tested",
    "close > 5 # or later",
    "close > 5 # - see the docs",
    "close > 5 # then we wait",
    "close > 5 ######",
    "'close > 5' # and more",
  ])("%s is a remark", (when) => expect(codes(when)).toEqual([]));
});

describe("named arguments in plain text", () => {
  it.each(["sma(20, on: 1d) > 5", "close > sma(20, on: 1d, symbol: QQQ) # on: a remark (so: there)"])(
    "%s is read as one expression",
    (when) => expect(codes(when)).toEqual([]),
  );

  it("a valid file keeps its meaning: text with a colon in quotes stays as it is", () => {
    const text = `barwise: 1\nname: a\ndescription: "buys (note: dips)"\nsymbols: [SPY]\non: 5m\nrules:\n  - name: go\n    when: sma(20, on: 1d) > 5\n    then: {alert: {message: "(so: it is)"}}\n`;
    const strategy = compile({ "a.strategy.yaml": text }).program?.strategies[0];
    expect(strategy?.description).toBe("buys (note: dips)");
    expect(strategy?.rules[0]?.action).toEqual({ kind: "alert", message: ["(so: it is)"], level: "info" });
  });
});
