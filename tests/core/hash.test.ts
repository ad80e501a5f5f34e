import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hash128 } from "../../engine/core/hash.ts";
import { runs } from "../support/runs.ts";

/** 128-bit FNV-1a as it is written down, in whole numbers of any size. */
function textbook(parts: readonly string[]): string {
  let hash = 0x6c62272e07bb014262b821756295c58dn;
  const absorb = (byte: number): void => {
    hash = ((hash ^ BigInt(byte)) * 0x0000000001000000000000000000013bn) & ((1n << 128n) - 1n);
  };
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) {
      absorb(part.charCodeAt(i) & 0xff);
      absorb(part.charCodeAt(i) >>> 8);
    }
    absorb(0x1f);
  }
  return hash.toString(16).padStart(32, "0");
}

describe("hash128", () => {
  it("gives the ids that orders had when it was first written", () => {
    expect(hash128("paper", "j1", "dips", "enter", "ACME", "dips/enter/ACME/1709649000000", "", "1")).toBe(
      "b9903a08ffb57410fc404055cea7556c",
    );
    expect(hash128()).toBe("6c62272e07bb014262b821756295c58d");
  });

  it("is 128-bit FNV-1a over any text", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (parts) => {
        expect(hash128(...parts)).toBe(textbook(parts));
      }),
      { numRuns: runs(100) },
    );
  });
});
