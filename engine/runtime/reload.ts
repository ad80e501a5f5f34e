/**
 * Hot reload: a saved file changes the running engine between two events, or nothing happens.
 *
 * Owns: the sequence read all, compile all, compare digests, plan and guard, warm and make ready, plan again, swap; giving
 * way to a later save; keeping the old program on any failure, and trying again where the world failed and not the files.
 * May not: watch files itself, or stop watching because of a bad save.
 */
import type { Program } from "../core/program.ts";
import { planning } from "../lang/plan/plan.ts";
import { finish } from "../lang/plan/steps.ts";
import type { Plan, PlanFinding } from "../lang/plan/types.ts";
import type { Clock } from "../ports/clock.ts";
import type { Files, FileSet } from "../ports/files.ts";
import { heldBy, notCovered } from "./acceptance.ts";
import type { Acceptance } from "./acceptance.ts";
import type { Engine } from "./engine.ts";
import type { LoadedProgram } from "./engine-options.ts";
import { planStateOf } from "./plan-state.ts";
import { inSlices } from "./slices.ts";
import type { Swap } from "./swap.ts";

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
  readonly clock: Clock;
  /** Beside the event loop, where that can be. A rejection is told, and the old program runs on. */
  readonly compile: (files: FileSet) => Promise<Compiled<D>>;
  /** Bars that new facts need, fetched while the old program runs on. */
  readonly warm: (program: Program) => Promise<LoadedProgram["warmup"]>;
  readonly onResult: (result: ReloadResult<D>) => void;
  /** Real money: more is held back. */
  readonly live: boolean;
  readonly acceptances: AcceptedWords;
}

/** What persons have accepted. */
export interface AcceptedWords {
  read(): Promise<readonly Acceptance[]>;
  /** Their change was let in, or undone: they let nothing in any more. Never rejects. */
  retire(words: readonly Acceptance[]): Promise<void>;
}

interface Admitted {
  readonly plan: Plan;
  readonly accepted: Acceptance | null;
}

/** When what the world failed to give is asked for again; each time it takes twice as long. */
const AGAIN_FIRST_MS = 5_000;
const AGAIN_MOST_MS = 300_000;
/** Positions may change at every turn: the last of so many plans is made at once. */
const PLANS = 3;

export class Reloader<D> {
  readonly #options: ReloaderOptions<D>;
  #current: Program;
  #running: Promise<void> = Promise.resolve();
  /** A reload that has not begun to read yet: it will see what is saved until then. */
  #isWaiting = false;
  #closed = false;
  #watch: { close(): Promise<void> } | undefined;
  #failures = 0;
  #cancelAgain: (() => void) | undefined;

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
    this.#cancelAgain?.();
    await this.#watch?.close();
  }

  /** One reload at a time. Another one begins after it, and with what is saved by then: what has not been loaded gives way. */
  reload(): Promise<void> {
    if (this.#isWaiting) return this.#running;
    this.#isWaiting = true;
    this.#running = this.#running
      .then(() => this.#reload())
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#tell({ kind: "rejected", diagnostics: [], reason });
      });
    return this.#running;
  }

  async #reload(): Promise<void> {
    const { files, engine, compile, acceptances } = this.#options;
    this.#isWaiting = false;
    this.#cancelAgain?.();
    if (this.#closed) return;
    // Before the files: a word that is there by then is for what they say, or for nothing any more. What is wrong with words
    // matters to what needs one.
    const words = acceptances.read();
    await words.catch(() => undefined);
    const read = await this.#fromWorld(files.read());
    const [refused] = read.refused;
    if (refused !== undefined) throw new Error(`${refused.path}: ${refused.reason}`);
    const { program, diagnostics } = await compile(read.files);
    if (this.#isOver) return;
    if (program === null) return this.#tell({ kind: "rejected", diagnostics, reason: null });
    if (program.digest === this.#current.digest) {
      this.#failures = 0;
      this.#tell({ kind: "unchanged", digest: program.digest });
      return this.#retire(await words.catch(() => []));
    }
    const state = planStateOf(engine.core);
    const plan = await inSlices(planning(this.#current, program, state));
    const said = await words;
    if (this.#guarded(plan, said) === null) return;
    const swap = engine.swap(program, read.files);
    let admitted: Admitted | null = null;
    try {
      const now = await this.#prepared(swap, plan);
      if (!this.#isOver) admitted = this.#guarded(now, said);
    } finally {
      if (admitted === null) engine.forget(swap);
    }
    if (admitted === null) return;
    const { accepted } = admitted;
    const word = accepted === null ? {} : { accepted: wordOf(accepted) };
    engine.load({ program, sources: read.files, warmup: swap.warmup, ...word });
    this.#current = program;
    this.#failures = 0;
    this.#tell({ kind: "loaded", plan: admitted.plan, digest: program.digest, diagnostics, accepted });
    await this.#retire(said);
  }

  get #isOver(): boolean {
    return this.#closed || this.#isWaiting;
  }

  /** Makes everything ready; the plan is that of the positions beside which it is. */
  async #prepared(swap: Swap, plan: Plan): Promise<Plan> {
    const { core } = this.#options.engine;
    let made = plan;
    let history = await this.#fromWorld(this.#options.warm(swap.program));
    for (let left = PLANS; !this.#isOver; left--) {
      await swap.prepare(history);
      history = swap.warmup;
      const state = planStateOf(core);
      if (JSON.stringify(state) === JSON.stringify(made.state)) break;
      const next = planning(this.#current, swap.program, state);
      if (left === 1) return finish(next);
      made = await inSlices(next);
    }
    return made;
  }

  /** The plan when it may be loaded, and whose word that took; null, and told, when it is held back. */
  #guarded(plan: Plan, acceptances: readonly Acceptance[]): Admitted | null {
    const { engine, live } = this.#options;
    const { held, accepted } = notCovered(plan, heldBy(plan, live), engine.journalId, acceptances);
    if (held.length === 0) return { plan, accepted };
    this.#tell({ kind: "held", plan, held });
    return null;
  }

  /** Nothing waits for a word any more: each one lets one change in, once. */
  async #retire(words: readonly Acceptance[]): Promise<void> {
    const { engine, acceptances } = this.#options;
    const over = words.filter(({ run }) => run === engine.journalId);
    if (over.length > 0) await acceptances.retire(over);
  }

  /** No save follows that would ask again for what could not be had just now. */
  async #fromWorld<Answer>(asked: Promise<Answer>): Promise<Answer> {
    try {
      return await asked;
    } catch (error) {
      const wait = Math.min(AGAIN_MOST_MS, AGAIN_FIRST_MS * (1 << Math.min(this.#failures++, 10)));
      if (!this.#closed) this.#cancelAgain = this.#options.clock.after(wait, () => void this.reload());
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${why}; it is tried again in ${wait / 1_000} s`, { cause: error });
    }
  }

  #tell(result: ReloadResult<D>): void {
    if (!this.#closed) this.#options.onResult(result);
  }
}

function wordOf({ by, reason, findings }: Acceptance): NonNullable<LoadedProgram["accepted"]> {
  return { by, reason, findings };
}
