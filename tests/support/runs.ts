/**
 * How often properties run: a slice in CI, twenty times that or a number of their own under `npm run soak`.
 *
 * Owns: the seed as well. It is another one at every run, printed with what it was for, and BARWISE_SEED repeats a run.
 */
export const SOAK = process.env["BARWISE_SOAK"] === "1";
const FACTOR = SOAK ? 20 : 1;

export function runs(count: number): number {
  return count * FACTOR;
}

export function amount({ ci, soak }: { readonly ci: number; readonly soak: number }): number {
  return Number(process.env["BARWISE_RUNS"] ?? (SOAK ? soak : ci));
}

export const SEED = Number(process.env["BARWISE_SEED"] ?? Date.now() % 1_000_000_000);

/** Repeatable numbers from 0 up to and without `below`. */
export type Pick = (below: number) => number;

export function picker(seed: number): Pick {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return (below) => {
    // Mulberry32: small, and good enough to choose with.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export function one<T>(pick: Pick, choices: readonly T[]): T {
  const found = choices[pick(choices.length)];
  if (found === undefined) throw new RangeError("nothing to choose from");
  return found;
}
