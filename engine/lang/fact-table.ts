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
import { isOfTime } from "../market/bar-size.ts";
import type { BarSize } from "../market/bar-size.ts";
import { namedParams, ownerOf, paramOf, refOf, sameSeries } from "./fact-refs.ts";
import type { IndicatorUse, Operand, Params } from "./fact-refs.ts";
import { UNBOUNDED } from "./units.ts";
import type { Quality } from "./units.ts";

interface Entry {
  readonly fact: Fact & { warmup: number };
  readonly full: FactRef;
  readonly quality: Quality;
}

const ANY_NUMBER: Quality = { unit: "number", range: UNBOUNDED };
const COUNT: Quality = { unit: "bars", range: [0, Infinity] };
const SECONDS: Quality = { unit: "seconds", range: [-1, Infinity] };

export class FactTable {
  readonly own: SeriesRef;
  /** Evaluated at trades and quotes: facts of the own bars see the forming one unless they say otherwise. */
  readonly ticks: boolean;
  readonly #session: SessionKind;
  readonly #entries: Entry[] = [];
  readonly #byKey = new Map<string, number>();

  constructor(own: SeriesRef, session: SessionKind, ticks = false) {
    this.own = own;
    this.ticks = ticks;
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

  field(series: SeriesRef, field: BarField, quality: Quality, forming: boolean): number {
    const ref = refOf(field, this.#seriesParams(series, forming));
    const full = refOf(field, this.#fullSeries(series, forming));
    const spec: FactSpec = { kind: "field", series, field, ...(forming ? { forming: true } : {}) };
    return this.#add(ref, full, spec, 1, quality);
  }

  /** Whether facts of these bars see the forming one when nothing is said. */
  seesForming(series: SeriesRef): boolean {
    return this.ticks && series.size.label === this.own.size.label;
  }

  /** Whether a fact sees a forming bar. */
  isForming(index: number): boolean {
    const { spec } = this.fact(index);
    if (spec.kind === "field") return spec.forming === true;
    if (spec.kind === "calc") return spec.args.some((arg) => this.isForming(arg));
    return spec.kind === "peek" || spec.kind === "bars_ago";
  }

  /** What the same fact says of closed bars; undefined where it reads anything but bars of one size. */
  closed(index: number): number | undefined {
    const { fact, quality } = this.#entry(index);
    const { spec } = fact;
    switch (spec.kind) {
      case "field":
        return spec.forming === true ? this.field(spec.series, spec.field, quality, false) : index;
      case "peek":
        return spec.of;
      case "bars_ago":
        return spec.before;
      case "opening_range":
        return this.ticks ? undefined : index;
      case "lag":
        return spec.sampled !== true && this.#isClosedOn(spec.of, spec.series) ? index : undefined;
      case "indicator":
        return spec.inputs.every((input) => this.#isClosedOn(input, spec.series)) ? index : undefined;
      case "calc": {
        const args = spec.args.map((arg) => (this.fact(arg).spec.kind === "const" ? arg : this.closed(arg)));
        if (!args.every((arg) => arg !== undefined && this.#isClosedOn(arg, spec.series))) return undefined;
        const operands = (args as number[]).map((arg) => this.operand(arg));
        return this.calc(spec.operator, operands, quality);
      }
      default:
        return undefined;
    }
  }

  #isClosedOn(index: number, series: SeriesRef): boolean {
    const { spec } = this.fact(index);
    return spec.kind === "const" || (sameSeries(spec.series, series) && this.closed(index) === index);
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
    const { entry, series, inputs, params, output, of, with: other, quality, source, forming } = use;
    const chosen: Params = entry.outputs.length > 1 ? { output: entry.outputs[output]?.name ?? "" } : {};
    const from: { readonly source?: string } = source === undefined ? {} : { source };
    const own: Params = { ...namedParams(entry, params), ...chosen, ...from };
    const read = (written: (index: number) => ParamValue): Params => ({
      ...(of === undefined ? {} : { of: written(of) }),
      ...(other === undefined ? {} : { with: written(other) }),
    });
    const short = read((index) => this.ref(index));
    const full = read((index) => paramOf(this.#entry(index).full));
    const ref = refOf(entry.name, { ...own, ...short, ...this.#seriesParams(series, forming) });
    const fullRef = refOf(entry.name, { ...own, ...full, ...this.#fullSeries(series, forming) });
    if (forming) {
      const closed = this.indicator(this.#closedUse(use));
      const peek: FactSpec = { kind: "peek", series, of: closed, inputs, output };
      return this.#add(ref, fullRef, peek, this.fact(closed).warmup, quality);
    }
    const spec: FactSpec = { kind: "indicator", series, name: entry.name, inputs, params, output, ...from };
    // The first bar of the indicator is the last of its inputs' warm-up.
    const before = Math.max(0, this.#warmupOf(inputs, series) - 1);
    return this.#add(ref, fullRef, spec, before + entry.warmup(params), quality);
  }

  #closedUse({ of, with: other, source: _none, ...use }: IndicatorUse): IndicatorUse {
    const closed = (index: number): number => this.closed(index) ?? index;
    const inputs = use.inputs.map(closed);
    return {
      ...use,
      inputs,
      forming: false,
      ...(of === undefined ? {} : { of: closed(of) }),
      ...(other === undefined ? {} : { with: closed(other) }),
    };
  }

  /** `bars` closed bars ago, counted on the fact's own series or, when `sampled`, on the strategy's. */
  lag(of: number, bars: number, sampled: boolean): number {
    const { fact, full, quality } = this.#entry(of);
    const { spec, ref } = fact;
    if (spec.kind === "const") return of;
    const closed = sampled || !this.isForming(of) ? undefined : this.closed(of);
    if (closed !== undefined) return this.#barsAgo(of, closed, bars);
    const series = sampled ? this.own : spec.series;
    const foreign = !sameSeries(series, spec.series);
    // Further back in the larger bars, not one of the strategy's own bars ago.
    if (spec.kind === "prior" && !sampled) return this.prior(this.lag(spec.of, bars, false));
    const isAlike = !this.ticks || (!sampled && spec.kind === "lag" && spec.sampled !== true);
    if (spec.kind === "lag" && !foreign && isAlike) {
      const inner = this.fact(spec.of).spec;
      const wasSampled = !sameSeries(inner.series, series) || inner.kind === "prior" || this.isForming(spec.of);
      return this.lag(spec.of, spec.bars + bars, wasSampled);
    }
    // A lookback goes back in the larger bars, so what was sampled must say so.
    const isSampled = foreign || spec.kind === "prior" || this.isForming(of);
    const atTicks: { readonly sampled?: true } = this.ticks && sampled ? { sampled: true } : {};
    const on = atTicks.sampled === true ? "tick" : series.size.label;
    const extra: Params = { lag: bars, ...(isSampled || on === "tick" ? { lag_on: on } : {}) };
    const nested = ref.params?.["lag"] !== undefined;
    const nest = (base: FactRef): FactRef =>
      nested ? refOf("lag", { of: paramOf(base), ...extra }) : refOf(base.fact, { ...base.params, ...extra });
    const warmup = (foreign ? 1 : fact.warmup) + bars;
    return this.#add(nest(ref), nest(full), { kind: "lag", series, of, bars, ...atTicks }, warmup, quality);
  }

  /** Seen from the forming bar, the last closed one is one bar ago. */
  #barsAgo(of: number, closed: number, bars: number): number {
    const { fact, full, quality } = this.#entry(of);
    const { series } = fact.spec;
    const before = this.lag(closed, bars, false);
    const now = bars === 1 ? closed : this.lag(closed, bars - 1, false);
    const past = fact.spec.kind === "bars_ago" ? (fact.ref.params?.["lag"] as number) : 0;
    const lagged = (base: FactRef): FactRef => refOf(base.fact, { ...base.params, lag: past + bars });
    const spec: FactSpec = { kind: "bars_ago", series, of: now, before };
    return this.#add(lagged(fact.ref), lagged(full), spec, this.fact(before).warmup, quality);
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
    series: SeriesRef & { readonly size: BarSize },
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

  #seriesParams(series: SeriesRef, forming = this.seesForming(series)): Params {
    return {
      ...(series.symbol === null ? {} : { symbol: series.symbol }),
      ...(series.size.label === this.own.size.label ? {} : { on: series.size.label }),
      ...(forming === this.seesForming(series) ? {} : { forming }),
    };
  }

  #fullSeries(series: SeriesRef, forming = false): Params {
    const own: Params = { symbol: series.symbol ?? "@", on: series.size.label, ...this.#sessionParam() };
    return { ...own, ...(forming ? { forming } : {}), ...(this.ticks ? { ticks: true } : {}) };
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
    // How many bars of activity come in a time nobody knows: one at least.
    return isOfTime(this.own.size) ? Math.ceil((seconds * 1_000) / this.own.size.ms) : 1;
  }
}
