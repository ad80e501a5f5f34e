/**
 * Hot reload: a saved file changes the running engine between two events, or nothing happens.
 *
 * Owns: the sequence read all, compile all, compare digests, warm, swap; and keeping the old program on any failure.
 * May not: watch files itself, or stop watching because of a bad save.
 */
import type { Program } from "../core/program.ts";
import { planBetween } from "../lang/plan/plan.ts";
import type { Plan } from "../lang/plan/types.ts";
import type { Files, FileSet } from "../ports/files.ts";
import type { Engine, LoadedProgram } from "./engine.ts";
import { planStateOf } from "./plan-state.ts";

/** What `compile` answered; `program` is null when there is any error. */
export interface Compiled<D> {
  readonly program: Program | null;
  readonly diagnostics: readonly D[];
}

export type ReloadResult<D> =
  | { readonly kind: "unchanged"; readonly digest: string }
  | {
      readonly kind: "loaded";
      readonly plan: Plan;
      readonly digest: string;
      readonly diagnostics: readonly D[];
    }
  | { readonly kind: "rejected"; readonly diagnostics: readonly D[]; readonly reason: string | null };

export interface ReloaderOptions<D> {
  readonly files: Files;
  readonly engine: Engine;
  readonly compile: (files: FileSet) => Compiled<D>;
  /** Bars that new facts need, fetched while the old program runs on. */
  readonly warm: (program: Program) => Promise<LoadedProgram["warmup"]>;
  readonly onResult: (result: ReloadResult<D>) => void;
}

export class Reloader<D> {
  readonly #options: ReloaderOptions<D>;
  #current: Program;
  #running: Promise<void> = Promise.resolve();
  /** A reload that has not begun to read yet: it will see what is saved until then. */
  #isWaiting = false;
  #closed = false;
  #watch: { close(): Promise<void> } | undefined;

  constructor(current: Program, options: ReloaderOptions<D>) {
    this.#current = current;
    this.#options = options;
  }

  get program(): Program {
    return this.#current;
  }

  async watch(): Promise<void> {
    this.#watch = await this.#options.files.watch(
      () => void this.reload(),
      (error) =>
        this.#options.onResult({
          kind: "rejected",
          diagnostics: [],
          reason: `watching files failed and is being retried: ${error.message}`,
        }),
    );
  }

  /** Nothing is loaded or told any more. A reload under way is not waited for: its history may take long. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#watch?.close();
  }

  /** One reload at a time; a change during one starts another. */
  reload(): Promise<void> {
    if (this.#isWaiting) return this.#running;
    this.#isWaiting = true;
    this.#running = this.#running
      .then(() => this.#reload())
      .catch((error: unknown) => {
        this.#tell({
          kind: "rejected",
          diagnostics: [],
          reason: error instanceof Error ? error.message : String(error),
        });
      });
    return this.#running;
  }

  async #reload(): Promise<void> {
    const { files, engine, compile, warm } = this.#options;
    this.#isWaiting = false;
    if (this.#closed) return;
    const read = await files.read();
    const [refused] = read.refused;
    if (refused !== undefined)
      return this.#tell({ kind: "rejected", diagnostics: [], reason: `${refused.path}: ${refused.reason}` });
    const { program, diagnostics } = compile(read.files);
    if (program === null) return this.#tell({ kind: "rejected", diagnostics, reason: null });
    if (program.digest === this.#current.digest) return this.#tell({ kind: "unchanged", digest: program.digest });
    const warmup = await warm(program);
    if (this.#closed) return;
    const plan = planBetween(this.#current, program, planStateOf(engine.core));
    engine.load({ program, sources: read.files, warmup });
    this.#current = program;
    this.#tell({ kind: "loaded", plan, digest: program.digest, diagnostics });
  }

  #tell(result: ReloadResult<D>): void {
    if (!this.#closed) this.#options.onResult(result);
  }
}
