/**
 * One strategy in one symbol: evaluates its rules at one frozen instant and says which of them fire.
 *
 * Owns: the order inside one evaluation (facts, truth, firing, conflicts). May not: build bars or place orders.
 */
import { contradict, expressionsOf, isEntry, isExit, isForOnePosition, onlyReduces } from "../actions.ts";
import { factsOf, refKey, toCanonical } from "../canonical.ts";
import type { BookView, Firing } from "../event.ts";
import { decimal } from "../decimal.ts";
import type { Rule, TargetAction } from "../program.ts";
import { isOnTarget, isTooSmall, targetQty } from "../target.ts";
import { exactly, packed, restoreEach, unpacked } from "../saved.ts";
import type { PackedNumbers } from "../saved.ts";
import { Evaluator, TRUE, UNKNOWN } from "./conditions.ts";
import type { Slots } from "./conditions.ts";
import { advance, newRuleState, restoredRule, savedRule, takeBack } from "./firing.ts";
import type { Flips } from "./flips.ts";
import type { FiringContext, Outcome, RuleState, SavedRule } from "./firing.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { followedBy } from "./specs.ts";
import type { Work } from "./work.ts";

export interface RuleInstance {
  readonly rule: Rule;
  readonly evaluator: Evaluator;
  readonly expressions: readonly number[];
  state: RuleState;
  /** An exit that unknown blocks was reported; it is told once per spell. */
  blocked: boolean;
  /** What came of it when it was looked at last, and at which evaluation that was. */
  outcome: Outcome;
  lookedAt: number;
}

export interface SavedInstance {
  readonly moment: PackedNumbers;
  readonly waitingFor: number;
  readonly hadPosition: boolean;
  readonly rules: Readonly<Record<string, SavedRule & { readonly blocked: boolean }>>;
}

export type Refusal = { readonly rule: Rule; readonly code: string; readonly reason: string };

export interface Evaluation {
  readonly fired: readonly RuleInstance[];
  readonly refused: readonly Refusal[];
  /** An exit could not be judged while a position is open. */
  readonly blockedExits: readonly Rule[];
}

export const NOTHING: Evaluation = { fired: [], refused: [], blockedExits: [] };

/** The conditions of one strategy among those that are followed together. */
export interface Followed {
  readonly flips: Flips;
  readonly member: number;
}

interface Found {
  fired: RuleInstance[] | undefined;
  blockedExits: Rule[] | undefined;
}

export class Instance {
  readonly facts: InstanceFacts;
  readonly rules: readonly RuleInstance[];
  /** End of the bar that waits for other symbols, or NaN. */
  waitingFor = Number.NaN;
  #hadPosition = false;
  #wasTrading = false;
  /** Latches were set from outside, or nothing was followed yet: every rule is looked at. */
  #isStale = true;
  /** What the rules follow (`followedBy`), and which member of it they are. */
  readonly followed: Followed;
  /** The rule of each condition. */
  readonly #ruleOf: Int32Array;
  /** Rules that something may come of although nothing turns, as bits; and those to be looked at now. */
  readonly #restless: Uint32Array;
  readonly #due: Uint32Array;

  static *of(facts: InstanceFacts, followed: Followed): Work<Instance> {
    const slotOf = (fact: number): number => facts.slotOf[fact] as number;
    const rules: RuleInstance[] = [];
    for (const rule of facts.strategy.rules) {
      rules.push({
        rule,
        evaluator: new Evaluator(rule.condition, slotOf),
        expressions: expressionsOf(rule.action),
        state: newRuleState(rule),
        blocked: false,
        outcome: "unknown",
        lookedAt: -1,
      });
      yield;
    }
    return new Instance(facts, followed, rules);
  }

