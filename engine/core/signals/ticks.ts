/**
 * Strategies whose rules are judged at ticks.
 *
 * Owns: who they are, and when a condition of theirs will have lasted long enough (`for 10m`). May not: judge, or read a
 * clock; the caller asks for a timer.
 */
import { thresholdsOf } from "./specs.ts";
import type { Instance } from "./instance.ts";
import type { Series } from "./series.ts";
import type { SecondsTrueNode } from "./temporal-nodes.ts";

interface Lasting {
  readonly node: SecondsTrueNode;
  /** How long it must have held, in milliseconds. */
  readonly ms: readonly number[];
}

const NOBODY: readonly Instance[] = [];

export class Ticks {
  readonly all: readonly Instance[];
  readonly #bySymbol = new Map<string, Instance[]>();
  readonly #others = new Map<Instance, readonly Series[]>();
  readonly #lasting = new Map<Instance, readonly Lasting[]>();
  /** Symbols of which no tick has come while bars did; told once. */
  readonly #silent = new Map<string, readonly Instance[]>();

  constructor(instances: readonly Instance[]) {
    this.all = instances.filter(({ facts }) => facts.strategy.ticks === true);
    for (const instance of this.all) {
      const { symbol, reads, lasting, strategy } = instance.facts;
      const own = this.#bySymbol.get(symbol) ?? [];
      own.push(instance);
      this.#bySymbol.set(symbol, own);
      this.#silent.set(symbol, own);
      this.#others.set(
        instance,
        [...reads].filter((series) => series.symbol !== symbol),
      );
      const thresholds = thresholdsOf(strategy);
      this.#lasting.set(
        instance,
        [...lasting].map(([spec, node]) => ({ node, ms: thresholds.get(spec) ?? [] })),
      );
    }
  }

  /** Who is judged at a tick of this symbol; from now on it is known to have ticks. */
  of(symbol: string): readonly Instance[] {
    if (this.all.length === 0) return NOBODY;
    const own = this.#bySymbol.get(symbol);
    if (own === undefined) return NOBODY;
    this.#silent.delete(symbol);
    return own;
  }

  /** Who hears nothing though bars of its symbol come: each is named once. */
  deaf(symbol: string): readonly Instance[] {
    if (this.#silent.size === 0) return NOBODY;
    const own = this.#silent.get(symbol);
    if (own === undefined) return NOBODY;
    this.#silent.delete(symbol);
    return own;
  }

  /** Symbols of which nothing has come. */
  save(): readonly string[] {
    return [...this.#silent.keys()];
  }

  restore(silent: readonly string[]): void {
    for (const symbol of this.#bySymbol.keys()) if (!silent.includes(symbol)) this.#silent.delete(symbol);
  }

  /** Series of other symbols that it reads. */
  others(instance: Instance): readonly Series[] {
    return this.#others.get(instance) ?? [];
  }

  /** The next time at which a condition of it will have lasted long enough, or NaN. */
  nextOf(instance: Instance): number {
    let next = Number.NaN;
    const { time } = instance.facts.moment;
    for (const { node, ms } of this.#lasting.get(instance) ?? []) {
      for (const one of ms) {
        const at = node.since + one;
        if (at > time && !(at >= next)) next = at;
      }
    }
    return next;
  }

  /** The earliest of all after a time, or NaN. */
  earliest(after: number): number {
    let earliest = Number.NaN;
    for (const instance of this.all) {
      const next = this.nextOf(instance);
      if (next > after && !(next >= earliest)) earliest = next;
    }
    return earliest;
  }
}
