/**
 * The end of a journal, and what is written behind it.
 *
 * Owns: reading only what is new, across files. A record that is still being written is waited for. May not: write, or go on
 * over damage.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { NumberedRecord } from "../../ports/journal.ts";
import { decode } from "./encode.ts";
import { FrameReader } from "./frame.ts";
import { filesOf } from "./read.ts";
import { JournalError, readSegment, segmentsIn } from "./segments.ts";
import type { StoredRecord } from "./segments.ts";
import { segmentName } from "./thread/segment-writer.js";

export class Follower {
  readonly #dir: string;
  #segment = 0;
  /** Bytes of the file that were taken. */
  #taken = 0;
  /** The number that follows, once one was seen. */
  #due: number | undefined;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The last `count` numbered records, and the input of the first when that is an output; following goes on from there. Reads files from the last one backwards. */
  async last(count: number): Promise<readonly NumberedRecord[]> {
    const { segments } = await filesOf(this.#dir);
    let found: NumberedRecord[] = [];
    for (const segment of segments.slice().reverse()) {
      const records = await readSegment(join(this.#dir, segmentName(segment)), segment === segments.at(-1));
      const own: NumberedRecord[] = [];
      let step = records.next();
      for (; step.done !== true; step = records.next()) if ("n" in step.value.record) own.push(step.value.record);
      if (this.#segment === 0) {
        this.#segment = segment;
        this.#taken = step.value.size;
      }
      found = [...own, ...found];
      if (found.length > count) break;
    }
    this.#follow(found);
    const first = Math.max(0, found.length - count);
    return found.slice(found[first]?.kind === "out" ? Math.max(0, first - 1) : first);
  }

  /** What was written since. */
  async next(): Promise<readonly NumberedRecord[]> {
    const found: NumberedRecord[] = [];
    for (;;) {
      // Looked for first: a file is finished before the next one begins, so what is read then is all of it.
      const later = (await segmentsIn(this.#dir)).filter((segment) => segment > this.#segment);
      const frames = new FrameReader(await this.#rest(), this.#taken > 0);
      for (let size = frames.size(); size > 0; size = frames.size()) {
        const record = decode(frames.textAt(frames.at, size)) as StoredRecord;
        if ("n" in record) found.push(record);
        frames.next(size);
      }
      this.#taken += frames.at;
      if (later.length === 0) return this.#follow(found);
      if (frames.left > 0) {
        const file = join(this.#dir, segmentName(this.#segment));
        throw new JournalError("corrupt", `${file}: damaged at byte ${this.#taken}, and later files follow`);
      }
      this.#segment = later[0] as number;
      this.#taken = 0;
    }
  }

  /** Files are read on their own here: a lost or swapped one shows in the numbers alone. */
  #follow(records: readonly NumberedRecord[]): readonly NumberedRecord[] {
    for (const { n } of records) {
      const due = this.#due ?? n;
      if (n !== due)
        throw new JournalError("corrupt", `${this.#dir}: record ${n} where ${due} is due: a file was lost or replaced`);
      this.#due = n + 1;
    }
    return records;
  }

  async #rest(): Promise<Buffer> {
    if (this.#segment === 0) return Buffer.alloc(0);
    const file = await open(join(this.#dir, segmentName(this.#segment)), "r");
    try {
      const { size } = await file.stat();
      const length = Math.max(0, size - this.#taken);
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, this.#taken);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }
}
