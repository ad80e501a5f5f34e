/**
 * The facts of one strategy, each computed once.
 *
 * Owns: canonical references and keys, the order (inputs stand before users) and warm-up.
 * May not: know names that a person gave, or report findings.
 *
 * A reference leaves out the strategy's own series; a key always spells it out, with `@` for the symbol of the rule.
 */
import { factsOf, refKey, toCanonical } from "../core/canonical.ts";
import type {
  AccountField,
  BarField,
  CalcOperator,
  Condition,
  Fact,
  FactRef,
  FactSpec,
  OrderField,
  OpeningRangeField,
  ParamValue,
  PositionField,
  QuoteField,
  SeriesRef,
  SessionField,
  SessionKind,
} from "../core/program.ts";
import type { Indicator } from "../catalog/kernel.ts";
import { UNBOUNDED } from "./units.ts";
import type { Quality } from "./units.ts";

export type Params = { readonly [key: string]: ParamValue };

interface Entry {
  readonly fact: Fact & { warmup: number };
  readonly full: FactRef;
  readonly quality: Quality;
}

/** A number known at compile time, or a fact. */
export type Operand =
  | { readonly kind: "const"; readonly value: number; readonly quality: Quality }
  | { readonly kind: "fact"; readonly index: number; readonly quality: Quality };

export interface IndicatorUse {
  readonly entry: Indicator;
  readonly series: SeriesRef;
  readonly inputs: readonly number[];
  readonly params: readonly number[];
  readonly output: number;
  /** Index of the input that replaces the close, when one was given. */
  readonly of?: number;
  /** Who computes it instead of our own kernel. */
  readonly source?: string;
  readonly quality: Quality;
}

const ANY_NUMBER: Quality = { unit: "number", range: UNBOUNDED };
const COUNT: Quality = { unit: "bars", range: [0, Infinity] };
const SECONDS: Quality = { unit: "seconds", range: [-1, Infinity] };

export class FactTable {
  readonly own: SeriesRef;
  readonly #session: SessionKind;
  readonly #entries: Entry[] = [];
  readonly #byKey = new Map<string, number>();

  constructor(own: SeriesRef, session: SessionKind) {
    this.own = own;
    this.#session = session;
  }

  get facts(): readonly Fact[] {
    return this.#entries.map((entry) => entry.fact);
  }

  fact(index: number): Fact {
    return this.#entry(index).fact;
  }

  operand(index: number): Operand {
    const { spec } = this.#entry(index).fact;
    const { quality } = this.#entry(index);
    return spec.kind === "const" ? { kind: "const", value: spec.value, quality } : { kind: "fact", index, quality };
  }

  field(series: SeriesRef, field: BarField, quality: Quality): number {
    return this.#plain(field, series, { kind: "field", series, field }, 1, quality);
  }

  quote(series: SeriesRef, field: QuoteField, quality: Quality): number {
    return this.#plain(field, series, { kind: "quote", series, field }, 0, quality);
  }

  session(name: string, field: SessionField, quality: Quality): number {
    return this.#plain(name, this.own, { kind: "session", series: this.own, field }, 0, quality);
  }

  position(series: SeriesRef, field: PositionField, quality: Quality): number {
    return this.#plain(`position.${field}`, series, { kind: "position", series, field }, 0, quality);
  }

  account(field: AccountField, quality: Quality): number {
    return this.#plain(`account.${field}`, this.own, { kind: "account", series: this.own, field }, 0, quality);
  }

  order(field: OrderField, quality: Quality): number {
    return this.#plain(`order.${field}`, this.own, { kind: "order", series: this.own, field }, 0, quality);
  }

  constant(value: number, quality: Quality): number {
    const ref = { fact: "const", params: { value } };
    return this.#add(ref, ref, { kind: "const", series: this.own, value }, 0, quality);
  }

