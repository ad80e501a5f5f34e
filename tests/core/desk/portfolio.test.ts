import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ZERO, decimal } from "../../../engine/core/decimal.ts";
import { Portfolio } from "../../../engine/core/desk/portfolio.ts";
import type { Fill } from "../../../engine/core/desk/portfolio.ts";
import { runs } from "../../support/runs.ts";

function fill(side: "buy" | "sell", qty: string, price: string, fee = "0", time = 1): Fill {
  return { side, qty: decimal(qty), price: decimal(price), fee: decimal(fee), time };
}

describe("the portfolio", () => {
  it("averages the price of what is added and keeps it while selling", () => {
    const portfolio = new Portfolio();
    portfolio.cash = decimal("1000");
    portfolio.apply("s", "A", fill("buy", "10", "10"));
    portfolio.apply("s", "A", fill("buy", "10", "12"));
    const position = portfolio.apply("s", "A", fill("sell", "5", "15"));
    expect(position.avgPrice.toFixed()).toBe("11");
    expect(position.qty.toFixed()).toBe("15");
    expect(position.realized.toFixed()).toBe("20");
    expect(portfolio.cash.toFixed()).toBe("855");
  });

  it("realises the old side and opens the new one at the fill's price when a fill goes through zero", () => {
    const portfolio = new Portfolio();
    portfolio.apply("s", "A", fill("buy", "10", "10"));
    const position = portfolio.apply("s", "A", fill("sell", "15", "12", "1", 7));
    expect(position.qty.toFixed()).toBe("-5");
    expect(position.avgPrice.toFixed()).toBe("12");
    expect(position.realized.toFixed()).toBe("20");
    expect(position.openedAt).toBe(7);
  });

  it("earns on a short when the price falls", () => {
    const portfolio = new Portfolio();
    portfolio.apply("s", "A", fill("sell", "10", "20"));
    const position = portfolio.apply("s", "A", fill("buy", "10", "15", "0.35"));
    expect(position.realized.toFixed()).toBe("50");
    expect(position.fees.toFixed()).toBe("0.35");
    expect(position.openedAt).toBe(-1);
    expect(portfolio.cash.toFixed()).toBe("49.65");
  });

  it("keeps the shares of strategies apart and adds them up by symbol", () => {
    const portfolio = new Portfolio();
    portfolio.apply("a", "X", fill("buy", "3", "1"));
    portfolio.apply("b", "X", fill("buy", "4", "1"));
    expect(portfolio.netQty("X").toFixed()).toBe("7");
    expect(portfolio.position("a", "X").qty.toFixed()).toBe("3");
  });

  it("is exact where floats are not", () => {
    const portfolio = new Portfolio();
    for (let i = 0; i < 10; i++) portfolio.apply("s", "A", fill("buy", "0.1", "0.1"));
    expect(portfolio.position("s", "A").qty.toFixed()).toBe("1");
    expect(portfolio.cash.toFixed()).toBe("-0.1");
  });

  it("conserves money for any sequence of fills", () => {
    const fills = fc.array(
      fc.record({
        side: fc.constantFrom("buy" as const, "sell" as const),
        qty: fc.integer({ min: 1, max: 500 }),
        cents: fc.integer({ min: 1, max: 500_000 }),
        fee: fc.integer({ min: 0, max: 300 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(fills, (sequence) => {
        const portfolio = new Portfolio();
        portfolio.cash = decimal("100000");
        let last = ZERO;
        for (const { side, qty, cents, fee } of sequence) {
          last = decimal(cents).div(100);
          portfolio.apply("s", "A", { side, qty: decimal(qty), price: last, fee: decimal(fee).div(100), time: 1 });
        }
        const { qty, avgPrice, realized, fees } = portfolio.position("s", "A");
        const equity = portfolio.cash.plus(qty.times(last));
        const explained = decimal("100000")
          .plus(realized)
          .plus(qty.times(last.minus(avgPrice)))
          .minus(fees);
        expect(equity.minus(explained).abs().toNumber()).toBeLessThan(0.000001);
      }),
      { numRuns: runs(300) },
    );
  });
});
