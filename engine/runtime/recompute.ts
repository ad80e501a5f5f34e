/**
 * A journal's inputs through a fresh core, every output held against the recorded one.
 *
 * Owns: the comparison, byte for byte, and where it fails first. May not: read files, go on after a difference.
 */
import type { Input, Output } from "../core/event.ts";
import type { Program, ProgramSettings } from "../core/program.ts";
import { createCore, step } from "../core/step.ts";
import type { CoreState } from "../core/step.ts";
import { compile, envOf } from "../lang/compile.ts";
import type { Calendar } from "../market/calendar.ts";
import type { JournalHeader, JournaledInput, JournalRecord, ProgramSources, SnapshotRecord } from "../ports/journal.ts";
import { firstDifference } from "./difference.ts";
import type { ValueDifference } from "./difference.ts";

/** Where what comes out is not what the journal says. */
export interface Difference extends ValueDifference {
  /** Number of the input whose outputs differ. */
  readonly seq: number;
  readonly marketTime: number;
  readonly kind: Input["kind"];
  /** What the input is about, or null. */
  readonly symbol: string | null;
}

/** The journal says something that this version of barwise does not arrive at, or holds no run at all. */
export class RebuildError extends Error {
  override readonly name = "RebuildError";
  readonly code: "differs" | "empty";
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

export class Recompute {
  header: JournalHeader | undefined;
  core: CoreState | undefined;
  loaded: LoadedSources | undefined;
  last: Input | undefined;
  inputs = 0;
  /** Outputs that were compared. */
  outputs = 0;
  /** The number of the record that would follow. */
  nextN = 0;
  readonly #calendarOf: (symbol: string) => Calendar;
  readonly #watch: Watch;
  /** Outputs that the journal must tell next; empty when there were none. */
  #due: readonly Output[] = [];

  constructor(calendarOf: (symbol: string) => Calendar, watch: Watch = () => {}) {
    this.#calendarOf = calendarOf;
    this.#watch = watch;
  }

  /** Outputs of the last input that the journal does not hold: a crash may have kept them from it. */
  get untold(): readonly Output[] {
    return this.#due;
  }

  take(record: JournalRecord): void {
    if (record.kind === "header") return this.#begin(record);
    if (record.kind === "snapshot") return this.#snapshot(record);
    this.nextN = record.n + 1;
    if (record.kind === "out") return this.#compare(record.seq, record.outputs);
    // Outputs follow their input; only the last of a process may still have been on their way to the disk.
    if (this.#due.length > 0)
      throw this.#differs(`no outputs, where ${this.#due.length} are due`, firstDifference("outputs", [], this.#due));
    const core = this.core;
    if (core === undefined) throw new RebuildError("the journal does not begin with a header");
    const input = this.#inputOf(record.input);
    this.last = input;
    this.inputs++;
    this.#due = step(core, input);
    this.#watch(input, this.#due);
  }

  /** A process that opens a journal anew goes on where the one before it ended. */
  #begin(header: JournalHeader): void {
    const isAnew = this.core !== undefined && this.header?.id === header.id;
    this.header = header;
    if (isAnew) return;
    this.core = createCore({ account: header.account, journal: header.id, calendarOf: this.#calendarOf });
    this.#due = [];
  }

  /** The core was at the same place: the snapshot has nothing to add. */
  #snapshot({ seq }: SnapshotRecord): void {
    if (seq === (this.last?.seq ?? 0)) return;
    throw new RebuildError(
      `the journal begins with a snapshot after input ${seq}, and what came before was removed: only inputs are recomputed`,
    );
  }

  #compare(seq: number, recorded: readonly Output[]): void {
    if (seq !== this.last?.seq) throw this.#differs(`outputs of input ${seq}`);
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

function symbolOf(input: Input): string | null {
  return "symbol" in input ? input.symbol : null;
}
