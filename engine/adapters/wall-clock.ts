/**
 * The wall clock.
 *
 * Owns: the only reading of real time that feeds, files and the runtime share. May not: be imported by what is pure.
 */
import type { Clock } from "../ports/clock.ts";

/** setTimeout cannot wait longer than this. */
const LONGEST_WAIT_MS = 2_147_483_647;

export const WALL_CLOCK: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), LONGEST_WAIT_MS));
    return () => clearTimeout(timer);
  },
};
