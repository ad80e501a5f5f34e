/**
 * The disk of a simulated machine, and journals that lose what was not on it when their process dies.
 *
 * Owns: which records survive: what a `sync` has promised, and by chance a part of what followed, cut at a record as
 * opening a journal cuts it. A disk that is full fails for good, like the real journal.
 */
import { decode, encode } from "../../engine/adapters/journal/encode.ts";
import { JournalError } from "../../engine/adapters/journal/segments.ts";
import type { Journal, JournalHeader, JournalRecord, NumberedRecord, Snapshot } from "../../engine/ports/journal.ts";
import type { ApprovalView, DecisionInput } from "../../engine/core/approval.ts";
import type { Pick } from "../support/runs.ts";
import type { Life, WorldClock } from "./time.ts";

export interface DiskFaults {
  /** How long a sync takes at most. */
  readonly slowestMs: number;
  /** Appends until the disk of this process is full. */
  readonly fullAfter: number;
}

/** What is on the platter of the machine; outlives processes. */
export class Disk {
  lines: string[] = [];
  /** Client ids of orders whose `submit` was promised to be on disk. */
  readonly submitted = new Set<string>();
  /** What people said and what became of it, as far as it was promised to be on disk. */
  readonly words: DecisionInput[] = [];
  readonly approvals = new Map<string, ApprovalView>();

  begin(header: JournalHeader): void {
    this.lines.push(encode(header));
  }

  get records(): JournalRecord[] {
    return this.lines.map((line) => decode(line) as JournalRecord);
  }

  keep(lines: readonly string[]): void {
    for (const line of lines) {
      this.lines.push(line);
      if (!/"kind":"(?:submit|approval|decision)"/.test(line)) continue;
      const record = decode(line) as JournalRecord;
      if (record.kind === "in" && record.input.kind === "decision") this.words.push(record.input);
      if (record.kind !== "out") continue;
      for (const output of record.outputs) {
        if (output.kind === "submit") this.submitted.add(output.order.clientOrderId);
        if (output.kind === "approval") this.approvals.set(output.approval.id, output.approval);
      }
    }
  }
}

export class CrashJournal implements Journal {
  readonly #disk: Disk;
  readonly #life: Life;
  readonly #world: WorldClock;
  readonly #pick: Pick;
  readonly #faults: DiskFaults;
  /** Written by the process, not promised yet. */
  #waiting: string[] = [];
  #appended = 0;
  #promised = 0;
  #failure: JournalError | undefined;
  #fullAfter: number;

  constructor(disk: Disk, life: Life, world: WorldClock, pick: Pick, faults: DiskFaults) {
    this.#disk = disk;
    this.#life = life;
    this.#world = world;
    this.#pick = pick;
    this.#faults = faults;
    this.#fullAfter = faults.fullAfter;
  }

  append(record: NumberedRecord): void {
    if (!this.#life.goesOn()) return;
    if (this.#appended >= this.#fullAfter) this.#failure ??= new JournalError("write", "the disk is full");
    if (this.#failure !== undefined) throw this.#failure;
    this.#appended++;
    this.#waiting.push(encode(record));
  }

  announce(): void {}

  /** The disk does not fill up any more. */
  spare(): void {
    this.#fullAfter = Number.POSITIVE_INFINITY;
  }

  async sync(): Promise<void> {
    const target = this.#appended;
    await this.#world.sleep(this.#pick(4) === 0 ? this.#pick(this.#faults.slowestMs + 1) : 0);
    // The dead wait for ever.
    if (!this.#life.goesOn()) return new Promise(() => {});
    if (this.#failure !== undefined) throw this.#failure;
    this.#promise(target);
  }

  #promise(target: number): void {
    if (target <= this.#promised) return;
    this.#disk.keep(this.#waiting.splice(0, target - this.#promised));
    this.#promised = target;
  }

  /** The process is gone: of what waited a part had reached the disk by itself. */
  crash(): void {
    this.#promise(this.#promised + this.#pick(this.#waiting.length + 1));
    this.#waiting = [];
  }

  snapshot(_snapshot: Snapshot): Promise<void> {
    return this.sync();
  }

  close(): Promise<void> {
    return this.sync();
  }
}
