/**
 * What is true of facts whatever the market does.
 *
 * Owns: facts and numbers as nodes of an order, and the axioms between them: ranges, the bar's low and high, bands that
 * never cross, extremes of a window, multiples of one value.
 * May not: judge conditions. Axioms are weak (`<=`), so that rounding cannot break one.
 */
import type { Condition, Fact, FactSpec, LeafCondition } from "../../core/program.ts";
import type { Indicator } from "../../catalog/kernel.ts";
import type { Quality } from "../units.ts";
import type { Nodes } from "./dnf.ts";
import { axiomsOf, seriesKey, windowsOf } from "./axioms.ts";
import type { Axiom, Window } from "./axioms.ts";
import type { NodeKind, Relation } from "./order.ts";
import { wordsOf } from "./words.ts";

export interface DomainSource {
  readonly facts: readonly Fact[];
  readonly qualityOf: (index: number) => Quality;
  readonly indicators: ReadonlyMap<string, Indicator>;
}

/** A value some bars ago: lags counted on another series (or `prior`), lag on its own series, and the fact itself. */
interface Place {
  readonly path: string;
  readonly lag: number;
  readonly index: number;
}

/** On the way to a fact: as it was on the bar before. */
const PRIOR = "[prior]";

const WHOLE: ReadonlySet<string> = new Set([
  "count",
  "bars",
  "weekday",
  "flag",
  "side",
  "origin",
  "minutes",
  "clock",
  "seconds",
  "rank",
]);
const TYPICAL: Readonly<Record<string, number>> = { price: 100, volume: 1_000, money: 1_000, number: 50 };

export class Domain implements Nodes {
  readonly #source: DomainSource;
  readonly #kinds: NodeKind[] = [];
  readonly #places: (Place | undefined)[] = [];
  readonly #ids = new Map<string, number>();
  readonly #axioms: ReadonlyMap<number, readonly Axiom[]>;
  readonly #windows: readonly Window[];
  /** For each fact the lags at which the strategy looks at it. */
  readonly #lags = new Map<number, Set<number>>();
  readonly #known = new Map<number, readonly Relation[]>();

  constructor(source: DomainSource) {
    this.#source = source;
    this.#axioms = axiomsOf(source.facts, source.indicators, (index) => this.#rangeOf(index));
    this.#windows = windowsOf(source.facts);
    for (const index of source.facts.keys()) {
      const { lag, index: of } = this.#placeOf(index);
      this.#lags.set(of, (this.#lags.get(of) ?? new Set([0])).add(lag));
    }
  }

  fact(index: number): number {
    const { spec } = this.#fact(index);
    if (spec.kind === "const") return this.constant(spec.value);
    return this.#node(this.#placeOf(index));
  }

  constant(value: number): number {
    const key = `=${Object.is(value, -0) ? 0 : value}`;
    return this.#ids.get(key) ?? this.#intern(key, undefined, { constant: value, whole: false, typical: value });
  }

  /** `for 3 bars`, `for 10m`: it holds now as well. */
  consequence(leaf: LeafCondition): Condition | undefined {
    const { spec } = this.#fact(leaf.left);
    if (spec.kind !== "bars_true" && spec.kind !== "seconds_true") return undefined;
    if (!("value" in leaf.right)) return undefined;
    const least = spec.kind === "bars_true" ? 1 : 0;
    const { operator, right } = leaf;
    const isLater = operator === "greaterThanInclusive" || operator === "greaterThan" || operator === "equal";
    return isLater && right.value >= least ? spec.condition : undefined;
  }

  kind(node: number): NodeKind {
    const kind = this.#kinds[node];
    if (kind === undefined) throw new RangeError(`no node ${node}`);
    return kind;
  }

  wordsOf(node: number): string {
    const place = this.#places[node];
    if (place === undefined) return String(this.kind(node).constant);
    const before = place.lag === 0 ? "" : `[${place.lag}]`;
    const { ref, spec } = this.#fact(place.index);
    if (!place.path.includes(PRIOR)) return `${wordsOf(ref)}${before}${place.path}`;
    const { on: _on, ...params } = ref.params ?? {};
    const words = wordsOf({ fact: ref.fact, params });
    return `prior(${words}${before}, on: ${spec.series.size.label})${place.path.replace(PRIOR, "")}`;
  }

  isFact(node: number): boolean {
    return this.#places[node] !== undefined;
  }

  /** Axioms that mention a node; they may bring in further nodes. */
  axioms(node: number): readonly Relation[] {
    let relations = this.#known.get(node);
    if (relations === undefined) {
      relations = this.#axiomsOf(node);
      this.#known.set(node, relations);
    }
    return relations;
  }

