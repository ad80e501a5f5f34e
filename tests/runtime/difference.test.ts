import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstDifference } from "../../engine/runtime/difference.ts";
import { SEED, runs } from "../support/runs.ts";

const first = (recorded: unknown, now: unknown): string | undefined => {
  const found = firstDifference("outputs", recorded, now);
  return found === undefined ? undefined : `${found.path}: ${found.recorded} / ${found.now}`;
};

describe("the first difference", () => {
  it("has the path that a person would write", () => {
    const order = { kind: "submit", order: { qty: "5", side: "buy" } };
    const other = { kind: "submit", order: { qty: "6", side: "buy" } };
    expect(first([{}, {}, order], [{}, {}, other])).toBe('outputs[2].order.qty: "5" / "6"');
    expect(first([{ facts: { "rsi(14)": 1 } }], [{ facts: { "rsi(14)": 2 } }])).toBe(
      'outputs[0].facts["rsi(14)"]: 1 / 2',
    );
  });

  it("is what is not there on one side", () => {
    expect(first([1], [1, { kind: "alert" }])).toBe('outputs[1]: nothing / {"kind":"alert"}');
    expect(first([1, 2], [1])).toBe("outputs[1]: 2 / nothing");
    expect(first([{ a: 1, b: 2 }], [{ a: 1 }])).toBe("outputs[0].b: 2 / nothing");
    expect(first([{ a: 1 }], [{ a: 1, b: null }])).toBe("outputs[0].b: nothing / null");
  });

  it("is another kind, another number that JSON cannot hold, or another order of keys", () => {
    expect(first([[]], [{}])).toBe("outputs[0]: [] / {}");
    expect(first(["1"], [1])).toBe('outputs[0]: "1" / 1');
    expect(first([{ a: NaN }], [{ a: null }])).toBe("outputs[0].a: NaN / null");
    expect(first([{ a: Infinity }], [{ a: -Infinity }])).toBe("outputs[0].a: Infinity / -Infinity");
    expect(first([{ a: 1, b: 2 }], [{ b: 2, a: 1 }])).toBe("outputs: the same keys in another order / the same values");
  });

  it("is none where the bytes are the same: -0 is 0, and undefined is not there", () => {
    expect(first([{ a: -0, b: undefined, c: NaN, d: null }], [{ a: 0, c: NaN, d: null }])).toBeUndefined();
  });

  it("takes nothing that every object inherits for a value", () => {
    expect(first([{ valueOf: null }], [{}])).toBe("outputs[0].valueOf: null / nothing");
    expect(first([{}], [{ toString: 1 }])).toBe("outputs[0].toString: nothing / 1");
  });

  it("is cut when it is long", () => {
    expect((first(["x".repeat(5_000)], [1]) as string).length).toBeLessThan(230);
  });

  it("is there exactly when the texts differ", () => {
    const value = fc.jsonValue({ depthSize: "small" });
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(first(a, b) === undefined).toBe(JSON.stringify(a) === JSON.stringify(b));
        expect(first(a, structuredClone(a))).toBeUndefined();
      }),
      { numRuns: runs(500), seed: SEED },
    );
  });
});
