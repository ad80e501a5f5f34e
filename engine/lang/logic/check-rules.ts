/**
 * Rules that get in each other's way.
 *
 * Owns: logic/duplicate-rule, logic/subsumed-rule and risk/opposite-actions.
 * May not: guess. Rules about different facts can always match together; only what is certain is told.
 */
import { factsOf } from "../../core/canonical.ts";
import type { Condition, Rule, Strategy } from "../../core/program.ts";
import type { Builder } from "../builder.ts";
import { exampleOf } from "./examples.ts";
import type { Logic } from "./logic.ts";

export function checkRules(builder: Builder, strategy: Omit<Strategy, "digest">, logic: Logic): void {
  const told = new Set<Rule>();
  // From what is never true everything follows, and what is always true follows from everything.
  const rules = strategy.rules.filter(
    ({ condition }) => logic.satisfiable(condition) === true && logic.always(condition) === false,
  );
  const firings = new Map(rules.map((rule) => [rule, firingOf(rule)]));
  for (const [at, later] of rules.entries()) {
    for (const earlier of rules.slice(0, at)) {
      if (told.has(later) || told.has(earlier)) continue;
      const isAlike = firings.get(earlier) === firings.get(later);
      const found = isAlike ? checkAlike(builder, strategy, logic, earlier, later) : undefined;
      if (found !== undefined) told.add(found);
      else checkOpposite(builder, logic, earlier, later);
    }
  }
}

/** Everything but the name, the condition and the place. */
function firingOf({ action, fire, start, rearm, cooldown, limit, oncePer, group }: Rule): string {
  return JSON.stringify([action, fire, start, rearm, cooldown, limit, oncePer, group]);
}

function checkAlike(
  builder: Builder,
  strategy: Omit<Strategy, "digest">,
  logic: Logic,
  earlier: Rule,
  later: Rule,
): Rule | undefined {
  if (!sharesFacts(earlier.condition, later.condition)) return undefined;
  const isStronger = logic.implies(later.condition, earlier.condition) === true;
  const isWeaker = logic.implies(earlier.condition, later.condition) === true;
  if (isStronger && isWeaker) {
    const example = exampleOf(logic, later.condition, later.condition);
    const message = `Rule "${later.name}" is rule "${earlier.name}" once more`;
    report(builder, "logic/duplicate-rule", later, message, example === "" ? "" : `E.g. ${example} makes both match.`);
    return later;
  }
  if (!isStronger && !isWeaker) return undefined;
  const [narrow, wide] = isStronger ? [later, earlier] : [earlier, later];
  if (narrow.priority > wide.priority || !isPointless(wide, strategy.maxEntries)) return undefined;
  const example = exampleOf(logic, narrow.condition, narrow.condition);
  const message = `Whenever rule "${narrow.name}" matches, rule "${wide.name}" matches as well and does the same`;
  report(builder, "logic/subsumed-rule", narrow, message, example === "" ? "" : `E.g. ${example} makes both match.`);
  return narrow;
}

/**
 * The narrow rule adds nothing. Selling in steps is a ladder, and an entry rule that fires once may open again at a
 * narrower condition after an exit: both are meant.
 */
function isPointless(wide: Rule, maxEntries: number): boolean {
  const { action, fire, cooldown, limit, oncePer } = wide;
  if (action.kind === "close" || action.kind === "cancel" || action.kind === "alert") return true;
  const isEntry = action.kind === "buy" || (action.kind === "sell" && action.short);
  const isFree = fire === "each" && cooldown === undefined && limit === undefined && oncePer === undefined;
  return isEntry && isFree && maxEntries === 1;
}

/** Buy and sell at the same values of the same facts: the borders of the two rules overlap. */
function checkOpposite(builder: Builder, logic: Logic, a: Rule, b: Rule): void {
  const kinds = [a.action.kind, b.action.kind];
  if (!kinds.includes("buy") || !kinds.includes("sell") || a.priority !== b.priority) return;
  if (a.group !== undefined && a.group === b.group) return;
  const [own, other] = [factsOf(a.condition), factsOf(b.condition)];
  const [few, many] = own.size <= other.size ? [own, other] : [other, own];
  if (![...few].every((fact) => many.has(fact))) return;
  const together: Condition = { op: "all", kids: [a.condition, b.condition] };
  const example = exampleOf(logic, together, together);
  if (example === "") return;
  const message = `Rules "${a.name}" and "${b.name}" want the opposite and can match together, e.g. ${example}`;
  report(builder, "risk/opposite-actions", b, message, "Separate the conditions, or give one a higher priority.");
}

function sharesFacts(a: Condition, b: Condition): boolean {
  const own = factsOf(a);
  return [...factsOf(b)].some((fact) => own.has(fact));
}

function report(
  builder: Builder,
  code: "logic/duplicate-rule" | "logic/subsumed-rule" | "risk/opposite-actions",
  rule: Rule,
  message: string,
  help: string,
): void {
  builder.reportKey(code, ["rules", rule.index, "name"], message, help);
}
