/** Strategy files and their tests in a few lines: read, run on the simulated exchange, judged. */
import { expect } from "vitest";
import { createSimBroker } from "../../engine/adapters/sim/broker.ts";
import { createSimExchange } from "../../engine/cli/local-venue.ts";
import { readTests } from "../../engine/lang/test-file.ts";
import type { CsvTable } from "../../engine/lang/test-market.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import type { coverageOf } from "../../engine/runtime/test-coverage.ts";
import { judge } from "../../engine/runtime/test-judge.ts";
import { runTest } from "../../engine/runtime/test-run.ts";

/** The failures of the tests as `line: expected | got`, and the runs. */
export async function runTests(
  tests: string,
  strategy: string,
  csv: ReadonlyMap<string, CsvTable> = new Map(),
): Promise<{ failures: string[]; runs: Parameters<typeof coverageOf>[0] }> {
  const text = `strategy: s.strategy.yaml\ntests:\n${tests}`;
  const read = readTests("s.test.yaml", text, { files: { "s.strategy.yaml": strategy }, absent: new Set(), csv });
  expect(read.diagnostics.map(({ message }) => message)).toEqual([]);
  const failures: string[] = [];
  const runs = [];
  for (const test of read.cases) {
    const recording = await runTest(test, {
      calendarOf,
      broker: ({ symbols, cash, leverage }) =>
        createSimBroker(createSimExchange({ symbols, cash, leverage, fees: "none", slippage: 0, seed: "test" })),
    });
    runs.push({ test, recording });
    for (const { place, expected, got } of judge(test, recording))
      failures.push(`${place.line}: ${expected} | ${got.join("; ")}`);
  }
  return { failures, runs };
}
