/**
 * The firing state machine of one rule in one symbol.
 *
 * Owns: when a true condition becomes a firing: latches, re-arming, cooldowns, limits. Its state is plain data: it is
 * kept across reloads and shown to people.
 * May not: evaluate conditions, know prices or orders.
 */
import { UNKNOWN, TRUE } from "./conditions.ts";
import type { Truth } from "./conditions.ts";
import type { Rule } from "../program.ts";

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
  /** Trading day of `count`. */
  day: number;
  count: number;
}

export interface RuleState {
  readonly latch: LatchState;
  readonly usage: UsageState;
}

export type RulePhase = "unknown" | "idle" | "waiting" | "fired" | "cooling" | "exhausted";

export function newRuleState(rule: Rule): RuleState {
  return {
    latch: { armed: rule.start === "fire", truth: UNKNOWN },
    usage: { lastFiredTime: Number.NEGATIVE_INFINITY, lastFiredIndex: Number.NEGATIVE_INFINITY, day: -1, count: 0 },
  };
}

/** What the state machine must know of the moment. */
export interface FiringContext {
  readonly time: number;
  readonly index: number;
  /** Trading day (any number that changes with it). */
  readonly day: number;
  readonly truth: Truth;
  readonly rearm: Truth;
  /** Whether firing would change something (a position or entry is open, no equivalent exit is working). */
  readonly useful: boolean;
  /** False while warming up: the state follows, nothing fires. */
  readonly trading: boolean;
}

/** Follows one evaluation; true when the rule fires. */
export function advance(rule: Rule, state: RuleState, context: FiringContext): boolean {
  const { latch } = state;
  const rises = context.truth === TRUE;
  const armedNow = latch.armed;
  follow(rule, state, context);
  if (!rises || !context.trading) return false;
  if (rule.fire === "once" && !armedNow) return false;
  // An edge during a cooldown is gone: the rule waits for the next one, it does not fire late.
  if (rule.fire === "once") latch.armed = false;
  if (!context.useful) return false;
  if (blockedBy(rule, state, context) !== undefined) return false;
  const { usage } = state;
  usage.lastFiredTime = context.time;
  usage.lastFiredIndex = context.index;
  usage.count++;
  return true;
}

function follow(rule: Rule, state: RuleState, context: FiringContext): void {
  const { latch, usage } = state;
  if (usage.day !== context.day) {
    usage.day = context.day;
    usage.count = 0;
  }
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
  context: Pick<FiringContext, "time" | "index" | "day">,
): "cooldown" | "limit" | "once_per" | undefined {
  const { usage } = state;
  if (rule.cooldown !== undefined) {
    const cooling =
      "ms" in rule.cooldown
        ? context.time - usage.lastFiredTime < rule.cooldown.ms
        : context.index - usage.lastFiredIndex < rule.cooldown.bars;
    if (cooling) return "cooldown";
  }
  if (rule.limit !== undefined && usage.day === context.day && usage.count >= rule.limit.count) return "limit";
  if (rule.oncePer === "session" && usage.day === context.day && usage.count >= 1) return "once_per";
  if (rule.oncePer === "bar" && usage.lastFiredIndex === context.index) return "once_per";
  return undefined;
}

export function phaseOf(
  rule: Rule,
  state: RuleState,
  context: Pick<FiringContext, "time" | "index" | "day">,
): RulePhase {
  if (state.latch.truth === UNKNOWN) return "unknown";
  const blocked = blockedBy(rule, state, context);
  if (blocked === "cooldown") return "cooling";
  if (blocked !== undefined) return "exhausted";
  if (rule.fire === "each") return "idle";
  if (state.latch.armed) return "idle";
  return state.usage.lastFiredTime > Number.NEGATIVE_INFINITY ? "fired" : "waiting";
}
