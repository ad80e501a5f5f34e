/**
 * What a plan takes from the ways out of a position.
 *
 * Owns: plan/exit-removed, plan/exit-narrowed, plan/bracket-removed. An exit is covered when, at each moment at which it
 * would fire, some exit of the newer program that does as much fires as freely: merging two exits with `or` takes nothing away.
 */
import type { Condition, Rule, Strategy } from "../../core/program.ts";
import { aspectsOfRule, sameValue } from "./aspects.ts";
import type { Aspects } from "./aspects.ts";
import { canEnter, closes, opens } from "./roles.ts";
import type { Together } from "./together.ts";
import type { PlanValue, RulePlan, StrategyPlan, Told } from "./types.ts";

/** Before and after are both there. */
export function exitFindings(
  strategy: StrategyPlan,
  before: Strategy,
  after: Strategy,
  together: Together,
): readonly Told[] {
  if (strategy.positions.length === 0 && !canEnter(after)) return [];
  const held = strategy.positions.length > 0 ? "while a position is open" : "and the strategy can enter";
  return strategy.rules.flatMap((plan) => {
    const { before: old } = plan;
    if (old === null) return [];
    const brackets = opens(old.action, before.facts) ? bracketFindings(plan, before, after) : [];
    if (!closes(old.action, before) || isCovered(old, before, after, together)) return brackets;
    const stays = plan.after !== null && closes(plan.after.action, after);
    return [...brackets, stays ? narrowed(plan, old, held) : removed(old, held)];
  });
}

function removed({ name }: Rule, held: string): Told {
  return { code: "plan/exit-removed", rule: name, message: `an exit goes ${held}`, help: "Keep it until flat." };
}

function narrowed({ after }: RulePlan, { name }: Rule, held: string): Told {
  const message = `there are moments at which this exit fired and would not any more, ${held}`;
  return {
    code: "plan/exit-narrowed",
    rule: after?.name ?? name,
    message,
    help: "Check what closes the position then.",
  };
}

function isCovered(old: Rule, before: Strategy, after: Strategy, together: Together): boolean {
  const needed = aspectsOfRule(before.facts, old);
  const covers: Condition[] = [];
  for (const rule of after.rules) {
    if (rule.digest === old.digest) return true;
    const isEntryToo = opens(old.action, before.facts) && rule.name === old.name;
    const has = aspectsOfRule(after.facts, rule);
    if (closes(rule.action, after) && doesAsMuch(rule, has, old, needed, isEntryToo))
      covers.push(together.ofAfter(rule.condition));
  }
  return covers.length > 0 && !together.holdsWithout(old.condition, covers);
}

/** Firing options under which a rule fires as freely as another with the same ones. */
const FIRING = ["fire", "start", "cooldown", "limit", "once_per", "group"];
const NOT_OF_THE_ACTION: ReadonlySet<string> = new Set([...FIRING, "priority"]);

/** `isEntryToo`: how much it opens is judged elsewhere. */
function doesAsMuch(rule: Rule, has: Aspects, old: Rule, needed: Aspects, isEntryToo: boolean): boolean {
  const value = (aspects: Aspects, name: string): PlanValue => aspects.get(name) ?? null;
  const asFree = FIRING.every((name) => {
    const now = value(has, name);
    const isFreest = name === "fire" ? now === "each" : name === "start" ? now === "fire" : now === null;
    return isFreest || sameValue(value(needed, name), now);
  });
  const { action } = rule;
  const asSure = action.kind === "close" && action.order.type === "market" && action.oco === undefined;
  const names = [...new Set([...has.keys(), ...needed.keys()])].filter(
    (name) => !NOT_OF_THE_ACTION.has(name) && !(isEntryToo && /^(?:size|target|bracket)\./.test(name)),
  );
  const sameAction = names.every((name) => sameValue(value(needed, name), value(has, name)));
  const sameSession = !("order" in old.action) || !old.action.order.extendedHours || rulesExtended(rule);
  return asFree && rearmKept(rule, old) && (sameAction || (asSure && sameSession));
}

function rulesExtended({ action }: Rule): boolean {
  return "order" in action && action.order.extendedHours;
}

/** A rule that must be re-armed fires less often; whether two re-arm alike is not decided here. */
function rearmKept(rule: Rule, old: Rule): boolean {
  return rule.rearm === undefined || (old.rearm !== undefined && rule.name === old.name);
}

function bracketFindings({ before: old, after: now }: RulePlan, before: Strategy, after: Strategy): Told[] {
  if (old === null || now === null || !opens(now.action, after.facts)) return [];
  const [had, has] = [aspectsOfRule(before.facts, old), aspectsOfRule(after.facts, now)];
  const gone = ["bracket.stop_loss", "bracket.take_profit"].filter((name) => had.has(name) && !has.has(name));
  return gone.map((name) => ({
    code: "plan/bracket-removed",
    rule: now.name,
    message: `its ${name.slice("bracket.".length)} goes: positions opened from now on have none`,
    help: "Orders that are working stay as they are.",
  }));
}
