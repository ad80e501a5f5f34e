/**
 * Semantic digests: comments, key order, quoting and the spelling of a condition do not count.
 *
 * Owns: canonical text of rules, strategies and programs, and its SHA-256.
 */
import { createHash } from "node:crypto";
import { toCanonical } from "../core/canonical.ts";
import type { Approval } from "../core/approval.ts";
import type { Condition, Fact, Program, Rule, Strategy } from "../core/program.ts";

/** JSON with sorted keys; undefined members are left out. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, item]) => `${JSON.stringify(key)}:${canonicalText(item)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

function digestOf(value: unknown): string {
  return createHash("sha256").update(canonicalText(value)).digest("hex");
}

type Undigested<T> = Omit<T, "digest">;

/** Indexes become canonical references, so that other rules of the strategy do not count. */
export function ruleDigest(
  facts: readonly Fact[],
  rule: Undigested<Rule>,
  frame: { readonly on: string; readonly session: string; readonly ticks: boolean },
): string {
  const { source: _source, index: _index, condition, rearm, action, ...rest } = rule;
  return digestOf({
    ...frame,
    ticks: frame.ticks || undefined,
    ...rest,
    condition: toCanonical(facts, condition),
    rearm: rearm === undefined ? undefined : toCanonical(facts, rearm),
    action: spelled(facts, action),
  });
}

const EXPRESSIONS: ReadonlySet<string> = new Set([
  "qty",
  "notional",
  "ratio",
  "stop",
  "limit",
  "trailPrice",
  "trailRatio",
  "stopLoss",
  "stopLossLimit",
  "takeProfit",
  "expression",
  "amount",
  "equity",
  "tolerance",
]);

/** Every number that stands for a fact is replaced by the fact. */
export function spelled(facts: readonly Fact[], value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => spelled(facts, item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      typeof item === "number" && EXPRESSIONS.has(key) ? (facts[item]?.ref ?? item) : spelled(facts, item),
    ]),
  );
}

export function strategyDigest(strategy: Undigested<Strategy>): string {
  const {
    facts,
    rules,
    named,
    file: _file,
    description: _description,
    params: _params,
    on,
    approval,
    ...rest
  } = strategy;
  return digestOf({
    ...rest,
    on: on.label,
    approval: spelledApproval(approval),
    // Order counts: conflicts are resolved in it.
    rules: rules.map((rule) => rule.digest),
    named: Object.fromEntries(Object.entries(named).map(([name, index]) => [name, facts[index]?.key])),
  });
}

function spelledApproval(approval: Approval | undefined): unknown {
  if (approval === undefined) return undefined;
  const { facts, condition, second, ...rest } = approval;
  const spelledOut = (one: Condition | undefined) => (one === undefined ? undefined : toCanonical(facts, one));
  return { when: spelledOut(condition), second: spelledOut(second), ...rest };
}

/** Of everything but what it was compiled with: that is in what it made. */
export function programDigest({ strategies, approval, ...rest }: Omit<Program, "digest" | "settings">): string {
  const digests = strategies.map((strategy) => strategy.digest).sort();
  return digestOf({ ...rest, strategies: digests, approval: spelledApproval(approval) });
}
