import { describe } from "vitest";
import { INDICATORS } from "../../engine/catalog/catalog.ts";
import type { Indicator } from "../../engine/catalog/kernel.ts";
import { paramProblem } from "../../engine/catalog/params.ts";
import { kernelContract } from "./kernel-contract.ts";

/** What a parameter is set to whose default alone makes no sense. */
const USUAL: Readonly<Record<string, number>> = { period: 20, percent: 0.02 };

function paramSets(entry: Indicator): number[][] {
  const usual = entry.params.map((doc) => doc.default ?? (USUAL[doc.name] as number));
  if (entry.name === "band") usual[0] = 0.02;
  // One kernel is behind all patterns: a second depth of penetration says nothing new.
  if (entry.family === "candlestick") return [usual];
  const smallest = entry.params.map((doc) => doc.min);
  const fitting = paramProblem(entry, smallest) === undefined ? smallest : smallest.map((min, i) => min + i);
  const odd = entry.params.map((doc, i) => (doc.choices === undefined ? (doc.integer ? 7 + i * 4 : 0.37) : 0));
  const words = entry.params.flatMap(({ choices = [] }, at) =>
    choices.slice(1).map((_, i) => usual.map((value, k) => (k === at ? i + 1 : value))),
  );
  const sets = [usual, fitting, odd, ...words].map((set) =>
    set.map((value, i) => (entry.params[i]?.choices === undefined ? value : Math.min(value, entry.params[i].max))),
  );
  return [...new Map(sets.map((set) => [set.join(), set])).values()];
}

/** With a column for each indicator that is a further input. */
function widened(entry: Indicator, params: readonly number[]): Indicator {
  const more = entry.alsoReads?.(params) ?? [];
  return { ...entry, inputs: [...entry.inputs, ...more.map(() => "volume" as const)] };
}

describe("kernel contract", () => {
  for (const entry of INDICATORS.values()) {
    for (const params of paramSets(entry)) {
      kernelContract(widened(entry, params), params, `${entry.name}(${params.join(", ")})`);
    }
  }
});
