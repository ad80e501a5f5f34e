import { describe, expect, it } from "vitest";
import { grown } from "../../bench/soak/flat.ts";
import type { Sample } from "../../bench/soak/flat.ts";

const MB = 1_024 * 1_024;

function samples(heapMb: readonly number[]): Sample[] {
  return heapMb.map((mb) => {
    const flat = { rss: 200 * MB, arrayBuffers: 8 * MB, stateBytes: 7 * MB, journalBytes: 400 * MB };
    return { ...flat, heapUsed: mb * MB } as Sample;
  });
}

describe("the rule of the soak", () => {
  it("takes a run for flat that grows in its first quarter alone", () => {
    expect(grown(samples([20, 30, 50, 58, 50, 59, 51, 60]))).toEqual([]);
  });

  it("does not count what is about to be collected: the least of a quarter does", () => {
    expect(grown(samples([20, 30, 50, 50, 50, 50, 90, 51]))).toEqual([]);
  });

  it("says what has grown since the second quarter, and by how much", () => {
    const what = "heap in use grew: 50.0 MB in the second quarter, 60.0 MB in the last one";
    expect(grown(samples([20, 30, 50, 52, 54, 56, 60, 62]))).toEqual([what]);
  });

  it("takes no run of too few samples for flat", () => {
    expect(grown(samples([20, 20, 20]))).toHaveLength(1);
  });
});
