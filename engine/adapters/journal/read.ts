/**
 * Reads a journal, verifying it on the way.
 *
 * Owns: contiguous numbers, the chain between files, the header first, snapshots put together from their parts. May not
 * write or repair.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { JournalRecord, SnapshotRecord } from "../../ports/journal.ts";
import type { Format } from "./frame.ts";
import type { SnapshotPart } from "./ordered-journal.ts";
import { ADVICE, JournalError, markOf, readSegment, segmentRecordOf, segmentsIn, contiguous } from "./segments.ts";
import type { SegmentEnd, SegmentRecord, Stored, StoredRecord } from "./segments.ts";
import {
  SnapshotParts,
  besideIn,
  newestSnapshot,
  readSnapshot,
  snapshotName,
  snapshotsOf,
  tellsOf,
} from "./snapshots.ts";
import type { FoundSnapshot, SnapshotFile } from "./snapshots.ts";
import { FIRST_CHAIN } from "./thread/frames.js";
import { segmentName } from "./thread/segment-writer.js";

/** What a crash cut short: bytes behind the last whole record. They were never confirmed to anybody. */
export interface TornTail {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface JournalTail {
  readonly format: Format;
  /** The next free number. */
  readonly nextN: number;
  /** Number of the last file with at least one whole record, 0 without any; a crash can leave one more behind it. */
  readonly lastSegment: number;
  /** Mark of the last record: its chain in latin1, or in format 1 its checksum. */
  readonly chain: string;
  readonly torn: TornTail | null;
}

export interface ReadOptions {
  /**
   * `snapshot`: from the newest whole snapshot on, if there is one; a number: from that of this file. Nothing before it is
   * looked at.
   */
  readonly from?: "start" | "snapshot" | number;
  /** Up to the end of the file before this one, which must be finished. */
  readonly before?: number;
}

/** Name of the file that says which segment is the first after old ones were removed. */
export const COMPACTED = "COMPACTED";

/**
 * Yields the records in order; returns how the journal ends. A header comes first, and again at each point where a
 * process opened the journal anew. After a compaction, or from a snapshot, the snapshot follows the first header; later
 * ones stand where they were taken. Throws a JournalError at corruption; a torn tail just ends it.
 */
export async function* readJournal(dir: string, options: ReadOptions = {}): AsyncGenerator<JournalRecord, JournalTail> {
  // Before the files are looked for: a run that goes on begins one first, and leaves a snapshot beside it later.
  const beside = new Set(await besideIn(dir));
  const { anchor, segments: all } = await filesOf(dir);
  const before = options.before ?? Number.POSITIVE_INFINITY;
  const first = await firstOf(dir, all, anchor, { ...options, before });
  const beginning = await beginningOf(dir, first);
  const reader = new Reader(first, anchor, beginning?.at);
  if (beginning !== undefined) yield* [beginning.header, beginning.snapshot];
  for (const segment of all.filter((each) => each >= first && each < before)) {
    if (segment > first && beside.has(segment)) yield* await besideAt(dir, segment);
    const file = join(dir, segmentName(segment));
    const records = await readSegment(file, segment === all.at(-1));
    let step = records.next();
    for (; step.done !== true; step = records.next()) {
      const record = reader.take(file, segment, step.value);
      if (record !== undefined) yield record;
    }
    reader.end(file, segment, step.value);
  }
  const later = [...beside].filter((segment) => segment > reader.tail.lastSegment && segment < before);
  for (const segment of later) await mustBeStrange(dir, segment);
  return reader.tail;
}

/** The file to begin with. */
async function firstOf(
  dir: string,
  all: readonly number[],
  anchor: Anchor | undefined,
  { from = "start", before }: ReadOptions & { readonly before: number },
): Promise<number> {
  if (typeof from === "number") return from;
  const found = from === "snapshot" ? await newestSnapshot(dir, all, before) : undefined;
  return found?.segment ?? anchor?.first ?? all[0] ?? 1;
}

/** What lies beside the first file, where that follows others that are not read and holds no snapshot itself. */
async function beginningOf(dir: string, first: number): Promise<SnapshotFile | undefined> {
  if (first === 1) return undefined;
  const record = await segmentRecordOf(join(dir, segmentName(first)));
  if (record === undefined || record.snapshot === true) return undefined;
  try {
    return await readSnapshot(dir, first);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const what = "is missing: nobody can begin with the file beside it, and those before that were not read or removed";
    throw new JournalError("corrupt", `${join(dir, snapshotName(first))} ${what}`);
  }
}

/** The snapshot there; one that is of no use is left out, the records say the same. */
async function besideAt(dir: string, segment: number): Promise<readonly SnapshotRecord[]> {
  try {
    return [(await readSnapshot(dir, segment)).snapshot];
  } catch {
    return [];
  }
}

/** A snapshot beside a file that is not there, or holds nothing any more: there was one, with what the run did next. */
async function mustBeStrange(dir: string, segment: number): Promise<void> {
  if (!(await tellsOf(dir, segment))) return;
  const what = `is of the beginning of ${segmentName(segment)}, which is gone or empty: the end of the journal was lost`;
  throw new JournalError("corrupt", `${join(dir, snapshotName(segment))} ${what}. ${ADVICE}`);
}

/** The snapshots of a journal, newest first, those too with which nobody can begin. */
export async function* allSnapshots(dir: string): AsyncGenerator<FoundSnapshot, void> {
  yield* snapshotsOf(dir, (await filesOf(dir)).segments);
}

/** What a compaction left: the first file that counts, and what that follows. */
export interface Anchor {
  readonly first: number;
  readonly firstN: number;
  readonly chain: string;
}

/** Undefined where nothing was ever removed. */
export async function anchorOf(dir: string): Promise<Anchor | undefined> {
  const file = join(dir, COMPACTED);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const match = /^\{"first":(\d{1,6}),"firstN":(\d{1,15}),"chain":"([0-9a-f]{32})"\}\n$/.exec(text);
  if (match === null) throw new JournalError("corrupt", `${file}: does not say what the first file of the journal is`);
  return { first: Number(match[1]), firstN: Number(match[2]), chain: match[3] as string };
}

/** The files of a journal, ascending and without a gap, and where they begin. */
export async function filesOf(
  dir: string,
): Promise<{ readonly anchor: Anchor | undefined; readonly segments: number[] }> {
  // Listed first: a compaction beside this says where the journal begins before it removes a file.
  const all = await segmentsIn(dir);
  const anchor = await anchorOf(dir);
  return { anchor, segments: contiguous(dir, all, anchor?.first ?? 1) };
}

/** Puts records in their order and looks for what is missing. */
class Reader {
  tail: JournalTail;
  readonly #first: number;
  readonly #anchor: Anchor | undefined;
  /** Of the snapshot beside the first file, if reading began with one. */
  readonly #beside: SegmentRecord | undefined;
  #isFirstRecord = true;
  #seenHeader: boolean;
  #inSnapshot = false;
  #parts = new SnapshotParts();

