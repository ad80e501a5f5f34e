/**
 * How long to wait before the next attempt.
 *
 * Owns: exponential growth with full jitter (a crowd of clients does not come back at once). May not wait itself.
 */
const FIRST_MS = 1_000;
const MOST_MS = 64_000;
const LEAST_MS = 250;
/** A connection that held this long starts over from the first step. */
export const STABLE_MS = 10_000;

/** `random` is in [0, 1). Attempt 0 waits up to 1 s, attempt 6 and later up to 64 s. */
export function backoffMs(attempt: number, random: number): number {
  const cap = Math.min(MOST_MS, FIRST_MS * (1 << Math.min(attempt, 16)));
  return Math.max(LEAST_MS, Math.floor(random * cap));
}

/** After a refused login: half of the longest wait and more, so as not to hammer. */
export function refusedBackoffMs(random: number): number {
  return Math.floor(MOST_MS / 2 + (random * MOST_MS) / 2);
}