  private constructor(facts: InstanceFacts, followed: Followed, rules: readonly RuleInstance[]) {
    this.facts = facts;
    this.rules = rules;
    this.followed = followed;
    this.#ruleOf = Int32Array.from(followedBy(facts.strategy), ({ rule }) => rule);
    for (let i = this.rules.length; i < this.#ruleOf.length; i++) this.#rearmOf.set(this.#ruleOf[i] as number, i);
    this.#restless = new Uint32Array((this.rules.length >>> 5) + 1);
    this.#due = new Uint32Array(this.#restless.length);
  }

  /** Rule -> its rearm condition among the flips. */
  readonly #rearmOf = new Map<number, number>();

  /** Continues the same strategy and symbol of an older program: what is awaited, and whether a position is known. */
  adopt(old: Instance, isAnew: boolean): void {
    this.#hadPosition = old.#hadPosition;
    this.#isStale = true;
    // What waits when facts are made anew was to be judged by the old ones.
    if (isAnew) this.waitingFor = Number.NaN;
    else if (this.facts.series.key === old.facts.series.key) this.waitingFor = old.waitingFor;
  }

  save(): SavedInstance {
    const { time, start, index, bars, repeat } = this.facts.moment;
    return {
      moment: packed([time, start, index, bars, repeat]),
      waitingFor: this.waitingFor,
      hadPosition: this.#hadPosition,
      rules: Object.fromEntries(
        this.rules.map(({ rule, state, blocked }) => [rule.name, { ...savedRule(state), blocked }]),
      ),
    };
  }

  /** What its conditions said is computed anew at the next evaluation, as after a reload. */
  restore(saved: SavedInstance): void {
    const { key, moment } = this.facts;
    const values = exactly(unpacked(saved.moment), 5, key);
    [moment.time = 0, moment.start = 0, moment.index = 0, moment.bars = 0, moment.repeat = 0] = values;
    this.waitingFor = saved.waitingFor;
    this.#hadPosition = saved.hadPosition;
    this.#isStale = true;
    const rules = this.rules.map((instance) => [instance.rule.name, instance] as const);
    restoreEach(`rule of ${key}`, saved.rules, rules, (instance, { blocked, ...state }) => {
      instance.state = restoredRule(state);
      instance.blocked = blocked;
    });
  }

  /** A new evaluation begins: what others compare themselves with is brought up to it. */
  prepare(slots: Slots, time: number): void {
    const { moment, early, series, strategy } = this.facts;
    const { forming, bar } = series;
    const ticks = strategy.ticks === true;
    const start = ticks ? (forming?.start ?? series.intervalStart(time)) : bar.start;
    if (!ticks || start !== moment.start) moment.bars++;
    moment.repeat = time === moment.time ? moment.repeat + 1 : 0;
    moment.time = time;
    moment.start = start;
    moment.index++;
    for (const node of early) node.update(slots);
  }

  /** Updates the other facts of this instance and follows every rule; fires only while `trading`. */
  evaluate(slots: Slots, day: number, book: BookView | undefined, trading: boolean): Evaluation {
    const { moment, nodes } = this.facts;
    const { time } = moment;
    for (const node of nodes) node.update(slots);
    const hasPosition = book !== undefined && book.qty !== 0;
    if (hasPosition && !this.#hadPosition) this.#rearmExits();
    if (hasPosition !== this.#hadPosition || trading !== this.#wasTrading) this.#isStale = true;
    this.#hadPosition = hasPosition;
    this.#wasTrading = trading;
    const context = this.#context;
    context.time = time;
    context.index = moment.index;
    context.start = moment.start;
    context.bars = moment.bars;
    context.day = day;
    context.trading = trading;
    this.#markDue(slots);
    const found = this.#found;
    found.fired = undefined;
    found.blockedExits = undefined;
    for (let word = 0; word < this.#due.length; word++) {
      for (let bits = this.#due[word] as number; bits !== 0; bits &= bits - 1)
        this.#follow((word << 5) + (31 - Math.clz32(bits & -bits)), slots, book, found);
    }
    const { fired, blockedExits } = found;
    if (fired === undefined && blockedExits === undefined) return NOTHING;
    return { ...resolve(fired ?? [], (book?.qty ?? 0) > 0), blockedExits: blockedExits ?? [] };
  }

  /** Rules whose truth turned, and those that are restless; all of them when something else changed. */
  #markDue(slots: Slots): void {
    const { flips, member } = this.followed;
    const due = this.#due;
    flips.commit(member, slots);
    if (this.#isStale) {
      this.#isStale = false;
      due.fill(0);
      for (let i = 0; i < this.rules.length; i++) setBit(due, i);
      return;
    }
    for (let word = 0; word < due.length; word++) due[word] = this.#restless[word] as number;
    for (let i = 0; i < flips.changedCount; i++) setBit(due, this.#ruleOf[flips.changed[i] as number] as number);
  }

  #follow(index: number, slots: Slots, book: BookView | undefined, found: Found): void {
    const instance = this.rules[index] as RuleInstance;
    const { rule, state } = instance;
    const context = this.#context;
    const { flips, member } = this.followed;
    const truth = flips.truth(member, index);
    const rearm = this.#rearmOf.get(index);
    const blocked = truth === UNKNOWN && this.#hadPosition && onlyReduces(rule.action);
    if (blocked && !instance.blocked && context.trading) (found.blockedExits ??= []).push(rule);
    instance.blocked = blocked && context.trading;
    context.truth = truth;
    context.rearm = rearm === undefined ? UNKNOWN : flips.truth(member, rearm);
    context.useful = truth === TRUE && this.#wouldChange(rule, book, slots);
    instance.outcome = advance(rule, state, context);
    instance.lookedAt = context.index;
    if (instance.outcome === "fires") (found.fired ??= []).push(instance);
    // True and free to fire, or about to be re-armed: the next evaluation decides, whatever the facts do.
    const { armed } = state.latch;
    const isRestless = truth === TRUE ? rule.fire === "each" || armed : false;
    if (isRestless || (context.rearm === TRUE && !armed)) setBit(this.#restless, index);
    else clearBit(this.#restless, index);
  }

  /** These two are there once for all evaluations: nothing is allocated when nothing fires. */
  readonly #found: Found = { fired: undefined, blockedExits: undefined };
  readonly #context: { -readonly [K in keyof FiringContext]: FiringContext[K] } = {
    time: 0,
    index: 0,
    start: 0,
    bars: 0,
    day: 0,
    truth: UNKNOWN,
    rearm: UNKNOWN,
    useful: false,
    trading: false,
  };

  get #price(): number {
    const { strategy, series } = this.facts;
    return strategy.ticks === true ? series.price : series.bar.close;
  }

  /** Freezes what a firing needs. Undefined with the name of the first unknown expression. */
  freeze(slots: Slots, instance: RuleInstance, program: string): Firing | { readonly unknown: string } {
    const { strategy, symbol, moment, slotOf } = this.facts;
    const price = this.#price;
    if (!Number.isFinite(price)) return { unknown: "the price" };
    const values: Record<number, number> = {};
    for (const index of instance.expressions) {
      const value = slots[slotOf[index] as number] as number;
      if (Number.isFinite(value)) values[index] = value;
      // A person is told all the same; the message says what is unknown.
      else if (instance.rule.action.kind !== "alert") return { unknown: strategy.facts[index]?.key ?? String(index) };
    }
    const condition = instance.evaluator.known(slots) ?? instance.rule.condition;
    const facts: Record<string, number> = {};
    for (const index of factsOf(condition)) {
      const fact = strategy.facts[index];
      if (fact !== undefined) facts[refKey(fact.ref)] = slots[slotOf[index] as number] as number;
    }
    return {
      id: firingId(this.facts, instance.rule),
      program,
      strategy: strategy.name,
      rule: instance.rule.name,
      symbol,
      time: moment.time,
      price,
      values,
      condition: toCanonical(strategy.facts, condition),
      facts,
    };
  }

  /** What came of a rule at the evaluation just made. One that nothing turned was not looked at: nothing came of it. */
  outcomeOf({ outcome, lookedAt, state: { latch } }: RuleInstance): Outcome {
    if (lookedAt === this.facts.moment.index) return outcome;
    if (latch.truth === TRUE) return this.#wasTrading ? "latched" : "not_trading";
    return latch.truth === UNKNOWN ? "unknown" : "false";
  }

  takeBack(name: string, digest: string, time: number): void {
    for (const { rule, state } of this.rules) if (rule.name === name && rule.digest === digest) takeBack(state, time);
    this.#isStale = true;
  }

  /** A firing that went out uses up the sequences that led to it. */
  consume(rule: Rule): void {
    for (const node of this.facts.sequences.get(rule.name) ?? []) node.consume();
  }

  #wouldChange({ action, fire }: Rule, book: BookView | undefined, slots: Slots): boolean {
    if (action.kind === "target") {
      // A new target goes before what is on its way to an older one; the same target each time does not.
      return book?.exitOpen === true ? fire === "once" : this.#isOffTarget(action, book, slots, fire);
    }
    if (action.kind === "close" || action.kind === "reduce") {
      if (book === undefined) return false;
      // Once, two new orders take the place of older ones; each time, they only fill a gap.
      if (action.oco !== undefined) return book.qty !== 0 && !book.exitOpen && (fire === "once" || !book.guarded);
      if (action.kind === "close" && book.waiting && action.order.type !== "market") return false;
      // A part that is being sold does not stand in the way of closing everything.
      if (action.kind === "close" ? book.closing : book.exitOpen) return false;
      return book.qty !== 0 || (action.kind === "close" && book.entryOpen);
    }
    if (action.kind === "cancel") return book !== undefined && book.entryOpen;
    // Once, a sale of nothing is refused with its reason; each time, it would be so at every bar.
    if (fire === "each" && onlyReduces(action)) return book !== undefined && book.qty > 0 && !book.exitOpen;
    return true;
  }

  /** What is not known here is refused, with its reason, when the firing is frozen. */
  #isOffTarget(action: TargetAction, book: BookView | undefined, slots: Slots, fire: Rule["fire"]): boolean {
    const value = (index: number): number => slots[this.facts.slotOf[index] as number] as number;
    const price = this.#price;
    const equity = action.equity === undefined ? Number.NaN : value(action.equity);
    const target = targetQty(action, value, price, equity);
    if (target === undefined || (fire === "once" && isTooSmall(action, value, target))) return true;
    return !isOnTarget(action, value, price, target, decimal(book?.openQty ?? 0));
  }

  #rearmExits(): void {
    for (const { rule, state } of this.rules) if (isForOnePosition(rule.action)) state.latch.armed = true;
  }
}

