/**
 * The shape of a plan: what a program changes of another one.
 *
 * Owns: plain data without words; engine/report says it aloud. May not: hold anything that depends on comments, layout
 * or the order of keys.
 */
import type { DecimalText } from "../../core/decimal.ts";
import type { OrderView } from "../../core/event.ts";
import type { CanonicalCondition, FactRef, Rule, Strategy } from "../../core/program.ts";
import type { Code } from "../codes.ts";

export type Mark = "add" | "change" | "remove" | "keep";

/** A value as it is compared: facts by reference, so that indexes of two programs do not meet. */
export type PlanValue =
  | null
  | boolean
  | number
  | string
  | FactRef
  | readonly PlanValue[]
  | { readonly [key: string]: PlanValue };

/** Whether a limit lets more or less through than before; null where the values do not say. */
export type Moves = "looser" | "tighter" | null;

export type Change =
  /** A key of a rule, a strategy or the account; null where it is not set. */
  | {
      readonly kind: "value";
      /** As YAML has it, e.g. `bracket.stop_loss` or `cooldown`. */
      readonly name: string;
      readonly before: PlanValue;
      readonly after: PlanValue;
      readonly moves: Moves;
    }
  /** One comparison (a cross counts as one); null on the side where it does not stand. */
  | {
      readonly kind: "comparison";
      readonly of: "when" | "rearm";
      readonly before: CanonicalCondition | null;
      readonly after: CanonicalCondition | null;
      /** How it is joined to the others, where it comes or goes. */
      readonly joined: "and" | "or" | null;
      /** The constant that it compares with, where nothing else changed. */
      readonly threshold: { readonly before: number; readonly after: number } | null;
    }
  /** The whole condition: more than single comparisons changed. */
  | {
      readonly kind: "condition";
      readonly of: "when" | "rearm";
      readonly before: CanonicalCondition | null;
      readonly after: CanonicalCondition | null;
    };

/** What a rule remembers across the change, per symbol that stays. */
export interface KeptState {
  /** Whether it waits for false, or has fired. */
  readonly latch: "kept" | "anew";
  /** Cooldown and limit counters; null when the rule has none. */
  readonly counters: "kept" | "anew" | null;
  /** `for`, `within` and `then`; null when the condition has none. */
  readonly timers: "kept" | "anew" | null;
}

/** What an expression is worth at the values of now, before and after. */
export interface NowValue {
  readonly symbol: string;
  readonly before: number;
  readonly after: number;
}

/** Empty where that is not known, or nothing that can be computed changed. */
export type NowOf = (strategy: StrategyPlan, change: Change) => readonly NowValue[];

export interface RulePlan {
  readonly name: string;
  readonly mark: Mark;
  /** The name before, when nothing but the name changed. */
  readonly renamedFrom: string | null;
  readonly before: Rule | null;
  readonly after: Rule | null;
  readonly changes: readonly Change[];
  /** Null for a rule that goes. */
  readonly state: KeptState | null;
}

/** Bars that facts need which were not computed before. */
export interface WarmupPlan {
  readonly symbol: string;
  readonly size: string;
  readonly bars: number;
  /** Counted from trades as they come: no history has them. */
  readonly counted?: true;
}

export interface HeldPosition {
  readonly strategy: string;
  readonly symbol: string;
  readonly qty: DecimalText;
  readonly avgPrice: DecimalText;
}

/** What is held and working where the older program runs. */
export interface PlanState {
  /** None of them flat. */
  readonly positions: readonly HeldPosition[];
  /** Orders that are not over. */
  readonly orders: readonly OrderView[];
}

export interface StrategyPlan {
  readonly name: string;
  readonly mark: Mark;
  readonly before: Strategy | null;
  readonly after: Strategy | null;
  /** Settings and params. */
  readonly changes: readonly Change[];
  /** In the order of the new file, then those that go. Empty when the strategy is kept as it is. */
  readonly rules: readonly RulePlan[];
  readonly warmup: readonly WarmupPlan[];
  readonly positions: readonly HeldPosition[];
  readonly orders: readonly OrderView[];
}

export interface PlanFinding {
  readonly code: Code & `plan/${string}`;
  readonly severity: "error" | "warning" | "info";
  /** Null for the account. */
  readonly strategy: string | null;
  readonly rule: string | null;
  readonly message: string;
  readonly why: string;
  readonly help: string;
}

/** A finding before it has its code's severity and reason, and its strategy. */
export type Told = Pick<PlanFinding, "code" | "rule" | "message" | "help">;

export interface Plan {
  /** Digests of the two programs. */
  readonly from: string;
  readonly to: string;
  /** Null: it is not known what is held, e.g. because a revision of files is compared. */
  readonly state: PlanState | null;
  /** Limits of the account and other settings of the project. */
  readonly account: readonly Change[];
  /** By name. */
  readonly strategies: readonly StrategyPlan[];
  readonly findings: readonly PlanFinding[];
}

/** Work that may pause wherever it yields. */
export type Planning<Result> = Generator<undefined, Result, undefined>;
