import { describe, expect, it } from "vitest";
import { readLeanTicks } from "../../engine/adapters/csv/ticks.ts";
import { tickTape } from "../../engine/adapters/tape/file-tapes.ts";
import type { Bar } from "../../engine/core/event.ts";
import { NYSE } from "../../engine/market/nyse.ts";
import { run } from "../support/backtest.ts";
import { StrategyBuilder, all, buy, close, program } from "../support/program.ts";
import { SHARED_DATA_MISSING, haveSharedData, leanMinuteBars, sharedPath } from "../support/reference-data.ts";

const DATES = ["20131007", "20131008", "20131009", "20131010", "20131011"];
const files = DATES.flatMap((date) =>
  ["trade", "quote"].map((kind) => sharedPath(`market/lean/equity/usa/tick/ibm/${date}_${kind}.zip`)),
);

function dips(): ReturnType<typeof program> {
  const builder = new StrategyBuilder("dips", "1m", { symbols: ["IBM"] });
  const rsi = builder.indicator("rsi", [14]);
  const spread = builder.quote("spread");
  builder.rule("enter", all(builder.when(rsi, "<", 30), builder.when(spread, "<", 0.1)), buy(builder, 100), {
    cooldown: { bars: 5 },
  });
  builder.rule("leave", builder.when(rsi, ">", 55), close());
  builder.rule("bell", builder.when(builder.session("minutes_to_close"), "<=", 5), close());
  return program([builder.build()], { maxPositionRatio: 0.5 });
}

describe.runIf(haveSharedData())("five days of IBM ticks", () => {
  it("become LEAN's minutes, and trade at the quotes", async () => {
    const tape = tickTape("ibm", await readLeanTicks(files));
    const { result, statement, outputs } = await run({
      program: dips(),
      items: tape.items(),
      symbols: ["IBM"],
      exchange: { slippageRatio: 0 },
    });
    expect(result.items).toBeGreaterThan(690_000);
    const built = new Map<number, Bar>();
    for (const out of outputs)
      for (const output of out) if (output.kind === "bar") built.set(output.bar.start, output.bar);
    for (const date of ["20131007", "20131009"]) {
      const session = NYSE.sessionOn(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`);
      const theirs = leanMinuteBars("ibm", date).filter(
        ({ start }) => start >= session!.open && start < session!.close,
      );
      const equal = theirs.filter((bar) => {
        const ours = built.get(bar.start);
        return ours?.open === bar.open && ours.high === bar.high && ours.low === bar.low && ours.close === bar.close;
      });
      expect(theirs).toHaveLength(390);
      expect(equal.length, date).toBeGreaterThanOrEqual(380);
    }
    const summary = statement.statement();
    expect(summary.trades).toBeGreaterThan(5);
    expect(summary.difference).toBe("0.00");
    expect(summary.marketValue).toBe("0.00");
    expect(statement.alerts.filter(({ level }) => level === "critical")).toEqual([]);
  });
});

it.skipIf(haveSharedData())(SHARED_DATA_MISSING, () => {});
