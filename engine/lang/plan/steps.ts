/**
 * Planning without a pause.
 *
 * Owns: doing all steps at once, for whoever has nothing else to do meanwhile.
 */
import type { Planning } from "./types.ts";

export function finish<Result>(work: Planning<Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
