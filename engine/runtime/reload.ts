/**
 * Hot reload: a saved file changes the running engine between two events, or nothing happens.
 *
 * Owns: the sequence read all, compile all, compare digests, plan and guard, warm and make ready, plan again, swap; and
 * keeping the old program on any failure. May not: watch files itself, or stop watching because of a bad save.
 */
import type { Program } from "../core/program.ts";
import { planBetween, planning } from "../lang/plan/plan.ts";
import type { Plan, PlanFinding } from "../lang/plan/types.ts";
import type { Files, FileSet } from "../ports/files.ts";
import { heldBy, notCovered } from "./acceptance.ts";
import type { Acceptance } from "./acceptance.ts";
import type { Engine } from "./engine.ts";
import type { LoadedProgram } from "./engine-options.ts";
import { planStateOf } from "./plan-state.ts";
import { inSlices } from "./slices.ts";

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
      /** Whose word it took, if it took any. */
      readonly accepted: Acceptance | null;
    }
  /** The old program runs on until somebody accepts what is held, or the files change again. */
  | { readonly kind: "held"; readonly plan: Plan; readonly held: readonly PlanFinding[] }
  | { readonly kind: "rejected"; readonly diagnostics: readonly D[]; readonly reason: string | null };

export interface ReloaderOptions<D> {
  readonly files: Files;
  readonly engine: Engine;
  /** Beside the event loop, where that can be. A rejection is told, and the old program runs on. */
  readonly compile: (files: FileSet) => Promise<Compiled<D>>;
  /** Bars that new facts need, fetched while the old program runs on. */
  readonly warm: (program: Program) => Promise<LoadedProgram["warmup"]>;
  readonly onResult: (result: ReloadResult<D>) => void;
  /** Real money: more is held back. */
  readonly live: boolean;
  /** What persons have accepted so far. */
  readonly acceptances: () => Promise<readonly Acceptance[]>;
}

interface Admitted {
  readonly plan: Plan;
  readonly accepted: Acceptance | null;
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
    const { files, engine, compile, acceptances } = this.#options;
    this.#isWaiting = false;
    if (this.#closed) return;
    const read = await files.read();
    const [refused] = read.refused;
    if (refused !== undefined)
      return this.#tell({ kind: "rejected", diagnostics: [], reason: `${refused.path}: ${refused.reason}` });
    const { program, diagnostics } = await compile(read.files);
    if (this.#closed) return;
    if (program === null) return this.#tell({ kind: "rejected", diagnostics, reason: null });
    if (program.digest === this.#current.digest) return this.#tell({ kind: "unchanged", digest: program.digest });
    const words = await acceptances();
    const state = planStateOf(engine.core);
    const plan = await inSlices(planning(this.#current, program, state));
    if (this.#guarded(plan, words) === null) return;
    const swap = engine.swap(program);
    let admitted: Admitted | null = null;
    try {
      await swap.prepare(await this.#options.warm(program));
      if (!this.#closed) admitted = this.#guarded(this.#planOfNow(plan, program), words);
    } finally {
      if (admitted === null) engine.forget(swap);
    }
    if (admitted === null) return;
    const { accepted } = admitted;
    const word = accepted === null ? {} : { accepted: wordOf(accepted) };
    engine.load({ program, sources: read.files, warmup: swap.warmup, ...word });
    this.#current = program;
    this.#tell({ kind: "loaded", plan: admitted.plan, digest: program.digest, diagnostics, accepted });
  }

  /** A position may have been opened since. */
  #planOfNow(plan: Plan, program: Program): Plan {
    const state = planStateOf(this.#options.engine.core);
    return JSON.stringify(state) === JSON.stringify(plan.state) ? plan : planBetween(this.#current, program, state);
  }

  /** The plan when it may be loaded, and whose word that took; null, and told, when it is held back. */
  #guarded(plan: Plan, acceptances: readonly Acceptance[]): Admitted | null {
    const { engine, live } = this.#options;
    const { held, accepted } = notCovered(plan, heldBy(plan, live), engine.journalId, acceptances);
    if (held.length === 0) return { plan, accepted };
    this.#tell({ kind: "held", plan, held });
    return null;
  }

  #tell(result: ReloadResult<D>): void {
    if (!this.#closed) this.#options.onResult(result);
  }
}

function wordOf({ by, reason, findings }: Acceptance): NonNullable<LoadedProgram["accepted"]> {
  return { by, reason, findings };
}
