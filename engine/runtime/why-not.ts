/**
 * Why a rule did not fire: its evaluations, taken from the core itself while a journal is computed again.
 *
 * Owns: which evaluations are kept (the last ones, and those that came closest), and what else kept a rule from being judged.
 * May not: judge a condition, read files.
 */
import type { Input, Output } from "../core/event.ts";
import { judgedTree, missOf, unknownFacts, wordOf } from "../core/judged-tree.ts";
import type { JudgedNode, Miss, TruthWord, UnknownFact } from "../core/judged-tree.ts";
import type { Rule, Strategy } from "../core/program.ts";
import type { Outcome } from "../core/signals/firing.ts";
import { firingId } from "../core/signals/instance.ts";
import type { Instance } from "../core/signals/instance.ts";
import type { Judged } from "../core/signals/judge.ts";
import type { Calendar } from "../market/calendar.ts";
import type { JournalHeader, JournalRecord, JournaledInput } from "../ports/journal.ts";
import { BarCounts } from "./bar-counts.ts";
import { Fates } from "./fates.ts";
import type { Fate } from "./fates.ts";
import { RebuildError, Recompute } from "./recompute.ts";

export const LAST_EVALUATIONS = 10;
export const NEAR_MISSES = 10;
/** A bar is judged up to this long after its end: grace, and the wait for other symbols. */
const SLACK_MS = 300_000;
const PROGRESS_EVERY = 10_000;

export interface RuleQuestion {
  /** `RULE` or `STRATEGY/RULE`. */
  readonly rule: string;
  readonly symbol?: string;
  /** The last evaluation up to this market time; absent: of the run. */
  readonly at?: number;
}

export interface Evaluated {
  /** Number of the input that led to it. */
  readonly seq: number;
  readonly time: number;
  /** As the core had it. */
  readonly truth: TruthWord;
  /** `split`: not judged, its facts are of other shares. */
  readonly outcome: Outcome | "split";
  readonly tree: JudgedNode;
  /** How far from true it was, and by which comparison. */
  readonly miss: Miss;
  /** Facts that are unknown by themselves, with the bars there were for them; null: some were before the snapshot. */
  readonly unknown: readonly (UnknownFact & { readonly bars: number | null })[];
  readonly cooldownUntil: number | null;
  /** Where it fired: what became of it. */
  readonly fate: Fate | null;
}

/** What keeps a rule from being judged. */
export type Idle = "not_trading" | "halted" | "feed_down" | "waiting" | "session_closed" | "no_data";

export interface SymbolReport {
  readonly symbol: string;
  /** Newest last; empty: never judged. */
  readonly last: readonly Evaluated[];
  /** Closest first. */
  readonly near: readonly Evaluated[];
  /** How often each outcome was. */
  readonly counts: Readonly<Partial<Record<Evaluated["outcome"], number>>>;
  /** Since the last evaluation. */
  readonly idle: Idle;
}

export interface WhyNot {
  readonly header: JournalHeader;
  readonly digest: string;
  readonly strategy: Strategy;
  readonly rule: Rule;
  readonly at: number | null;
  /** The input after which the records begin, when a snapshot stands before them. */
  readonly after: number | null;
  /** Market time of the last input that was looked at. */
  readonly until: number;
  readonly reports: readonly SymbolReport[];
}

/** The question cannot be answered as it stands; the message says what can be asked. */
export class WhyError extends Error {
  override readonly name = "WhyError";
}

interface Kept extends Omit<Evaluated, "fate" | "unknown"> {
  readonly firing: string | null;
  unknown: Evaluated["unknown"];
}

interface Collected {
  readonly last: Kept[];
  readonly near: Kept[];
  readonly counts: Partial<Record<Evaluated["outcome"], number>>;
}

/** Rejects with a WhyError when no such rule ran there, and with a RebuildError when the journal cannot be computed again. */
export async function whyNot(
  records: AsyncIterable<JournalRecord>,
  calendarOf: (symbol: string) => Calendar,
  question: RuleQuestion,
  progress: (inputs: number, marketTime: number) => void = () => {},
): Promise<WhyNot> {
  const follower = new Follower(calendarOf, question);
  for await (const record of records) {
    follower.take(record);
    const { inputs, marketTime } = follower;
    if (record.kind === "in" && inputs % PROGRESS_EVERY === 0) progress(inputs, marketTime);
  }
  return follower.answer();
}

