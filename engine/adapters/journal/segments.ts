/**
 * Segment files of a journal: names, their first record, and reading one.
 *
 * Owns: `NNNNNN.journal`, the segment record that chains each file to the one before, and the verdict on its end.
 * May not write.
 */
import { open, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { JournalHeader, NumberedRecord } from "../../ports/journal.ts";
import { decode } from "./encode.ts";
import { FrameReader } from "./frame.ts";
import type { Format } from "./frame.ts";
import type { SnapshotPart } from "./ordered-journal.ts";
import { segmentName } from "./thread/segment-writer.js";

/** A journal that cannot be read or written. Nothing in it is ever repaired in silence. */
export class JournalError extends Error {
  override readonly name = "JournalError";
  readonly code: "corrupt" | "write" | "locked" | "order" | "closed";
  constructor(code: JournalError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** First record of every file; not part of what a reader of the journal sees. */
export interface SegmentRecord {
  readonly kind: "segment";
  readonly format: Format;
  readonly segment: number;
  /** The `n` of the first numbered record from here on. */
  readonly firstN: number;
  /** Mark of the last record of the file before: its chain in hex, or in format 1 its checksum. */
  readonly chain: string | number;
  /** A header and a snapshot follow: who reads from here needs no file before. */
  readonly snapshot?: true;
}

/** Records as they stand in files. */
export type StoredRecord = JournalHeader | NumberedRecord | SnapshotPart | SegmentRecord;

export interface Stored {
  readonly record: StoredRecord;
  /** Offset in the file. */
  readonly at: number;
}

export interface SegmentEnd {
  readonly format: Format;
  /** Records of the file, the segment record included. */
  readonly records: number;
  /** Length of the valid part. */
  readonly size: number;
  /** Bytes behind it: a write that a crash cut short. */
  readonly torn: number;
  /** Mark of the last record. */
  readonly mark: string;
}

/** Numbers of the segments in a folder, ascending. */
export async function segmentsIn(dir: string): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const numbers = names.flatMap((name) => (/^\d{6}\.journal$/.test(name) ? [Number(name.slice(0, 6))] : []));
  return numbers.sort((a, b) => a - b);
}

/** Those that count: they must be contiguous from `first`; what an interrupted compaction left before it does not count. */
export function contiguous(dir: string, all: readonly number[], first: number): number[] {
  const numbers = all.filter((number) => number >= first);
  const gap = numbers.findIndex((number, i) => number !== first + i);
  if (gap >= 0 || (numbers.length === 0 && first > 1)) {
    const name = segmentName(first + Math.max(0, gap));
    throw new JournalError("corrupt", `${join(dir, name)} is missing: the journal has a gap`);
  }
  return numbers;
}

/** The chain that a segment record names, as a mark. */
export function markOf({ chain }: SegmentRecord): string {
  return typeof chain === "number" ? String(chain) : Buffer.from(chain, "hex").toString("latin1");
}

/**
 * Gives the whole records of a file one by one and at last how it ends. Bad bytes are a torn tail only in the last file and only
 * when no whole record follows them; everything else is corruption and throws with file and offset.
 */
export async function readSegment(file: string, isLast: boolean): Promise<Generator<Stored, SegmentEnd>> {
  return recordsIn(file, new FrameReader(await bytesOf(file)), isLast);
}

/** A failing disk names no file; one that is not there is told by whoever asked for it. */
async function bytesOf(file: string): Promise<Buffer> {
  return await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") throw error;
    throw new JournalError("corrupt", `${file}: cannot be read (${error.message})`, { cause: error });
  });
}

function* recordsIn(file: string, frames: FrameReader, isLast: boolean): Generator<Stored, SegmentEnd> {
  if (frames.isForeign) {
    const what =
      "begins as a file of another version of barwise, or is damaged there: this version reads formats 1 and 2";
    throw new JournalError("corrupt", `${file}: ${what}. ${ADVICE}`);
  }
  let records = 0;
  let mark = "";
  for (let size = frames.size(); size > 0; size = frames.size()) {
    const { at } = frames;
    const record = parse(file, at, frames.textAt(at, size));
    if (records === 0) mark = markOfFirst(file, record, frames.format);
    if (!frames.follows(at, size, mark)) {
      const what = "does not follow the one before it: a record was changed, taken out or put in";
      throw new JournalError("corrupt", `${file}: the record at byte ${at} ${what}. ${ADVICE}`);
    }
    mark = frames.markAt(at);
    records++;
    yield { record, at };
    frames.next(size);
  }
  const { at, left: torn, format } = frames;
  if (torn > 0) {
    const next = frames.nextWhole();
    if (next >= 0) {
      throw new JournalError(
        "corrupt",
        `${file}: damaged at byte ${at}, but good records follow at ${next}. ${ADVICE}`,
      );
    }
    if (!isLast) throw new JournalError("corrupt", `${file}: damaged at byte ${at}, and later files follow. ${ADVICE}`);
  }
  // Nothing is written behind the first record before that is on the disk: no crash leaves this.
  if (records === 0 && torn > FIRST_MAX)
    throw new JournalError("corrupt", `${file}: damaged at its beginning, and ${torn} bytes follow. ${ADVICE}`);
  if (records === 0 && !isLast)
    throw new JournalError("corrupt", `${file}: holds no record, and later files follow. ${ADVICE}`);
  return { format, records, size: at, torn, mark };
}

/** More than the beginning of a file and its first record ever take. */
const FIRST_MAX = 1024;
/** More than a segment record and a header ever take. */
const FIRST_BYTES = 16 * 1024;

/** The first record of a file, or undefined when that is not whole; nothing behind it is looked at. */
export async function segmentRecordOf(file: string): Promise<SegmentRecord | undefined> {
  const [record] = await beginningOf(file, 1);
  return record?.kind === "segment" ? record : undefined;
}

/** The header at the beginning of a file, or undefined when there is none. */
export async function headerOf(file: string): Promise<JournalHeader | undefined> {
  const [, record] = await beginningOf(file, 2);
  return record?.kind === "header" ? record : undefined;
}

async function beginningOf(file: string, count: number): Promise<StoredRecord[]> {
  const handle = await open(file, "r");
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(FIRST_BYTES), 0, FIRST_BYTES, 0);
    const frames = new FrameReader(buffer.subarray(0, bytesRead));
    const records: StoredRecord[] = [];
    for (let size = frames.size(); size > 0 && records.length < count; size = frames.size()) {
      records.push(parse(file, frames.at, frames.textAt(frames.at, size)));
      frames.next(size);
    }
    return records;
  } finally {
    await handle.close();
  }
}

export const ADVICE =
  "Nothing was changed; restore the file from a copy, or move the journal away and start a new one.";

function markOfFirst(file: string, record: StoredRecord, format: Format): string {
  if (record.kind !== "segment" || record.format !== format)
    throw new JournalError("corrupt", `${file}: not a journal segment of format ${format}`);
  return markOf(record);
}

function parse(file: string, at: number, text: string): StoredRecord {
  try {
    return decode(text) as StoredRecord;
  } catch (error) {
    throw new JournalError("corrupt", `${file}: the record at byte ${at} is not JSON. ${ADVICE}`, { cause: error });
  }
}
