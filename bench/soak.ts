/**
 * `npm run soak:memory`: ten million market events through the engine, and whether its memory stays flat.
 *
 * Owns: measuring memory, the verdict, printing. `--events N` and `--seed N` change the run, BARWISE_BENCH_DIR says where the
 * journal is written. Exits with 1 when memory or the journal grew, or when the books differ from the exchange's.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { grown } from "./soak/flat.ts";
import type { Sample } from "./soak/flat.ts";
import { SoakWorld } from "./soak/world.ts";
import type { Counts } from "./soak/world.ts";

const MB = 1_024 * 1_024;
const POINTS = 20;

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? fallback : Number(process.argv[at + 1]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} needs a whole number of at least 1`);
  return value;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function sampled(counts: Counts): Sample {
  // What finalizers let go of is collected by the second one.
  collect();
  collect();
  const { heapUsed, rss, arrayBuffers } = process.memoryUsage();
  return { ...counts, heapUsed, rss, arrayBuffers };
}

const COLUMNS: readonly (readonly [head: string, of: (sample: Sample) => string])[] = [
  ["events", ({ events }) => count(events)],
  ["days", ({ days }) => count(days)],
  ["heap MB", ({ heapUsed }) => megabytes(heapUsed)],
  ["rss MB", ({ rss }) => megabytes(rss)],
  ["buffers MB", ({ arrayBuffers }) => megabytes(arrayBuffers)],
  ["state MB", ({ stateBytes }) => megabytes(stateBytes)],
  ["journal MB", ({ journalBytes }) => megabytes(journalBytes)],
  ["sent", ({ sent }) => count(sent)],
  ["fills", ({ executions }) => count(executions)],
  ["remembered", ({ orders }) => count(orders)],
  ["at exchange", ({ exchangeOrders }) => count(exchangeOrders)],
  ["conflated", ({ conflated }) => count(conflated)],
  ["reloads", ({ reloads }) => count(reloads)],
  ["breaks", ({ breaks }) => count(breaks)],
];

const count = (value: number): string => value.toLocaleString("en-US");
const megabytes = (bytes: number): string => (bytes / MB).toFixed(1);

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell, i) => cell.padStart(Math.max(COLUMNS[i]?.[0].length ?? 0, 8))).join(" | ")} |`;
}

async function main(): Promise<number> {
  const [events, seed] = [option("events", 10_000_000), option("seed", 1)];
  const folder = mkdtempSync(join(process.env["BARWISE_BENCH_DIR"] ?? tmpdir(), "barwise-soak-"));
  const began = performance.now();
  try {
    const sizes = { minutesPerDay: 390, snapshotEvery: 5, segmentBytes: 16 * MB };
    const world = await SoakWorld.open({ folder, root: process.cwd(), seed, ...sizes });
    const samples: Sample[] = [];
    console.log(line(COLUMNS.map(([head]) => head)));
    console.log(line(COLUMNS.map(() => "---:")));
    for await (const counts of world.play(events, POINTS)) {
      const sample = sampled(counts);
      samples.push(sample);
      console.log(line(COLUMNS.map(([, of]) => of(sample))));
      const seconds = Math.round((performance.now() - began) / 1_000);
      process.stderr.write(`${seconds} s, ${samples.length} of ${POINTS}\n`);
    }
    const wrong = [...(await world.end()), ...grown(samples)];
    for (const what of wrong) console.log(`WRONG: ${what}`);
    const seconds = Math.round((performance.now() - began) / 1_000);
    const verdict = wrong.length > 0 ? "not as it should be" : "flat, and the books are those of the exchange";
    console.log(`\nseed ${seed}, Node ${process.version}, ${count(seconds)} s: ${verdict}`);
    return wrong.length > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

process.exitCode = await main();