  constructor(first: number, anchor: Anchor | undefined, beside: SegmentRecord | undefined) {
    this.#first = first;
    this.#anchor = anchor;
    this.#beside = beside;
    this.#seenHeader = beside !== undefined;
    this.tail = { format: 2, nextN: 0, lastSegment: first - 1, chain: FIRST_CHAIN, torn: null };
  }

  take(file: string, segment: number, { record, at }: Stored): JournalRecord | undefined {
    if (this.#isFirstRecord) {
      this.#isFirstRecord = false;
      this.#begin(file, segment, record as SegmentRecord);
      return undefined;
    }
    switch (record.kind) {
      case "segment":
        throw new JournalError("corrupt", `${file}: a second segment record at byte ${at}`);
      case "header":
        return this.#header(file, record);
      case "snapshot":
        return this.#part(file, at, record);
      case "in":
      case "out":
        break;
      default:
        throw new JournalError("corrupt", `${file}: this version of barwise does not know the record at byte ${at}`);
    }
    if (!this.#seenHeader) throw new JournalError("corrupt", `${file}: a record before the header`);
    const due = this.tail.nextN;
    if (record.n !== due)
      throw new JournalError("corrupt", `${file}: record ${record.n} where ${due} is due: records are missing`);
    this.tail = { ...this.tail, nextN: due + 1 };
    return record;
  }

  end(file: string, segment: number, { format, records, size, torn: bytes, mark }: SegmentEnd): void {
    const torn = bytes > 0 ? { file, offset: size, bytes } : null;
    this.#isFirstRecord = true;
    if (records === 0 && segment === this.#first && segment > 1)
      throw new JournalError("corrupt", `${file}: holds no record, and those before it were not read or removed`);
    // A file without a whole record does not count: it is written again under the same number.
    this.tail =
      records === 0 ? { ...this.tail, torn } : { ...this.tail, format, torn, chain: mark, lastSegment: segment };
  }

  #begin(file: string, segment: number, record: SegmentRecord): void {
    this.#inSnapshot = record.snapshot === true;
    this.#parts = new SnapshotParts();
    if (record.segment !== segment || !this.#fits(segment, record)) {
      const what = "does not follow the file before it: one was lost, swapped or replaced";
      throw new JournalError("corrupt", `${file}: ${what}`);
    }
    this.tail = { ...this.tail, nextN: record.firstN };
  }

  #fits(segment: number, record: SegmentRecord): boolean {
    const anchor = this.#anchor;
    if (segment === anchor?.first && (record.firstN !== anchor.firstN || record.chain !== anchor.chain)) return false;
    // Where reading begins at a snapshot, the record itself says what it follows.
    if (segment === this.#first && segment > 1) {
      const beside = this.#beside;
      return record.snapshot === true || (record.firstN === beside?.firstN && record.chain === beside.chain);
    }
    const { nextN, chain, format } = this.tail;
    if (segment === 1) return record.firstN === 0 && markOf(record) === (record.format === 1 ? "0" : chain);
    return record.firstN === nextN && markOf(record) === chain && record.format === format;
  }

