/**
 * What rules have spent that the program does not have at the moment.
 *
 * A file may be gone for a while (another branch, a slip), and a `limit: 1/day` must not be there twice because of that. Owns: cooldowns and
 * counters of rules that left, by strategy, symbol and name. May not: keep a latch: nobody has followed its condition meanwhile.
 */
import { exactly, packed, unpacked } from "../saved.ts";
import type { PackedNumbers } from "../saved.ts";
import { movedUsage, restoredUsage, savedUsage } from "./firing.ts";
import type { UsageState } from "./firing.ts";
import type { Heir } from "./groups.ts";
import type { Instance } from "./instance.ts";

/** Where its evaluations and bars stood when it left: those of the time without it do not count. */
interface Left {
  readonly usage: UsageState;
  readonly index: number;
  readonly bars: number;
}

export type SavedRetired = readonly (readonly [rule: string, usage: PackedNumbers, at: PackedNumbers])[];

/** The oldest are forgotten beyond it: nobody takes away and brings back so many. */
const MOST = 10_000;

export class Retired {
  readonly #left = new Map<string, Left>();

  /** One program took the place of another, with these heirs. Usually nobody left and nobody came. */
  exchange(before: readonly Instance[], now: readonly Instance[], heirs: readonly Heir[]): void {
    const follows = new Map(heirs.map((heir) => [heir.before, heir]));
    for (const instance of before) {
      const rules = follows.get(instance)?.rules ?? [];
      if (rules.length < instance.rules.length) this.#leave(instance, new Set(rules.map((rule) => rule.before)));
    }
    if (this.#left.size === 0) return;
    const continued = new Map(heirs.map((heir) => [heir.next, heir]));
    for (const instance of now) {
      const rules = continued.get(instance)?.rules ?? [];
      if (rules.length < instance.rules.length) this.#comeBack(instance, new Set(rules.map((rule) => rule.next)));
    }
  }

  #leave({ facts, rules }: Instance, staying: ReadonlySet<Instance["rules"][number]>): void {
    const { index, bars } = facts.moment;
    for (const instance of rules) {
      const { usage } = instance.state;
      if (staying.has(instance) || usage.lastFiredTime === Number.NEGATIVE_INFINITY) continue;
      this.#left.set(`${facts.key}/${instance.rule.name}`, { usage, index, bars });
      if (this.#left.size > MOST) this.#forgetOldest();
    }
  }

  #comeBack({ facts, rules }: Instance, known: ReadonlySet<Instance["rules"][number]>): void {
    for (const instance of rules) {
      const key = `${facts.key}/${instance.rule.name}`;
      const left = known.has(instance) ? undefined : this.#left.get(key);
      if (left === undefined) continue;
      this.#left.delete(key);
      instance.state = { latch: instance.state.latch, usage: movedUsage(left.usage, left, facts.moment) };
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#left.keys();
    if (oldest !== undefined) this.#left.delete(oldest);
  }

  save(): SavedRetired {
    return [...this.#left].map(([rule, { usage, index, bars }]) => [rule, savedUsage(usage), packed([index, bars])]);
  }

  restore(saved: SavedRetired): void {
    for (const [rule, usage, at] of saved) {
      const [index = 0, bars = 0] = exactly(unpacked(at), 2, rule);
      this.#left.set(rule, { usage: restoredUsage(usage), index, bars });
    }
  }
}
