/**
 * What a plan lets in that was not let in before.
 *
 * Owns: plan/entry-added, plan/entry-loosened and plan/size-larger of strategies that were there before.
 */
import type { Rule, Strategy } from "../../core/program.ts";
import { listed } from "../suggest.ts";
import { aspectsOfRule, sameValue } from "./aspects.ts";
import type { Aspects } from "./aspects.ts";
import { constantOf, freerFiring } from "./limits.ts";
import { opens } from "./roles.ts";
import type { Together } from "./together.ts";
import type { StrategyPlan, Told } from "./types.ts";

/** Before and after are both there. */
export function entryFindings(
  { rules }: StrategyPlan,
  before: Strategy,
  after: Strategy,
  together: Together,
): readonly Told[] {
  return rules.flatMap(({ before: old, after: now }): readonly Told[] => {
    if (now === null || !opens(now.action, after.facts)) return [];
    if (old === null) return [added(now, "a new entry")];
    if (old.digest === now.digest) return [];
    if (!opens(old.action, before.facts)) return [added(now, "it did not enter before")];
    const opensOtherSide = old.action.kind !== now.action.kind;
    if (opensOtherSide) return [added(now, `it enters by ${now.action.kind} instead of ${old.action.kind}`)];
    const looser = looserBy(old, now, together);
    const larger = largerSize(aspectsOfRule(before.facts, old), aspectsOfRule(after.facts, now));
    return [
      ...(looser.length === 0 ? [] : [told("plan/entry-loosened", now, `it may enter ${listed(looser, "and")}`)]),
      ...(larger === undefined ? [] : [told("plan/size-larger", now, larger)]),
    ];
  });
}

function added(rule: Rule, message: string): Told {
  return told("plan/entry-added", rule, message);
}

function told(code: Told["code"], rule: Rule, message: string): Told {
  return { code, rule: rule.name, message, help: "" };
}

function looserBy(old: Rule, now: Rule, together: Together): string[] {
  const isWider = together.holdsWithout(together.ofAfter(now.condition), [old.condition]);
  const freer = freerFiring(old, now);
  const isRearmed = now.rearm !== undefined && together.holdsWithout(together.ofAfter(now.rearm), [old.rearm ?? NEVER]);
  // Without `rearm` it is re-armed each time its condition is false.
  const losesRearm = old.rearm !== undefined && now.rearm === undefined;
  return [
    ...(isWider ? ["at moments at which it did not before"] : []),
    ...(freer.length > 0 ? [`more often (${listed(freer, "and")})`] : []),
    ...(losesRearm || (isRearmed && old.rearm !== undefined) ? ["again sooner (rearm)"] : []),
  ];
}

const NEVER = { op: "any", kids: [] } as const;

function largerSize(before: Aspects, after: Aspects): string | undefined {
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => /^(?:size|target)\./.test(name));
  const changed = names.filter((name) => !sameValue(before.get(name) ?? null, after.get(name) ?? null));
  if (changed.length === 0) return undefined;
  const [name] = changed;
  const old = constantOf(name === undefined ? undefined : before.get(name));
  const now = constantOf(name === undefined ? undefined : after.get(name));
  const isComparable = changed.length === 1 && old !== undefined && now !== undefined;
  if (!isComparable) return "its size is computed in another way, and may be larger";
  // A nearer stop buys more for the same risk.
  const isLarger = name === "size.stop" ? now < old : Math.abs(now) > Math.abs(old);
  return isLarger ? "its size is larger" : undefined;
}
