/**
 * The journal on disk: append-only segment files with group commit.
 *
 * Owns: writing. Records go into a batch in memory; `sync` writes and fsyncs whatever has gathered, and calls that come
 * meanwhile share the next round. A failed write or fsync is final: nothing is retried, because after a failed fsync
 * nobody knows what the disk holds. May not read records back for the core (see read.ts).
 */
import { type FileHandle, mkdir, open, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Journal, JournalHeader, JournalRecord } from "../../ports/journal.ts";
import { encode } from "./encode.ts";
import { Batch } from "./frame.ts";
import { lock } from "./lock.ts";
import { type JournalTail, readJournal, type TornTail } from "./read.ts";
import { JournalError, segmentName, type SegmentRecord } from "./segments.ts";

export interface JournalOptions {
  /** A file larger than this is followed by a new one. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** Unsynced bytes above this are written (not fsynced) on their own. Default 1 MiB. */
  readonly writeBytes?: number;
  /** Opens files; tests put a failing disk here. */
  readonly open?: (path: string, flags: string) => Promise<FileHandle>;
}

const SEGMENT_BYTES = 64 * 1024 * 1024;
const WRITE_BYTES = 1024 * 1024;
/** Memory for records that the disk has not taken; beyond it the journal fails instead of the process. */
const PENDING_MAX = 256 * 1024 * 1024;

/**
 * Opens a journal for writing, creating the folder. An existing one is verified, its torn tail cut off, and continued
 * in a new file that starts with `header`, whose id must be the journal's. Rejects with a JournalError.
 */
export async function openJournal(
  dir: string,
  header: JournalHeader,
  options: JournalOptions = {},
): Promise<FileJournal> {
  await mkdir(dir, { recursive: true });
  const release = await lock(dir);
  try {
    const tail = await recover(dir, header);
    const journal = new FileJournal(dir, tail, release, options);
    await journal.begin(tail.segments + 1, header);
    return journal;
  } catch (error) {
    await release();
    if (error instanceof JournalError) throw error;
    throw new JournalError("write", `${dir}: cannot be opened: ${(error as Error).message}`, { cause: error });
  }
}

/** Verifies all files and cuts off what a crash left; nothing else is ever changed. */
async function recover(dir: string, header: JournalHeader): Promise<JournalTail> {
  const records = readJournal(dir);
  let step = await records.next();
  for (; step.done !== true; step = await records.next()) {
    if (step.value.kind === "header" && step.value.id !== header.id) {
      const message = `${dir} holds journal ${step.value.id}, not ${header.id}: order ids would repeat`;
      throw new JournalError("order", message);
    }
  }
  const tail = step.value;
  if (tail.torn !== null) {
    await truncate(tail.torn.file, tail.torn.offset);
    await fsync(tail.torn.file);
  }
  await rm(join(dir, segmentName(tail.segments + 1)), { force: true });
  return tail;
}

