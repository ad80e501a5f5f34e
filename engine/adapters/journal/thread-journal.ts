/**
 * The journal of a run that trades: a thread of its own writes it, and whoever appends never waits for the disk.
 *
 * Owns: the thread's life, who waits for what, and noticing that the disk stands still. May not: write a file, or go on
 * after a failure: nobody knows what the disk holds then.
 */
import { Worker } from "node:worker_threads";
import type { JournalHeader } from "../../ports/journal.ts";
import { OrderedJournal } from "./ordered-journal.ts";
import type { Place } from "./ordered-journal.ts";
import type { JournalTail, TornTail } from "./read.ts";
import { RingWriter } from "./ring.ts";
import { JournalError } from "./segments.ts";
import { PAYLOAD_MAX } from "./thread/frames.js";
import { ASKED, CLOSING, PROGRESS, createRing } from "./thread/ring.js";
import type { Failed, Report, ThreadData } from "./thread/writer.js";

export interface ThreadOptions {
  /** A file larger than this is followed by a new one. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** A disk that makes no progress for so long while somebody waits has failed. Default 10 s. */
  readonly stallMs?: number;
  /** Size of the ring, a power of two. Default 8 MiB. */
  readonly ringBytes?: number;
  /** Memory for records that the ring has no room for; beyond it the journal fails instead of the process. */
  readonly waitingBytes?: number;
  /** The thread's program; tests put one with a failing disk here. */
  readonly thread?: URL;
}

export const SEGMENT_BYTES = 64 * 1024 * 1024;
const RING_BYTES = 8 * 1024 * 1024;
const WAITING_BYTES = 256 * 1024 * 1024;
const STALL_MS = 10_000;
/** Looks without progress after which the disk is taken for dead: time in which this thread itself slept does not count. */
const STALL_LOOKS = 10;
/** A thread that does not hang ends within this when it is told to. */
const END_MS = 500;

