import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryJournal } from "../../engine/adapters/journal/memory-journal.ts";
import type { Input, InputBody } from "../../engine/core/event.ts";
import { Stamper, stamped } from "../../engine/core/stamp.ts";
import { runs } from "../support/runs.ts";

const number = fc.double();
const symbol = fc.constantFrom("SPY", "BTC/USD");
const trade = { kind: fc.constant("trade" as const), symbol, time: number, price: number, size: number };
const body: fc.Arbitrary<InputBody> = fc.oneof(
  fc.record({
    kind: fc.constant("bar" as const),
    symbol,
    size: fc.constantFrom("1m", "1d"),
    revised: fc.boolean(),
    start: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
  }),
  fc.record({ ...trade, setsPrice: fc.boolean() }),
  fc.record({ ...trade, setsPrice: fc.boolean(), id: fc.string() }),
  fc.record({
    kind: fc.constant("quote" as const),
    symbol,
    time: number,
    bid: number,
    bidSize: number,
    ask: number,
    askSize: number,
  }),
  fc.record({
    kind: fc.constant("timer" as const),
    id: fc.string(),
    clock: fc.constant("market" as const),
    at: number,
  }),
);

const HEADER = { kind: "header", format: 1, barwise: "", node: "", v8: "", tz: "", icu: "", id: "j" } as const;

describe("a stamper", () => {
  it("says of each input what a stamp of its own says, field by field in the same order", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(body, number)), (bodies) => {
        const stamper = new Stamper();
        const text = (input: Input): string => JSON.stringify(Object.entries(input));
        for (const [i, [one, time]] of bodies.entries())
          expect(text(stamper.stamp(one, i, time, time + 1))).toBe(text(stamped(one, i, time, time + 1)));
      }),
      { numRuns: runs(200) },
    );
  });

  it("writes the next tick over the one before, so who keeps one copies it, as the journal in memory does", () => {
    const stamper = new Stamper();
    const journal = new MemoryJournal({ ...HEADER, account: "", seed: "", createdAt: 0 });
    const at = (price: number): Input =>
      stamper.stamp({ kind: "trade", symbol: "SPY", time: 0, price, size: 1, setsPrice: true }, price, 0, 0);
    const first = at(1);
    journal.append({ kind: "in", n: 0, input: first as never });
    const second = at(2);
    journal.append({ kind: "in", n: 1, input: second as never });
    expect(first).toBe(second);
    const prices = journal.records.map((record) => (record.kind === "in" ? JSON.stringify(record.input) : ""));
    expect(prices).toEqual(["", expect.stringContaining('"price":1'), expect.stringContaining('"price":2')]);
  });
});
