/**
 * From a journal back to the core that wrote it.
 *
 * Owns: feeding recorded inputs to a fresh core and holding every output against the recorded one: what comes out is the
 * state of that run exactly, or an error that says why it cannot be known. May not: read files, go on after a difference.
 */
import type { Bar, HistoryInput, Input, Output } from "../core/event.ts";
import { barEnd } from "../core/known-at.ts";
import type { Program, ProgramSettings } from "../core/program.ts";
import { createCore, step } from "../core/step.ts";
import type { CoreState } from "../core/step.ts";
import { compile, envOf } from "../lang/compile.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { Calendar } from "../market/calendar.ts";
import type { History } from "../ports/history.ts";
import type { JournalHeader, JournaledInput, JournalRecord, SnapshotRecord } from "../ports/journal.ts";

/** The journal says something that this version of barwise does not arrive at, or holds no run at all. */
export class RebuildError extends Error {
  override readonly name = "RebuildError";
  readonly code: "differs" | "empty";
  constructor(message: string, code: RebuildError["code"] = "differs") {
    super(message);
    this.code = code;
  }
}

/** Sees every input and what came of it. */
export type Watch = (input: Input, outputs: readonly Output[]) => void;

export interface Rebuilt {
  readonly core: CoreState;
  readonly header: JournalHeader;
  readonly program: Program;
  /** The files that the running program was made of, and what else it was compiled with. */
  readonly files: Readonly<Record<string, string>>;
  readonly settings: ProgramSettings | null;
  /** Number of the last input. */
  readonly seq: number;
  readonly marketTime: number;
  readonly arrivalTime: number;
  /** Every closed bar that the journal tells of. */
  readonly bars: KnownBars;
  /** The number of the record that would follow. */
  readonly nextN: number;
  /** What the core asked for and has not got yet. */
  readonly timers: readonly RunningTimer[];
  /** Outputs of the last input, where a crash kept them from the journal: they had no effect yet. */
  readonly untold: readonly Output[];
}

export interface RunningTimer {
  readonly id: string;
  readonly clock: "market" | "arrival";
  readonly at: number;
}

type Loaded = Pick<Rebuilt, "program" | "files" | "settings">;

export async function rebuild(
  records: AsyncIterable<JournalRecord>,
  calendarOf: (symbol: string) => Calendar,
  watch?: Watch,
): Promise<Rebuilt> {
  const run = new Rebuild(calendarOf, watch);
  for await (const record of records) run.take(record);
  return run.result();
}

class Rebuild {
  readonly #calendarOf: (symbol: string) => Calendar;
  readonly #watch: Watch | undefined;
  readonly #bars: KnownBars;
  #header: JournalHeader | undefined;
  #core: CoreState | undefined;
  #loaded: Loaded | undefined;
  #last: Input | undefined;
  /** Outputs that the journal must tell next; empty when there were none. */
  #due: readonly Output[] = [];
  #nextN = 0;
  readonly #timers = new Map<string, RunningTimer>();

  constructor(calendarOf: (symbol: string) => Calendar, watch: Watch | undefined) {
    this.#calendarOf = calendarOf;
    this.#watch = watch;
    this.#bars = new KnownBars(calendarOf);
  }

