/**
 * Which journal a run writes: that of the last run of the same account, gone on with, or a new one.
 *
 * Owns: finding it, locking it, and rebuilding the core from it. An account outside this process keeps its orders and
 * positions while nobody runs, so its run goes on; the exchange inside this process ends with it, and its next run is new.
 */
import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { makeFolder } from "../adapters/files/write-atomically.ts";
import { lock } from "../adapters/journal/lock.ts";
import { openJournal } from "../adapters/journal/open.ts";
import { writeError } from "../adapters/journal/ordered-journal.ts";
import { allSnapshots, isJournal, readJournal } from "../adapters/journal/read.ts";
import { JournalError } from "../adapters/journal/segments.ts";
import type { ThreadJournal } from "../adapters/journal/thread-journal.ts";
import { WALL_CLOCK } from "../adapters/wall-clock.ts";
import { calendarOf } from "../market/instruments.ts";
import type { JournalHeader } from "../ports/journal.ts";
import { rebuild } from "../runtime/rebuild.ts";
import type { Rebuilt } from "../runtime/rebuild.ts";
import { RebuildError } from "../runtime/recompute.ts";
import type { Begun, Watch } from "../runtime/recompute.ts";
import { CliError, progressLine } from "./io.ts";
import { builtWith } from "./version.ts";

export interface OpenRun {
  readonly journal: ThreadJournal;
  readonly dir: string;
  readonly id: string;
  /** Where an earlier process left it. */
  readonly recovered: Rebuilt | undefined;
  /** What was found on the way and passed over. */
  readonly notes: readonly string[];
}

export interface LastOptions {
  /** Folder of all runs of the project. */
  readonly root: string;
  readonly account: string;
  /** Sees what is played again of the earlier processes: everything since the newest snapshot. */
  readonly watch: Watch;
  /** Sees the core as that snapshot has it, if there is one. */
  readonly begun: Begun;
}

/** One process trades an account, whichever journal it writes; resolves to the end of that. */
export async function holdAccount(root: string, account: string): Promise<() => Promise<void>> {
  const name = `LOCK-${account.replaceAll(/[^\w.-]/g, "_")}`;
  try {
    await makeFolder(root);
    return await lock(root, name, `trades the account ${account} already; stop it first`);
  } catch (error) {
    const { message } = error instanceof JournalError ? error : writeError(root, error);
    throw new CliError(`no journal, no trading: ${message}`, 2, { cause: error });
  }
}

/** The last run of the account, locked, and as its processes left it; undefined where there is none that had a program. */
export async function openLastRun({ root, account, ...seen }: LastOptions): Promise<OpenRun | undefined> {
  const last = await lastRunOf(root, account);
  if (last === undefined) return undefined;
  const { dir, id } = last;
  const journal = await opened(dir, id, account);
  try {
    const notes = tornNotes(journal);
    const recovered = await recover(dir, seen, notes);
    if (recovered !== undefined) return { journal, dir, id, recovered, notes };
  } catch (error) {
    await journal.close();
    throw error;
  }
  await journal.close();
  return undefined;
}

function tornNotes({ torn }: ThreadJournal): string[] {
  if (torn === null) return [];
  const { file, offset, bytes } = torn;
  const what = `the last ${bytes} bytes of ${file}, from byte ${offset} on, were a write that a crash cut short`;
  return [`${what}: they are cut off, nobody was told that they were kept`];
}

export async function openNewRun(root: string, account: string): Promise<OpenRun> {
  const id = `${new Date(WALL_CLOCK.now()).toISOString().replaceAll(/[:.]/g, "-")}-${randomBytes(3).toString("hex")}`;
  const dir = join(root, id);
  return { journal: await opened(dir, id, account), dir, id, recovered: undefined, notes: [] };
}

async function opened(dir: string, id: string, account: string): Promise<ThreadJournal> {
  const createdAt = WALL_CLOCK.now();
  try {
    return await openJournal(dir, { kind: "header", format: 1, ...builtWith(), id, account, seed: "", createdAt });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(`no journal, no trading: ${reason}`, 2, { cause: error });
  }
}

/** A run that ended before it had a program has nothing to go on with. */
async function recover(
  dir: string,
  { watch, begun }: Pick<LastOptions, "watch" | "begun">,
  notes: string[],
): Promise<Rebuilt | undefined> {
  const progress = progressLine(`recovering ${relative(process.cwd(), dir)}`);
  let inputs = 0;
  const play = (from: "start" | number): Promise<Rebuilt> => {
    const counted: Watch = (input, outputs) => {
      inputs++;
      if (inputs % 1_000 === 0) progress.update(inputs, "inputs");
      watch(input, outputs);
    };
    return rebuild(readJournal(dir, { from }), calendarOf, counted, begun);
  };
  try {
    for await (const { segment, file, problem } of allSnapshots(dir)) {
      if (problem !== null) {
        notes.push(`passed over a snapshot: ${problem}`);
        continue;
      }
      try {
        return await play(segment);
      } catch (error) {
        // Nothing was played yet. Another version may not read it, and still arrive at what the records say.
        if (!(error instanceof RebuildError) || error.code !== "snapshot") throw error;
        notes.push(`passed over the snapshot in ${join(dir, file)}: ${error.message}`);
      }
    }
    return await play("start");
  } catch (error) {
    if (error instanceof RebuildError && error.code === "empty") return undefined;
    if (!(error instanceof RebuildError) && !(error instanceof JournalError)) throw error;
    const way =
      "Go on with the version that wrote it, or begin a new run with --new-run: what is held then belongs to no strategy.";
    throw new CliError(`${relative(process.cwd(), dir)} cannot be gone on with: ${error.message}. ${way}`, 2, {
      cause: error,
    });
  } finally {
    progress.end();
  }
}

interface Run {
  readonly dir: string;
  readonly id: string;
}

/** Runs are named after the time of their start. */
async function lastRunOf(root: string, account: string): Promise<Run | undefined> {
  let names: string[];
  try {
    names = await readdir(root);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
  for (const name of names.sort().reverse()) {
    const dir = join(root, name);
    if (!(await isJournal(dir))) continue;
    const header = await headerOf(dir);
    if (header?.account === account) return { dir, id: header.id };
  }
  return undefined;
}

/** Undefined where a crash came before the header was written. */
async function headerOf(dir: string): Promise<JournalHeader | undefined> {
  try {
    const records = readJournal(dir, { from: "snapshot" });
    for await (const record of records) if (record.kind === "header") return record;
  } catch (error) {
    if (error instanceof JournalError) throw new CliError(error.message, 2, { cause: error });
    throw error;
  }
  return undefined;
}
