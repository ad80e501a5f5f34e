/**
 * Finding a run's journal without opening it.
 *
 * Owns: which folder holds a journal, which run is the newest, and whether a process is writing it. Takes no lock, writes nothing.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ownerOf } from "./lock.ts";
import { isJournal } from "./read.ts";

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
  return await ownerOf(join(journal, "LOCK"));
}