  /** That of a snapshot's file is for those who begin there. */
  #header(file: string, record: Extract<StoredRecord, { kind: "header" }>): JournalRecord | undefined {
    const { format, barwise }: { format: number; barwise: string } = record;
    if (format !== 1) {
      const what = `its records are of format ${format}, written by version ${barwise}: this version reads format 1`;
      throw new JournalError("corrupt", `${file}: ${what}`);
    }
    if (this.#inSnapshot && this.#seenHeader) return undefined;
    this.#seenHeader = true;
    return record;
  }

  #part(file: string, at: number, record: SnapshotPart): SnapshotRecord | undefined {
    if (!this.#inSnapshot || !this.#parts.isDue(record))
      throw new JournalError("corrupt", `${file}: a part of a snapshot at byte ${at} that is not due`);
    return this.#parts.take(record);
  }
}

/** Whether a folder holds a journal. */
export async function isJournal(dir: string): Promise<boolean> {
  return await segmentsIn(dir).then(
    (found) => found.length > 0,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOTDIR") return false;
      throw error;
    },
  );
}

/** How the journal ends, from its last files alone: enough to say whether something came since. */
export async function endOf(dir: string): Promise<JournalTail> {
  const { segments } = await filesOf(dir);
  let tail: JournalTail = { format: 2, nextN: 0, lastSegment: 0, chain: FIRST_CHAIN, torn: null };
  for (const segment of segments.slice().reverse()) {
    const file = join(dir, segmentName(segment));
    const records = await readSegment(file, segment === segments.at(-1));
    let nextN = 0;
    let step = records.next();
    for (; step.done !== true; step = records.next()) {
      const { record } = step.value;
      if (record.kind === "segment") nextN = record.firstN;
      else if ("n" in record) nextN = record.n + 1;
    }
    const { format, mark, size, torn: bytes } = step.value;
    const torn = tail.torn ?? (bytes > 0 ? { file, offset: size, bytes } : null);
    tail = { ...tail, torn };
    if (step.value.records > 0) return { format, nextN, lastSegment: segment, chain: mark, torn };
  }
  return tail;
}
