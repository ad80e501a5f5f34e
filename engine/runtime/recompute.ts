/**
 * A journal's inputs through a core, every output held against the recorded one. The core is a fresh one, or that of the
 * snapshot that the journal begins with.
 *
 * Owns: the comparison, byte for byte, and where it fails first. May not: read files, go on after a difference.
 */
import type { Input, Output, Stamp } from "../core/event.ts";
import type { Program, ProgramSettings } from "../core/program.ts";
import { restoreCore } from "../core/save.ts";
import { RestoreError } from "../core/saved.ts";
import { createCore, step } from "../core/step.ts";
import type { CoreOptions, CoreState } from "../core/step.ts";
import type { Judged } from "../core/signals/judge.ts";
import { compile, envOf } from "../lang/compile.ts";
import type { Calendar } from "../market/calendar.ts";
import type { JournalHeader, JournaledInput, JournalRecord, ProgramSources, SnapshotRecord } from "../ports/journal.ts";
import { firstDifference } from "./difference.ts";
import type { ValueDifference } from "./difference.ts";
import { savedRunOf } from "./saved-run.ts";
import type { SavedRun } from "./saved-run.ts";

/** Where what comes out is not what the journal says. */
export interface Difference extends ValueDifference {
  /** Number of the input whose outputs differ. */
  readonly seq: number;
  readonly marketTime: number;
  readonly kind: Input["kind"];
  /** What the input is about, or null. */
  readonly symbol: string | null;
}

/**
 * The journal says something that this version of barwise does not arrive at, or holds no run at all; or nobody can go
 * on from the snapshot that it begins with (`snapshot`), which says nothing about the records before it.
 */
export class RebuildError extends Error {
  override readonly name = "RebuildError";
  readonly code: "differs" | "empty" | "snapshot";
  readonly difference: Difference | undefined;
  constructor(message: string, { code, difference }: { code?: RebuildError["code"]; difference?: Difference } = {}) {
    super(message);
    this.code = code ?? "differs";
    this.difference = difference;
  }
}

export interface LoadedSources {
  readonly program: Program;
  /** The files that the program was made of, and what else it was compiled with. */
  readonly files: Readonly<Record<string, string>>;
  readonly settings: ProgramSettings | null;
}

/** Sees every input and what came of it. */
export type Watch = (input: Input, outputs: readonly Output[]) => void;

/** Sees the core that a snapshot gave, before anything else happens to it. */
export type Begun = (core: CoreState, run: SavedRun) => void;

export class Recompute {
  header: JournalHeader | undefined;
  core: CoreState | undefined;
  loaded: LoadedSources | undefined;
  last: Input | undefined;
  /** Of the last input, or of the snapshot where none followed it. */
  now: Stamp | undefined;
  inputs = 0;
  /** Outputs that were compared. */
  outputs = 0;
  /** The number of the record that would follow. */
  nextN = 0;
  readonly #calendarOf: (symbol: string) => Calendar;
  readonly #watch: Watch;
  readonly #begun: Begun;
  readonly #judged: Judged | undefined;
  /** Outputs that the journal must tell next; empty when there were none. */
  #due: readonly Output[] = [];

  constructor(
    calendarOf: (symbol: string) => Calendar,
    watch: Watch = () => {},
    begun: Begun = () => {},
    judged?: Judged,
  ) {
    this.#calendarOf = calendarOf;
    this.#watch = watch;
    this.#begun = begun;
    this.#judged = judged;
  }

  #optionsOf({ account, id }: JournalHeader): CoreOptions {
    const judged = this.#judged;
    const options = { account, journal: id, calendarOf: this.#calendarOf };
    return judged === undefined ? options : { ...options, judged };
  }

  /** Outputs of the last input that the journal does not hold: a crash may have kept them from it. */
  get untold(): readonly Output[] {
    return this.#due;
  }

