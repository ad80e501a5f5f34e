/**
 * Whether a person must approve an order.
 *
 * Owns: the conditions of an approval, judged on the order as it would be sent, and what the account's and the strategy's say
 * together. What is unknown needs a person. May not: ask anybody.
 */
import type { Approval, Approvers, Edits, FiringPolicy } from "../approval.ts";
import { calculatedOf } from "../arithmetic.ts";
import { holds } from "../judge.ts";
import type { AccountField, Condition, Fact, OrderField } from "../program.ts";

/** What an approval may look at. */
export interface OrderFacts {
  readonly order: Readonly<Record<OrderField, number>>;
  readonly account: Readonly<Record<AccountField, number>>;
}

/** A person must approve it: which threshold says so, and how many people. */
export interface Asked {
  readonly why: string;
  readonly needed: 1 | 2;
}

/** Either of several is enough to ask, and to ask two. */
export function askedBy(approvals: readonly Approval[], symbol: string, known: OrderFacts): Asked | undefined {
  const why: string[] = [];
  let needed: 1 | 2 = 1;
  for (const { facts, condition, symbols, second } of approvals) {
    const values = valuesOf(facts, known);
    const isTwice = second !== undefined && judged(second, values) !== false;
    if (symbols?.includes(symbol) === true) why.push(`every order in ${symbol}`);
    if (condition !== undefined && judged(condition, values) !== false) why.push(reasonOf(condition, facts, values));
    else if (isTwice) why.push(reasonOf(second, facts, values));
    if (isTwice) needed = 2;
  }
  return why.length === 0 ? undefined : { why: why.join("; "), needed };
}

/** Whether the condition holds or is unknown. */
export function needsPerson({ facts, condition }: Approval, known: OrderFacts): boolean {
  return condition !== undefined && judged(condition, valuesOf(facts, known)) !== false;
}

function valuesOf(facts: readonly Fact[], known: OrderFacts): readonly number[] {
  const values: number[] = [];
  // Inputs stand before users.
  for (const { spec } of facts) {
    if (spec.kind === "const") values.push(spec.value);
    else if (spec.kind === "order") values.push(known.order[spec.field]);
    else if (spec.kind === "account") values.push(known.account[spec.field]);
    else if (spec.kind === "calc")
      values.push(
        calculatedOf(
          spec.operator,
          spec.args.map((arg) => values[arg] ?? Number.NaN),
        ),
      );
    else values.push(Number.NaN);
  }
  return values;
}

/** Undefined: unknown. As in rules, a condition with an unknown fact is unknown. */
function judged(condition: Condition, values: readonly number[]): boolean | undefined {
  switch (condition.op) {
    case "not": {
      const kid = judged(condition.kid, values);
      return kid === undefined ? undefined : !kid;
    }
    case "all":
    case "any": {
      const kids = condition.kids.map((kid) => judged(kid, values));
      if (kids.includes(undefined)) return undefined;
      return condition.op === "all" ? !kids.includes(false) : kids.includes(true);
    }
    case "leaf": {
      const { left, operator, right } = condition;
      const a = values[left] ?? Number.NaN;
      const b = "fact" in right ? (values[right.fact] ?? Number.NaN) : "value" in right ? right.value : right.values;
      const isKnown = Number.isFinite(a) && (typeof b !== "number" || Number.isFinite(b));
      return isKnown ? holds(operator, a, b) : undefined;
    }
  }
}

// ---------------------------------------------------------------------------------------------- words

const SIGNS = {
  ...{ lessThan: "<", lessThanInclusive: "<=", greaterThan: ">", greaterThanInclusive: ">=" },
  ...{ equal: "==", notEqual: "!=", in: "in", notIn: "not in" },
} as const;

/** Of alternatives only those that hold or are unknown. */
function reasonOf(condition: Condition, facts: readonly Fact[], values: readonly number[]): string {
  switch (condition.op) {
    case "not":
      return `not (${reasonOf(condition.kid, facts, values)})`;
    case "any": {
      const kids = condition.kids.filter((kid) => judged(kid, values) !== false);
      return (kids.length === 0 ? condition.kids : kids).map((kid) => reasonOf(kid, facts, values)).join(" or ");
    }
    case "all":
      return condition.kids.map((kid) => reasonOf(kid, facts, values)).join(" and ");
    case "leaf": {
      const { left, operator, right } = condition;
      const other = "fact" in right ? sideOf(facts, values, right.fact) : "value" in right ? right.value : right.values;
      return `${sideOf(facts, values, left)} ${SIGNS[operator]} ${typeof other === "object" ? `[${other.join(", ")}]` : other}`;
    }
  }
}

function sideOf(facts: readonly Fact[], values: readonly number[], index: number): string {
  const spec = facts[index]?.spec;
  const value = values[index] ?? Number.NaN;
  const shown = Number.isFinite(value) ? String(Number(value.toPrecision(8))) : "unknown";
  return spec?.kind === "order" || spec?.kind === "account" ? `${spec.kind}.${spec.field} (${shown})` : shown;
}

// ---------------------------------------------------------------------------------------------- policy

/** How a request is handled: of two that say something the tighter counts. */
export interface Policy {
  readonly expiresMs: number;
  readonly maxDriftRatio: number;
  readonly freshMs: number;
  readonly edits: Edits;
  readonly onReject: FiringPolicy;
  readonly onExpiry: FiringPolicy;
  readonly marketAs: "limit" | "market";
  readonly maxPending: number;
  /** Each list must name who decides. */
  readonly approvers: readonly Approvers[];
}

const DEFAULTS = { expiresMs: 300_000, maxDriftRatio: 0.005, freshMs: 30_000, maxPending: 20 } as const;
const EDITS: readonly Edits[] = ["none", "lower", "any"];

export function policyOf(approvals: readonly Approval[]): Policy {
  const least = (key: keyof typeof DEFAULTS): number => {
    const said = approvals.flatMap((one) => one[key] ?? []);
    return said.length === 0 ? DEFAULTS[key] : Math.min(...said);
  };
  const edits = approvals.flatMap((one) => (one.edits === undefined ? [] : EDITS.indexOf(one.edits)));
  const last = <K extends "onReject" | "onExpiry" | "marketAs">(key: K): Approval[K] | undefined =>
    approvals.findLast((one) => one[key] !== undefined)?.[key];
  return {
    expiresMs: least("expiresMs"),
    maxDriftRatio: least("maxDriftRatio"),
    freshMs: least("freshMs"),
    maxPending: least("maxPending"),
    edits: edits.length === 0 ? "lower" : (EDITS[Math.min(...edits)] as Edits),
    onReject: last("onReject") ?? "consume",
    onExpiry: last("onExpiry") ?? "consume",
    marketAs: last("marketAs") ?? "limit",
    approvers: approvals.map((one) => one.approvers).filter((one) => one !== undefined),
  };
}

/** Who may decide by all lists together; null: whoever the channel lets in. */
export function approversOf({ approvers }: Policy): Approvers | null {
  const [first, ...more] = approvers;
  if (first === undefined) return null;
  const channels = Object.entries(first).map(([channel, people]) => {
    const known = Object.entries(people).filter(([id]) => more.every((list) => list[channel]?.[id] !== undefined));
    return [channel, Object.fromEntries(known)] as const;
  });
  return Object.fromEntries(channels.filter(([, people]) => Object.keys(people).length > 0));
}
