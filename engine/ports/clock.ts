/**
 * Time as the composition root gives it: the wall clock in production, a hand-moved one in tests.
 */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
}
