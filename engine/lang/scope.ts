/**
 * The fact table of one strategy while it is being compiled.
 *
 * Owns: adding facts once per canonical key, their warm-up, and what is known of a value (unit, range).
 * May not: parse or look at YAML.
 */
import type { Indicator } from "../catalog/kernel.ts";
import { FACTS } from "../catalog/facts.ts";
import type { FactDoc, FactUnit } from "../catalog/facts.ts";
import type { BarSize } from "../market/bar-size.ts";
import { refKey } from "../core/canonical.ts";
import type { Fact, FactRef, FactSpec, ParamValue, SeriesRef } from "../core/program.ts";

/** A numeric value of an expression: a literal or a fact of the table. */
export type Value = Literal | FactValue;

export interface Literal {
  readonly kind: "literal";
  readonly value: number;
  readonly unit: ValueUnit;
}

export interface FactValue {
  readonly kind: "fact";
  readonly index: number;
  readonly unit: ValueUnit;
  readonly range: readonly [number, number];
}

export type ValueUnit = FactUnit | "none";

export class FactTable {
  readonly facts: Fact[] = [];
  readonly on: BarSize;
  readonly indicators: ReadonlyMap<string, Indicator>;
  readonly #byKey = new Map<string, FactValue>();

  constructor(on: BarSize, indicators: ReadonlyMap<string, Indicator>) {
    this.on = on;
    this.indicators = indicators;
  }

  get own(): SeriesRef {
    return { symbol: null, size: this.on };
  }

  fact(index: number): Fact {
    const fact = this.facts[index];
    if (fact === undefined) throw new RangeError(`no fact ${index}`);
    return fact;
  }

  /** The fact with this canonical reference, added when it is new. */
  add(ref: FactRef, spec: FactSpec, warmup: number, unit: ValueUnit, range: readonly [number, number]): FactValue {
    const key = `${refKey(ref)}@${spec.series.symbol ?? "*"}:${spec.series.size.label}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const value: FactValue = { kind: "fact", index: this.facts.length, unit, range };
    this.facts.push({ key, ref, spec, warmup });
    this.#byKey.set(key, value);
    return value;
  }

  /** Canonical parameters that say on which series a fact lives; silent for the strategy's own. */
  seriesParams(series: SeriesRef): Record<string, ParamValue> {
    return {
      ...(series.size.label === this.on.label ? {} : { on: series.size.label }),
      ...(series.symbol === null ? {} : { symbol: series.symbol }),
    };
  }

  literalFact(value: number): FactValue {
    const ref: FactRef = { fact: "const", params: { value } };
    return this.add(ref, { kind: "const", series: this.own, value }, 0, "none", [value, value]);
  }

  /** The value as an index, literals included. */
  indexOf(value: Value): number {
    return value.kind === "fact" ? value.index : this.literalFact(value.value).index;
  }

  /** How a value appears inside the parameters of another fact. */
  paramOf(value: Value): ParamValue {
    if (value.kind === "literal") return value.value;
    const { ref } = this.fact(value.index);
    return ref.params === undefined ? { fact: ref.fact } : { fact: ref.fact, params: ref.params };
  }

  field(name: string, series: SeriesRef): FactValue | undefined {
    const doc = FACTS.get(name);
    if (doc === undefined) return undefined;
    const params = doc.group === "bar" || doc.group === "quote" ? this.seriesParams(series) : {};
    const ref: FactRef = Object.keys(params).length === 0 ? { fact: name } : { fact: name, params };
    return this.add(ref, this.#fieldSpec(doc, series), doc.group === "bar" ? 1 : 0, doc.unit, doc.range);
  }

  #fieldSpec(doc: FactDoc, series: SeriesRef): FactSpec {
    const field = doc.name.slice(doc.name.indexOf(".") + 1);
    switch (doc.group) {
      case "bar":
        return { kind: "field", series, field: field as (FactSpec & { kind: "field" })["field"] };
      case "quote":
        return { kind: "quote", series, field: field as (FactSpec & { kind: "quote" })["field"] };
      case "session":
        return { kind: "session", series: this.own, field: field as (FactSpec & { kind: "session" })["field"] };
      case "position":
        return { kind: "position", series: this.own, field: field as (FactSpec & { kind: "position" })["field"] };
      case "account":
        return { kind: "account", series: this.own, field: field as (FactSpec & { kind: "account" })["field"] };
    }
  }
}
