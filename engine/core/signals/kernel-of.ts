/**
 * From the fact of a program to the kernel of the catalogue that computes it.
 */
import { indicator } from "../../catalog/catalog.ts";
import type { Indicator, Kernel } from "../../catalog/kernel.ts";
import type { Anchor } from "../../market/periods.ts";
import { invariant } from "../assert.ts";
import type { FactSpec } from "../program.ts";
import { anchorOf } from "./specs.ts";

/** The kernel of our own, or of the source that the strategy names. */
export function kernelOf(spec: FactSpec & { kind: "indicator" }): {
  readonly entry: Indicator;
  readonly kernel: Kernel;
  readonly anchor: Anchor | undefined;
} {
  const entry = indicatorOf(spec.name);
  const anchor = anchorOf(spec);
  if (spec.source === undefined) return { entry, kernel: entry.kernel(spec.params), anchor };
  const make = entry.sources?.[spec.source];
  invariant(make !== undefined, `the catalogue has no ${spec.name} by ${spec.source}`);
  return { entry, kernel: make(spec.params), anchor };
}

export function indicatorOf(name: string): ReturnType<typeof indicator> & object {
  const entry = indicator(name);
  invariant(entry !== undefined, `the catalogue has no ${name}`);
  return entry;
}