/** fsync of a file or folder by path; a folder's makes a new name durable. */
async function fsync(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

interface Waiter {
  readonly upTo: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class FileJournal implements Journal {
  readonly dir: string;
  /** What opening found and cut off. */
  readonly torn: TornTail | null;
  /** Records appended, rounds of fsync, and bytes written since opening. */
  readonly stats = { records: 0, syncs: 0, bytes: 0 };
  readonly #release: () => Promise<void>;
  readonly #segmentBytes: number;
  readonly #writeBytes: number;
  readonly #open: (path: string, flags: string) => Promise<FileHandle>;
  #file: FileHandle | undefined;
  #segment = 0;
  #segmentSize = 0;
  #nextN: number;
  /** Numbered records in the batch, not yet written. */
  #pending = 0;
  #batch = new Batch();
  #spare = new Batch();
  #chain = 0;
  #appended = 0;
  #durable = 0;
  #waiters: Waiter[] = [];
  #pump: Promise<void> | undefined;
  #failure: JournalError | undefined;

  constructor(dir: string, tail: JournalTail, release: () => Promise<void>, options: JournalOptions) {
    this.dir = dir;
    this.torn = tail.torn;
    this.#nextN = tail.nextN;
    this.#chain = tail.chain;
    this.#release = release;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#writeBytes = options.writeBytes ?? WRITE_BYTES;
    this.#open = options.open ?? ((path, flags) => open(path, flags));
  }

  /** The number that the next record must carry. */
  get nextN(): number {
    return this.#nextN;
  }

  /** Creates a file and writes its first records; only `openJournal` calls this. */
  async begin(segment: number, header: JournalHeader): Promise<void> {
    await this.#create(segment);
    this.#encode(header);
    await this.sync();
  }

  append(record: JournalRecord): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (record.kind === "header") throw new JournalError("order", "a journal gets its header when it is opened");
    if (record.n !== this.#nextN) {
      throw this.#fail(new JournalError("order", `record ${record.n} appended where ${this.#nextN} is due`));
    }
    this.#nextN++;
    this.#pending++;
    this.#encode(record);
    if (this.#batch.length > this.#writeBytes) this.#start();
  }

  sync(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#durable === this.#appended) return Promise.resolve();
    const { promise, resolve, reject } = deferred();
    this.#waiters.push({ upTo: this.#appended, resolve, reject });
    this.#start();
    return promise;
  }

  async close(): Promise<void> {
    if (this.#failure?.code === "closed") return;
    const closed = new JournalError("closed", `${this.dir}: the journal is closed`);
    try {
      await this.sync();
      await this.#pump;
    } finally {
      this.#failure ??= closed;
      await this.#pump;
      await this.#file?.close();
      this.#file = undefined;
      await this.#release();
    }
  }

  #encode(record: JournalRecord | SegmentRecord): void {
    const added = this.#batch.add(encode(record));
    if (!added || this.#batch.length > PENDING_MAX) {
      const why = added ? "the disk does not keep up" : "a record is larger than 64 MiB";
      throw this.#fail(new JournalError("write", `${this.dir}: ${why}`));
    }
    this.#appended++;
    this.stats.records++;
  }

  #start(): void {
    this.#pump ??= this.#run().finally(() => {
      this.#pump = undefined;
      // A record that came in the last moment of a round must not wait for the next call.
      if (this.#failure === undefined && this.#waiters.length > 0) this.#start();
    });
  }

  /** Rounds of write and fsync until nobody waits and little is pending. */
  async #run(): Promise<void> {
    try {
      while (this.#waiters.length > 0 || this.#batch.length > this.#writeBytes) {
        const batch = this.#batch;
        const upTo = this.#appended;
        this.#chain = batch.length > 0 ? batch.crc : this.#chain;
        this.#batch = this.#spare;
        this.#spare = batch;
        this.#pending = 0;
        await this.#write(batch);
        if (this.#waiters.length > 0) {
          await (this.#file as FileHandle).datasync();
          this.stats.syncs++;
          this.#durable = upTo;
          const done = this.#waiters.filter((waiter) => waiter.upTo <= upTo);
          this.#waiters = this.#waiters.filter((waiter) => waiter.upTo > upTo);
          for (const waiter of done) waiter.resolve();
        }
        if (this.#segmentSize > this.#segmentBytes) await this.#rotate();
      }
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      this.#fail(new JournalError("write", `${this.dir}: the journal cannot be written (${code})`, { cause: error }));
    }
  }

  async #write(batch: Batch): Promise<void> {
    let at = 0;
    while (at < batch.length) {
      const { bytesWritten } = await (this.#file as FileHandle).write(batch.bytes, at, batch.length - at);
      if (bytesWritten === 0) throw new Error("the disk took no bytes");
      at += bytesWritten;
    }
    this.#segmentSize += batch.length;
    this.stats.bytes += batch.length;
    batch.clear();
  }

  async #rotate(): Promise<void> {
    const old = this.#file as FileHandle;
    await old.datasync();
    await old.close();
    await this.#create(this.#segment + 1);
  }

  /** Opens the next file; its segment record goes out before anything that is already waiting in the batch. */
  async #create(segment: number): Promise<void> {
    this.#segment = segment;
    this.#segmentSize = 0;
    this.#file = await this.#open(join(this.dir, segmentName(segment)), "wx");
    const first = new Batch();
    const firstN = this.#nextN - this.#pending;
    first.add(encode({ kind: "segment", format: 1, segment, firstN, chain: this.#chain } satisfies SegmentRecord));
    this.#chain = first.crc;
    await this.#write(first);
    await this.#file.sync();
    await fsync(this.dir);
  }

  #fail(error: JournalError): JournalError {
    this.#failure ??= error;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(this.#failure);
    return this.#failure;
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve = (): void => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
