/**
 * What changed between two conditions, comparison by comparison.
 *
 * Owns: which comparison of the old condition became which of the new one. May not: say what that means for a trade.
 */
import { stableJson } from "../../core/canonical.ts";
import type { CanonicalCondition, CanonicalLeaf } from "../../core/program.ts";
import type { Change } from "./types.ts";

type Of = "when" | "rearm";

/** A comparison with what stands around it: two conditions with equal frames differ in single comparisons only. */
interface Unit {
  /** As it stands in the condition, `not` included. */
  readonly shown: CanonicalCondition;
  readonly text: string;
  /** The same without the constant that it compares with. */
  readonly subject: string;
  readonly threshold: number | null;
  /** What is compared, whatever with. */
  readonly fact: string;
}

export function conditionChanges(
  of: Of,
  before: CanonicalCondition | null,
  after: CanonicalCondition | null,
): readonly Change[] {
  if (before === null || after === null) return before === after ? [] : [{ kind: "condition", of, before, after }];
  if (stableJson(before) === stableJson(after)) return [];
  const whole: Change = { kind: "condition", of, before, after };
  const [old, now] = [unitsOf(before), unitsOf(after)];
  const { pairs, gone, come } = matched(old.units, now.units);
  if (gone.length === 0 && come.length === 0) {
    // Equal comparisons in another arrangement: only the whole says what is different.
    const inPlace = old.frame === now.frame && pairs.every(([a, b]) => old.units.indexOf(a) === now.units.indexOf(b));
    return inPlace ? pairs.flatMap(([a, b]) => changed(of, a, b)) : [whole];
  }
  const joined = joinOf(before, after);
  if (joined === null) return [whole];
  return [
    ...pairs.flatMap(([a, b]) => changed(of, a, b)),
    ...gone.map(({ shown }): Change => ({ ...NOTHING, of, before: shown, after: null, joined })),
    ...come.map(({ shown }): Change => ({ ...NOTHING, of, before: null, after: shown, joined })),
  ];
}

const NOTHING = { kind: "comparison", threshold: null } as const;

function changed(of: Of, a: Unit, b: Unit): Change[] {
  if (a.text === b.text) return [];
  const isThreshold = a.subject === b.subject && a.threshold !== null && b.threshold !== null;
  const threshold = isThreshold ? { before: a.threshold, after: b.threshold } : null;
  return [{ kind: "comparison", of, before: a.shown, after: b.shown, joined: null, threshold }];
}

/** How the comparisons of two flat conditions are joined; null when one of them is nested or they differ. */
function joinOf(before: CanonicalCondition, after: CanonicalCondition): "and" | "or" | null {
  const [old, now] = [flatJoin(before), flatJoin(after)];
  if (old === "nested" || now === "nested") return null;
  // One comparison for quite another one: that is the whole condition.
  if (old === "one") return now === "one" ? null : now;
  return now === "one" || now === old ? old : null;
}

function flatJoin(condition: CanonicalCondition): "and" | "or" | "one" | "nested" {
  const isSingle = (kid: CanonicalCondition): boolean => flatJoin(kid) === "one";
  if ("not" in condition) return isSingle(condition.not) ? "one" : "nested";
  if ("all" in condition) {
    const kids = withCrosses(condition.all);
    if (kids.length === 1 && crossOf(condition.all[0], condition.all[1]) !== undefined) return "one";
    return kids.every((kid) => isSingle(kid)) ? "and" : "nested";
  }
  if ("any" in condition) return condition.any.every((kid) => isSingle(kid)) ? "or" : "nested";
  return "one";
}

// ---------------------------------------------------------------------------------------------- matching

interface Match {
  readonly pairs: readonly (readonly [Unit, Unit])[];
  readonly gone: readonly Unit[];
  readonly come: readonly Unit[];
}

/** The most alike first: the same, another threshold, another sign, the same fact compared with something else. */
function matched(before: readonly Unit[], after: readonly Unit[]): Match {
  const [gone, come] = [new Set(before), new Set(after)];
  const pairs: (readonly [Unit, Unit])[] = [];
  const alike: readonly ((a: Unit, b: Unit) => boolean)[] = [
    (a, b) => a.text === b.text,
    (a, b) => a.subject === b.subject,
    (a, b) => a.fact === b.fact,
  ];
  for (const isAlike of alike) {
    for (const unit of before) {
      const other = gone.has(unit) ? [...come].find((candidate) => isAlike(unit, candidate)) : undefined;
      if (other === undefined) continue;
      pairs.push([unit, other]);
      gone.delete(unit);
      come.delete(other);
    }
  }
  pairs.sort(([a], [b]) => before.indexOf(a) - before.indexOf(b));
  return { pairs, gone: [...gone], come: [...come] };
}

