/**
 * Segment files of a journal: names, their first record, and reading one.
 *
 * Owns: `NNNNNN.journal`, the segment record that chains each file to the one before, and the verdict on its end.
 * May not write.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { JournalRecord } from "../../ports/journal.ts";
import { decode } from "./encode.ts";
import { HEAD, nextValid, payloadAt } from "./frame.ts";

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
  readonly format: 1;
  readonly segment: number;
  /** The `n` of the first numbered record from here on. */
  readonly firstN: number;
  /** Checksum of the last record of the file before, 0 in the first: a lost or swapped file does not go unseen. */
  readonly chain: number;
}

export interface SegmentEnd {
  /** Records of the file, the segment record included. */
  readonly records: number;
  /** Length of the valid part. */
  readonly size: number;
  /** Bytes behind it: a write that a crash cut short. */
  readonly torn: number;
  readonly crc: number;
}

export function segmentName(segment: number): string {
  return `${String(segment).padStart(6, "0")}.journal`;
}

/** Numbers of the segments in a folder, which must be contiguous from 1. */
export async function segmentsOf(dir: string): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const numbers = names.flatMap((name) => (/^\d{6}\.journal$/.test(name) ? [Number(name.slice(0, 6))] : []));
  numbers.sort((a, b) => a - b);
  const gap = numbers.findIndex((number, i) => number !== i + 1);
  if (gap >= 0)
    throw new JournalError("corrupt", `${join(dir, segmentName(gap + 1))} is missing: the journal has a gap`);
  return numbers;
}

/**
 * Yields the valid records of a file and returns how it ends. Bad bytes are a torn tail only in the last file and only
 * when no valid record follows them; everything else is corruption and throws with file and offset.
 */
export async function* readSegment(
  file: string,
  isLast: boolean,
): AsyncGenerator<JournalRecord | SegmentRecord, SegmentEnd> {
  const bytes = await readFile(file);
  let at = 0;
  let records = 0;
  let crc = 0;
  for (let size = payloadAt(bytes, 0); size > 0; size = payloadAt(bytes, at)) {
    yield parse(file, at, bytes.toString("utf8", at + HEAD, at + HEAD + size));
    crc = bytes.readUInt32LE(at + 4);
    at += HEAD + size;
    records++;
  }
  const torn = bytes.length - at;
  if (torn > 0) {
    const next = nextValid(bytes, at);
    if (next >= 0) {
      throw new JournalError(
        "corrupt",
        `${file}: damaged at byte ${at}, but good records follow at ${next}. ${ADVICE}`,
      );
    }
    if (!isLast) throw new JournalError("corrupt", `${file}: damaged at byte ${at}, and later files follow. ${ADVICE}`);
  }
  return { records, size: at, torn, crc };
}

const ADVICE = "Nothing was changed; restore the file from a copy, or move the journal away and start a new one.";

function parse(file: string, at: number, text: string): JournalRecord | SegmentRecord {
  try {
    return decode(text) as JournalRecord | SegmentRecord;
  } catch (error) {
    throw new JournalError("corrupt", `${file}: the record at byte ${at} is not JSON. ${ADVICE}`, { cause: error });
  }
}
