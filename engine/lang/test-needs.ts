/**
 * Which other symbols rules read.
 *
 * Owns: the symbols that facts name with `symbol:`. May not: count bars (see runtime/warmup.ts).
 */
import type { Program } from "../core/program.ts";

export function needsOf(program: Program): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { facts } of program.strategies)
    for (const { spec } of facts) if (spec.series.symbol !== null) found.add(spec.series.symbol);
  return found;
}