/** Comparisons in order, and the condition around them. */
function unitsOf(condition: CanonicalCondition): { readonly units: readonly Unit[]; readonly frame: string } {
  const units: Unit[] = [];
  const walk = (part: CanonicalCondition, negated: boolean): string => {
    if ("not" in part) return `not(${walk(part.not, !negated)})`;
    if ("any" in part) return `any(${part.any.map((kid) => walk(kid, negated)).join(",")})`;
    if ("all" in part) {
      const kids = withCrosses(part.all);
      if (kids.length === 1 && kids[0] !== undefined && isCross(kids[0])) return walkUnit(kids[0], negated);
      return `all(${kids.map((kid) => (isCross(kid) ? walkUnit(kid, negated) : walk(kid, negated))).join(",")})`;
    }
    return walkUnit(part, negated);
  };
  const walkUnit = (unit: CanonicalCondition, negated: boolean): string => {
    units.push(unitOf(unit, negated));
    return "?";
  };
  return { frame: walk(condition, false), units };
}

function unitOf(unit: CanonicalCondition, negated: boolean): Unit {
  const shown = negated ? { not: unit } : unit;
  const leaf = "all" in unit ? (unit.all[1] as CanonicalLeaf) : (unit as CanonicalLeaf);
  const { value, operator: _operator, ...fact } = leaf;
  const constant = typeof value === "number" ? value : null;
  const blank = (one: CanonicalCondition): CanonicalCondition =>
    "operator" in one ? { ...one, value: typeof one.value === "number" ? 0 : one.value } : one;
  const subject = "all" in unit ? { all: unit.all.map(blank) } : blank(unit);
  return {
    shown,
    text: stableJson(shown),
    subject: `${negated ? "not " : ""}${stableJson(subject)}`,
    // How long something held is no price and no level: the words say it.
    threshold: /^(?:bars|seconds)_/.test(leaf.fact) ? null : constant,
    fact: `${isCross(unit) ? "cross " : ""}${"all" in unit ? stableJson(fact) : factName(leaf)}`,
  };
}

/** `rsi(14)` and `rsi(10)` are the same fact with another period. */
function factName({ fact, params }: CanonicalLeaf): string {
  const output = params?.["output"];
  return typeof output === "string" ? `${fact}.${output}` : fact;
}

// ---------------------------------------------------------------------------------------------- crosses

/** Two comparisons of one pair, before and now, stand for a cross. */
export function crossOf(
  before: CanonicalCondition | undefined,
  now: CanonicalCondition | undefined,
): "above" | "below" | undefined {
  if (before === undefined || now === undefined || !("operator" in before) || !("operator" in now)) return undefined;
  const up = before.operator === "lessThanInclusive" && now.operator === "greaterThan";
  const down = before.operator === "greaterThanInclusive" && now.operator === "lessThan";
  if ((!up && !down) || before.fact !== now.fact || before.params?.["lag"] !== 1) return undefined;
  const { lag: _lag, lag_on: _on, ...rest } = before.params;
  return stableJson(rest) === stableJson(now.params ?? {}) ? (up ? "above" : "below") : undefined;
}

function isCross(condition: CanonicalCondition): condition is { readonly all: readonly CanonicalCondition[] } {
  return "all" in condition && condition.all.length === 2 && crossOf(condition.all[0], condition.all[1]) !== undefined;
}

/** Each pair that stands for a cross becomes one member. */
function withCrosses(kids: readonly CanonicalCondition[]): readonly CanonicalCondition[] {
  const members: CanonicalCondition[] = [];
  for (let i = 0; i < kids.length; i++) {
    const [kid, next] = [kids[i] as CanonicalCondition, kids[i + 1]];
    if (next !== undefined && crossOf(kid, next) !== undefined) {
      members.push({ all: [kid, next] });
      i++;
    } else members.push(kid);
  }
  return members;
}
