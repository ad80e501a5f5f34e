/**
 * Symbols whose shares were counted anew, until their facts are made of prices of today and the desk agrees with the broker.
 *
 * Owns: which ones, and who is not judged meanwhile. May not: compute facts, or know what is held.
 */
import type { InstanceFacts } from "./instance-facts.ts";
import type { Instance } from "./instance.ts";

/** `unknown`: its facts are of other shares. `silent`: facts and latches follow, nothing fires. */
export type Hold = "unknown" | "silent";

export const NO_HOLDS: ReadonlyMap<Instance, Hold> = new Map();
const NOBODY: ReadonlySet<InstanceFacts> = new Set();

interface Pending {
  /** Facts were made anew from history. */
  built: boolean;
  /** The desk knows that the broker has followed. */
  settled: boolean;
}

export type SavedSplitSymbols = readonly (readonly [symbol: string, pending: Readonly<Pending>])[];

export class SplitSymbols {
  readonly #pending = new Map<string, Pending>();

  get areNone(): boolean {
    return this.#pending.size === 0;
  }

  get all(): ReadonlySet<string> {
    return new Set(this.#pending.keys());
  }

  /** Those whose facts wait for history. */
  get unbuilt(): ReadonlySet<string> {
    return new Set([...this.#pending].flatMap(([symbol, { built }]) => (built ? [] : [symbol])));
  }

  begin(symbol: string): void {
    this.#pending.set(symbol, { built: false, settled: false });
  }

  built(symbols: readonly string[]): void {
    for (const symbol of symbols) this.#finish(symbol, "built");
  }

  settled(symbol: string): void {
    this.#finish(symbol, "settled");
  }

  #finish(symbol: string, part: keyof Pending): void {
    const pending = this.#pending.get(symbol);
    if (pending === undefined) return;
    pending[part] = true;
    if (pending.built && pending.settled) this.#pending.delete(symbol);
  }

  holds(instances: readonly Instance[]): ReadonlyMap<Instance, Hold> {
    if (this.areNone) return NO_HOLDS;
    const facts = instances.map((instance) => instance.facts);
    const [unknown, silent] = [touchedBy(this.unbuilt, facts), touchedBy(this.all, facts)];
    return new Map(
      instances.flatMap((instance): (readonly [Instance, Hold])[] => {
        if (unknown.has(instance.facts)) return [[instance, "unknown"]];
        return silent.has(instance.facts) ? [[instance, "silent"]] : [];
      }),
    );
  }

  save(): SavedSplitSymbols {
    return [...this.#pending].map(([symbol, pending]) => [symbol, { ...pending }] as const);
  }

  restore(saved: SavedSplitSymbols): void {
    for (const [symbol, pending] of saved) this.#pending.set(symbol, { ...pending });
  }
}

/** Whoever reads one of these symbols, and all that are compared with who does. */
export function touchedBy(
  symbols: ReadonlySet<string>,
  instances: readonly InstanceFacts[],
): ReadonlySet<InstanceFacts> {
  if (symbols.size === 0) return NOBODY;
  const reads = (instance: InstanceFacts): boolean => [...instance.reads].some(({ symbol }) => symbols.has(symbol));
  const own = instances.filter(reads);
  const compared = new Set(own.filter(({ strategy }) => compares(strategy)).map(({ strategy }) => strategy));
  return new Set([...own, ...instances.filter(({ strategy }) => compared.has(strategy))]);
}

function compares({ facts }: InstanceFacts["strategy"]): boolean {
  return facts.some(({ spec }) => spec.kind === "rank");
}
