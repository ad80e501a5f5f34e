/**
 * What all tests together have shown.
 *
 * Owns: adding up recordings: which rules fired, which comparisons were seen true and false.
 * May not: judge tests. A comparison that was only ever unknown has been seen neither true nor false.
 */
import type { Coverage, RuleCoverage, TestCase, UnitCoverage } from "../lang/test-types.ts";
import type { Recording } from "./test-watch.ts";

export function coverageOf(runs: readonly { readonly test: TestCase; readonly recording: Recording }[]): Coverage {
  const rules = new Map<string, RuleCoverage>();
  const units = new Map<string, UnitCoverage>();
  for (const { test, recording } of runs) {
    for (const { name: strategy, file, rules: own } of test.program.strategies) {
      for (const { name: rule, source } of own) {
        const key = JSON.stringify([file, rule]);
        const fired = (recording.fired.get(JSON.stringify([strategy, rule])) ?? 0) + (rules.get(key)?.fired ?? 0);
        rules.set(key, { strategy, file, rule, place: source, fired });
      }
    }
    for (const { unit, wasTrue, wasFalse } of recording.units) {
      const { place, strategy, file, text } = unit;
      const key = JSON.stringify([file, place]);
      const known = units.get(key);
      units.set(key, {
        strategy,
        file,
        place,
        text,
        wasTrue: wasTrue || known?.wasTrue === true,
        wasFalse: wasFalse || known?.wasFalse === true,
      });
    }
  }
  const comparisons = [...units.values()];
  const shown =
    [...rules.values()].filter(({ fired }) => fired > 0).length +
    comparisons.filter(({ wasTrue }) => wasTrue).length +
    comparisons.filter(({ wasFalse }) => wasFalse).length;
  const all = rules.size + 2 * comparisons.length;
  return { rules: [...rules.values()], comparisons, percent: all === 0 ? 100 : (100 * shown) / all };
}
