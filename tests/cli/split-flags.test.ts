import { describe, expect, it } from "vitest";
import { splitsOf } from "../../engine/cli/split-flags.ts";

const read = (...split: string[]) => splitsOf({ split }, ["SPY", "QQQ"]);

describe("--split", () => {
  it("names a symbol, the day and the ratio, in summer and in winter", () => {
    expect(read("SPY@2024-03-06=4/1", "QQQ@2024-07-10=1/20")).toEqual([
      { kind: "split", symbol: "SPY", time: Date.parse("2024-03-06T05:00:00Z"), newShares: "4", oldShares: "1" },
      { kind: "split", symbol: "QQQ", time: Date.parse("2024-07-10T04:00:00Z"), newShares: "1", oldShares: "20" },
    ]);
  });

  it.each([
    ["SPY", "expected SYMBOL@DATE=NEW/OLD, such as SPY@2024-03-06=4/1"],
    ["SPY@2024-03-06=0/1", "expected SYMBOL@DATE=NEW/OLD"],
    ["SPY@2024-03-06=1.5/1", "expected SYMBOL@DATE=NEW/OLD"],
    ["IBM@2024-03-06=4/1", "the tape has SPY, QQQ"],
    ["SPY@2024-03-06=2/2", "2 for 2 changes nothing"],
    ["SPY@2024-03-09=4/1", "2024-03-09 is no trading day of SPY"],
  ])("refuses %s", (text, why) => {
    expect(() => read(text)).toThrow(`--split ${text}: ${why}`);
  });
});
