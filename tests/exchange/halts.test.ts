import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runs, SEED } from "../support/runs.ts";
import { drained, exchangeWith, minute, MINUTE, opened, submitAt, TUE, WED, day } from "./support.ts";

const FLAT = [100, 100, 100, 100] as const;

describe("a halt", () => {
  it("takes orders and fills nothing until trading goes on; they stay new", () => {
    const exchange = opened();
    exchange.halt("SPY", TUE.open + MINUTE);
    expect(submitAt(exchange, 1).status).toBe("new");
    submitAt(exchange, 1, { type: "stop", stopPrice: "90", side: "buy" });
    minute(exchange, 1, FLAT);
    expect(drained(exchange)).toEqual(["new buy", "new buy"]);
    exchange.resume("SPY", TUE.open + 2 * MINUTE);
    minute(exchange, 2, FLAT);
    expect(drained(exchange)).toEqual(["fill buy 100@100", "fill buy 100@100"]);
  });

  it("fills nothing in a bar that it only touches, and leaves other symbols alone", () => {
    const exchange = opened();
    submitAt(exchange, 1);
    submitAt(exchange, 1, { symbol: "QQQ" });
    exchange.halt("SPY", TUE.open + 2 * MINUTE - 1);
    exchange.resume("SPY", TUE.open + 2 * MINUTE + 1);
    for (const n of [1, 2]) {
      minute(exchange, n, FLAT);
      minute(exchange, n, FLAT, { symbol: "QQQ" });
    }
    expect(drained(exchange)).toEqual(["new buy", "new buy", "fill buy 100@100"]);
    minute(exchange, 3, FLAT);
    expect(drained(exchange)).toEqual(["fill buy 100@100"]);
  });

  it("neither quotes nor trades fill or elect in it", () => {
    const exchange = exchangeWith();
    exchange.trade("SPY", 100, 1, TUE.open + 1);
    exchange.quote("SPY", 99, 1, 101, 1, TUE.open + 2);
    exchange.halt("SPY", TUE.open + 3);
    expect(submitAt(exchange, 1).status).toBe("new");
    submitAt(exchange, 1, { type: "stop", stopPrice: "102", side: "buy" });
    exchange.trade("SPY", 102, 1, TUE.open + MINUTE + 1);
    exchange.quote("SPY", 102, 1, 103, 1, TUE.open + MINUTE + 2);
    exchange.resume("SPY", TUE.open + 2 * MINUTE);
    expect(drained(exchange)).toEqual(["new buy", "new buy"]);
    exchange.quote("SPY", 98, 1, 99, 1, TUE.open + 2 * MINUTE);
    expect(drained(exchange)).toEqual(["fill buy 100@99"]);
  });

  it("at the close means no closing auction: the order expires", () => {
    const exchange = opened();
    submitAt(exchange, 1, { timeInForce: "cls" });
    exchange.halt("SPY", TUE.close - MINUTE);
    exchange.advance(TUE.close);
    expect(drained(exchange)).toEqual(["new buy", "expired buy"]);
  });

  it("lets orders be canceled and replaced, and expire", () => {
    const exchange = opened();
    exchange.halt("SPY", TUE.open + MINUTE);
    const one = submitAt(exchange, 1, { type: "limit", limitPrice: "100" });
    const two = submitAt(exchange, 1, { type: "limit", limitPrice: "100" });
    submitAt(exchange, 1);
    exchange.cancel(one.id, TUE.open + MINUTE);
    expect(exchange.replace(two.id, { limitPrice: "99" }, TUE.open + MINUTE).ok).toBe(true);
    day(exchange, WED, [100, 100, 100, 100]);
    expect(drained(exchange).filter((row) => row.startsWith("expired"))).toHaveLength(2);
  });
});

describe("partial fills", () => {
  it("cut every fill to whole shares when all are asked for, and fill the rest later", () => {
    const exchange = opened({ partialFills: 1 });
    const { id } = submitAt(exchange, 1);
    for (let n = 1; exchange.order(id)?.status !== "filled"; n += 1) {
      expect(n).toBeLessThan(100);
      minute(exchange, n, FLAT);
    }
    const rows = drained(exchange).slice(1);
    const sizes = rows.map((row) => Number(/ (\d+)@100$/.exec(row)?.[1]));
    expect(rows.length).toBeGreaterThan(1);
    expect(sizes.every(Number.isInteger)).toBe(true);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100);
    expect(rows.at(-1)).toMatch(/^fill /);
  });

  it("are the same for the same seed, and others for another", () => {
    const fills = (seed: string): string[] => {
      const exchange = opened({ partialFills: 0.5, seed });
      for (let n = 1; n < 20; n += 1) {
        submitAt(exchange, n, { qty: "50" });
        minute(exchange, n, FLAT);
      }
      return drained(exchange);
    };
    expect(fills("a")).toEqual(fills("a"));
    expect(fills("a")).not.toEqual(fills("b"));
  });

  it("leave fill-or-kill orders whole", () => {
    const exchange = opened({ partialFills: 1 });
    submitAt(exchange, 1, { timeInForce: "fok" });
    minute(exchange, 1, FLAT);
    expect(drained(exchange)).toEqual(["new buy", "fill buy 100@100"]);
  });

  it("never lose or add a share, whatever the seed", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 500 }),
        (seed, partialFills, qty) => {
          const exchange = opened({ partialFills, seed });
          const { id } = submitAt(exchange, 1, { qty: String(qty) });
          for (let n = 1; n < 40; n += 1) minute(exchange, n, FLAT);
          const sum = exchange
            .drain()
            .reduce((total, event) => ("execution" in event ? total + event.execution.qty.toNumber() : total), 0);
          const filled = exchange.order(id)?.filledQty.toNumber();
          expect(sum).toBe(filled);
          expect(exchange.positions()[0]?.qty.toNumber()).toBe(filled);
          expect(filled).toBeLessThanOrEqual(qty);
        },
      ),
      { numRuns: runs(200), seed: SEED },
    );
  });
});
