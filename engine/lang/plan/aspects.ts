/**
 * What a rule or a strategy says beside its conditions, as named values that can be compared.
 *
 * Owns: names as YAML has them, and the differences between two sets of values. Everything that counts for the digest
 * has a name here, whatever kinds of action there are. May not: judge.
 */
import { toCanonical } from "../../core/canonical.ts";
import type { Approval } from "../../core/approval.ts";
import type { Fact, Program, Rule, Strategy } from "../../core/program.ts";
import { canonicalText, spelled } from "../digest.ts";
import type { Change, Moves, PlanValue } from "./types.ts";

export type Aspects = ReadonlyMap<string, PlanValue>;

/** Action and firing of a rule. */
export function aspectsOfRule(facts: readonly Fact[], rule: Rule): Aspects {
  const { name: _n, index: _i, source: _s, digest: _d, condition: _c, rearm: _r, action, ...firing } = rule;
  const values = new Map<string, PlanValue>();
  const { kind, ...rest } = spelled(facts, action) as { readonly kind: string; readonly [key: string]: PlanValue };
  values.set("action", kind);
  for (const [key, value] of Object.entries(kind === "target" ? targetOf(rest) : rest)) {
    if (key === "order" && isPlain(value)) flatten(values, "", value);
    else if (key === "size" && isPlain(value)) addSize(values, value);
    else flatten(values, "", { [key]: value });
  }
  for (const [key, value] of Object.entries(firing)) if (value !== undefined) values.set(snake(key), value);
  return values;
}

/** `{by: weight, amount}` is `target.weight`, as it was written; what a weight is a part of goes without saying. */
function targetOf({ by, amount, equity: _equity, ...rest }: Readonly<Record<string, PlanValue>>) {
  return typeof by === "string" && amount !== undefined ? { target: { [by]: amount }, ...rest } : rest;
}

/** `{by: risk, ratio, stop}` is `size.risk` and `size.stop`, as it was written. */
function addSize(values: Map<string, PlanValue>, { by, ...rest }: Readonly<Record<string, PlanValue>>): void {
  for (const [key, value] of Object.entries(rest)) {
    const name = key === "ratio" && typeof by === "string" ? by : snake(key);
    values.set(`size.${name}`, value);
  }
}

/** What evaluates the rules, with the bars that facts on ticks see. */
export function judgedOn({ on, ticks }: Pick<Strategy, "on" | "ticks">): string {
  return ticks === true ? `tick (bars: ${on.label})` : on.label;
}

/** Settings and named facts. Rules are compared on their own; params count through what uses them. */
export function aspectsOfStrategy(strategy: Strategy): Aspects {
  const {
    name: _n,
    description: _d,
    file: _f,
    rules: _r,
    digest: _dg,
    params: _p,
    facts,
    named,
    on: _on,
    ticks: _t,
    approval,
    ...rest
  } = strategy;
  const values = new Map<string, PlanValue>([["on", judgedOn(strategy)], ...approvalOf(approval)]);
  for (const [key, value] of Object.entries(rest)) flatten(values, "", { [key]: value as PlanValue });
  for (const [name, index] of Object.entries(named)) values.set(`facts.${name}`, facts[index]?.ref ?? null);
  return values;
}

export function aspectsOfParams(params: Strategy["params"]): Aspects {
  return new Map(Object.entries(params ?? {}).map(([name, value]) => [`params.${name}`, value]));
}

/** Limits of the account, and what else stands beside the strategies. */
export function aspectsOfProgram(program: Program): Aspects {
  const { digest: _d, strategies: _s, settings: _st, approval, ...others } = program;
  const { live = {}, ...risk } = others.risk;
  const rest = { ...others, risk };
  const values = new Map<string, PlanValue>(approvalOf(approval));
  for (const [name, { by, since }] of Object.entries(live)) values.set(`risk.live.${name}`, `${by} since ${since}`);
  flatten(values, "", rest as unknown as Readonly<Record<string, PlanValue>>);
  return values;
}

/** Its conditions stay whole, and so does each list. */
function approvalOf(approval: Approval | undefined): [string, PlanValue][] {
  if (approval === undefined) return [];
  const { facts, condition, second, approvers, ...rest } = approval;
  const values = new Map<string, PlanValue>();
  for (const [name, one] of [
    ["when", condition],
    ["second", second],
  ] as const)
    if (one !== undefined) values.set(`approval.${name}`, toCanonical(facts, one));
  flatten(values, "approval.", rest);
  for (const [channel, people] of Object.entries(approvers ?? {}))
    values.set(`approval.approvers.${channel}`, Object.keys(people).sort());
  return [...values];
}

export function changesOf(
  before: Aspects,
  after: Aspects,
  movesOf: (name: string, before: PlanValue, after: PlanValue) => Moves = () => null,
): Change[] {
  const names = [...new Set([...after.keys(), ...before.keys()])];
  return names.flatMap((name) => {
    const [old, now] = [before.get(name) ?? null, after.get(name) ?? null];
    if (sameValue(old, now)) return [];
    return [{ kind: "value" as const, name, before: old, after: now, moves: movesOf(name, old, now) }];
  });
}

export function sameValue(a: PlanValue, b: PlanValue): boolean {
  return canonicalText(a) === canonicalText(b);
}

/** Groups become dotted names; lists and references stay whole. */
function flatten(values: Map<string, PlanValue>, prefix: string, group: Readonly<Record<string, PlanValue>>): void {
  for (const [key, value] of Object.entries(group)) {
    if (value === undefined) continue;
    const name = `${prefix}${snake(key)}`;
    if (isPlain(value)) flatten(values, `${name}.`, value);
    else values.set(name, value);
  }
}

function isPlain(value: PlanValue): value is { readonly [key: string]: PlanValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !("fact" in value);
}

/** Keys as YAML has them. */
export function snake(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
