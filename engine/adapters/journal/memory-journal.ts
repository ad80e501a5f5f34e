/**
 * A journal that forgets: for tests and backtests.
 *
 * Owns: the same order rules as the one on disk. May not touch the disk.
 */
import type { Journal, JournalHeader, JournalRecord } from "../../ports/journal.ts";
import { JournalError } from "./segments.ts";

export class MemoryJournal implements Journal {
  readonly records: JournalRecord[];
  #nextN = 0;
  #closed = false;

  constructor(header: JournalHeader) {
    this.records = [header];
  }

  get nextN(): number {
    return this.#nextN;
  }

  append(record: JournalRecord): void {
    if (this.#closed) throw new JournalError("closed", "the journal is closed");
    if (record.kind === "header") throw new JournalError("order", "a journal gets its header when it is opened");
    if (record.n !== this.#nextN) {
      throw new JournalError("order", `record ${record.n} appended where ${this.#nextN} is due`);
    }
    this.#nextN++;
    this.records.push(record);
  }

  sync(): Promise<void> {
    if (this.#closed) return Promise.reject(new JournalError("closed", "the journal is closed"));
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }
}
