/**
 * `npm run bench`: the figures that barwise promises, beside baselines of the same run on the same machine.
 *
 * Owns: which are measured, and printing. Numbers depend on the machine; the ratio is the figure to compare. No test
 * waits for any of them. `--json` prints one JSON object; `--only backtest,ticks,wire,pauses,journal,latency,memory,rules,
 * reload,snapshot` takes some; `--bars N`, `--ticks N`, `--rounds N` and `--seconds N` (of watching garbage collection) change the amount of work.
 */
import { availableParallelism } from "node:os";
import { backtestRows } from "./backtests.ts";
import { journalRows } from "./journal.ts";
import { latencyRows } from "./latency.ts";
import { memoryRow } from "./memory.ts";
import { reloadRows } from "./reload.ts";
import { isMet, lines, ratioOf } from "./row.ts";
import type { Row } from "./row.ts";
import { rulesRows } from "./rules.ts";
import { backgroundRow } from "./background.ts";
import { snapshotRow } from "./snapshot.ts";
import { bytesRow, pauseRow, tickRow } from "./ticks.ts";
import { transportRow } from "./transport.ts";
import { wireRows } from "./wire.ts";

function option(name: string, fallback: number, least: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? fallback : Number(process.argv[at + 1]);
  if (!Number.isInteger(value) || value < least) throw new Error(`--${name} needs a whole number of at least ${least}`);
  return value;
}

const rounds = option("rounds", 5, 1);
const ticks = option("ticks", 1_000_000, 1_000);
const bars = option("bars", 1_000_000, 1_000);
const seconds = option("seconds", 30, 1);

const parts: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  ticks: async () => [
    await tickRow(1, ticks, rounds, null),
    await tickRow(1_000, ticks, rounds, { value: 400 }),
    bytesRow(1_000),
  ],
  wire: () => wireRows(1_000, Math.min(ticks, 300_000), rounds),
  pauses: async () => [await pauseRow(1_000, seconds)],
  rules: () => rulesRows(rounds),
  reload: () => reloadRows(rounds),
  backtest: () => backtestRows(bars, rounds),
  journal: () => journalRows(rounds),
  latency: async () => [...(await latencyRows(Math.min(seconds, 10))), await transportRow()],
  memory: () => Promise.resolve([memoryRow()]),
  snapshot: async () => [await snapshotRow(rounds), await backgroundRow()],
};

function chosen(): string[] {
  const at = process.argv.indexOf("--only");
  if (at < 0) return Object.keys(parts);
  const names = (process.argv[at + 1] ?? "").split(",");
  const strange = names.find((name) => parts[name] === undefined);
  if (strange !== undefined) throw new Error(`--only knows ${Object.keys(parts).join(", ")}; not "${strange}"`);
  return names;
}

const rows: Row[] = [];
for (const name of chosen()) {
  process.stderr.write(`measuring ${name}\n`);
  rows.push(...((await parts[name]?.()) ?? []));
}
const machine = { node: process.version, arch: process.arch, cores: availableParallelism(), rounds };
if (process.argv.includes("--json")) {
  const full = rows.map((row) => ({ ...row, ratio: ratioOf(row), met: isMet(row) }));
  console.log(JSON.stringify({ ...machine, rows: full }, null, 2));
} else {
  console.log(
    `Node ${machine.node}, ${machine.arch}, ${machine.cores} cores; processor time, the least of ${rounds} rounds\n`,
  );
  console.log(lines(rows));
}
