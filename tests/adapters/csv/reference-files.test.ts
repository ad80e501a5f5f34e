/**
 * The real files beside the project: what is in them comes out of the reader.
 */
import { describe, expect, it } from "vitest";
import { readBars } from "../../../engine/adapters/csv/bars.ts";
import { readLeanTicks } from "../../../engine/adapters/csv/ticks.ts";
import { haveSharedData, leanMinuteBars, SHARED_DATA_MISSING, sharedPath } from "../../support/reference-data.ts";

const present = haveSharedData();
if (!present) console.warn(SHARED_DATA_MISSING);

const market = (path: string): string => sharedPath(`market/${path}`);

describe.skipIf(!present)("real files", () => {
  it.each([
    ["skender/default.csv.gz", "1d", 502],
    ["skender/intraday.csv.gz", "1m", 1_564],
    ["pandas-ta/SPY_D.csv.gz", "1d", 5_241],
    ["vega/sp500-2000.csv.gz", "1d", 5_105],
    ["lean/equity/usa/daily/spy.zip", "1d", 5_849],
    ["lean/equity/usa/minute/spy", "1m", 5_786],
    ["lean/equity/usa/minute/ibm", "1m", 2_566],
    ["lean/equity/usa/minute/shy", "1m", 652],
    ["lean/crypto/coinbase/daily/btcusd_trade.zip", "1d", 1_318],
  ])("reads %s as %s bars", async (path, size, rows) => {
    const file = await readBars(market(path));
    expect([file.size.label, file.columns.length, file.refusedCount]).toEqual([size, rows, 0]);
  });

  it("reads Bitcoin by UTC days", async () => {
    const file = await readBars(market("skender/bitcoin.csv.gz"), { symbol: "BTC/USD" });
    expect([file.columns.length, file.columns.start[0]]).toEqual([1_246, Date.UTC(2017, 7, 16)]);
  });

  it("agrees with an independent reader of LEAN minutes", async () => {
    const { columns } = await readBars(market("lean/equity/usa/minute/spy/20131004_trade.zip"));
    const expected = leanMinuteBars("spy", "20131004");
    expect([...columns.start]).toEqual(expected.map((bar) => bar.start));
    expect([...columns.close]).toEqual(expected.map((bar) => bar.close));
  });

  it("builds LEAN's own minutes from ticks in 387 of 390", async () => {
    const day = (kind: string): string => market(`lean/equity/usa/tick/ibm/20131007_${kind}.zip`);
    const ticks = await readLeanTicks([day("trade"), day("quote")]);
    expect([ticks.symbol, ticks.trades.length + ticks.suspicious, ticks.refusedCount]).toEqual(["IBM", 24_294, 0]);
    expect(ticks.quotes.every((quote) => quote.bid > 0 && quote.bid <= quote.ask)).toBe(true);
    const built = new Map<number, number[]>();
    for (const { time, price, size, setsPrice } of ticks.trades) {
      const key = Math.floor(time / 60_000) * 60_000;
      const bar = built.get(key) ?? [NaN, -Infinity, Infinity, NaN, 0];
      if (setsPrice) {
        if (Number.isNaN(bar[0])) bar[0] = price;
        bar[1] = Math.max(bar[1] as number, price);
        bar[2] = Math.min(bar[2] as number, price);
        bar[3] = price;
      }
      bar[4] = (bar[4] as number) + size;
      built.set(key, bar);
    }
    const open = Date.UTC(2013, 9, 7, 13, 30);
    const session = leanMinuteBars("ibm", "20131007").filter(
      (bar) => bar.start >= open && bar.start < open + 390 * 60_000,
    );
    const equal = session.filter((bar) => {
      const made = built.get(bar.start);
      return made !== undefined && [bar.open, bar.high, bar.low, bar.close].every((value, i) => value === made[i]);
    });
    expect([session.length, equal.length]).toEqual([390, 387]);
  });
});