  #axiomsOf(node: number): readonly Relation[] {
    const place = this.#places[node];
    if (place === undefined) return [];
    const { path, lag, index } = place;
    const relations: Relation[] = [];
    const [low, high] = this.#rangeOf(index);
    if (Number.isFinite(low)) relations.push({ a: this.constant(low), b: node, kind: "weak" });
    if (Number.isFinite(high)) relations.push({ a: node, b: this.constant(high), kind: "weak" });
    for (const axiom of this.#axioms.get(index) ?? []) {
      const below = this.#node({ path, lag, index: axiom.low });
      relations.push({ a: below, b: this.#node({ path, lag, index: axiom.high }), kind: "weak" });
    }
    for (const window of this.#windows) {
      if (window.of === index || window.extreme === index) relations.push(...this.#windowAxioms(window, place));
    }
    return relations;
  }

  /** An average of prices is no more negative than a price, even where the catalogue leaves the range open. */
  #rangeOf(index: number): readonly [number, number] {
    const { spec } = this.#fact(index);
    const { range } = this.#source.qualityOf(index);
    if (spec.kind === "lag" || spec.kind === "prior" || spec.kind === "peek" || spec.kind === "bars_ago")
      return this.#rangeOf(spec.of);
    if (spec.kind !== "indicator" || range.some(Number.isFinite)) return range;
    const [input] = spec.inputs;
    const isWithin = this.#source.indicators.get(spec.name)?.outputs[spec.output]?.rangeOfValue === true;
    return isWithin && input !== undefined ? this.#rangeOf(input) : range;
  }

  /** The extreme at one lag stands beyond the value at each lag that its window spans. */
  #windowAxioms({ extreme, of, bars, which }: Window, { path, lag, index }: Place): Relation[] {
    const found: Relation[] = [];
    const relate = (extremeLag: number, valueLag: number): void => {
      if (valueLag < extremeLag || valueLag - extremeLag >= bars) return;
      const inside = this.#node({ path, lag: valueLag, index: of });
      const beyond = this.#node({ path, lag: extremeLag, index: extreme });
      const isHighest = which === "highest";
      found.push({ a: isHighest ? inside : beyond, b: isHighest ? beyond : inside, kind: "weak" });
    };
    if (index === extreme) for (const at of new Set([lag, ...(this.#lags.get(of) ?? [])])) relate(lag, at);
    if (index === of) for (const at of this.#lags.get(extreme) ?? []) relate(at, lag);
    return found;
  }

  #placeOf(index: number): Place {
    let path = "";
    let lag = 0;
    let at = index;
    const apart = (step: string, of: number): void => {
      path += `${lag === 0 ? "" : `[${lag}]`}${step}`;
      lag = 0;
      at = of;
    };
    for (;;) {
      const { spec } = this.#fact(at);
      if (spec.kind === "prior") apart(PRIOR, spec.of);
      else if (spec.kind === "bars_ago") apart("[from the forming bar]", spec.before);
      else if (spec.kind !== "lag") break;
      else if (spec.sampled === true) apart(`[${spec.bars} evaluations before]`, spec.of);
      else if (seriesKey(this.#fact(spec.of).spec.series) !== seriesKey(spec.series)) {
        apart(`[${spec.bars} at ${spec.series.size.label}]`, spec.of);
      } else {
        lag += spec.bars;
        at = spec.of;
      }
    }
    return { path, lag, index: at };
  }

  #node(place: Place): number {
    const { spec } = this.#fact(place.index);
    if (spec.kind === "const") return this.constant(spec.value);
    const inner = this.#placeOf(place.index);
    if (place.path === "" && place.lag === 0) return this.#plainNode(inner);
    // A lag among the axioms (the window of a past value) is a place further back.
    if (inner.index !== place.index && (inner.path !== "" || place.path !== "")) return this.#plainNode(place);
    return this.#plainNode({ path: place.path, lag: place.lag + inner.lag, index: inner.index });
  }

  #plainNode(place: Place): number {
    const key = `${place.path}#${place.lag}#${place.index}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const quality = this.#source.qualityOf(place.index);
    return this.#intern(key, place, { whole: WHOLE.has(quality.unit), typical: typicalOf(quality) });
  }

  #intern(key: string, place: Place | undefined, kind: NodeKind): number {
    const id = this.#kinds.push(kind) - 1;
    this.#places.push(place);
    this.#ids.set(key, id);
    return id;
  }

  #fact(index: number): Fact & { readonly spec: FactSpec } {
    const fact = this.#source.facts[index];
    if (fact === undefined) throw new RangeError(`no fact ${index}`);
    return fact;
  }
}

function typicalOf({ unit, range }: Quality): number {
  const usual = TYPICAL[unit] ?? 0;
  const [low, high] = range;
  if (usual > low && usual < high) return usual;
  return Number.isFinite(low) && Number.isFinite(high) ? (low + high) / 2 : Number.isFinite(low) ? low + 1 : 0;
}
