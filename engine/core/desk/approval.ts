/**
 * Whether a person must approve an order.
 *
 * Owns: the condition of an approval, judged on the order as it would be sent. What is unknown needs a person.
 * May not: ask anybody.
 */
import { calculatedOf } from "../arithmetic.ts";
import { holds } from "../judge.ts";
import type { AccountField, Approval, Condition, OrderField } from "../program.ts";

/** What an approval may look at. */
export interface OrderFacts {
  readonly order: Readonly<Record<OrderField, number>>;
  readonly account: Readonly<Record<AccountField, number>>;
}

/** `no` only when the condition is certainly false. */
export function needsPerson({ facts, condition }: Approval, known: OrderFacts): boolean {
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
  return judged(condition, values) !== false;
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
