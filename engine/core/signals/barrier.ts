/**
 * Who is judged together, and what they wait for.
 *
 * Owns: one barrier per instance, or one for all symbols of a strategy whose ranks compare them; what is still missing at
 * a boundary. May not: evaluate, or know timers.
 */
import { RestoreError } from "../saved.ts";
import type { Slots } from "./conditions.ts";
import { isFresh } from "./freshness.ts";
import type { FactGraph } from "./graph.ts";
import type { Instance } from "./instance.ts";
import type { Ranking } from "./ranking.ts";
import type { Series } from "./series.ts";

export interface SavedBarrier {
  /** The first instance that is judged at it. */
  readonly of: string;
  readonly end: number;
  /** Keys of the series that are awaited. */
  readonly missing: readonly string[];
}

export class Barrier {
  readonly #instances: readonly Instance[];
  readonly #rankings: readonly Ranking[];
  readonly #awaited: ReadonlySet<Series>;
  readonly #reads: ReadonlySet<Series>;
  readonly #missing = new Set<Series>();
  #end = Number.NaN;

  constructor(instances: readonly Instance[], rankings: readonly Ranking[]) {
    this.#instances = instances;
    this.#rankings = rankings;
    const own = instances.length > 1 ? instances.map(({ facts }) => facts.series) : [];
    this.#awaited = new Set([...own, ...instances.flatMap(({ facts }) => facts.others)]);
    this.#reads = new Set(instances.flatMap(({ facts }) => [...facts.reads]));
  }

  /** Nothing is ever awaited: an evaluation follows its own bar at once. */
  get isOpen(): boolean {
    return this.#awaited.size === 0;
  }

  /** The boundary that is waited at, or NaN. */
  get end(): number {
    return this.#end;
  }

  reads(series: Series): boolean {
    return this.#reads.has(series);
  }

  /** An instance whose own bar ended at `end` stands at the barrier. */
  arrive(instance: Instance, end: number): void {
    instance.waitingFor = end;
    if (this.#end === end) return;
    this.#end = end;
    this.#missing.clear();
    for (const series of this.#awaited) if (!isFresh(series, end)) this.#missing.add(series);
  }

  /** Whether everything is in, now that this series has closed a bar. */
  cameIn(series: Series): boolean {
    if (this.#missing.has(series) && isFresh(series, this.#end)) this.#missing.delete(series);
    return this.#missing.size === 0;
  }

  /** Those who wait, in the order of the strategy's symbols; from here on nobody does. */
  release(): Instance[] {
    this.#end = Number.NaN;
    return this.#instances.filter(({ waitingFor }) => waitingFor === waitingFor);
  }

  /** One at which somebody waits. */
  save(): SavedBarrier {
    return { of: this.#name, end: this.#end, missing: [...this.#missing].map(({ key }) => key) };
  }

  restore({ end, missing }: SavedBarrier): void {
    this.#end = end;
    this.#missing.clear();
    const keys = new Set(missing);
    for (const series of this.#awaited) if (keys.delete(series.key)) this.#missing.add(series);
    const [lost] = keys;
    if (lost !== undefined) throw new RestoreError("saved/shape", `${this.#name} does not wait for ${lost}`);
  }

  /** It belongs to one instance, or to all of one strategy. */
  get #name(): string {
    return this.#instances[0]?.facts.key ?? "";
  }

  /** Ranks see what every symbol has at this boundary. */
  collect(slots: Slots, end: number): void {
    for (const ranking of this.#rankings) ranking.collect(slots, (series) => isFresh(series, end));
  }

  /** After a reload: instances go on waiting as they did. True when somebody does. */
  resume(): boolean {
    for (const instance of this.#instances) {
      if (instance.waitingFor === instance.waitingFor) this.arrive(instance, instance.waitingFor);
    }
    return this.#end === this.#end;
  }
}

export function barriersOf(instances: readonly Instance[], graph: FactGraph): Map<Instance, Barrier> {
  const barriers = new Map<Instance, Barrier>();
  for (const instance of instances) {
    const { strategy } = instance.facts;
    const rankings = graph.rankingsOf(strategy.name);
    if (rankings.length === 0) barriers.set(instance, new Barrier([instance], []));
    else if (!barriers.has(instance)) {
      const all = instances.filter(({ facts }) => facts.strategy === strategy);
      const barrier = new Barrier(all, rankings);
      for (const one of all) barriers.set(one, barrier);
    }
  }
  return barriers;
}