class Follower {
  readonly #question: RuleQuestion;
  readonly #run: Recompute;
  readonly #bars = new BarCounts();
  readonly #fates = new Fates((id) => this.#firings.has(id));
  readonly #firings = new Set<string>();
  readonly #collected = new Map<string, Collected>();
  readonly #rules = new WeakMap<Instance, number>();
  readonly #halted = new Set<string>();
  /** Evaluations of the input that is being taken: its bars are counted when it is through. */
  #fresh: Kept[] = [];
  #seq = 0;
  #after: number | null = null;
  #trading = false;
  #feedDown = false;
  /** What kept instances idle at the time asked for. */
  #idle: ReadonlyMap<string, Idle> | undefined;
  /** Enough was computed: the records still say what became of firings. */
  #isOver = false;

  constructor(calendarOf: (symbol: string) => Calendar, question: RuleQuestion) {
    this.#question = question;
    const judged: Judged = (instance, slots, trading, hold) => {
      const { at = Number.POSITIVE_INFINITY, symbol } = this.#question;
      const { facts } = instance;
      if (facts.moment.time > at || (symbol !== undefined && facts.symbol !== symbol)) return;
      const index = this.#indexIn(instance);
      if (index >= 0) this.#judged(instance, index, { slots, trading, isSplit: hold === "unknown" });
    };
    const watch = (input: Input, outputs: readonly Output[]): void => {
      this.#bars.learn(input, outputs);
      for (const kept of this.#fresh)
        kept.unknown = kept.unknown.map((fact) => ({ ...fact, bars: this.#barsOf(fact) }));
      this.#fresh = [];
    };
    this.#run = new Recompute(
      calendarOf,
      watch,
      ({ desk }, { core }) => {
        this.#after = desk.state.now.seq;
        this.#trading = core.signals.trading;
      },
      judged,
    );
  }

  get inputs(): number {
    return this.#run.inputs;
  }

  get marketTime(): number {
    return this.#run.now?.marketTime ?? Number.NaN;
  }

  take(record: JournalRecord): void {
    const { at = Number.POSITIVE_INFINITY } = this.#question;
    if (record.kind === "in") {
      const { input } = record;
      if (input.marketTime > at) this.#idle ??= this.#situation(at);
      if (input.marketTime > at + SLACK_MS) this.#isOver = true;
      this.#seq = input.seq;
      this.#fates.input(input);
      if (this.#idle === undefined) this.#note(input);
    }
    if (!this.#isOver) this.#run.take(record);
    if (record.kind === "out") for (const output of record.outputs) this.#fates.output(output);
  }

  #note(input: JournaledInput): void {
    if (input.kind === "trading.started") this.#trading = true;
    if (input.kind === "halt") this.#halted[input.halted ? "add" : "delete"](input.symbol);
    if (input.kind === "feed" && input.status !== "ended") this.#feedDown = input.status === "down";
  }

  /** The rule asked for among those of an instance, or -1. */
  #indexIn(instance: Instance): number {
    let index = this.#rules.get(instance);
    if (index !== undefined) return index;
    const { name } = instance.facts.strategy;
    const { rule } = this.#question;
    index = instance.rules.findIndex(({ rule: own }) => own.name === rule || `${name}/${own.name}` === rule);
    this.#rules.set(instance, index);
    return index;
  }

  #judged(instance: Instance, index: number, moment: Judgement): void {
    const kept = this.#evaluated(instance, index, moment);
    if (kept.firing !== null) this.#firings.add(kept.firing);
    this.#fresh.push(kept);
    const key = keyOf(instance);
    const collected = this.#collected.get(key) ?? { last: [], near: [], counts: {} };
    this.#collected.set(key, collected);
    const { last, near, counts } = collected;
    counts[kept.outcome] = (counts[kept.outcome] ?? 0) + 1;
    last.push(kept);
    if (last.length > LAST_EVALUATIONS) last.shift();
    if (kept.outcome !== "false" || !moment.trading || !Number.isFinite(kept.miss.distance)) return;
    const place = near.findIndex(({ miss }) => miss.distance > kept.miss.distance);
    if (place >= 0) near.splice(place, 0, kept);
    else near.push(kept);
    if (near.length > NEAR_MISSES) near.pop();
  }

  #evaluated(instance: Instance, index: number, { slots, isSplit }: Judgement): Kept {
    const { facts, rules } = instance;
    const own = rules[index] as Instance["rules"][number];
    const { condition, cooldown } = own.rule;
    const outcome = isSplit ? "split" : instance.outcomeOf(own);
    const truth = isSplit ? "unknown" : wordOf(own.state.latch.truth);
    const unknown = truth !== "unknown" || isSplit ? [] : unknownFacts(instance, condition, slots);
    const tree = judgedTree(instance, condition, slots);
    const { lastFiredTime } = own.state.usage;
    return {
      ...{ seq: this.#seq, time: facts.moment.time, truth, outcome, tree, miss: missOf(tree) },
      unknown: unknown.map((fact) => ({ ...fact, bars: null })),
      cooldownUntil:
        outcome === "cooldown" && cooldown !== undefined && "ms" in cooldown ? lastFiredTime + cooldown.ms : null,
      firing: outcome === "fires" ? firingId(facts, own.rule) : null,
    };
  }

  #barsOf({ symbol, on }: UnknownFact): number | null {
    return this.#after === null ? this.#bars.of(symbol, on) : null;
  }

  #situation(at: number): ReadonlyMap<string, Idle> {
    const instances = this.#run.core?.signals.instances ?? [];
    return new Map(instances.map((instance) => [keyOf(instance), this.#idleOf(instance, at)]));
  }

  #idleOf({ facts: { symbol, series }, waitingFor }: Instance, at: number): Idle {
    if (!this.#trading) return "not_trading";
    if (this.#feedDown) return "feed_down";
    if (this.#halted.has(symbol)) return "halted";
    if (Number.isFinite(waitingFor)) return "waiting";
    return Number.isNaN(series.endAt(at)) ? "session_closed" : "no_data";
  }

  answer(): WhyNot {
    const { header, core, loaded, now } = this.#run;
    if (this.#isOver && loaded === undefined) throw new WhyError("nothing was running there yet: the run began later");
    if (header === undefined || core === undefined || now === undefined || loaded === undefined)
      throw new RebuildError("the journal holds no program yet: nothing has run", { code: "empty" });
    const { at, symbol } = this.#question;
    const idle = this.#idle ?? this.#situation(now.marketTime);
    const found = this.#found(core.signals.instances);
    const { strategy } = (found[0] as Instance).facts;
    const rule = found[0]?.rules[this.#indexIn(found[0])]?.rule as Rule;
    const asked = found.filter(({ facts }) => symbol === undefined || facts.symbol === symbol);
    if (asked.length === 0) throw new WhyError(`${strategy.name} does not trade ${symbol}: ${symbolsOf(found)}`);
    return {
      ...{ header, digest: loaded.program.digest, strategy, rule, at: at ?? null, after: this.#after },
      until: now.marketTime,
      reports: asked.map((instance) => this.#report(instance, idle.get(keyOf(instance)) ?? "no_data")),
    };
  }

  #found(instances: readonly Instance[]): readonly Instance[] {
    const { rule } = this.#question;
    const found = instances.filter((instance) => this.#indexIn(instance) >= 0);
    const names = [...new Set(found.map(({ facts }) => facts.strategy.name))];
    if (names.length > 1)
      throw new WhyError(
        `several strategies have a rule "${rule}": ask for ${names.map((name) => `${name}/${rule}`).join(" or ")}`,
      );
    if (found.length > 0) return found;
    const known = new Set(
      instances.flatMap(({ facts, rules }) => rules.map((own) => `${facts.strategy.name}/${own.rule.name}`)),
    );
    throw new WhyError(`no rule "${rule}" was running there: there were ${[...known].join(", ")}`);
  }

  #report(instance: Instance, idle: Idle): SymbolReport {
    const { last = [], near = [], counts = {} } = this.#collected.get(keyOf(instance)) ?? {};
    const told = ({ firing, ...kept }: Kept): Evaluated => ({
      ...kept,
      fate: firing === null ? null : this.#fates.of(firing),
    });
    return { symbol: instance.facts.symbol, last: last.map(told), near: near.map(told), counts, idle };
  }
}

interface Judgement {
  readonly slots: Parameters<Judged>[1];
  readonly trading: boolean;
  readonly isSplit: boolean;
}

/** Across reloads: the graph has other instances, strategy and symbol are the same. */
function keyOf({ facts }: Instance): string {
  return `${facts.symbol} ${facts.strategy.name}`;
}

function symbolsOf(instances: readonly Instance[]): string {
  return instances.map(({ facts }) => facts.symbol).join(", ");
}