  indicator(use: IndicatorUse): number {
    const { entry, series, inputs, params, output, of, quality, source } = use;
    const named = Object.fromEntries(entry.params.map((doc, i) => [doc.name, params[i] as number]));
    const chosen: Params = entry.outputs.length > 1 ? { output: entry.outputs[output]?.name ?? "" } : {};
    const [short, full]: readonly [Params, Params] =
      of === undefined ? [{}, {}] : [{ of: this.ref(of) }, { of: paramOf(this.#entry(of).full) }];
    const from: { readonly source?: string } = source === undefined ? {} : { source };
    const ref = refOf(entry.name, { ...named, ...chosen, ...from, ...short, ...this.#seriesParams(series) });
    const fullRef = refOf(entry.name, { ...named, ...chosen, ...from, ...full, ...this.#fullSeries(series) });
    const spec: FactSpec = { kind: "indicator", series, name: entry.name, inputs, params, output, ...from };
    // The first bar of the indicator is the last of its inputs' warm-up.
    const before = Math.max(0, this.#warmupOf(inputs, series) - 1);
    return this.#add(ref, fullRef, spec, before + entry.warmup(params), quality);
  }

  /** `bars` closed bars ago, counted on the fact's own series or, when `sampled`, on the strategy's. */
  lag(of: number, bars: number, sampled: boolean): number {
    const { fact, full, quality } = this.#entry(of);
    const { spec, ref } = fact;
    if (spec.kind === "const") return of;
    const series = sampled ? this.own : spec.series;
    const foreign = !sameSeries(series, spec.series);
    // Further back in the larger bars, not one of the strategy's own bars ago.
    if (spec.kind === "prior" && !sampled) return this.prior(this.lag(spec.of, bars, false));
    if (spec.kind === "lag" && !foreign) {
      const inner = this.fact(spec.of).spec;
      return this.lag(spec.of, spec.bars + bars, !sameSeries(inner.series, series) || inner.kind === "prior");
    }
    // A lookback goes back in the larger bars, so what was sampled must say so.
    const isSampled = foreign || spec.kind === "prior";
    const extra: Params = { lag: bars, ...(isSampled ? { lag_on: series.size.label } : {}) };
    const nested = ref.params?.["lag"] !== undefined;
    const nest = (base: FactRef): FactRef =>
      nested ? refOf("lag", { of: paramOf(base), ...extra }) : refOf(base.fact, { ...base.params, ...extra });
    const warmup = (foreign ? 1 : fact.warmup) + bars;
    return this.#add(nest(ref), nest(full), { kind: "lag", series, of, bars }, warmup, quality);
  }

  /** A fact of larger bars, as of the start of the interval in which the current bar lies. */
  prior(of: number): number {
    const before = this.lag(of, 1, false);
    const { fact, full, quality } = this.#entry(of);
    const on: Params = { on: fact.spec.series.size.label };
    const spec: FactSpec = { kind: "prior", series: this.own, of, before };
    const key = refOf("prior", { of: paramOf(full), ...on, bars: this.own.size.label, ...this.#sessionParam() });
    return this.#add(refOf("prior", { of: paramOf(fact.ref), ...on }), key, spec, 1, quality);
  }

  openingRange(
    series: SeriesRef,
    span: { readonly label: string; readonly ms: number },
    field: OpeningRangeField,
  ): number {
    const spec: FactSpec = { kind: "opening_range", series, spanMs: span.ms, field };
    const own: Params = { span: span.label, output: field };
    const ref = refOf("opening_range", { ...own, ...this.#seriesParams(series) });
    const full = refOf("opening_range", { ...own, ...this.#fullSeries(series) });
    return this.#add(ref, full, spec, span.ms / series.size.ms, { unit: "price", range: [0, Infinity] });
  }

  rank(of: number, universe: number): number {
    const { fact, full } = this.#entry(of);
    const spec: FactSpec = { kind: "rank", series: this.own, of };
    const key = refOf("rank", { of: paramOf(full), ...this.#fullSeries(this.own) });
    const quality: Quality = { unit: "rank", range: [1, universe] };
    return this.#add(refOf("rank", { of: paramOf(fact.ref) }), key, spec, this.#warmupOf([of], this.own), quality);
  }

  calc(operator: CalcOperator, operands: readonly Operand[], quality: Quality): number {
    const args = operands.map((one) => (one.kind === "fact" ? one.index : this.constant(one.value, one.quality)));
    const facts = operands.flatMap((one) => (one.kind === "fact" ? [one.index] : []));
    const series = this.commonSeries(facts);
    const short = operands.map((one): ParamValue => (one.kind === "const" ? one.value : this.ref(one.index)));
    const full = operands.map((one): ParamValue =>
      one.kind === "const" ? one.value : paramOf(this.#entry(one.index).full),
    );
    return this.#add(
      refOf("calc", { op: operator, args: short }),
      refOf("calc", { op: operator, args: full }),
      { kind: "calc", series, operator, args },
      this.#warmupOf(facts, series),
      quality,
    );
  }

  barsTrue(condition: Condition, bars: number): number {
    const warmup = this.#conditionWarmup(condition) + Math.max(0, bars - 1);
    return this.#temporal(
      "bars_true",
      condition,
      { kind: "bars_true", series: this.own, condition },
      {},
      warmup,
      COUNT,
    );
  }

  secondsTrue(condition: Condition, seconds: number): number {
    const warmup = this.#conditionWarmup(condition) + this.#barsOf(seconds);
    const spec: FactSpec = { kind: "seconds_true", series: this.own, condition };
    return this.#temporal("seconds_true", condition, spec, {}, warmup, SECONDS);
  }

  barsSince(condition: Condition, horizon: number, before: boolean, rule: string | undefined): number {
    const owner = ownerOf(before, rule);
    const spec: FactSpec = { kind: "bars_since", series: this.own, condition, horizon, before, ...owner };
    const extra: Params = { horizon, ...(before ? { before } : {}) };
    const warmup = this.#conditionWarmup(condition) + horizon - (before ? 0 : 1);
    return this.#temporal("bars_since", condition, spec, extra, warmup, COUNT, owner);
  }

  secondsSince(condition: Condition, horizon: number, before: boolean, rule: string | undefined): number {
    const owner = ownerOf(before, rule);
    const of = { condition, horizonSeconds: horizon, before };
    const spec: FactSpec = { kind: "seconds_since", series: this.own, ...of, ...owner };
    const extra: Params = { horizon, ...(before ? { before } : {}) };
    const warmup = this.#conditionWarmup(condition) + this.#barsOf(horizon);
    return this.#temporal("seconds_since", condition, spec, extra, warmup, SECONDS, owner);
  }

  ref(index: number): { readonly fact: string; readonly params: Params } | { readonly fact: string } {
    return paramOf(this.#entry(index).fact.ref);
  }

  /** Length of the canonical texts of these facts: definitions that double each other grow without bound. */
  weight(facts: readonly number[]): number {
    return facts.reduce((sum, index) => sum + this.fact(index).key.length, 0);
  }

  /** The series all of these share, else the strategy's own. */
  commonSeries(facts: readonly number[]): SeriesRef {
    const [first, ...rest] = facts.map((index) => this.fact(index).spec.series);
    return first !== undefined && rest.every((series) => sameSeries(series, first)) ? first : this.own;
  }

  #temporal(
    name: string,
    condition: Condition,
    spec: FactSpec,
    extra: Params,
    warmup: number,
    quality: Quality,
    owner: Params = {},
  ): number {
    const fullFacts = this.#entries.map((entry): Fact => ({ ...entry.fact, ref: entry.full }));
    const short = refOf(name, { of: toCanonical(this.facts, condition) as unknown as ParamValue, ...extra });
    const full = refOf(name, {
      of: toCanonical(fullFacts, condition) as unknown as ParamValue,
      ...extra,
      ...owner,
      ...this.#fullSeries(this.own),
    });
    return this.#add(short, full, spec, warmup, quality);
  }

  #plain(name: string, series: SeriesRef, spec: FactSpec, warmup: number, quality: Quality): number {
    const ref = refOf(name, this.#seriesParams(series));
    return this.#add(ref, refOf(name, this.#fullSeries(series)), spec, warmup, quality);
  }

  #add(ref: FactRef, full: FactRef, spec: FactSpec, warmup: number, quality: Quality = ANY_NUMBER): number {
    const key = refKey(full);
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      const { fact } = this.#entry(known);
      fact.warmup = Math.max(fact.warmup, warmup);
      return known;
    }
    const index = this.#entries.push({ fact: { key, ref, spec, warmup }, full, quality }) - 1;
    this.#byKey.set(key, index);
    return index;
  }

  #entry(index: number): Entry {
    const entry = this.#entries[index];
    if (entry === undefined) throw new RangeError(`no fact ${index}`);
    return entry;
  }

  #seriesParams(series: SeriesRef): Params {
    return {
      ...(series.symbol === null ? {} : { symbol: series.symbol }),
      ...(series.size.label === this.own.size.label ? {} : { on: series.size.label }),
    };
  }

  #fullSeries(series: SeriesRef): Params {
    return { symbol: series.symbol ?? "@", on: series.size.label, ...this.#sessionParam() };
  }

  #sessionParam(): Params {
    return this.#session === "regular" ? {} : { session: this.#session };
  }

  #warmupOf(facts: readonly number[], series: SeriesRef): number {
    return facts.reduce((most, index) => {
      const { spec, warmup } = this.fact(index);
      return sameSeries(spec.series, series) ? Math.max(most, warmup) : Math.max(most, 1);
    }, 0);
  }

  #conditionWarmup(condition: Condition): number {
    return this.#warmupOf([...factsOf(condition)], this.own);
  }

  #barsOf(seconds: number): number {
    return Math.ceil((seconds * 1_000) / this.own.size.ms);
  }
}

export function sameSeries(a: SeriesRef, b: SeriesRef): boolean {
  return a.symbol === b.symbol && a.size.label === b.size.label;
}

/** Only what a firing uses up belongs to its rule. */
function ownerOf(before: boolean, rule: string | undefined): { readonly rule?: string } {
  return before && rule !== undefined ? { rule } : {};
}

function refOf(fact: string, params: Params): FactRef {
  return Object.keys(params).length === 0 ? { fact } : { fact, params };
}

function paramOf(ref: FactRef): { readonly fact: string; readonly params: Params } | { readonly fact: string } {
  return ref.params === undefined ? { fact: ref.fact } : { fact: ref.fact, params: ref.params };
}
