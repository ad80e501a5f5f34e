/**
 * After a split: facts are made anew from a history in today's prices, and the broker is asked until it has followed.
 *
 * Owns: doing both until both are done, with the program that runs then. May not: judge either; the core does.
 */
import type { HistoryInput } from "../core/event.ts";
import type { Program } from "../core/program.ts";
import type { Clock } from "../ports/clock.ts";
import type { Engine } from "./engine.ts";

export interface SplitRebuildOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Bars that a program needs up to now, in the prices of now. */
  readonly warm: (program: Program) => Promise<readonly HistoryInput[]>;
  readonly tell: (text: string) => void;
}

const RETRY_MS = 5_000;
/** How often a broker that has not followed yet is asked. */
const ASK_MS = 15_000;

export class SplitRebuild {
  readonly #options: SplitRebuildOptions;
  #running: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #cancelAsk: (() => void) | undefined;
  #stopped = false;

  constructor(options: SplitRebuildOptions) {
    this.#options = options;
  }

  /** Called after each input that may have begun or ended one. */
  follow(): void {
    this.#askBroker();
    void this.rebuild();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry?.();
    this.#cancelAsk?.();
  }

  /** Resolves when nothing waits for history any more, or the attempt has failed and another will follow. */
  rebuild(): Promise<void> {
    if (this.#stopped || this.#options.engine.core.signals.awaitingHistory.size === 0) return Promise.resolve();
    this.#running ??= this.#rebuild().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #rebuild(): Promise<void> {
    const { engine, warm, tell, clock } = this.#options;
    const { signals } = engine.core;
    this.#cancelRetry?.();
    while (!this.#stopped && signals.awaitingHistory.size > 0) {
      const { program } = engine;
      if (program === undefined) return;
      const rebuilds = [...signals.awaitingHistory];
      const swap = engine.swap(program);
      let isPosted = false;
      try {
        await swap.prepare(await warm(program));
        // When a reload came first, its program may need other bars, and must not be undone.
        isPosted = !this.#stopped && program === engine.program;
        if (isPosted && !(await this.#load(program, swap.warmup, rebuilds))) return;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        tell(`facts of ${rebuilds.join(", ")} stay unknown after the split: ${why}; it is tried again`);
        this.#cancelRetry = clock.after(RETRY_MS, () => void this.rebuild());
        return;
      } finally {
        if (!isPosted) engine.forget(swap);
      }
    }
  }

  /** Other inputs may wait before it. False when the engine takes nothing any more. */
  async #load(program: Program, warmup: readonly HistoryInput[], rebuilds: readonly string[]): Promise<boolean> {
    const { engine } = this.#options;
    engine.post({ kind: "program.loaded", program, warmup, rebuilds });
    await engine.idle();
    return !rebuilds.some((symbol) => engine.core.signals.awaitingHistory.has(symbol));
  }

  #askBroker(): void {
    const { engine, clock } = this.#options;
    this.#cancelAsk?.();
    if (this.#stopped || engine.core.desk.state.splits.unsettled.length === 0) return;
    engine.lookAtBroker();
    this.#cancelAsk = clock.after(ASK_MS, () => this.#askBroker());
  }
}