  take(record: JournalRecord): void {
    if (record.kind === "header") return this.#begin(record);
    if (record.kind === "out") {
      this.nextN = record.n + 1;
      return this.#compare(record.seq, record.outputs);
    }
    // One may lie between an input and its outputs.
    if (record.kind === "snapshot") return this.#snapshot(record);
    // Outputs follow their input; only the last of a process may still have been on their way to the disk.
    if (this.#due.length > 0)
      throw this.#differs(`no outputs, where ${this.#due.length} are due`, firstDifference("outputs", [], this.#due));
    this.nextN = record.n + 1;
    const core = this.core;
    if (core === undefined) throw new RebuildError("the journal does not begin with a header");
    const input = this.#inputOf(record.input);
    this.last = input;
    this.now = input;
    this.inputs++;
    this.#due = step(core, input);
    this.#watch(input, this.#due);
  }

  /** A process that opens a journal anew goes on where the one before it ended. */
  #begin(header: JournalHeader): void {
    const isAnew = this.core !== undefined && this.header?.id === header.id;
    this.header = header;
    if (isAnew) return;
    this.core = createCore(this.#optionsOf(header));
    this.#due = [];
  }

  /** Where a journal begins with one, the core is what it says; later ones have nothing to add. */
  #snapshot(record: SnapshotRecord): void {
    if (this.now === undefined) return this.#restore(record);
    if (record.seq === this.now.seq) return;
    throw new RebuildError(`a snapshot after input ${record.seq} stands behind input ${this.now.seq}`);
  }

  #restore(record: SnapshotRecord): void {
    const { header } = this;
    if (header === undefined) throw new RebuildError("the journal does not begin with a header");
    try {
      const run = savedRunOf(record);
      this.loaded = programFrom(run.sources, this.#madeBy());
      this.core = restoreCore(this.#optionsOf(header), run.core, this.loaded.program);
      this.now = run.core.desk.state.now;
      this.nextN = run.nextN;
      this.#due = run.untold ?? [];
      this.#begun(this.core, run);
    } catch (error) {
      if (!(error instanceof RestoreError)) throw error;
      const message = `nobody can go on from its snapshot after input ${record.seq}: ${error.message}${this.#madeBy()}`;
      throw new RebuildError(message, { code: "snapshot" });
    }
  }

  #compare(seq: number, recorded: readonly Output[]): void {
    if (seq !== this.now?.seq) throw this.#differs(`outputs of input ${seq}`);
    const difference = firstDifference("outputs", recorded, this.#due);
    if (difference !== undefined) {
      const { path, recorded: before, now } = difference;
      throw this.#differs(`${path}: recorded ${before}, now ${now}`, difference);
    }
    this.outputs += recorded.length;
    this.#due = [];
  }

  #inputOf(input: JournaledInput): Input {
    if (input.kind !== "program.loaded") return input;
    const { sources, ...rest } = input;
    this.loaded = programFrom(sources, this.#madeBy());
    return { ...rest, program: this.loaded.program };
  }

  #differs(what: string, difference?: ValueDifference): RebuildError {
    const { last } = this;
    const at = last === undefined ? "" : ` after input ${last.seq}`;
    const message = `this version of barwise does not arrive at what the journal says${at} (${what})${this.#madeBy()}`;
    if (last === undefined || difference === undefined) return new RebuildError(message);
    const { seq, marketTime, kind } = last;
    return new RebuildError(message, { difference: { ...difference, seq, marketTime, kind, symbol: symbolOf(last) } });
  }

  #madeBy(): string {
    return this.header === undefined ? "" : `; the journal was written by version ${this.header.barwise}`;
  }
}

/** Compiles what a journal kept; a RebuildError when it means something else now. */
export function programFrom({ digest, files, settings }: ProgramSources, madeBy = ""): LoadedSources {
  const { program } = compile(files, settings === null ? {} : envOf(settings));
  if (program?.digest === digest) return { program, files, settings };
  const how = program === null ? "do not compile" : "mean something else";
  throw new RebuildError(`its strategies ${how} in this version of barwise${madeBy}`);
}

export function symbolOf(input: Input): string | null {
  return "symbol" in input ? input.symbol : null;
}
