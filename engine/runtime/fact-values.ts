/**
 * What facts are worth right now, for a plan.
 *
 * Owns: looking a fact up by its reference. Keeps the values of the moment it was made at, whatever the core loads later.
 */
import { refKey } from "../core/canonical.ts";
import type { FactRef } from "../core/program.ts";
import type { CoreState } from "../core/step.ts";

/** NaN where the strategy, the symbol or the fact is not there, or not known. */
export type FactValues = (strategy: string, symbol: string, ref: FactRef) => number;

export function factValuesOf({ signals }: CoreState): FactValues {
  const { instances } = signals;
  const slots = signals.graph.slots.slice();
  return (strategy, symbol, ref) => {
    const found = instances.find(({ facts }) => facts.strategy.name === strategy && facts.symbol === symbol);
    const key = refKey(ref);
    const index = found?.facts.strategy.facts.findIndex((fact) => refKey(fact.ref) === key) ?? -1;
    return slots[found?.facts.slotOf[index] ?? -1] ?? Number.NaN;
  };
}
