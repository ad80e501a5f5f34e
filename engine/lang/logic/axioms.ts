/**
 * Which facts of a strategy never stand above which others.
 *
 * Owns: reading that from the specs of facts: fields of one bar, outputs in ascending order, windows of extremes,
 * multiples of one value. Nothing here is probable; it is certain or left out.
 */
import type { Indicator } from "../../catalog/kernel.ts";
import type { Fact, FactSpec, SeriesRef } from "../../core/program.ts";

/** `low <= high` at one and the same bar; both are indexes of facts. */
export interface Axiom {
  readonly low: number;
  readonly high: number;
}

/** The extreme of the last `bars` values of a fact. */
export interface Window {
  readonly extreme: number;
  readonly of: number;
  readonly bars: number;
  readonly which: "highest" | "lowest";
}

type RangeOf = (index: number) => readonly [number, number];
type SpecOf<Kind extends FactSpec["kind"]> = FactSpec & { readonly kind: Kind };

export function axiomsOf(
  facts: readonly Fact[],
  indicators: ReadonlyMap<string, Indicator>,
  rangeOf: RangeOf,
): ReadonlyMap<number, readonly Axiom[]> {
  const pairs = [
    ...barAxioms(facts),
    ...outputAxioms(facts, indicators),
    ...openingAxioms(facts),
    ...scaleAxioms(facts, rangeOf),
    ...dayAxioms(facts),
    ...bandAxioms(facts),
  ];
  const byFact = new Map<number, Axiom[]>();
  for (const axiom of pairs) {
    for (const index of [axiom.low, axiom.high]) {
      const list = byFact.get(index);
      if (list === undefined) byFact.set(index, [axiom]);
      else list.push(axiom);
    }
  }
  return byFact;
}

/** Facts of one kind that belong together. */
function grouped<Kind extends FactSpec["kind"]>(
  facts: readonly Fact[],
  kind: Kind,
  keyOf: (spec: SpecOf<Kind>) => string | undefined,
): readonly (readonly { readonly index: number; readonly spec: SpecOf<Kind> }[])[] {
  const groups = new Map<string, { readonly index: number; readonly spec: SpecOf<Kind> }[]>();
  for (const [index, { spec }] of facts.entries()) {
    if (spec.kind !== kind) continue;
    const own = spec as SpecOf<Kind>;
    const key = keyOf(own);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [{ index, spec: own }]);
    else group.push({ index, spec: own });
  }
  return [...groups.values()];
}

export function seriesKey({ symbol, size }: SeriesRef): string {
  return `${symbol ?? ""}@${size.label}`;
}

function barAxioms(facts: readonly Fact[]): Axiom[] {
  const found: Axiom[] = [];
  for (const group of grouped(facts, "field", (spec) =>
    spec.field === "volume" ? undefined : `${seriesKey(spec.series)}${spec.forming === true ? " forming" : ""}`,
  )) {
    const low = group.find(({ spec }) => spec.field === "low")?.index;
    const high = group.find(({ spec }) => spec.field === "high")?.index;
    for (const { index } of group) {
      if (low !== undefined && index !== low) found.push({ low, high: index });
      if (high !== undefined && index !== high && index !== low) found.push({ low: index, high });
    }
  }
  return found;
}

function outputAxioms(facts: readonly Fact[], indicators: ReadonlyMap<string, Indicator>): Axiom[] {
  const found: Axiom[] = [];
  const keyOf = (spec: SpecOf<"indicator">): string =>
    [seriesKey(spec.series), spec.name, spec.source ?? "", spec.inputs.join(), spec.params.join()].join("|");
  const chain = (
    name: string | undefined,
    group: readonly { readonly index: number; readonly spec: { readonly output: number } }[],
  ): void => {
    const entry = name === undefined ? undefined : indicators.get(name);
    const indexes = (entry?.ascending ?? []).flatMap((output) => {
      const at = entry?.outputs.findIndex((one) => one.name === output);
      return group.filter(({ spec }) => spec.output === at).map(({ index }) => index);
    });
    for (let at = 1; at < indexes.length; at++) {
      found.push({ low: indexes[at - 1] as number, high: indexes[at] as number });
    }
  };
  for (const group of grouped(facts, "indicator", keyOf)) chain(group[0]?.spec.name, group);
  // What a forming bar makes of an indicator keeps its order too.
  const closedOf = (spec: SpecOf<"peek"> | undefined): SpecOf<"indicator"> | undefined => {
    const closed = spec === undefined ? undefined : facts[spec.of]?.spec;
    return closed?.kind === "indicator" ? closed : undefined;
  };
  const peekKey = (spec: SpecOf<"peek">): string | undefined => {
    const closed = closedOf(spec);
    return closed === undefined ? undefined : keyOf(closed);
  };
  for (const group of grouped(facts, "peek", peekKey)) chain(closedOf(group[0]?.spec)?.name, group);
  return found;
}

