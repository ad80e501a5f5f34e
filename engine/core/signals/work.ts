/**
 * Long work in small steps.
 *
 * Owns: how such work is written (a generator that yields where it may pause) and done at once. May not: know time: whoever
 * advances it says when to pause.
 */
export type Work<Result = void> = Generator<undefined, Result, undefined>;

/** All of it, without a pause. */
export function done<Result>(work: Work<Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
