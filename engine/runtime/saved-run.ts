/**
 * A run as a snapshot holds it: the core, and what the runtime keeps beside it.
 *
 * Owns: the shape of a snapshot's state. May not: know files, or restore a core; that takes the program.
 */
import { SAVED_FORMAT, saveCore, unsavedFacts } from "../core/save.ts";
import type { SavedCore } from "../core/save.ts";
import { RestoreError } from "../core/saved.ts";
import type { Output } from "../core/event.ts";
import type { CoreState } from "../core/step.ts";
import type { ProgramSources, Snapshot } from "../ports/journal.ts";
import type { RunningTimer } from "./timers.ts";

export interface SavedRun {
  readonly core: SavedCore;
  /** What the core asked for and has not got yet. */
  readonly timers: readonly RunningTimer[];
  /** The program that ran. */
  readonly sources: ProgramSources;
  /** The number of the record that follows. */
  readonly nextN: number;
  /** Outputs of the last input that stand in the records that follow; left out where there are none. */
  readonly untold?: readonly Output[];
}

/**
 * Undefined where a fact keeps its memory to itself: who went on from here would have it as unknown, while the journal
 * brings it back.
 */
export function snapshotOf(core: CoreState, beside: Omit<SavedRun, "core">): Snapshot | undefined {
  const saved = saveCore(core);
  if (unsavedFacts(saved).length > 0) return undefined;
  const state: SavedRun = { core: saved, ...beside };
  return { seq: saved.desk.state.now.seq, program: saved.program, core: SAVED_FORMAT, state };
}

/** Throws a RestoreError where nobody can go on from it. */
export function savedRunOf({ core, state }: Snapshot): SavedRun {
  if (core !== SAVED_FORMAT) {
    const message = `it was saved in format ${core}, this version of barwise reads format ${SAVED_FORMAT}`;
    throw new RestoreError("saved/format", message);
  }
  const run = state as SavedRun;
  const [unsaved] = unsavedFacts(run.core);
  if (unsaved !== undefined)
    throw new RestoreError("saved/shape", `the fact "${unsaved.fact}" of ${unsaved.symbol} was not saved`);
  return run;
}