/**
 * Exits drop the entries of the same evaluation, also in a group: they are never trapped. Of each group one is left.
 * Opposite entries of equal priority cancel each other out.
 */
function resolve(fired: RuleInstance[], isLong: boolean): Omit<Evaluation, "blockedExits"> {
  if (fired.length < 2) return { fired, refused: [] };
  const refused: Refusal[] = [];
  const drop = (instance: RuleInstance, code: string, reason: string): void => {
    refused.push({ rule: instance.rule, code, reason });
    fired = fired.filter((other) => other !== instance);
  };
  fired.sort((a, b) => b.rule.priority - a.rule.priority || a.rule.index - b.rule.index);
  // A sale that cannot open exits as well where there is something to sell; beside close or reduce it has nothing left.
  const exits = fired.filter(({ rule }) => isExit(rule.action));
  if (exits.length === 0 && isLong) exits.push(...fired.filter(({ rule }) => onlyReduces(rule.action)));
  const [exit] = exits;
  if (exit !== undefined) {
    for (const instance of fired.filter(({ rule }) => isEntry(rule.action))) {
      if (exits.includes(instance)) continue;
      drop(instance, "exit_first", `rule "${exit.rule.name}" exits at the same evaluation`);
    }
  }
  const groups = new Map<string, string>();
  for (const instance of new Set([...exits, ...fired])) {
    const { group, name } = instance.rule;
    if (group === undefined) continue;
    const first = groups.get(group);
    if (first === undefined) groups.set(group, name);
    else drop(instance, "group", `rule "${first}" of the group "${group}" fires at the same evaluation`);
  }
  const entries = fired.filter(({ rule }) => isEntry(rule.action));
  for (const entry of entries) {
    const rival = entries.find(
      ({ rule }) =>
        rule !== entry.rule && contradict(rule.action, entry.rule.action) && rule.priority >= entry.rule.priority,
    );
    if (rival === undefined) continue;
    const rank = rival.rule.priority === entry.rule.priority ? "equal" : "higher";
    const other = rival.rule.action.kind === entry.rule.action.kind ? "another target" : "the opposite";
    drop(entry, "conflict", `rule "${rival.rule.name}" wants ${other} with ${rank} priority`);
  }
  return { fired, refused };
}

/** Unique: of several evaluations at one time the later ones are numbered. */
export function firingId({ strategy, symbol, moment }: InstanceFacts, rule: Rule): string {
  const repeat = moment.repeat === 0 ? "" : `.${moment.repeat}`;
  return `${strategy.name}/${rule.name}/${symbol}/${moment.time}${repeat}`;
}

function setBit(bits: Uint32Array, index: number): void {
  const word = index >>> 5;
  bits[word] = (bits[word] as number) | (1 << (index & 31));
}

function clearBit(bits: Uint32Array, index: number): void {
  const word = index >>> 5;
  bits[word] = (bits[word] as number) & ~(1 << (index & 31));
}
