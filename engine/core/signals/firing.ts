/**
 * The firing state machine of one rule in one symbol.
 *
 * Owns: when a true condition becomes a firing: latches, re-arming, cooldowns, limits. Its state is plain data: it is
 * kept across reloads and shown to people.
 * May not: evaluate conditions, know prices or orders.
 */
import { exactly, packed, unpacked } from "../saved.ts";
import type { PackedNumbers } from "../saved.ts";
import { UNKNOWN, TRUE } from "./conditions.ts";
import type { Truth } from "./conditions.ts";
import type { Period, Rule } from "../program.ts";

/** Survives as long as the rule's digest is unchanged. */
export interface LatchState {
  /** `once`: may fire at the next true. False until the condition was seen false (or `rearm` true). */
  armed: boolean;
  truth: Truth;
}

/** Belongs to (strategy, rule name, symbol) and survives edits of the rule. */
export interface UsageState {
  lastFiredTime: number;
  lastFiredIndex: number;
  /** Count of bars at the last firing. */
  lastFiredBar: number;
  /** Firings of the period in which the last one fell. */
  readonly counts: Readonly<Record<Period, { at: number; count: number }>>;
}

export interface RuleState {
  readonly latch: LatchState;
  readonly usage: UsageState;
}

export interface SavedRule {
  readonly armed: boolean;
  readonly truth: Truth;
  /** The last firing, then place and count of each period. */
  readonly usage: PackedNumbers;
}

export function savedRule({ latch: { armed, truth }, usage }: RuleState): SavedRule {
  return { armed, truth, usage: savedUsage(usage) };
}

export function restoredRule({ armed, truth, usage }: SavedRule): RuleState {
  return { latch: { armed, truth }, usage: restoredUsage(usage) };
}

export function savedUsage({ lastFiredTime, lastFiredIndex, lastFiredBar, counts }: UsageState): PackedNumbers {
  const counted = PERIODS.flatMap((period) => [counts[period].at, counts[period].count]);
  return packed([lastFiredTime, lastFiredIndex, lastFiredBar, ...counted]);
}

export function restoredUsage(usage: PackedNumbers): UsageState {
  const values = exactly(unpacked(usage), 3 + 2 * PERIODS.length, "a rule");
  const [lastFiredTime = 0, lastFiredIndex = 0, lastFiredBar = 0, ...counted] = values;
  const counts = { bar: none(), hour: none(), day: none(), week: none() };
  for (const [i, period] of PERIODS.entries())
    counts[period] = { at: counted[2 * i] as number, count: counted[2 * i + 1] as number };
  return { lastFiredTime, lastFiredIndex, lastFiredBar, counts };
}

export type RulePhase = "unknown" | "idle" | "waiting" | "fired" | "cooling" | "exhausted";

export function newRuleState(rule: Rule): RuleState {
  return {
    latch: { armed: rule.start === "fire", truth: UNKNOWN },
    usage: {
      lastFiredTime: Number.NEGATIVE_INFINITY,
      lastFiredIndex: Number.NEGATIVE_INFINITY,
      lastFiredBar: Number.NEGATIVE_INFINITY,
      counts: { bar: none(), hour: none(), day: none(), week: none() },
    },
  };
}

/** Evaluations and bars were counted anew, from another moment on. */
export function movedUsage(
  { lastFiredTime, lastFiredIndex, lastFiredBar, counts }: UsageState,
  from: { readonly index: number; readonly bars: number },
  to: { readonly index: number; readonly bars: number },
): UsageState {
  const bars = to.bars - from.bars;
  return {
    lastFiredTime,
    lastFiredIndex: lastFiredIndex + to.index - from.index,
    lastFiredBar: lastFiredBar + bars,
    counts: { ...counts, bar: { ...counts.bar, at: counts.bar.at + bars } },
  };
}

function none(): { at: number; count: number } {
  return { at: Number.NaN, count: 0 };
}

/** What the state machine must know of the moment. */
export interface FiringContext {
  readonly time: number;
  readonly index: number;
  /** Start of the bar that is judged. */
  readonly start: number;
  /** Bars so far; where rules are judged at bars, as many as evaluations. Bars of activity may begin at the same time. */
  readonly bars: number;
  /** Trading day, as days since 1970-01-01. */
  readonly day: number;
  readonly truth: Truth;
  readonly rearm: Truth;
  /** Whether firing would change something (a position or entry is open, no equivalent exit is working). */
  readonly useful: boolean;
  /** False while warming up: the state follows, nothing fires. */
  readonly trading: boolean;
}

