/**
 * What every journal of text holds to: numbers without a gap, snapshots in pieces, one failure for ever.
 *
 * Owns: turning records into texts in their order. May not: know where the texts go.
 */
import type { HistoryInput } from "../../core/event.ts";
import type { FileSet } from "../../ports/files.ts";
import type { Journal, JournalHeader, NumberedRecord, Snapshot } from "../../ports/journal.ts";
import { encode } from "./encode.ts";
import { encodeAhead, encodeRecord } from "./encode-record.ts";
import { JournalError } from "./segments.ts";

/** A piece of a snapshot; escaping at most doubles it, and three bytes a unit stay below the largest record. */
const PART = 8 * 1024 * 1024;

/** A file holds a snapshot as its state's text in one or more of these, one after the other. */
export interface SnapshotPart extends Omit<Snapshot, "state"> {
  readonly kind: "snapshot";
  readonly part: number;
  readonly parts: number;
  readonly text: string;
}

/** The records of a snapshot, as texts. */
export function* partsOf({ state, ...rest }: Snapshot): Generator<string, void> {
  const text = encode(state);
  const parts = Math.max(1, Math.ceil(text.length / PART));
  for (let part = 0; part < parts; part++) {
    const piece = text.slice(part * PART, (part + 1) * PART);
    yield encode({ kind: "snapshot", ...rest, part, parts, text: piece } satisfies SnapshotPart);
  }
}

/** Where a text goes: into the next place, with a number of its own, or as the first of a new file for a snapshot. */
export type Place = "next" | "numbered" | "snapshot";

export function checkNumber(record: NumberedRecord, due: number): void {
  if (record.n !== due) throw new JournalError("order", `record ${record.n} appended where ${due} is due`);
}

export abstract class OrderedJournal implements Journal {
  readonly dir: string;
  readonly #header: JournalHeader;
  #nextN: number;
  #failure: JournalError | undefined;

  constructor(dir: string, header: JournalHeader, nextN: number) {
    this.dir = dir;
    this.#header = header;
    this.#nextN = nextN;
  }

  /** The number that the next record must carry. */
  get nextN(): number {
    return this.#nextN;
  }

  get failure(): JournalError | undefined {
    return this.#failure;
  }

  abstract sync(): Promise<void>;
  abstract close(): Promise<void>;
  announce(): void {
    // Who writes on this thread has nobody to wake.
  }

  /** Takes a text; throws a JournalError made by `fail` when it cannot. */
  protected abstract put(text: string, place: Place): void;

  append(record: NumberedRecord): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      checkNumber(record, this.#nextN);
    } catch (error) {
      throw this.fail(error as JournalError);
    }
    this.#nextN++;
    this.put(encodeRecord(record), "numbered");
  }

  ahead(files: FileSet, warmup: readonly HistoryInput[]): Iterator<undefined, void> {
    return encodeAhead(files, warmup);
  }

  snapshot(snapshot: Snapshot): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.put(encode(this.#header), "snapshot");
    for (const text of partsOf(snapshot)) this.put(text, "next");
    return this.sync();
  }

  /** Writes the header of this process; only who opens the journal calls this. */
  begin(): Promise<void> {
    this.put(encode(this.#header), "next");
    return this.sync();
  }

  /** The first failure is the one that everybody is told from then on. */
  protected fail(error: JournalError): JournalError {
    this.#failure ??= error;
    return this.#failure;
  }

  protected failedWrite(error: unknown): JournalError {
    return this.fail(writeError(this.dir, error));
  }

  protected tooLarge(): JournalError {
    return this.fail(new JournalError("write", `${this.dir}: a record is larger than 64 MiB`));
  }

  protected closed(): JournalError {
    return this.fail(new JournalError("closed", `${this.dir}: the journal is closed`));
  }
}

const MEANINGS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file has grown over a limit of the system",
  EIO: "the disk reports an error",
  EROFS: "the disk is read-only",
  EACCES: "this user may not write there",
  ENOTDIR: "a part of its path is not a folder",
};

/** An error of a call to the disk as one of the journal. */
export function writeError(dir: string, error: unknown): JournalError {
  const { code, message } = error as NodeJS.ErrnoException;
  const meaning = code === undefined ? undefined : MEANINGS[code];
  const why = code === undefined || code === "" ? message : meaning === undefined ? code : `${code}: ${meaning}`;
  return new JournalError("write", `${dir}: the journal cannot be written (${why})`, { cause: error });
}
