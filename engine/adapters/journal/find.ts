/**
 * Finding a run's journal without opening it.
 *
 * Owns: which folder holds a journal, which run is the newest, and whether a process is writing it. Takes no lock, writes nothing.
 */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { JournalHeader } from "../../ports/journal.ts";
import { ownerOf } from "./lock.ts";
import { isJournal } from "./read.ts";
import { headerOf, segmentsIn } from "./segments.ts";
import { besideIn, snapshotName } from "./snapshots.ts";
import { segmentName } from "./thread/segment-writer.js";

/** The folder itself when it is a run's journal, else the newest run in it; undefined when there is none. */
export async function newestJournal(folder: string): Promise<string | undefined> {
  if (await isJournal(folder)) return folder;
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
  // Runs are named after the time of their start.
  for (const name of names.sort().reverse()) {
    const run = join(folder, name);
    if (await isJournal(run)) return run;
  }
  return undefined;
}

/** The process that is writing a journal, or null. */
export async function writerOf(journal: string): Promise<number | null> {
  return await ownerOf(journal);
}

export interface DescribedJournal {
  /** Name of the folder. */
  readonly name: string;
  /** Undefined when the beginning cannot be read. */
  readonly header: JournalHeader | undefined;
  readonly files: number;
  readonly bytes: number;
  /** When it was written last. */
  readonly changedAt: number;
  /** The process that is writing it, or null. */
  readonly writer: number | null;
}

/** The journal that a folder is, or those that are in it, newest first. Reads the beginning of each. */
export async function describeJournals(folder: string): Promise<DescribedJournal[]> {
  if (await isJournal(folder)) return [await describe(folder, basename(folder))];
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
  const found: DescribedJournal[] = [];
  for (const name of names.sort().reverse())
    if (await isJournal(join(folder, name))) found.push(await describe(join(folder, name), name));
  return found;
}

async function describe(dir: string, name: string): Promise<DescribedJournal> {
  const segments = await segmentsIn(dir);
  const paths = segments.map((segment) => join(dir, segmentName(segment)));
  const stats = await Promise.all(paths.map((path) => stat(path)));
  return {
    name,
    // After a compaction it may be that of the snapshot beside the first file.
    header: (await headerOf(paths[0] as string)) ?? (await besideHeader(dir, segments[0] as number)),
    files: stats.length,
    bytes: stats.reduce((sum, { size }) => sum + size, 0),
    changedAt: Math.max(...stats.map(({ mtimeMs }) => mtimeMs)),
    writer: await writerOf(dir),
  };
}

async function besideHeader(dir: string, segment: number): Promise<JournalHeader | undefined> {
  const path = join(dir, snapshotName(segment));
  return (await besideIn(dir)).includes(segment) ? await headerOf(path) : undefined;
}