/** What came of a rule at one evaluation; a rule that fires may still be refused. */
export type Outcome =
  | "fires"
  | "false"
  | "unknown"
  /** True while nothing may fire: history, a start, a split. */
  | "not_trading"
  /** Of `once`: it was true before, or waits for `rearm`. */
  | "latched"
  /** Nothing would change by it. */
  | "useless"
  | "cooldown"
  | "limit"
  | "once_per";

type Moment = Pick<FiringContext, "time" | "bars" | "start" | "day">;

/** Follows one evaluation and says what comes of it. */
export function advance(rule: Rule, state: RuleState, context: FiringContext): Outcome {
  const { latch } = state;
  const armedNow = latch.armed;
  follow(rule, state, context);
  if (context.truth !== TRUE) return context.truth === UNKNOWN ? "unknown" : "false";
  if (!context.trading) return "not_trading";
  if (rule.fire === "once" && !armedNow) return "latched";
  // An edge during a cooldown is gone: the rule waits for the next one, it does not fire late.
  if (rule.fire === "once") latch.armed = false;
  if (!context.useful) return "useless";
  const blocked = blockedBy(rule, state, context);
  if (blocked !== undefined) return blocked;
  const { usage } = state;
  usage.lastFiredTime = context.time;
  usage.lastFiredIndex = context.index;
  usage.lastFiredBar = context.bars;
  for (const period of PERIODS) count(usage, period, context);
  return "fires";
}

/**
 * The firing of `time` came to nothing and is given back: the rule may fire again at once if it is still true. What was before
 * it was no obstacle, or it would not have fired, so no cooldown is left. A later firing keeps what it used up.
 */
export function takeBack({ latch, usage }: RuleState, time: number): void {
  latch.armed = true;
  if (usage.lastFiredTime !== time) return;
  usage.lastFiredTime = Number.NEGATIVE_INFINITY;
  usage.lastFiredIndex = Number.NEGATIVE_INFINITY;
  usage.lastFiredBar = Number.NEGATIVE_INFINITY;
  for (const period of PERIODS) usage.counts[period].count--;
}

const PERIODS: readonly Period[] = ["bar", "hour", "day", "week"];
const HOUR_MS = 3_600_000;

/** Hours and days are those in which the judged bar began, so that what a session closes with belongs to it. */
function periodAt(period: Period, { start, bars, day }: Moment): number {
  switch (period) {
    case "bar":
      return bars;
    case "hour":
      return Math.floor(start / HOUR_MS);
    case "day":
      return day;
    case "week":
      // 1970-01-01 was a Thursday.
      return Math.floor((day + 3) / 7);
  }
}

function count({ counts }: UsageState, period: Period, moment: Moment): void {
  const counted = counts[period];
  const at = periodAt(period, moment);
  if (counted.at !== at) counted.count = 0;
  counted.at = at;
  counted.count++;
}

function countOf({ counts }: UsageState, period: Period, moment: Moment): number {
  return counts[period].at === periodAt(period, moment) ? counts[period].count : 0;
}

function follow(rule: Rule, state: RuleState, context: FiringContext): void {
  const { latch, usage } = state;
  const hasFired = usage.lastFiredTime > Number.NEGATIVE_INFINITY;
  const rearmed = rule.rearm !== undefined && context.rearm === TRUE;
  // With `rearm`, being false is enough only before the first firing.
  const fell = context.truth === 0 && (rule.rearm === undefined || !hasFired);
  if (rearmed || fell) latch.armed = true;
  else if (!context.trading && context.truth === TRUE && rule.start === "wait") latch.armed = false;
  latch.truth = context.truth;
}

/** What holds back a rule whose condition is true, as a word for people. */
export function blockedBy(
  rule: Rule,
  state: RuleState,
  context: Moment,
): "cooldown" | "limit" | "once_per" | undefined {
  const { usage } = state;
  if (rule.cooldown !== undefined) {
    const cooling =
      "ms" in rule.cooldown
        ? context.time - usage.lastFiredTime < rule.cooldown.ms
        : context.bars - usage.lastFiredBar < rule.cooldown.bars;
    if (cooling) return "cooldown";
  }
  if (rule.limit !== undefined && countOf(usage, rule.limit.per, context) >= rule.limit.count) return "limit";
  const { oncePer } = rule;
  if (oncePer !== undefined && countOf(usage, oncePer === "session" ? "day" : "bar", context) > 0) return "once_per";
  return undefined;
}

export function phaseOf(rule: Rule, state: RuleState, context: Moment): RulePhase {
  if (state.latch.truth === UNKNOWN) return "unknown";
  const blocked = blockedBy(rule, state, context);
  if (blocked === "cooldown") return "cooling";
  if (blocked !== undefined) return "exhausted";
  if (rule.fire === "each") return "idle";
  if (state.latch.armed) return "idle";
  return state.usage.lastFiredTime > Number.NEGATIVE_INFINITY ? "fired" : "waiting";
}
