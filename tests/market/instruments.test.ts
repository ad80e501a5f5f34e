import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Decimal, decimal } from "../../engine/core/decimal.ts";
import { ALWAYS } from "../../engine/market/always.ts";
import {
  calendarOf,
  isOnTick,
  priceTick,
  roundPrice,
  roundQty,
  roundTrail,
  safeDirection,
} from "../../engine/market/instruments.ts";
import { NYSE } from "../../engine/market/nyse.ts";

describe("prices", () => {
  it("move in cents from one dollar and in hundredths of a cent below", () => {
    expect(priceTick(1).toFixed()).toBe("0.01");
    expect(priceTick(0.9999).toFixed()).toBe("0.0001");
    expect(priceTick(50_000, "crypto").toFixed()).toBe("0.000000001");
    expect(roundPrice(101.239, "down").toFixed()).toBe("101.23");
    expect(roundPrice(101.231, "up").toFixed()).toBe("101.24");
    expect(roundPrice(0.12344, "up").toFixed()).toBe("0.1235");
    expect(roundPrice(0.99999, "up").toFixed()).toBe("1");
    expect(roundPrice(new Decimal("101.235"), "nearest").toFixed()).toBe("101.24");
    expect(roundPrice(0.1234567891, "down", "crypto").toFixed()).toBe("0.123456789");
  });

  it("do not take float noise for a price", () => {
    expect(roundPrice(100 * 1.1, "up").toFixed()).toBe("110");
    expect(roundPrice(0.1 + 0.2, "up").toFixed()).toBe("0.3");
    expect(roundPrice(1.1 + 2.2, "up").toFixed()).toBe("3.3");
    expect(roundPrice(4.35 * 100, "down").toFixed()).toBe("435");
  });

  it("land on the tick, within one tick, on the asked side", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 1e6, noNaN: true }),
        fc.constantFrom("down" as const, "up" as const),
        (price, way) => {
          const rounded = roundPrice(price, way);
          const slack = price * 1e-12;
          expect(isOnTick(rounded)).toBe(true);
          const off = rounded.minus(decimal(price)).toNumber();
          expect(Math.abs(off)).toBeLessThanOrEqual(0.01 + slack);
          if (way === "down") expect(off).toBeLessThanOrEqual(slack);
          else expect(off).toBeGreaterThanOrEqual(-slack);
        },
      ),
    );
  });

  it("refuse what is not a number", () => {
    expect(() => roundPrice(NaN, "up")).toThrow(RangeError);
    expect(() => roundPrice(Infinity, "up")).toThrow(RangeError);
    expect(() => roundQty(NaN, true)).toThrow(RangeError);
  });

  it("round in the direction that is never worse for the holder", () => {
    expect(safeDirection("buy", "limit")).toBe("down");
    expect(safeDirection("sell", "limit")).toBe("up");
    expect(safeDirection("sell", "protective_stop")).toBe("up");
    expect(safeDirection("buy", "protective_stop")).toBe("down");
    expect(safeDirection("buy", "entry_stop")).toBe("up");
    expect(safeDirection("sell", "entry_stop")).toBe("down");
    expect(roundTrail(0.126).toFixed()).toBe("0.12");
    expect(roundTrail(0.001).toFixed()).toBe("0.01");
  });
});

describe("quantities", () => {
  it("round towards zero to whole shares or nine decimals", () => {
    expect(roundQty(10.99, false).toFixed()).toBe("10");
    expect(roundQty(0.7, false).toFixed()).toBe("0");
    expect(roundQty(1 / 3, true).toFixed()).toBe("0.333333333");
    expect(roundQty((0.1 + 0.2) * 10, false).toFixed()).toBe("3");
    expect(roundQty(-10.99, false).toFixed()).toBe("-10");
  });
});

describe("calendars of symbols", () => {
  it("are 24/7 for pairs and NYSE for everything else", () => {
    expect(calendarOf("BTC/USD")).toBe(ALWAYS);
    expect(calendarOf("SPY")).toBe(NYSE);
    expect(calendarOf("BRK.B")).toBe(NYSE);
  });
});

describe("24/7 calendar", () => {
  it("has a session for every UTC day", () => {
    const session = ALWAYS.sessionOn("2024-03-10");
    expect(session?.open).toBe(Date.parse("2024-03-10T00:00Z"));
    expect(ALWAYS.sessionAtOrAfter(Date.parse("2024-03-10T23:59:59.999Z"))).toBe(session);
    expect(ALWAYS.sessionAtOrBefore(Date.parse("2024-03-10T12:00Z"))).toBe(session);
    expect(ALWAYS.dateOf(session as never)).toBe("2024-03-10");
    expect(ALWAYS.localTime(Date.parse("2024-03-10T12:30Z"))).toEqual({ minutes: 750, weekday: 7 });
    expect(ALWAYS.sessionAtOrAfter(ALWAYS.until)).toBeUndefined();
  });
});
