/**
 * What 1,000 symbols with 20 facts each hold in memory, in a process of their own.
 *
 * Owns: that figure. Run as a program it is the process that is measured, and prints one line of JSON.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { crowd } from "./program.ts";
import type { Row } from "./row.ts";
import { EngineTicks } from "./ticks.ts";

const SYMBOLS = 1_000;
const FACTS = 20;
/** Past the longest warm-up, so that every window is full. */
const MINUTES = 70;
const MB = 1_024 * 1_024;

interface Measured {
  readonly before: number;
  readonly loaded: number;
  readonly most: number;
  readonly nodes: number;
}

function measure(): Measured {
  const before = process.memoryUsage.rss() / MB;
  const engine = new EngineTicks(SYMBOLS, (names) => crowd(names, FACTS));
  const loaded = process.memoryUsage.rss() / MB;
  engine.run(SYMBOLS * 5 * MINUTES);
  const most = process.resourceUsage().maxRSS / 1_024;
  return { before, loaded, most, nodes: engine.core.signals.graph.nodeCount };
}

export function memoryRow(): Row {
  const answer = execFileSync(process.execPath, [fileURLToPath(import.meta.url)], { encoding: "utf8" });
  const { before, loaded, most, nodes } = JSON.parse(answer) as Measured;
  return {
    what: "resident memory, 1,000 symbols x 20 facts",
    unit: "MB",
    target: { value: 300 },
    measured: most,
    baseline: { what: "before the program", value: before },
    detail: `at most; ${loaded.toFixed(0)} MB once loaded, ${nodes} fact nodes, 10 rules a symbol, ${MINUTES} bars each`,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(JSON.stringify(measure()));
