/**
 * A core as plain data, and the core again that goes on from there.
 *
 * Owns: the format, and what must fit before anything is restored. Each class saves and restores what it remembers itself, beside
 * its fields. May not: read files, know journals or timers that a runtime keeps.
 *
 * Saved data is JSON but for NaN and the infinities, which the journal's `encode` writes. Things are named by what they
 * are (series, keys of facts, names of strategies and rules), never by a place in a list. What follows from
 * something else is not saved: networks of conditions, calendars, free lists.
 */
import { invariant } from "./assert.ts";
import type { SavedDesk } from "./desk/desk.ts";
import type { Program } from "./program.ts";
import { RestoreError } from "./saved.ts";
import type { UnsavedFact } from "./signals/graph.ts";
import type { SavedSignals } from "./signals/signals.ts";
import { createCore } from "./step.ts";
import type { CoreOptions, CoreState } from "./step.ts";

/** Another one whenever a saved core of before would be read wrongly. */
export const SAVED_FORMAT = 9;

export interface SavedCore {
  readonly format: number;
  readonly account: string;
  readonly journal: string;
  /** Digest of the program. */
  readonly program: string;
  readonly signals: SavedSignals;
  readonly desk: SavedDesk;
}

/** Between two inputs. A core that has no program yet has nothing to save. */
export function saveCore(state: CoreState): SavedCore {
  const { signals, desk } = state;
  invariant(signals.program !== undefined, "a core without a program has nothing to save");
  invariant(state.outputs.length === 0, "a core is saved between two inputs");
  const { account, journal } = desk.state.options;
  const format = SAVED_FORMAT;
  return { format, account, journal, program: signals.program.digest, signals: signals.save(), desk: desk.save() };
}

/**
 * The core that was saved, with the program that it was saved with: from here on it gives what it would have given.
 * Throws a RestoreError when they do not fit. Facts of `unsavedFacts` begin as unknown.
 */
export function restoreCore(options: CoreOptions, saved: SavedCore, program: Program): CoreState {
  check(options, saved, program);
  const state = createCore(options);
  try {
    state.signals.restore(program, saved.signals);
    state.desk.restore(program, saved.desk);
  } catch (error) {
    // Kernels and decimals say so in their own words when they are given what they did not write.
    if (error instanceof RangeError) throw new RestoreError("saved/shape", `it was saved otherwise: ${error.message}`);
    throw error;
  }
  return state;
}

/**
 * Facts of other sources whose kernels keep their memory to themselves. They are unknown after a restore; loading the
 * same program with the bars of their warm-up brings them back.
 */
export function unsavedFacts({ signals }: SavedCore): readonly UnsavedFact[] {
  return signals.graph.unsaved;
}

function check({ account, journal }: CoreOptions, saved: SavedCore, program: Program): void {
  if (saved.format !== SAVED_FORMAT) {
    const message = `it was saved in format ${saved.format}, this version of barwise reads format ${SAVED_FORMAT}`;
    throw new RestoreError("saved/format", message);
  }
  if (saved.account !== account || saved.journal !== journal) {
    const message = `it was saved for account "${saved.account}" and journal ${saved.journal}, not for "${account}" and ${journal}`;
    throw new RestoreError("saved/account", message);
  }
  if (saved.program !== program.digest) {
    const message = "it was saved with another program; restore it with that one and load the changed one afterwards";
    throw new RestoreError("saved/program", message);
  }
}
