import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Input, Output } from "../../engine/core/event.ts";
import { Portfolio } from "../../engine/core/desk/portfolio.ts";
import { decimal, text } from "../../engine/core/decimal.ts";
import { StatementWriter } from "../../engine/runtime/statement.ts";
import { runs } from "../support/runs.ts";

const STAMP = { seq: 1, marketTime: 1, arrivalTime: 1 };
const ACCOUNT = { cash: "100000", equity: "100000", lastEquity: "100000", multiplier: 1, shorting: true };

/** Books fills the way the desk does and lets the writer see them. */
function play(
  fills: readonly { strategy: string; buy: boolean; qty: number; price: number; fee: number }[],
): StatementWriter {
  const writer = new StatementWriter();
  const portfolio = new Portfolio();
  portfolio.cash = decimal("100000");
  writer.observe({ kind: "reconciled", account: ACCOUNT, positions: [], openOrders: [], ...STAMP } as Input, []);
  fills.forEach(({ strategy, buy, qty, price, fee }, i) => {
    const side = buy ? "buy" : "sell";
    const fill = { side, qty: decimal(qty), price: decimal(price), fee: decimal(fee), time: i } as const;
    const { qty: held, avgPrice, realized, fees } = portfolio.apply(strategy, "A", fill);
    const position = {
      strategy,
      symbol: "A",
      qty: text(held),
      avgPrice: text(avgPrice),
      realized: text(realized),
      fees: text(fees),
      cash: text(portfolio.cash),
    };
    const execution = {
      kind: "execution",
      executionId: String(i),
      clientOrderId: "c",
      brokerOrderId: "b",
      symbol: "A",
      side,
      qty: String(qty),
      price: String(price),
      fee: String(fee),
      cumulativeQty: String(qty),
      time: i,
    };
    writer.observe({ ...execution, ...STAMP } as Input, [{ kind: "position", position } as Output]);
  });
  return writer;
}

const cents = (value: string): number => Math.round(Number(value) * 100);

describe("the statement", () => {
  it("adds up to the cent as printed, line by line and strategy by strategy, whatever filled", () => {
    const fill = fc.record({
      strategy: fc.constantFrom("a", "b", "c"),
      buy: fc.boolean(),
      qty: fc.integer({ min: 1, max: 90 }),
      price: fc.integer({ min: 1, max: 900_000 }).map((value) => value / 10_000),
      fee: fc.integer({ min: 0, max: 9_999 }).map((value) => value / 10_000),
    });
    fc.assert(
      fc.property(fc.array(fill, { maxLength: 40 }), fc.integer({ min: 1, max: 900_000 }), (fills, last) => {
        const writer = play(fills);
        const bar = {
          kind: "bar",
          symbol: "A",
          size: "1m",
          revised: false,
          start: 0,
          open: 1,
          high: 1,
          low: 1,
          close: last / 10_000,
          volume: 1,
        };
        writer.observe({ ...bar, ...STAMP } as Input, []);
        const it = writer.statement();
        expect(it.difference).toMatch(/^-?0\.00$/);
        expect(cents(it.startCash) + cents(it.realized) + cents(it.unrealized) - cents(it.fees)).toBe(
          cents(it.endEquity),
        );
        expect(cents(it.endCash) + cents(it.marketValue)).toBe(cents(it.endEquity));
        for (const line of ["realized", "unrealized", "fees"] as const) {
          expect(it.byStrategy.reduce((sum, row) => sum + cents(row[line]), 0)).toBe(cents(it[line]));
        }
      }),
      { numRuns: runs(300) },
    );
  });
});
