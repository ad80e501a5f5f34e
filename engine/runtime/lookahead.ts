/**
 * The lookahead check: does anything that was decided earlier depend on what came later?
 *
 * Owns: playing a tape whole and cut off at many instants, and comparing every evaluation that both have seen: all facts,
 * all truths, everything that follows from a firing. May not: repair what it finds.
 *
 * An evaluation is kept as one number, so that a long tape fits into memory; the first difference is looked at again.
 */
import type { Output } from "../core/event.ts";
import type { CoreState } from "../core/step.ts";
import type { MarketInput } from "../core/event.ts";
import type { Instance } from "../core/signals/instance.ts";
import { backtest } from "./backtest.ts";
import type { BacktestOptions } from "./backtest.ts";

export interface LookaheadOptions extends Omit<
  BacktestOptions,
  "items" | "broker" | "observe" | "progress" | "journal"
> {
  readonly items: () => Iterable<MarketInput>;
  readonly broker: () => BacktestOptions["broker"];
  /** How many instants the tape is cut off at, spread evenly. */
  readonly cuts: number;
  /** Cuts done so far. */
  readonly progress?: (done: number) => void;
}

export interface LookaheadResult {
  readonly items: number;
  readonly cuts: number;
  readonly evaluations: number;
  /** Evaluations that were compared, all cuts together. */
  readonly compared: number;
  readonly difference: Difference | undefined;
}

export interface Difference {
  /** The tape was cut off after this many items. */
  readonly cut: number;
  readonly time: number;
  readonly strategy: string;
  readonly symbol: string;
  /** What differs: a fact, the truth of a rule, or what the core did. */
  readonly what: string;
  readonly cutOff: string;
  readonly whole: string;
}

export async function checkLookahead(options: LookaheadOptions): Promise<LookaheadResult> {
  const whole = await record(options, Number.POSITIVE_INFINITY);
  const cuts = cutsOf(whole.items, options.cuts);
  let compared = 0;
  for (const [done, cut] of cuts.entries()) {
    const part = await record(options, cut);
    const until = part.lastTime - (options.program.graceMs ?? 0);
    const length = part.times.findIndex((time) => !(time < until));
    const most = length < 0 ? part.times.length : length;
    for (let i = 0; i < most; i++) {
      if (part.hashes[i] === whole.hashes[i] && part.times[i] === whole.times[i]) continue;
      const difference = await lookAgain(options, cut, i);
      return {
        items: whole.items,
        cuts: done + 1,
        evaluations: whole.times.length,
        compared: compared + i,
        difference,
      };
    }
    compared += most;
    options.progress?.(done + 1);
  }
  const { items } = whole;
  return { items, cuts: cuts.length, evaluations: whole.times.length, compared, difference: undefined };
}

function cutsOf(items: number, count: number): number[] {
  const cuts = Array.from({ length: count }, (_, i) => Math.floor((items * (i + 1)) / (count + 1)));
  return [...new Set(cuts.filter((cut) => cut > 0 && cut < items))];
}

interface Recorded {
  readonly items: number;
  readonly lastTime: number;
  readonly times: readonly number[];
  readonly hashes: readonly number[];
  readonly seen: Seen | undefined;
}

interface Seen {
  readonly time: number;
  readonly strategy: string;
  readonly symbol: string;
  readonly values: ReadonlyMap<string, string>;
}

/** Plays the first items; `look`: which evaluation to keep in full. */
async function record(options: LookaheadOptions, most: number, look = -1): Promise<Recorded> {
  const { items, broker, cuts: _, progress: __, ...rest } = options;
  const watch = new EvaluationWatch(look);
  const result = await backtest({
    ...rest,
    items: first(items(), most),
    broker: broker(),
    observe: (_input, outputs, core) => watch.observe(core, outputs),
  });
  const { times, hashes, seen } = watch;
  return { items: result.items, lastTime: result.lastTime, times, hashes, seen };
}

function* first(items: Iterable<MarketInput>, most: number): Generator<MarketInput> {
  let count = 0;
  for (const item of items) {
    if (count++ >= most) return;
    yield item;
  }
}

async function lookAgain(options: LookaheadOptions, cut: number, at: number): Promise<Difference> {
  const [cutOff, whole] = [await record(options, cut, at), await record(options, Number.POSITIVE_INFINITY, at)];
  const [a, b] = [cutOff.seen, whole.seen];
  const names = [...new Set([...(a?.values.keys() ?? []), ...(b?.values.keys() ?? [])])];
  const what = names.find((name) => a?.values.get(name) !== b?.values.get(name)) ?? "the order of evaluations";
  const { time = Number.NaN, strategy = "", symbol = "" } = a ?? b ?? {};
  const shown = (seen: Seen | undefined): string => seen?.values.get(what) ?? "nothing";
  return { cut, time, strategy, symbol, what, cutOff: shown(a), whole: shown(b) };
}

class EvaluationWatch {
  readonly times: number[] = [];
  readonly hashes: number[] = [];
  seen: Seen | undefined;
  readonly #look: number;
  readonly #known = new WeakMap<Instance, number>();
  readonly #bits = new Float64Array(1);
  readonly #words = new Uint32Array(this.#bits.buffer);

  constructor(look: number) {
    this.#look = look;
  }

  observe(core: CoreState, outputs: readonly Output[]): void {
    for (const instance of core.signals.instances) {
      const { index } = instance.facts.moment;
      if (index === (this.#known.get(instance) ?? 0)) continue;
      this.#known.set(instance, index);
      this.#evaluation(core, instance, outputs);
    }
  }

  #evaluation(core: CoreState, instance: Instance, outputs: readonly Output[]): void {
    const { strategy, symbol, slotOf, moment } = instance.facts;
    const { slots } = core.signals.graph;
    let hash = 0;
    for (const slot of slotOf) hash = this.#mix(hash, slots[slot] as number);
    for (const { evaluator } of instance.rules) hash = this.#mix(hash, evaluator.evaluate(slots));
    const said = saidOf(outputs);
    for (let i = 0; i < said.length; i++) hash = this.#mix(hash, said.charCodeAt(i));
    if (this.times.push(moment.time) - 1 === this.#look) {
      const values = new Map(strategy.facts.map((fact, i) => [fact.key, String(slots[slotOf[i] as number])] as const));
      for (const { rule, evaluator } of instance.rules)
        values.set(`rule ${rule.name}`, String(evaluator.evaluate(slots)));
      values.set("outputs", said);
      this.seen = { time: moment.time, strategy: strategy.name, symbol, values };
    }
    this.hashes.push(hash);
  }

  /** FNV-1a over the bits of the number; equal numbers give equal words, also when they are unknown. */
  #mix(hash: number, value: number): number {
    this.#bits[0] = Number.isNaN(value) ? Number.NaN : value;
    for (const word of this.#words) hash = Math.imul(hash ^ word, 16_777_619) >>> 0;
    return hash;
  }
}

/** What the core did, but for the timers, which belong to the bar that is open. */
function saidOf(outputs: readonly Output[]): string {
  const said = outputs.filter(({ kind }) => kind !== "timer.set" && kind !== "timer.cancel");
  return said.length === 0 ? "" : JSON.stringify(said);
}
