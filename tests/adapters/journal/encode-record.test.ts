/** The text of a reload's record: the same whether it was made before or not, and read as what it says. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeAhead, encodeRecord } from "../../../engine/adapters/journal/encode-record.ts";
import { decode } from "../../../engine/adapters/journal/encode.ts";
import type { HistoryInput } from "../../../engine/core/event.ts";
import type { NumberedRecord } from "../../../engine/ports/journal.ts";
import { SEED, runs } from "../../support/runs.ts";

const number = fc.oneof(fc.double({ noDefaultInfinity: false }), fc.constantFrom(0, 1.5, Number.NaN)).map((x) => x + 0);
const bar = fc.record({ start: fc.nat(), open: number, high: number, low: number, close: number, volume: number });
const history: fc.Arbitrary<HistoryInput> = fc.record({
  kind: fc.constant("history" as const),
  symbol: fc.constantFrom("SPY", "#1", "null"),
  size: fc.constantFrom("1m", "1d"),
  bars: fc.array(bar, { maxLength: 120 }),
});
const text = fc.oneof(fc.string(), fc.constantFrom("", "# a remark\n", "null", '"#', "##", "barwise: 1\nname: é\n"));
const record: fc.Arbitrary<NumberedRecord> = fc
  .record({
    files: fc.dictionary(fc.string(), text, { noNullPrototype: true }),
    warmup: fc.array(history, { maxLength: 4 }),
    word: text,
  })
  .map(({ files, warmup, word }) => ({
    kind: "in",
    n: 7,
    input: {
      ...{ kind: "program.loaded", seq: 3, marketTime: Number.NEGATIVE_INFINITY, arrivalTime: 5, warmup },
      accepted: { by: word, reason: "null", findings: [word] },
      sources: { digest: "d", files, settings: null },
    },
  }));

describe("the record of a loaded program", () => {
  it("says what it is made of, and the same when its parts were written before", () => {
    fc.assert(
      fc.property(record, (made) => {
        const plain = encodeRecord(made);
        expect(decode(plain)).toEqual(made);
        if (made.kind !== "in" || made.input.kind !== "program.loaded") return;
        const { sources, warmup } = made.input;
        for (let known = 0; known < warmup.length; known += 2)
          for (const _ of encodeAhead(sources.files, warmup.slice(0, known)));
        expect(encodeRecord(made)).toBe(plain);
      }),
      { seed: SEED, numRuns: runs(200) },
    );
  });

  it("writes in steps what is long, and what it has written not again", () => {
    const bars = Array.from({ length: 1_000 }, (_, i) => ({ start: i, open: 1, high: 1, low: 1, close: 1, volume: 1 }));
    const warmup: HistoryInput[] = [{ kind: "history", symbol: "SPY", size: "1m", bars }];
    const files = { a: "1", b: "2" };
    expect([...encodeAhead(files, warmup)]).toHaveLength(22);
    expect([...encodeAhead(files, warmup)]).toHaveLength(0);
  });
});
