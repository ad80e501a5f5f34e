import { describe } from "vitest";
import { INDICATORS } from "../../engine/catalog/catalog.ts";
import { kernelContract } from "./kernel-contract.ts";

/** What a required parameter is set to. */
const REQUIRED: Readonly<Record<string, number>> = { period: 20, percent: 0.02 };

describe("kernel contract", () => {
  for (const entry of INDICATORS.values()) {
    const defaults = entry.params.map((doc) => doc.default ?? (REQUIRED[doc.name] as number));
    const smallest = entry.params.map((doc, i) =>
      doc.integer ? doc.min + (entry.name === "macd" ? i % 2 : 0) : doc.min,
    );
    const odd = entry.params.map((doc, i) => (doc.integer ? 7 + i * 4 : 0.37));
    kernelContract(entry, defaults, `${entry.name}(${defaults.join(", ")})`);
    if (entry.params.length === 0) continue;
    kernelContract(entry, smallest, `${entry.name}(${smallest.join(", ")})`);
    kernelContract(entry, odd, `${entry.name}(${odd.join(", ")})`);
  }
});
