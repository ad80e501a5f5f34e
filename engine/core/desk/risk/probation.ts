/**
 * Rules that are new or were changed, and how many entries each has sent since.
 *
 * Owns: that memory, across restarts. A rule that goes is forgotten: when it comes back it is new. May not: know limits.
 */
import type { Program } from "../../program.ts";

interface Served {
  readonly digest: string;
  readonly entries: number;
}

export type SavedProbation = Readonly<Record<string, Served>>;

export class Probation {
  #served = new Map<string, Served>();

  load({ strategies }: Program): void {
    const known = this.#served;
    this.#served = new Map();
    for (const { name, rules } of strategies) {
      for (const { name: rule, digest } of rules) {
        const key = keyOf(name, rule);
        const before = known.get(key);
        this.#served.set(key, before?.digest === digest ? before : { digest, entries: 0 });
      }
    }
  }

  sent(strategy: string, rule: string): void {
    const key = keyOf(strategy, rule);
    const served = this.#served.get(key);
    if (served !== undefined) this.#served.set(key, { ...served, entries: served.entries + 1 });
  }

  /** Entries that the rule has sent as it is now. */
  entries(strategy: string, rule: string): number {
    return this.#served.get(keyOf(strategy, rule))?.entries ?? 0;
  }

  save(): SavedProbation {
    return Object.fromEntries(this.#served);
  }

  restore(saved: SavedProbation): void {
    this.#served = new Map(Object.entries(saved));
  }
}

function keyOf(strategy: string, rule: string): string {
  return `${strategy}/${rule}`;
}
