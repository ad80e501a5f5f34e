/**
 * What the engine writes: every input, and what followed from it.
 *
 * Owns: the numbers of records, and the sources that stand for a program in them. May not: wait for the disk.
 */
import type { HistoryInput, Input, Output } from "../core/event.ts";
import type { Program } from "../core/program.ts";
import type { FileSet } from "../ports/files.ts";
import type { Journal, ProgramSources } from "../ports/journal.ts";

export class Recorder {
  readonly #journal: Journal;
  readonly #sources = new WeakMap<Program, FileSet>();
  /** Of the next record. */
  nextN = 0;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** What a program was compiled from. */
  keep(program: Program, files: FileSet): void {
    this.#sources.set(program, files);
  }

  sourcesOf(program: Program): ProgramSources {
    const { digest, settings = null } = program;
    return { digest, files: this.#sources.get(program) ?? {}, settings };
  }

  /** The long parts of the record of a program that will be loaded, in steps. */
  *ahead(files: FileSet, warmup: readonly HistoryInput[]): Generator<undefined, void> {
    const steps = this.#journal.ahead?.(files, warmup);
    while (steps?.next().done === false) yield;
  }

  input(input: Input): void {
    if (input.kind !== "program.loaded") {
      this.#journal.append({ kind: "in", n: this.nextN++, input });
      return;
    }
    const { program, ...rest } = input;
    this.#journal.append({ kind: "in", n: this.nextN++, input: { ...rest, sources: this.sourcesOf(program) } });
  }

  outputs(seq: number, outputs: readonly Output[]): void {
    if (outputs.length > 0) this.#journal.append({ kind: "out", n: this.nextN++, seq, outputs });
  }
}
