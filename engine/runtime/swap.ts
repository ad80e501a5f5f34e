/**
 * A new program on its way in, beside the one that runs.
 *
 * Owns: making it and its text ready in slices of the event loop, and the bars that close meanwhile: they are the rest of its
 * history.
 * May not: load it, or decide whether it may be loaded.
 */
import { watchAhead } from "../core/desk/watch.ts";
import type { Bar, HistoryInput, Input, Output } from "../core/event.ts";
import type { Program } from "../core/program.ts";
import type { Preparation } from "../core/signals/preparation.ts";
import type { CoreState } from "../core/step.ts";
import { parseBarSize } from "../market/bar-size.ts";
import { inSlices, nextTurn, slice } from "./slices.ts";

/** What was made ready beside a position that then changed is made ready again, so many times; after that it is done at the swap. */
const ATTEMPTS = 3;
/** Where a tape closes bars at every turn of the event loop there would be no end: what is left then is done at the swap. */
const LAST_TURNS = 100;

/** The steps in which the journal's text of it is made, as far as it can be made before. */
type Writing = (warmup: readonly HistoryInput[]) => Iterator<undefined, void>;

export class Swap {
  readonly #core: CoreState;
  readonly program: Program;
  readonly #write: Writing;
  /** Since it began or since they were handed on, in the order in which they closed. */
  #closed: HistoryInput[] = [];
  #preparation: Preparation | undefined;

  constructor(core: CoreState, program: Program, write: Writing) {
    this.#core = core;
    this.program = program;
    this.#write = write;
  }

  /** What the program is loaded with; bars that close until then are added. */
  get warmup(): readonly HistoryInput[] {
    return this.#preparation?.warmup ?? this.#closed;
  }

  /** Sees what the running core is given, and what it made of it. */
  follow(input: Input, outputs: readonly Output[]): void {
    // Of bars that end together the longer ones come first, as in any history.
    for (const output of outputs)
      if (output.kind === "bar" && output.revised !== true) this.#add(output.symbol, output.size, output.bar);
    if (input.kind === "bar" && !input.revised) this.#add(input.symbol, input.size, input);
  }

  #add(symbol: string, size: string, { start, open, high, low, close, volume }: Bar): void {
    // No history has bars of activity: facts on them warm up from the stream.
    if (parseBarSize(size) === undefined) return;
    this.#closed.push({ kind: "history", symbol, size, bars: [{ start, open, high, low, close, volume }] });
  }

  /** Resolves when everything is done that can be done before the swap; what was done by an earlier call is kept while it is good. */
  async prepare(history: readonly HistoryInput[]): Promise<void> {
    if (!this.#isGood()) this.#begin(history);
    await inSlices(watchAhead(this.program));
    await inSlices(this.#write(history));
    let attempt = 1;
    for (let turns = LAST_TURNS; turns > 0;) {
      this.finish();
      const isDone = !slice(() => this.#preparation?.advance() === true);
      await nextTurn();
      if (attempt < ATTEMPTS && !this.#isGood()) {
        attempt++;
        this.#begin(this.warmup);
      } else if (isDone) {
        if (this.#closed.length === 0) return;
        turns--;
      }
    }
  }

  /** Hands on what has closed; right before it is loaded, too, so that no bar is missing. */
  finish(): void {
    for (const history of this.#closed) this.#preparation?.add(history);
    this.#closed = [];
  }

  #begin(history: readonly HistoryInput[]): void {
    this.#preparation = this.#core.signals.prepare(this.program, history);
  }

  #isGood(): boolean {
    return this.#core.signals.isPrepared(this.program, this.warmup);
  }
}
