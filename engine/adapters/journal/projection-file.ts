/**
 * The projection of a journal, kept beside it.
 *
 * Owns: when the file is of use: same version, same journal, same last record, and no byte of it changed since. Else it is made again from the journal, which
 * alone counts; deleting the file loses nothing. May not: change a record.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { JournalRecord } from "../../ports/journal.ts";
import { writeAtomically } from "../files/write-atomically.ts";
import { PROJECTION_VERSION, Projection } from "./projection.ts";
import { endOf, readJournal } from "./read.ts";
import type { JournalTail } from "./read.ts";
import { Sqlite } from "./sqlite.ts";

export const PROJECTION_FILE = "projection.sqlite";

export interface OpenedProjection {
  readonly db: Sqlite;
  /** Why it could not be kept for the next time, or null. */
  readonly notKept: string | null;
}

/** The tables of a journal as it is now; throws a JournalError when that cannot be read. */
export async function openProjection(
  dir: string,
  progress: (records: number) => void = () => {},
): Promise<OpenedProjection> {
  const kept = await keptProjection(dir);
  if (kept !== undefined) return { db: kept, notKept: null };
  const db = await Sqlite.open();
  const tail = await project(db, readJournal(dir), progress);
  db.run("INSERT INTO projection VALUES (?, ?, ?)", [PROJECTION_VERSION, tail.nextN, markText(tail)]);
  try {
    await writeAtomically(join(dir, PROJECTION_FILE), sealed(db.bytes()));
    return { db, notKept: null };
  } catch (error) {
    return { db, notKept: (error as Error).message };
  }
}

async function project(
  db: Sqlite,
  records: AsyncGenerator<JournalRecord, JournalTail>,
  progress: (records: number) => void,
): Promise<JournalTail> {
  db.script("CREATE TABLE projection (version INTEGER, next_n INTEGER, chain TEXT)");
  const projection = new Projection(db);
  db.script("BEGIN");
  let count = 0;
  let step = await records.next();
  for (; step.done !== true; step = await records.next()) {
    projection.take(step.value);
    if (++count % 10_000 === 0) progress(count);
  }
  db.script("COMMIT");
  return step.value;
}

/** The file when it says what the journal says; anything else is not there. */
async function keptProjection(dir: string): Promise<Sqlite | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(dir, PROJECTION_FILE));
  } catch {
    // Not there, or not to be read: it is made again.
    return undefined;
  }
  if (bytes.length < SEAL_AT + 4 || bytes.readUInt32BE(SEAL_AT) !== sealOf(bytes)) return undefined;
  const tail = await endOf(dir);
  const db = await Sqlite.open(bytes);
  try {
    const { rows } = db.query("SELECT version, next_n, chain FROM projection");
    const [version, nextN, chain] = rows[0] ?? [];
    if (version === PROJECTION_VERSION && nextN === tail.nextN && chain === markText(tail)) return db;
  } catch {
    // Bytes that are no database, or one without that table: made again as any other that does not fit.
  }
  db.close();
  return undefined;
}

/** SQLite leaves this number of its header, `user_version`, to whoever makes the file: SQLite itself would not notice another value in a row. */
const SEAL_AT = 60;

function sealOf(bytes: Buffer): number {
  return crc32(bytes.subarray(SEAL_AT + 4), crc32(bytes.subarray(0, SEAL_AT)));
}

/** As it is kept: with the number that says whether a byte changed. */
export function sealed(database: Uint8Array): Buffer {
  const bytes = Buffer.from(database);
  bytes.writeUInt32BE(sealOf(bytes), SEAL_AT);
  return bytes;
}

function markText({ chain }: JournalTail): string {
  return Buffer.from(chain, "latin1").toString("hex");
}
