/**
 * Long work beside the data that comes in.
 *
 * Owns: doing it in slices of the event loop. May not: know what it is. It leaves no trace in any output, so the clock that
 * measures a slice is the machine's own.
 */

/** How long data may have to wait for a slice, but for its last step. */
export const SLICE_MS = 0.25;

/** Steps until the slice is over or `step` says that there are no more; false then. */
export function slice(step: () => boolean): boolean {
  const end = performance.now() + SLICE_MS;
  while (step()) if (performance.now() >= end) return true;
  return false;
}

export function nextTurn(): Promise<void> {
  return new Promise(setImmediate);
}

/** All of it, from turn to turn. */
export async function inSlices<Result>(work: Iterator<undefined, Result>): Promise<Result> {
  const done: Result[] = [];
  const step = (): boolean => {
    const next = work.next();
    if (next.done === true) done.push(next.value);
    return next.done !== true;
  };
  while (slice(step)) await nextTurn();
  return done[0] as Result;
}