  take(record: JournalRecord): void {
    if (record.kind === "header") return this.#begin(record);
    if (record.kind === "snapshot") return this.#snapshot(record);
    this.#nextN = record.n + 1;
    if (record.kind === "out") return this.#compare(record.seq, record.outputs);
    // Outputs follow their input; only the last of a process may still have been on their way to the disk.
    if (this.#due.length > 0) throw this.#differs(`no outputs, where ${this.#due.length} are due`);
    const core = this.#core;
    if (core === undefined) throw new RebuildError("the journal does not begin with a header");
    const input = this.#inputOf(record.input);
    this.#last = input;
    if (input.kind === "timer") this.#timers.delete(input.id);
    this.#due = step(core, input);
    for (const output of this.#due) this.#follow(output);
    this.#bars.learn(input, this.#due);
    this.#watch?.(input, this.#due);
  }

  #follow(output: Output): void {
    if (output.kind === "timer.cancel") this.#timers.delete(output.id);
    if (output.kind === "timer.set") {
      const { id, clock, at } = output;
      this.#timers.set(id, { id, clock, at });
    }
  }

  result(): Rebuilt {
    const [header, core, loaded, last] = [this.#header, this.#core, this.#loaded, this.#last];
    if (header === undefined || core === undefined || last === undefined || loaded === undefined)
      throw new RebuildError("the journal holds no program yet: nothing has run", "empty");
    const { seq, marketTime, arrivalTime } = last;
    const [bars, nextN, timers, untold] = [this.#bars, this.#nextN, [...this.#timers.values()], this.#due];
    return { core, header, ...loaded, seq, marketTime, arrivalTime, bars, nextN, timers, untold };
  }

  /** A process that opens a journal anew goes on where the one before it ended. */
  #begin(header: JournalHeader): void {
    const isAnew = this.#core !== undefined && this.#header?.id === header.id;
    this.#header = header;
    if (isAnew) return;
    this.#core = createCore({ account: header.account, journal: header.id, calendarOf: this.#calendarOf });
    this.#due = [];
  }

  /** The core was at the same place: the snapshot has nothing to add. */
  #snapshot({ seq }: SnapshotRecord): void {
    if (seq === (this.#last?.seq ?? 0)) return;
    throw new RebuildError(
      `the journal begins with a snapshot after input ${seq}, and what came before was removed: only inputs are recomputed`,
    );
  }

  #compare(seq: number, recorded: readonly Output[]): void {
    if (seq !== this.#last?.seq) throw this.#differs(`outputs of input ${seq}`);
    // As text: what a journal cannot hold (-0, undefined) is no difference.
    if (JSON.stringify(recorded) !== JSON.stringify(this.#due)) throw this.#differs("other outputs");
    this.#due = [];
  }

  #inputOf(input: JournaledInput): Input {
    if (input.kind !== "program.loaded") return input;
    const { sources, ...rest } = input;
    const { program } = compile(sources.files, sources.settings === null ? {} : envOf(sources.settings));
    if (program?.digest !== sources.digest) {
      const how = program === null ? "do not compile" : "mean something else";
      throw new RebuildError(`its strategies ${how} in this version of barwise${this.#madeBy()}`);
    }
    this.#loaded = { program, files: sources.files, settings: sources.settings };
    return { ...rest, program };
  }

  #differs(what: string): RebuildError {
    const at = this.#last === undefined ? "" : ` after input ${this.#last.seq}`;
    return new RebuildError(
      `this version of barwise does not arrive at what the journal says${at} (${what})${this.#madeBy()}`,
    );
  }

  #madeBy(): string {
    return this.#header === undefined ? "" : `; the journal was written by version ${this.#header.barwise}`;
  }
}

// ---------------------------------------------------------------------------------------------- bars

/** Closed bars by series, each start once; the latest word on it counts. */
export class KnownBars implements History {
  readonly #series = new Map<string, Map<number, Bar>>();
  readonly #calendarOf: (symbol: string) => Calendar;

  constructor(calendarOf: (symbol: string) => Calendar) {
    this.#calendarOf = calendarOf;
  }

  learn(input: Input, outputs: readonly Output[]): void {
    if (input.kind === "history") this.#addAll(input);
    if (input.kind === "program.loaded") for (const history of input.warmup) this.#addAll(history);
    if (input.kind === "bar") this.#add(input.symbol, input.size, input);
    for (const output of outputs) if (output.kind === "bar") this.#add(output.symbol, output.size, output.bar);
  }

  #addAll({ symbol, size, bars }: HistoryInput): void {
    for (const bar of bars) this.#add(symbol, size, bar);
  }

  #add(symbol: string, size: string, { start, open, high, low, close, volume }: Bar): void {
    const key = `${symbol}@${size}`;
    const bars = this.#series.get(key) ?? new Map<number, Bar>();
    this.#series.set(key, bars.set(start, { start, open, high, low, close, volume }));
  }

  bars(symbol: string, size: BarSize, before: number, count: number): Promise<readonly Bar[]> {
    const calendar = this.#calendarOf(symbol);
    const bars = [...(this.#series.get(`${symbol}@${size.label}`)?.values() ?? [])]
      .filter(({ start }) => barEnd(start, size, calendar) <= before)
      .sort((a, b) => a.start - b.start);
    return Promise.resolve(bars.slice(Math.max(0, bars.length - count)));
  }
}
