/**
 * Opening a journal for writing.
 *
 * Owns: one writer per folder, verifying what is there, cutting off what a crash left. May not: change anything else, or
 * continue a journal of another identity or of an older format.
 */
import { rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { JournalHeader } from "../../ports/journal.ts";
import { makeFolder } from "../files/write-atomically.ts";
import { FileJournal } from "./file-journal.ts";
import { lock } from "./lock.ts";
import type { OrderedJournal } from "./ordered-journal.ts";
import { writeError } from "./ordered-journal.ts";
import { readJournal } from "./read.ts";
import type { JournalTail } from "./read.ts";
import { JournalError } from "./segments.ts";
import { DISK, segmentName } from "./thread/segment-writer.js";
import type { Disk } from "./thread/segment-writer.js";
import { SEGMENT_BYTES, ThreadJournal } from "./thread-journal.ts";
import type { ThreadOptions } from "./thread-journal.ts";

/**
 * Opens a journal that a thread writes, creating the folder. An existing one is verified from its newest snapshot on, its
 * torn tail cut off, and continued in a new file that starts with `header`, whose id must be the journal's. Rejects with
 * a JournalError.
 */
export function openJournal(dir: string, header: JournalHeader, options: ThreadOptions = {}): Promise<ThreadJournal> {
  return opened(dir, header, (tail, release) => new ThreadJournal(dir, header, tail, release, options));
}

/** The same for a run that has nothing to wait for: this thread writes. */
export function openFileJournal(
  dir: string,
  header: JournalHeader,
  { segmentBytes = SEGMENT_BYTES, disk = DISK }: { readonly segmentBytes?: number; readonly disk?: Disk } = {},
): Promise<FileJournal> {
  return opened(dir, header, (tail, release) => new FileJournal(dir, header, tail, release, { segmentBytes, disk }));
}

async function opened<T extends OrderedJournal>(
  dir: string,
  header: JournalHeader,
  make: (tail: JournalTail, release: () => Promise<void>) => T,
): Promise<T> {
  try {
    await makeFolder(dir);
    const release = await lock(dir);
    let journal: T | undefined;
    try {
      journal = make(await recover(dir, header), release);
      await journal.begin();
      return journal;
    } catch (error) {
      // Closing says the same once more; it ends the thread and releases the lock.
      await (journal?.close().catch(() => {}) ?? release());
      throw error;
    }
  } catch (error) {
    throw error instanceof JournalError ? error : writeError(dir, error);
  }
}

/** Verifies and cuts off what a crash left; nothing else is ever changed. */
async function recover(dir: string, header: JournalHeader): Promise<JournalTail> {
  const records = readJournal(dir, { from: "snapshot" });
  let step = await records.next();
  for (; step.done !== true; step = await records.next()) {
    if (step.value.kind === "header" && step.value.id !== header.id) {
      const message = `${dir} holds journal ${step.value.id}, not ${header.id}: order ids would repeat`;
      throw new JournalError("order", message);
    }
  }
  const tail = step.value;
  if (tail.format === 1) {
    const message = `${dir} was written by an older version (format 1): it can be read, not continued; begin a new run`;
    throw new JournalError("order", message);
  }
  // Whoever writes syncs it, before what follows.
  if (tail.torn !== null) await truncate(tail.torn.file, tail.torn.offset);
  await rm(join(dir, segmentName(tail.lastSegment + 1)), { force: true });
  return tail;
}
