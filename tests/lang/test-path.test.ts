/** Price paths: what each form means, and where mistakes are. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_VALUES, parsePricePath } from "../../engine/lang/test-path.ts";

function valuesOf(text: string): readonly (number | null)[] {
  const parsed = parsePricePath(text);
  if (!("values" in parsed)) throw new Error(parsed.message);
  return parsed.values;
}

function problemOf(text: string): string {
  const parsed = parsePricePath(text);
  return "values" in parsed ? "none" : text.slice(parsed.start, parsed.end);
}

describe("a price path", () => {
  it.each([
    ["100", [100]],
    ["100x3", [100, 100, 100]],
    ["100+1x3", [100, 101, 102]],
    ["100-1x3", [100, 99, 98]],
    ["88+0.1x4", [88, 88.1, 88.2, 88.3]],
    ["1 _ 2", [1, null, 2]],
    ["_x2 5", [null, null, 5]],
    ["  7 \n 8x2\t9 ", [7, 8, 8, 9]],
  ])("%s", (text, values) => {
    expect(valuesOf(text)).toEqual(values);
  });

  it("has as many bars as the numbers behind x say: LANGUAGE's example has 232", () => {
    const values = valuesOf("100x210 100-1x12 88+0.5x10");
    expect(values).toHaveLength(232);
    // The fall ends at bar 222, and the recovery starts one step below it: nothing is said twice.
    expect(values[221]).toBe(89);
    expect(values[222]).toBe(88);
    expect(values.at(-1)).toBe(92.5);
  });

  it.each([
    ["100 1o1", "o"],
    ["100x", "x"],
    ["100x3y", "y"],
    ["100 101+1", "101+1"],
    ["100x0", "100x0"],
    ["_+1x3", "+"],
    ["1e5", "e"],
    ["100,101", ","],
    [`1x${MAX_VALUES + 1}`, `1x${MAX_VALUES + 1}`],
  ])("%s is refused at its very place", (text, place) => {
    expect(problemOf(text)).toBe(place);
  });

  it("refuses a path without a price", () => {
    expect(parsePricePath("  ")).toMatchObject({ message: "A path without a price" });
  });

  it("never throws, and every problem lies inside the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789.x+-_ e\n"), maxLength: 30 }), (text) => {
        const parsed = parsePricePath(text);
        if ("values" in parsed) expect(parsed.values.length).toBeGreaterThan(0);
        else {
          expect(parsed.start).toBeGreaterThanOrEqual(0);
          expect(parsed.end).toBeLessThanOrEqual(Math.max(text.length + 1, 1));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
