/**
 * Rules that get in each other's way.
 *
 * Owns: logic/duplicate-rule, logic/subsumed-rule, logic/shadowed and risk/opposite-actions.
 * May not: guess. Rules about different facts can always match together; only what is certain is told.
 */
import { contradict, isExit } from "../../core/actions.ts";
import { factsOf } from "../../core/canonical.ts";
import type { Condition, Rule, Strategy } from "../../core/program.ts";
import type { Builder } from "../builder.ts";
import { advice } from "../fix.ts";
import { without } from "../fix-yaml.ts";
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
      else if (later.group !== undefined && earlier.group === later.group) {
        const shadowed = checkGroup(builder, strategy, logic, earlier, later);
        if (shadowed !== undefined) told.add(shadowed);
      } else checkOpposite(builder, logic, earlier, later);
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
  if (action.kind === "close") return action.oco === undefined;
  if (action.kind === "cancel" || action.kind === "alert") return true;
  const isEntry = action.kind === "buy" || (action.kind === "sell" && action.short);
  const isFree = fire === "each" && cooldown === undefined && limit === undefined && oncePer === undefined;
  return isEntry && isFree && maxEntries === 1;
}

/** Two rules of a group, the earlier one first in the file: the one that goes first matches whenever the other does. */
function checkGroup(
  builder: Builder,
  strategy: Omit<Strategy, "digest">,
  logic: Logic,
  earlier: Rule,
  later: Rule,
): Rule | undefined {
  const [first, second] = goesFirst(later) > goesFirst(earlier) ? [later, earlier] : [earlier, later];
  // Of two actions that share nothing (an exit needs a position, a cancel an entry) either may fire alone.
  if (!sharesFacts(first.condition, second.condition) || !isUsefulWith(first, second)) return undefined;
  if (logic.implies(second.condition, first.condition) !== true) return undefined;
  if (warmupOf(strategy, first) > warmupOf(strategy, second)) return undefined;
  const example = exampleOf(logic, second.condition, second.condition);
  const isCertain = firesWhenever(first, second, logic.implies(first.condition, second.condition) === true);
  const message = `Whenever rule "${second.name}" matches, rule "${first.name}" of the group "${String(second.group)}" matches too and goes first`;
  const effect = isCertain ? "it can never fire" : "it fires only where the other one has fired before";
  const at = example === "" ? "" : `E.g. ${example} makes both match: `;
  report(builder, "logic/shadowed", second, message, `${at}${effect}. Put it first, or give it a higher priority.`);
  return second;
}

/** Exits stand before everything else, then priority counts, then the place in the file. */
function goesFirst({ action, priority }: Rule): number {
  return priority + (isExit(action) ? 1e6 : 0);
}

/** Where the second action would change something, the first would too. */
function isUsefulWith({ action: first }: Rule, { action: second }: Rule): boolean {
  switch (first.kind) {
    case "buy":
    case "sell":
    case "alert":
      return true;
    case "target":
      return false;
    case "cancel":
      return second.kind === "cancel";
    case "close":
    case "reduce":
      if (first.oco !== undefined || ("oco" in second && second.oco !== undefined)) return false;
      return first.kind === second.kind || (first.kind === "close" && second.kind === "reduce");
  }
}

/** The first rule fires at each evaluation at which the second one would. */
function firesWhenever(first: Rule, second: Rule, isSame: boolean): boolean {
  if (first.cooldown !== undefined || first.limit !== undefined || first.oncePer !== undefined) return false;
  if (first.fire === "each") return true;
  const isAlike = second.fire === "once" && first.start === second.start && first.rearm === second.rearm;
  return isSame && isAlike && (second.action.kind !== "reduce" || first.action.kind === "reduce");
}

function warmupOf({ facts }: Omit<Strategy, "digest">, { condition }: Rule): number {
  return Math.max(0, ...[...factsOf(condition)].map((index) => facts[index]?.warmup ?? 0));
}

/** Opposite entries at the same values of the same facts: the borders of the two rules overlap. */
function checkOpposite(builder: Builder, logic: Logic, a: Rule, b: Rule): void {
  if (!contradict(a.action, b.action) || a.priority !== b.priority) return;
  const [own, other] = [factsOf(a.condition), factsOf(b.condition)];
  const [few, many] = own.size <= other.size ? [own, other] : [other, own];
  if (![...few].every((fact) => many.has(fact))) return;
  const together: Condition = { op: "all", kids: [a.condition, b.condition] };
  const example = exampleOf(logic, together, together);
  if (example === "") return;
  const what = [a.action.kind, b.action.kind].includes("target") ? "different positions" : "the opposite";
  const message = `Rules "${a.name}" and "${b.name}" want ${what} and can match together, e.g. ${example}`;
  report(builder, "risk/opposite-actions", b, message, "Separate the conditions, or give one a higher priority.");
}

function sharesFacts(a: Condition, b: Condition): boolean {
  const own = factsOf(a);
  return [...factsOf(b)].some((fact) => own.has(fact));
}

function report(
  builder: Builder,
  code: "logic/duplicate-rule" | "logic/subsumed-rule" | "logic/shadowed" | "risk/opposite-actions",
  rule: Rule,
  message: string,
  help: string,
): void {
  const path = ["rules", rule.index];
  const remove = without(builder.file, path, `Remove rule ${rule.name}`);
  builder.report(code, [...path, "name"], message, code === "risk/opposite-actions" ? help : advice(help, remove));
}
