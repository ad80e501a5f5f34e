/**
 * Where every input and output is kept.
 *
 * Owns: the record shapes and the interface. Inputs are appended before `step` sees them; an effect leaves after the
 * record that justifies it is durable. A journal that cannot write is fatal: trading halts.
 */
import type { ProgramSettings } from "../core/program.ts";
import type { HistoryInput, Input, Output, ProgramLoadedInput, Stamp } from "../core/event.ts";
import type { FileSet } from "./files.ts";

/** First record of a journal: what one must know to replay it. */
export interface JournalHeader {
  readonly kind: "header";
  readonly format: 1;
  readonly barwise: string;
  readonly node: string;
  readonly v8: string;
  readonly tz: string;
  readonly icu: string;
  /** Identity of this journal; part of every client order id. */
  readonly id: string;
  readonly account: string;
  readonly seed: string;
  readonly createdAt: number;
}

/** A loaded program is kept as its source texts; replay compiles them again and checks the digest. */
export interface ProgramSources {
  readonly digest: string;
  readonly files: FileSet;
  /** What it was compiled with beside the files. */
  readonly settings: ProgramSettings | null;
}

/** `program.loaded` carries sources instead of the compiled program. */
export type JournaledInput =
  | Exclude<Input, { kind: "program.loaded" }>
  | (Stamp & Omit<ProgramLoadedInput, "program"> & { readonly sources: ProgramSources });

/** A record that `append` takes. */
export type NumberedRecord =
  | { readonly kind: "in"; readonly n: number; readonly input: JournaledInput }
  /** Outputs of the input with this seq, in order. Not written when there are none. */
  | { readonly kind: "out"; readonly n: number; readonly seq: number; readonly outputs: readonly Output[] };

/** The state of the core after an input: who reads on from here needs nothing of what is before. */
export interface Snapshot {
  readonly seq: number;
  /** Digest of the program that runs. */
  readonly program: string;
  /** Format of `state`, which only the core reads. */
  readonly core: number;
  readonly state: unknown;
}

export type SnapshotRecord = { readonly kind: "snapshot" } & Snapshot;

export type JournalRecord = JournalHeader | NumberedRecord | SnapshotRecord;

export interface Journal {
  /** Encodes or copies at once: the mailbox writes the input of a record anew for the next tick. */
  append(record: NumberedRecord): void;
  /** In steps, beside the data: the long parts of a program that will be loaded. Its record then takes little time. */
  ahead?(files: FileSet, warmup: readonly HistoryInput[]): Iterator<undefined, void>;
  /** Writes a snapshot behind everything appended so far; resolves when it is on disk. */
  snapshot(snapshot: Snapshot): Promise<void>;
  /** `sync` will follow soon: whoever writes may begin. Promises nothing. */
  announce(): void;
  /** Resolves when everything appended so far is on disk; rejects when it is not and never will be. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