/** The low of an opening range, its middle, its high; a longer range holds a shorter one. */
function openingAxioms(facts: readonly Fact[]): Axiom[] {
  const found: Axiom[] = [];
  const chain = (group: readonly { readonly index: number }[]): void => {
    for (let at = 1; at < group.length; at++) {
      found.push({ low: group[at - 1]?.index as number, high: group[at]?.index as number });
    }
  };
  const spanOf = ({ series, spanMs }: SpecOf<"opening_range">): string => `${seriesKey(series)}|${spanMs}`;
  for (const group of grouped(facts, "opening_range", spanOf)) {
    chain(["low", "mid", "high"].flatMap((name) => group.filter(({ spec }) => spec.field === name)));
  }
  for (const group of grouped(facts, "opening_range", ({ series, field }) => `${seriesKey(series)}|${field}`)) {
    const longer = [...group].sort((a, b) => a.spec.spanMs - b.spec.spanMs);
    if (longer[0]?.spec.field === "high") chain(longer);
    if (longer[0]?.spec.field === "low") chain(longer.reverse());
  }
  return found;
}

/** `x * 0.98 <= x <= x * 1.02` when x is never negative, and `x - 1 <= x <= x + 1`. */
function scaleAxioms(facts: readonly Fact[], rangeOf: RangeOf): Axiom[] {
  const families = new Map<string, { readonly index: number; readonly by: number }[]>();
  for (const [index, { spec }] of facts.entries()) {
    const shape = spec.kind === "calc" ? shapeOf(facts, spec) : undefined;
    if (shape === undefined) continue;
    if (shape.kind === "times" && rangeOf(shape.of)[0] < 0) continue;
    const key = `${shape.kind}${shape.of}`;
    const neutral = shape.kind === "times" ? 1 : 0;
    const family = families.get(key) ?? [{ index: shape.of, by: neutral }];
    family.push({ index, by: shape.by });
    families.set(key, family);
  }
  const found: Axiom[] = [];
  for (const family of families.values()) {
    family.sort((a, b) => a.by - b.by);
    for (let at = 1; at < family.length; at++) {
      found.push({ low: family[at - 1]?.index as number, high: family[at]?.index as number });
    }
  }
  return found;
}

interface Shape {
  readonly kind: "times" | "plus";
  readonly of: number;
  readonly by: number;
}

function shapeOf(facts: readonly Fact[], { operator, args }: SpecOf<"calc">): Shape | undefined {
  const [a, b] = args;
  if (a === undefined || b === undefined || args.length !== 2) return undefined;
  const [first, second] = [constantOf(facts, a), constantOf(facts, b)];
  if (operator === "*" || operator === "+") {
    const kind = operator === "*" ? "times" : "plus";
    if (first !== undefined && second === undefined) return { kind, of: b, by: first };
    return second !== undefined && first === undefined ? { kind, of: a, by: second } : undefined;
  }
  if (second === undefined || first !== undefined) return undefined;
  if (operator === "-") return { kind: "plus", of: a, by: -second };
  return operator === "/" && second > 0 ? { kind: "times", of: a, by: 1 / second } : undefined;
}

function constantOf(facts: readonly Fact[], index: number): number | undefined {
  const spec = facts[index]?.spec;
  return spec?.kind === "const" ? spec.value : undefined;
}

/** `x <= highest(x, n)`, for the values of all the bars the window spans. */
export function windowsOf(facts: readonly Fact[]): readonly Window[] {
  const found: Window[] = [];
  for (const [extreme, { spec }] of facts.entries()) {
    if (spec.kind !== "indicator") continue;
    const [bars] = spec.params;
    const [first, second] = spec.inputs;
    if (bars === undefined || first === undefined) continue;
    if (spec.name === "highest" || spec.name === "lowest") found.push({ extreme, of: first, bars, which: spec.name });
    const lowest = CHANNELS[spec.name];
    if (lowest === undefined || second === undefined) continue;
    if (spec.output === 0) found.push({ extreme, of: first, bars, which: "highest" });
    if (spec.output === lowest) found.push({ extreme, of: second, bars, which: "lowest" });
  }
  return found;
}

/** Channels of the highest high (output 0) and the lowest low (this output) of the last bars. */
const CHANNELS: Readonly<Record<string, number>> = { donchian: 2, year_range: 1 };

/** The range of the day holds the bar that it was looked at with. */
function dayAxioms(facts: readonly Fact[]): Axiom[] {
  return facts.flatMap(({ spec }, index): Axiom[] => {
    if (spec.kind !== "indicator" || spec.name !== "day_range") return [];
    const [, high, low] = spec.inputs;
    if (spec.output === 1 && high !== undefined) return [{ low: high, high: index }];
    return spec.output === 2 && low !== undefined ? [{ low: index, high: low }] : [];
  });
}

/** A band holds the value that it is drawn around. */
function bandAxioms(facts: readonly Fact[]): Axiom[] {
  return facts.flatMap(({ spec }, index): Axiom[] => {
    if (spec.kind !== "indicator" || spec.name !== "band") return [];
    const [value] = spec.inputs;
    if (value === undefined) return [];
    const above: Axiom = { low: value, high: index };
    const below: Axiom = { low: index, high: value };
    return spec.output === 0 ? [above] : spec.output === 2 ? [below] : [above, below];
  });
}
