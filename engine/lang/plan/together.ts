/**
 * Conditions of two versions of a strategy, side by side.
 *
 * Owns: one table of facts for both, and the question whether a condition can hold where others do not.
 * May not: guess. What cannot be decided counts as possible, so that a guard rather speaks than stays silent.
 */
import { INDICATORS } from "../../catalog/catalog.ts";
import type { Condition, Fact, FactSpec, Strategy } from "../../core/program.ts";
import { Logic } from "../logic/logic.ts";
import { UNBOUNDED } from "../units.ts";
import type { Quality } from "../units.ts";

type At = (index: number) => number;

export class Together {
  readonly #facts: readonly Fact[];
  readonly #at: At;
  #logic: Logic | undefined;

  constructor(before: Strategy, after: Strategy) {
    const facts = [...before.facts];
    const known = new Map(facts.map((fact, index) => [keyOf(before, fact), index]));
    const moved: number[] = [];
    const at: At = (index) => moved[index] as number;
    for (const fact of after.facts) {
      const key = keyOf(after, fact);
      const there = known.get(key);
      if (there === undefined) known.set(key, facts.push({ ...fact, spec: movedSpec(fact.spec, at) }) - 1);
      moved.push(known.get(key) as number);
    }
    this.#facts = facts;
    this.#at = at;
  }

  /** A condition of the newer strategy, in the common table. */
  ofAfter(condition: Condition): Condition {
    return movedCondition(condition, this.#at);
  }

  /** Whether `condition` can hold while none of `others` does; all of them in the common table. */
  holdsWithout(condition: Condition, others: readonly Condition[]): boolean {
    this.#logic ??= new Logic({
      facts: this.#facts,
      qualityOf: (index) => qualityOf(this.#facts[index]),
      indicators: INDICATORS,
    });
    const kids = [condition, ...others.map((kid): Condition => ({ op: "not", kid }))];
    return this.#logic.satisfiable({ op: "all", kids }) !== false;
  }
}

/** Facts of two strategies are the same when their keys are, on bars of the same session. */
function keyOf({ session }: Strategy, { key }: Fact): string {
  return `${session} ${key}`;
}

function qualityOf(fact: Fact | undefined): Quality {
  const spec = fact?.spec;
  const range = spec?.kind === "indicator" ? INDICATORS.get(spec.name)?.outputs[spec.output]?.range : undefined;
  return { unit: "any", range: range ?? UNBOUNDED };
}

/** Whatever kind it is: what reads other facts does so under one of these names. */
function movedSpec(spec: FactSpec, at: At): FactSpec {
  if (spec.kind === "prior" || spec.kind === "bars_ago") return { ...spec, of: at(spec.of), before: at(spec.before) };
  return {
    ...spec,
    ...("inputs" in spec ? { inputs: spec.inputs.map(at) } : {}),
    ...("args" in spec ? { args: spec.args.map(at) } : {}),
    ...("of" in spec ? { of: at(spec.of) } : {}),
    ...("condition" in spec ? { condition: movedCondition(spec.condition, at) } : {}),
  };
}

function movedCondition(condition: Condition, at: At): Condition {
  switch (condition.op) {
    case "all":
    case "any":
      return { op: condition.op, kids: condition.kids.map((kid) => movedCondition(kid, at)) };
    case "not":
      return { op: "not", kid: movedCondition(condition.kid, at) };
    case "leaf": {
      const { left, operator, right } = condition;
      return { op: "leaf", left: at(left), operator, right: "fact" in right ? { fact: at(right.fact) } : right };
    }
  }
}
