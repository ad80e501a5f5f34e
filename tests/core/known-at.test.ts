import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MarketInput } from "../../engine/core/event.ts";
import { KnownAt, knownAt } from "../../engine/core/known-at.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { openOf } from "../support/core-driver.ts";
import { runs } from "../support/runs.ts";

const MINUTE = 60_000;
/** Two weeks with a short day and a holiday in them. */
const FROM = openOf("2024-11-25") - 600 * MINUTE;

const bar = fc
  .record({
    symbol: fc.constantFrom("SPY", "BTC/USD"),
    size: fc.constantFrom("1m", "7m", "1h", "12h", "1d"),
    minute: fc.nat(14 * 1_440),
  })
  .map(({ symbol, size, minute }): MarketInput => {
    const prices = { open: 1, high: 1, low: 1, close: 1, volume: 1 };
    return { kind: "bar", symbol, size, revised: false, start: FROM + minute * MINUTE, ...prices };
  });
const trade = fc
  .nat(1_000_000)
  .map((time): MarketInput => ({ kind: "trade", symbol: "SPY", time, price: 1, size: 1, setsPrice: true }));
const other = fc.constantFrom<MarketInput>(
  { kind: "history", symbol: "SPY", size: "1m", bars: [] },
  { kind: "feed", feed: "f", status: "live", detail: "" },
);

describe("a tape's clock", () => {
  it("knows of each item in turn what is known of it alone", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof({ arbitrary: bar, weight: 8 }, trade, other), { maxLength: 60 }), (items) => {
        const clock = new KnownAt(calendarOf);
        for (const item of items) expect(clock.of(item)).toBe(knownAt(item, calendarOf) ?? Number.NaN);
      }),
      { numRuns: runs(300) },
    );
  });
});
