/** From files to a program on other data than they name. */
import { describe, expect, it } from "vitest";
import { tryCompile } from "../../engine/cli/try-compile.ts";
import { DAY } from "../../engine/market/bar-size.ts";

const FILES = {
  "a.strategy.yaml": `barwise: 1\nname: a\nsymbols: [SPY, QQQ]\non: 5m\nrules:\n  - {name: leave, when: close < 1, then: {close: {}}}\n`,
};

describe("an override", () => {
  it("is told once for each strategy", () => {
    expect(tryCompile(FILES, { available: ["SPX"], on: DAY }).notes).toEqual([
      "a names SPY, QQQ; the data has SPX: played on SPX",
      "a says on: 5m: played on 1d bars",
    ]);
    expect(tryCompile(FILES, { available: ["SPY"] }).notes).toEqual(["a: no data for QQQ, left out"]);
  });
});
