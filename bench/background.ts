/**
 * A snapshot taken beside a core that goes on: 1,000 symbols with 20 facts each.
 *
 * Owns: how long the thread takes for a full file of the journal, and how long the thread that trades stands still meanwhile at most, on the wall
 * clock. May not: be run from the sources, where there is no thread.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFileJournal } from "../engine/adapters/journal/open.ts";
import { takeBeside } from "../engine/cli/snapshots.ts";
import { builtWith } from "../engine/cli/version.ts";
import type { Program } from "../engine/core/program.ts";
import { compile } from "../engine/lang/compile.ts";
import type { JournaledInput } from "../engine/ports/journal.ts";
import type { Row } from "./row.ts";
import { EngineTicks } from "./ticks.ts";

const SYMBOLS = 1_000;
const FACTS = 20;
/** Trades of a minute, and minutes until everything is as large as it becomes. */
const MINUTE = SYMBOLS * 5;
const MINUTES = 150;
/** About a millisecond's worth. */
const BATCH = 1_000;
const QUIET_MS = 4_000;

/** Rules that are looked at and never fire. */
function filesOf(symbols: readonly string[]): Record<string, string> {
  const names = ["sma", "ema", "rsi", "roc"];
  const facts = Array.from({ length: FACTS - 1 }, (_, i) => `f${i}: ${names[i % 4]}(${10 + 3 * i})`);
  const never = facts.map((_, i) => `f${i} > ${i % 4 === 2 ? 99.99 : 1_000_000}`);
  const rule = (name: string, when: string): string =>
    `  - {name: ${name}, when: "${when}", then: {alert: {message: "${name}"}}}\n`;
  const rules = [...never.slice(0, 10).map((when, i) => rule(`r${i}`, when)), rule("last", never.join(" and "))];
  const head = `barwise: 1\nname: crowd\nsymbols: [${symbols.join(", ")}]\non: 1m\n`;
  return { "crowd.strategy.yaml": `${head}facts: {${facts.join(", ")}}\nrules:\n${rules.join("")}` };
}

export async function backgroundRow(): Promise<Row> {
  const dir = await mkdtemp(join(tmpdir(), "barwise-bench-"));
  try {
    return await measured(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function measured(dir: string): Promise<Row> {
  let files: Record<string, string> = {};
  const programOf = (symbols: readonly string[]): Program => {
    files = filesOf(symbols);
    const { program, diagnostics } = compile(files);
    if (program === null) throw new Error(diagnostics[0]?.message);
    return program;
  };
  const header = { kind: "header", format: 1, ...builtWith(), id: "bench", account: "bench", seed: "" } as const;
  const journal = await openFileJournal(dir, { ...header, createdAt: 0 });
  // While pauses are measured nothing is written: what the disk does is not asked here.
  let isRecorded = true;
  const engine = new EngineTicks(SYMBOLS, programOf, (input, outputs) => {
    if (!isRecorded) return;
    let recorded: JournaledInput;
    if (input.kind === "program.loaded") {
      const { program, ...rest } = input;
      recorded = { ...rest, sources: { digest: program.digest, files, settings: program.settings ?? null } };
    } else recorded = input;
    journal.append({ kind: "in", n: journal.nextN, input: recorded });
    if (outputs.length > 0) journal.append({ kind: "out", n: journal.nextN, seq: input.seq, outputs });
  });
  const take = async (): Promise<number> => {
    const before = performance.now();
    const taken = await takeBeside(dir, new AbortController().signal);
    if (taken.kind !== "taken") throw new Error(JSON.stringify(taken));
    return performance.now() - before;
  };
  const play = async (minutes: number): Promise<void> => {
    for (let i = 0; i < minutes; i++) {
      engine.run(MINUTE);
      await journal.sync();
    }
  };
  await play(MINUTES);
  const whole = await take();
  await play(MINUTES / 2);
  isRecorded = false;
  const quiet = await longest(engine, new Promise((resolve) => setTimeout(resolve, QUIET_MS)));
  const taking = take();
  const busy = await longest(engine, taking);
  await journal.close();
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  return {
    what: "longest pause while a thread takes a snapshot",
    unit: "ms",
    target: null,
    measured: busy,
    baseline: { what: "without", value: quiet },
    detail: `the thread took ${seconds(await taking)} for the records since the last one, ${seconds(whole)} for all ${MINUTES} minutes; a batch of ${BATCH} trades counts as one pause`,
  };
}

/** The longest batch of trades, waiting for one's turn included, until this is over. */
async function longest(engine: EngineTicks, until: Promise<unknown>): Promise<number> {
  let isOver = false;
  void until.finally(() => (isOver = true));
  let most = 0;
  let last = performance.now();
  while (!isOver) {
    engine.run(BATCH);
    await new Promise(setImmediate);
    const now = performance.now();
    most = Math.max(most, now - last);
    last = now;
  }
  return most;
}
