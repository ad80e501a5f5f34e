/**
 * A journal that forgets: for tests and backtests.
 *
 * Owns: the same order rules as the one on disk. May not touch the disk.
 */
import type { Journal, JournalHeader, JournalRecord, NumberedRecord, Snapshot } from "../../ports/journal.ts";
import { checkNumber } from "./ordered-journal.ts";
import { JournalError } from "./segments.ts";

export class MemoryJournal implements Journal {
  readonly records: JournalRecord[];
  #nextN = 0;
  #failure: JournalError | undefined;

  constructor(header: JournalHeader) {
    this.records = [header];
  }

  get nextN(): number {
    return this.#nextN;
  }

  append(record: NumberedRecord): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      checkNumber(record, this.#nextN);
    } catch (error) {
      this.#failure = error as JournalError;
      throw error;
    }
    this.#nextN++;
    // The mailbox writes the input of a tick anew for the next one.
    this.records.push(record.kind === "in" ? { ...record, input: { ...record.input } } : record);
  }

  announce(): void {}

  snapshot(snapshot: Snapshot): Promise<void> {
    if (this.#failure === undefined) this.records.push({ kind: "snapshot", ...snapshot });
    return this.sync();
  }

  sync(): Promise<void> {
    return this.#failure === undefined ? Promise.resolve() : Promise.reject(this.#failure);
  }

  close(): Promise<void> {
    const failure = this.#failure;
    this.#failure ??= new JournalError("closed", "the journal is closed");
    return failure === undefined || failure.code === "closed" ? Promise.resolve() : Promise.reject(failure);
  }
}
