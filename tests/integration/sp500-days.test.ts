import { describe, expect, it } from "vitest";
import { sp500Tape } from "../../engine/adapters/tape/file-tapes.ts";
import { replay, run } from "../support/backtest.ts";
import { StrategyBuilder, buy, close, program } from "../support/program.ts";

describe("twenty years of the S&P 500", () => {
  it("trade a golden cross at the next open, and the books add up", async () => {
    const tape = await sp500Tape();
    const builder = new StrategyBuilder("golden", "1d", { symbols: ["SPX"] });
    const fast = builder.indicator("sma", [50]);
    const slow = builder.indicator("sma", [200]);
    const equity = { by: "equity" as const, ratio: builder.number(0.9) };
    builder.rule("enter", builder.crossesAbove(fast, slow), buy(builder, 0, { size: equity }));
    builder.rule("leave", builder.crossesBelow(fast, slow), close());
    const { statement, inputs, outputs, result } = await run({
      program: program([builder.build()]),
      items: tape.items(),
      symbols: ["SPX"],
      exchange: { slippageRatio: 0 },
    });
    expect(result.items).toBe([...tape.items()].length);
    const { fills } = statement;
    expect(fills.length).toBeGreaterThan(10);
    // Decided at a close, filled at the next session's open.
    const opens = new Map([...tape.items()].flatMap((item) => (item.kind === "bar" ? [[item.start, item.open]] : [])));
    for (const fill of fills) expect(Number(fill.price)).toBeCloseTo(opens.get(fill.time) ?? Number.NaN, 9);
    expect(statement.statement().difference).toBe("0.00");
    expect(replay(inputs)).toEqual(outputs.map((out) => JSON.stringify(out)));
  });
});
