/**
 * Rules that are new or were changed, and how many entries each has sent since.
 *
 * Owns: that memory, across restarts, of those that have sent any. A rule that goes is forgotten: when it comes back it is new.
 * May not: know limits.
 */
import type { Program } from "../../program.ts";

interface Served {
  readonly digest: string;
  readonly entries: number;
}

/** By strategy, by rule. */
export type SavedProbation = Readonly<Record<string, Readonly<Record<string, Served>>>>;

export class Probation {
  #served = new Map<string, Map<string, Served>>();

  /** A reload waits for this: of strategies that have sent nothing no rule is looked at. */
  load({ strategies }: Program): void {
    const served = new Map<string, Map<string, Served>>();
    for (const { name, rules } of strategies) {
      const own = this.#served.get(name);
      if (own === undefined) continue;
      const kept = new Map<string, Served>();
      for (const { name: rule, digest } of rules) {
        const before = own.get(rule);
        if (before?.digest === digest) kept.set(rule, before);
      }
      if (kept.size > 0) served.set(name, kept);
    }
    this.#served = served;
  }

  sent(strategy: string, rule: string, digest: string): void {
    const own = this.#served.get(strategy) ?? new Map<string, Served>();
    const before = own.get(rule)?.entries ?? 0;
    this.#served.set(strategy, own.set(rule, { digest, entries: before + 1 }));
  }

  /** Entries that the rule has sent as it is now. */
  entries(strategy: string, rule: string): number {
    return this.#served.get(strategy)?.get(rule)?.entries ?? 0;
  }

  save(): SavedProbation {
    return Object.fromEntries([...this.#served].map(([strategy, own]) => [strategy, Object.fromEntries(own)]));
  }

  restore(saved: SavedProbation): void {
    this.#served = new Map(Object.entries(saved).map(([strategy, own]) => [strategy, new Map(Object.entries(own))]));
  }
}
