/**
 * Orders of published backtests, replayed through the exchange on the same bars: fills, fees and end equity must be
 * those the other systems state. The decisions come from the fills; rules and facts are tested elsewhere.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Decimal, decimal } from "../../engine/core/decimal.ts";
import type { Bar } from "../../engine/core/event.ts";
import { noFees, perShareFees } from "../../engine/exchange/fees.ts";
import type { ExchangeOptions } from "../../engine/exchange/types.ts";
import { DAY } from "../../engine/market/bar-size.ts";
import type { Session } from "../../engine/market/calendar.ts";
import { NYSE } from "../../engine/market/nyse.ts";
import { csvRows, haveSharedData, leanDailyBars, SHARED_DATA_MISSING, sharedPath } from "../support/reference-data.ts";
import { accepted, exchangeWith, order } from "./support.ts";

const MISSING = haveSharedData() ? "" : ` (${SHARED_DATA_MISSING})`;

interface Daily {
  readonly date: string;
  readonly session: Session;
  readonly bar: Bar;
}

function dailyOn(date: string, prices: readonly number[], volume: number): Daily {
  const session = NYSE.sessionOn(date);
  if (session === undefined) throw new Error(`no session on ${date}`);
  const [open, high, low, close] = prices as [number, number, number, number];
  return { date, session, bar: { start: session.open, open, high, low, close, volume } };
}

/** SPY adjusted for splits and dividends as LEAN does it, rounded only to doubles. */
function adjustedSpy(from: string, to: string): Daily[] {
  const factors = csvRows(readFileSync(sharedPath("market/lean/equity/usa/factor_files/spy.csv"), "utf8"));
  return leanDailyBars("spy")
    .map((raw) => {
      const date = NYSE.dateOf(NYSE.sessionAtOrAfter(raw.start) as Session);
      const row = factors.find((one) => (one[0] as string) >= date.replaceAll("-", "")) ?? factors.at(-1) ?? [];
      const factor = decimal(row[1] as string).times(row[2] as string);
      const scaled = [raw.open, raw.high, raw.low, raw.close].map((price) => decimal(price).times(factor).toNumber());
      return { date, scaled, volume: raw.volume };
    })
    .filter(({ date }) => date >= from && date < to)
    .map(({ date, scaled, volume }) => dailyOn(date, scaled, volume));
}

function replay(
  name: string,
  from: string,
  to: string,
  options: Partial<ExchangeOptions>,
): { equity: Decimal; fees: Decimal } {
  const fills = csvRows(readFileSync(sharedPath(`oracles/lean/${name}.fills.csv`), "utf8")).slice(1);
  const due = new Map(fills.map((row) => [row[0] as string, row]));
  const exchange = exchangeWith({ cash: "100000", ...options });
  const days = adjustedSpy(from, to);
  days.forEach((daily, i) => {
    exchange.bar("SPY", DAY, daily.bar, daily.session.close);
    const row = due.get(daily.date);
    const executions = exchange.drain().filter((event) => event.kind === "fill");
    expect(executions.length).toBe(row === undefined ? 0 : 1);
    const fill = executions[0];
    if (row !== undefined && fill?.kind === "fill") {
      expect(fill.execution.price.toNumber()).toBeCloseTo(Number(row[2]), 8);
      expect(fill.execution.fee.toNumber()).toBeCloseTo(Number(row[3]), 9);
    }
    const next = due.get(days[i + 1]?.date ?? "");
    if (next === undefined) return;
    const qty = Number(next[1]);
    accepted(
      exchange.submit(order({ side: qty > 0 ? "buy" : "sell", qty: String(Math.abs(qty)) }), daily.session.close),
    );
  });
  const { equity, fees } = exchange.account();
  return { equity, fees };
}

describe.skipIf(MISSING !== "")(`published backtests${MISSING}`, () => {
  const fees = perShareFees("0.005", "1", "0.005");

  it("LEAN's MACD trend ends at 137,751.04 after 468.54 of fees", () => {
    const { equity, fees: paid } = replay("MACDTrendAlgorithm", "2004-01-01", "2015-01-01", { fees });
    expect(equity.toFixed(2)).toBe("137751.04");
    expect(paid.toFixed(2)).toBe("468.54");
  });

  it("LEAN's ribbon ends at 253,075.04 with its position open", () => {
    const { equity, fees: paid } = replay("DisplacedMovingAverageRibbon", "2009-01-01", "2015-01-01", { fees });
    expect(equity.toFixed(2)).toBe("253075.04");
    expect(paid.toFixed(3)).toBe("49.395");
  });

  it("reversals at one open: the exit fills ahead of the bar, the entry is sized by its proceeds and fills there too", () => {
    const rows = csvRows(readFileSync(sharedPath("oracles/backtesting-py/GOOG.csv"), "utf8")).slice(1);
    const days = rows.map((row) =>
      dailyOn((row[0] as string).slice(0, 10), row.slice(1, 5).map(Number), Number(row[5])),
    );
    const [header, ...trades] = csvRows(
      readFileSync(sharedPath("oracles/backtesting-py/goog_sma10_30_finalize.trades.csv"), "utf8"),
    );
    const at = (row: readonly string[], name: string): number => Number(row[(header as string[]).indexOf(name)]);
    const exchange = exchangeWith({
      cash: "10000",
      multiplier: 2,
      fees: noFees,
      instruments: [
        { symbol: "SPY", name: "GOOG", assetClass: "us_equity", tradable: true, shortable: true, fractionable: false },
      ],
    });
    days.forEach(({ bar, session }, i) => {
      const exits = trades.some((row) => at(row, "ExitBar") === i);
      const entry = trades.find((row) => at(row, "EntryBar") === i);
      const held = exchange.positions()[0]?.qty;
      if (exits && held !== undefined) {
        accepted(exchange.submit(order({ side: held.gt(0) ? "sell" : "buy", qty: held.abs().toFixed() }), bar.start));
      }
      exchange.opening("SPY", DAY, bar, session.close);
      if (entry !== undefined) {
        const size = at(entry, "Size");
        const qty = exchange.account().cash.div(bar.open).dp(0, Decimal.ROUND_FLOOR);
        expect(qty.toNumber()).toBe(Math.abs(size));
        accepted(exchange.submit(order({ side: size > 0 ? "buy" : "sell", qty: qty.toFixed() }), bar.start));
      }
      exchange.bar("SPY", DAY, bar, session.close);
    });
    expect(exchange.positions()).toEqual([]);
    expect(exchange.account().equity.toFixed(2)).toBe("51422.99");
  });
});
