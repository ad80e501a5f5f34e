/**
 * The journal of a run that has nothing to wait for, as a backtest: written on this thread, each call to the disk blocks.
 *
 * Owns: the same files as ThreadJournal. May not be used where an order or a tick waits.
 */
import type { JournalHeader } from "../../ports/journal.ts";
import { OrderedJournal } from "./ordered-journal.ts";
import type { Place } from "./ordered-journal.ts";
import type { JournalTail, TornTail } from "./read.ts";
import { SegmentWriter } from "./thread/segment-writer.js";
import type { Disk } from "./thread/segment-writer.js";

/** What was appended is handed to the operating system when it is more than this. */
const WRITE_BYTES = 1024 * 1024;

export class FileJournal extends OrderedJournal {
  /** What opening found and cut off. */
  readonly torn: TornTail | null;
  readonly #segments: SegmentWriter;
  readonly #release: () => Promise<void>;
  #isDurable = true;
  #round: Promise<void> | undefined;

  constructor(
    dir: string,
    header: JournalHeader,
    tail: JournalTail,
    release: () => Promise<void>,
    { segmentBytes, disk }: { readonly segmentBytes: number; readonly disk: Disk },
  ) {
    super(dir, header, tail.nextN);
    this.torn = tail.torn;
    this.#release = release;
    const { nextN, chain, lastSegment } = tail;
    this.#segments = new SegmentWriter({ dir, segment: lastSegment + 1, nextN, chain, segmentBytes }, disk);
  }

  /** Rounds of fdatasync, and bytes written since opening. */
  get stats(): { readonly syncs: number; readonly bytes: number } {
    const { syncs, bytes } = this.#segments;
    return { syncs, bytes };
  }

  protected override put(text: string, place: Place): void {
    this.#isDurable = false;
    this.#do(() => {
      if (place === "snapshot") this.#segments.rotate(true);
      if (!this.#segments.addText(text, place === "numbered")) throw this.tooLarge();
      if (this.#segments.pending > WRITE_BYTES) this.#segments.write();
    });
  }

  override sync(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.#isDurable) return Promise.resolve();
    // Callers of one turn share a round.
    this.#round ??= Promise.resolve().then(() => {
      this.#round = undefined;
      this.#do(() => this.#segments.sync());
      this.#isDurable = true;
    });
    return this.#round;
  }

  override async close(): Promise<void> {
    if (this.failure?.code === "closed") return;
    try {
      await this.sync();
      this.#do(() => this.#segments.close());
    } finally {
      this.closed();
      this.#abandon();
      await this.#release();
    }
  }

  /** Gives the file back after a failure, which has been told. */
  #abandon(): void {
    try {
      this.#segments.close();
    } catch {
      return;
    }
  }

  #do(work: () => void): void {
    if (this.failure !== undefined) throw this.failure;
    try {
      work();
    } catch (error) {
      throw this.failure ?? this.failedWrite(error);
    }
  }
}
