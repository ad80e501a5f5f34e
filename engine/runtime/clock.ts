/**
 * Time for the runtime: the wall clock in production, a hand-moved one in tests.
 */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
}

/** setTimeout cannot wait longer than this. */
const LONGEST_WAIT_MS = 2_147_483_647;

export const WALL_CLOCK: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), LONGEST_WAIT_MS));
    return () => clearTimeout(timer);
  },
};
