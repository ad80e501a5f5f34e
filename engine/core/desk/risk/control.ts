/**
 * The contract of a control.
 *
 * Owns: what a control says of itself and what it may answer. A control is pure: it reads the context and nothing else.
 */
import { Decimal } from "../../decimal.ts";
import type { CheckResult } from "../../event.ts";
import type { LimitKey, LimitSpec } from "../../risk-limits.ts";
import type { Asked } from "../approval.ts";
import type { RiskContext, Scope } from "./context.ts";

export interface Control {
  /** Of the list in the reference docs. */
  readonly id: `C${number}`;
  readonly name: string;
  /** Of its value and its limit. */
  readonly unit: string;
  /** Why it exists, in plain words. */
  readonly why: string;
  /** The regulation or the incident that it answers. */
  readonly answers: string;
  /** What a person may set. */
  readonly limits: readonly LimitSpec[];
  /** Also applied to orders that can only reduce exposure. Exits are never trapped: few controls say yes. */
  readonly exits: boolean;
  /** A refusal by it also makes the strategy REDUCING, until a person resumes that scope. */
  readonly latches?: true;
  run(context: RiskContext): Answer;
}

export type Answer = Omit<CheckResult, "check" | "headroom"> & {
  /** A smaller quantity that would pass. */
  readonly qty?: Decimal;
  readonly asks?: Asked;
};

export function pass(value: number | null = null, limit: number | null = null, reason = ""): Answer {
  return { outcome: "pass", value, limit, reason };
}

export function skip(reason: string): Answer {
  return { outcome: "skip", value: null, limit: null, reason };
}

export function refuse(reason: string, value: number | null = null, limit: number | null = null): Answer {
  return { outcome: "refuse", value, limit, reason };
}

/** A person decides, if no other control refuses. */
export function ask(asks: Asked, value: number): Answer {
  return {
    outcome: "ask",
    value: Number.isNaN(value) ? null : value,
    limit: null,
    reason: `a person must approve: ${asks.why}`,
    asks,
  };
}

/** The price an order may cost: its own if it has one, else the last. */
export function worstPrice({ intent, reference }: RiskContext): Decimal {
  return intent.price === null ? reference : Decimal.max(intent.price, reference);
}

/** Without a price nothing can be valued, and nothing that needs a value passes. */
export function hasPrice({ reference }: RiskContext): boolean {
  return reference.isGreaterThan(0);
}

export const NO_PRICE: Answer = refuse("no price is known for the symbol");

export function atMost(value: number, limit: number | undefined, what: string): Answer {
  if (limit === undefined) return skip(`no limit on ${what} is set`);
  return value <= limit ? pass(value, limit) : refuse(`${what}: ${aboveLimit(value, limit)}`, value, limit);
}

/** A part of the equity; infinite when there is none left. */
export function ofEquity(worth: Decimal, { equity }: RiskContext): number {
  return equity.isGreaterThan(0) ? worth.div(equity).toNumber() : Number.POSITIVE_INFINITY;
}

/** One count under the limit of every scope that has one; the answer is that of the scope with the least room. */
export function atMostInScopes(
  { scopes }: RiskContext,
  key: LimitKey,
  what: string,
  valueOf: (scope: Scope) => number,
): Answer {
  let answer: Answer | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const scope of scopes) {
    const limit = scope.limits[key];
    if (limit === undefined) continue;
    const value = valueOf(scope);
    if (limit - value >= least) continue;
    least = limit - value;
    const where = scope.name === "account" ? "" : ` of ${scope.name}`;
    answer = value <= limit ? pass(value, limit) : refuse(`${what}${where}: ${aboveLimit(value, limit)}`, value, limit);
  }
  return answer ?? skip(`no limit on ${what} is set`);
}

/** One measure that must stay below the limit of every scope that has one. What is no number is not below. */
export function belowInScopes(
  { scopes }: RiskContext,
  key: LimitKey,
  what: string,
  valueOf: (scope: Scope) => number,
  limitOf: (scope: Scope) => number | undefined = ({ limits }) => limits[key],
): Answer {
  let answer: Answer | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const scope of scopes) {
    const limit = limitOf(scope);
    if (limit === undefined) continue;
    const value = valueOf(scope);
    const room = Number.isNaN(value) ? Number.NEGATIVE_INFINITY : limit - value;
    if (answer !== undefined && room >= least) continue;
    least = room;
    const where = scope.name === "account" ? "" : ` of ${scope.name}`;
    answer = value < limit ? pass(value, limit) : refuse(`${what}${where} is ${reached(value, limit)}`, value, limit);
  }
  return answer ?? skip(`no limit on ${what} is set`);
}

function reached(value: number, limit: number): string {
  return Number.isNaN(value) ? "unknown" : `${round(value)}, the limit is ${round(limit)}`;
}

function aboveLimit(value: number, limit: number): string {
  return `${round(value)} is above the limit of ${round(limit)}`;
}

function round(value: number): string {
  return String(Number(value.toPrecision(6)));
}