interface Waiter {
  readonly upTo: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class ThreadJournal extends OrderedJournal {
  /** What opening found and cut off. */
  readonly torn: TornTail | null;
  /** Rounds of fdatasync and bytes written since opening, as far as the thread has told. */
  readonly stats = { syncs: 0, bytes: 0 };
  readonly #worker: Worker;
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #ring: RingWriter;
  readonly #release: () => Promise<void>;
  readonly #stallMs: number;
  readonly #waitingMax: number;
  /** Resolves when the thread has ended, however it did. */
  readonly #ended: Promise<void>;
  #waiters: Waiter[] = [];
  #durable = 0;
  #watch: NodeJS.Timeout | undefined;
  #hasEnded = false;
  /** Nothing is waited for any more but the end of the thread. */
  #isEnding = false;
  #closing: Promise<void> | undefined;

  constructor(
    dir: string,
    header: JournalHeader,
    tail: JournalTail,
    release: () => Promise<void>,
    options: ThreadOptions,
  ) {
    super(dir, header, tail.nextN);
    this.torn = tail.torn;
    this.#release = release;
    this.#stallMs = options.stallMs ?? STALL_MS;
    this.#waitingMax = options.waitingBytes ?? WAITING_BYTES;
    const ring = createRing(options.ringBytes ?? RING_BYTES);
    this.#control = new Int32Array(ring.control);
    this.#ring = new RingWriter(ring);
    const { nextN, chain, lastSegment } = tail;
    const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    const workerData: ThreadData = { ring, segments: { dir, segment: lastSegment + 1, nextN, chain, segmentBytes } };
    const program = options.thread ?? new URL("thread/main.js", import.meta.url);
    this.#worker = new Worker(program, { workerData, name: "journal", execArgv: [] });
    // The thread alone keeps no process alive; while somebody waits for it, it does.
    this.#worker.unref();
    this.#worker.on("message", (message: Report | Failed) => this.#on(message));
    this.#worker.on("error", (error) => this.#fatal(this.failedWrite(error)));
    this.#ended = new Promise((resolve) => {
      this.#worker.on("exit", () => {
        this.#hasEnded = true;
        if (!this.#isEnding) this.#fatal(this.failedWrite(new Error("its thread ended")));
        resolve();
      });
    });
  }

  protected override put(text: string, place: Place): void {
    const mayBeLarge = text.length * 3 > PAYLOAD_MAX;
    if (mayBeLarge && Buffer.byteLength(text, "utf8") > PAYLOAD_MAX) throw this.#fatal(this.tooLarge());
    this.#ring.add(text, place);
    if (this.#ring.waitingBytes > this.#waitingMax)
      throw this.#fatal(this.failedWrite(new Error("the disk does not keep up")));
    if (this.#ring.waitingBytes > 0) this.#look();
  }

  /** What has gathered is framed, hashed and written while this thread goes on: the sync then has only the rest to do. */
  override announce(): void {
    if (this.failure === undefined) this.#ring.wake();
  }

  override sync(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const upTo = this.#ring.total;
    if (this.#durable === upTo) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ upTo, resolve, reject });
      this.#worker.ref();
      this.#ask();
      this.#look();
    });
  }

  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const before = this.failure;
    try {
      if (before !== undefined) throw before;
      await this.sync();
      await this.#end();
      // oxlint-disable-next-line typescript/no-unnecessary-condition -- it may have failed meanwhile
      if (this.failure !== undefined) throw this.failure;
    } finally {
      this.closed();
      clearInterval(this.#watch);
      await this.#giveBack();
    }
  }

  /**
   * A thread that hangs in a call to the disk ends when that call does. Nobody waits for it, and until then nobody else may
   * write there: the lock goes when it does, or with the process.
   */
  async #giveBack(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, END_MS);
    });
    const free = (this.#hasEnded ? Promise.resolve() : this.#worker.terminate()).then(() => this.#release());
    this.#worker.unref();
    try {
      await Promise.race([free, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Everything is durable: the thread closes its file and ends. */
  async #end(): Promise<void> {
    this.#isEnding = true;
    Atomics.store(this.#control, CLOSING, 1);
    this.#ring.wake();
    this.#worker.ref();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.fail(this.#stalled());
        resolve();
      }, this.#stallMs);
    });
    await Promise.race([this.#ended, late]);
    clearTimeout(timer);
  }

  /** Whoever closes waits for the end of the thread. */
  #rest(): void {
    if (this.#closing === undefined) this.#worker.unref();
  }

  #ask(): void {
    Atomics.add(this.#control, ASKED, 1);
    this.#ring.wake();
  }

  #on(message: Report | Failed): void {
    if ("failed" in message) {
      this.#fatal(this.failedWrite(Object.assign(new Error(message.failed.message), message.failed)));
      return;
    }
    const { durable, syncs, bytes } = message;
    this.#durable = Math.max(this.#durable, durable);
    Object.assign(this.stats, { syncs, bytes });
    if (this.#ring.waitingBytes > 0) this.#ring.pour();
    const done = this.#waiters.filter(({ upTo }) => upTo <= this.#durable);
    if (done.length > 0) this.#waiters = this.#waiters.filter(({ upTo }) => upTo > this.#durable);
    for (const { resolve } of done) resolve();
    if (this.#waiters.length === 0) this.#rest();
    // They waited for more than was in the ring when it was asked for.
    else if (this.#ring.waitingBytes === 0) this.#ask();
  }

  /** Watches the disk while something waits for it. */
  #look(): void {
    if (this.#watch !== undefined) return;
    let seen = Atomics.load(this.#control, PROGRESS);
    let looks = 0;
    this.#watch = setInterval(() => {
      const progress = Atomics.load(this.#control, PROGRESS);
      const isWaiting = this.#waiters.length > 0 || this.#ring.waitingBytes > 0;
      looks = progress === seen && isWaiting ? looks + 1 : 0;
      seen = progress;
      if (looks >= STALL_LOOKS) {
        this.#fatal(this.fail(this.#stalled()));
      } else if (!isWaiting) {
        clearInterval(this.#watch);
        this.#watch = undefined;
      }
    }, this.#stallMs / STALL_LOOKS).unref();
  }

  #stalled(): JournalError {
    const seconds = this.#stallMs / 1_000;
    const message = `${this.dir}: the disk has made no progress for ${seconds} s while something waits for it`;
    return new JournalError("write", message);
  }

  /** Nobody waits any longer, and the process may end. */
  #fatal(error: JournalError): JournalError {
    clearInterval(this.#watch);
    const waiters = this.#waiters;
    this.#waiters = [];
    this.#worker.unref();
    for (const { reject } of waiters) reject(error);
    return error;
  }
}
