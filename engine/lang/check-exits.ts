/**
 * Whether what is opened can be closed, and at what loss.
 *
 * Owns: risk/no-exit, risk/no-stop and risk/exit-unknown. May not: guess what the market will do; only what the files show.
 */
import { isEntry, isExit, onlyReduces } from "../core/actions.ts";
import { factsOf } from "../core/canonical.ts";
import type { Action, Condition, Fact, Rule, Strategy } from "../core/program.ts";
import type { Builder } from "./builder.ts";
import { listed } from "./suggest.ts";

type Draft = Omit<Strategy, "digest">;

export function checkExits(builder: Builder, strategy: Draft): void {
  const entries = strategy.rules.filter(({ action }) => isEntry(action) && !onlyReduces(action));
  const bare = entries.filter(({ action }) => !hasStop(action));
  for (const rule of bare) {
    if (!strategy.rules.some((other) => canEnd(builder, other, rule))) reportNoExit(builder, rule);
    else if (!strategy.rules.some((other) => limitsLoss(strategy.facts, other))) reportNoStop(builder, rule);
  }
  // A stop at the broker needs no fact: where every entry has one, an exit that is late does not trap the position.
  if (bare.length > 0) for (const rule of strategy.rules) checkKnown(builder, strategy, rule, entries);
}

function hasStop(action: Action): boolean {
  return "bracket" in action && action.bracket?.stopLoss !== undefined;
}

/** Whether a rule can close what an entry opens: an exit, a trade of the other side, a target that may be elsewhere. */
function canEnd(builder: Builder, { action: end }: Rule, { action: entry }: Rule): boolean {
  if (isExit(end)) return true;
  const opened = sidesOf(builder, entry);
  if (end.kind === "target") {
    const { range } = builder.context.scope.table.operand(end.amount).quality;
    return (!opened.long || range[0] <= 0) && (!opened.short || range[1] >= 0);
  }
  return (!opened.long || end.kind === "sell") && (!opened.short || end.kind === "buy");
}

/** The sides of the market on which an entry may open. */
function sidesOf(builder: Builder, action: Action): { readonly long: boolean; readonly short: boolean } {
  if (action.kind !== "target") return { long: action.kind === "buy", short: action.kind === "sell" };
  const { range } = builder.context.scope.table.operand(action.amount).quality;
  return { long: range[1] > 0, short: action.short && range[0] < 0 };
}

function reportNoExit(builder: Builder, rule: Rule): void {
  const message = `Nothing ever closes what rule "${rule.name}" opens`;
  const help = "Add a rule with close, or a bracket with a stop_loss.";
  builder.report("risk/no-exit", ["rules", rule.index, "name"], message, help);
}

function reportNoStop(builder: Builder, rule: Rule): void {
  const message = `Nothing limits the loss of what rule "${rule.name}" opens`;
  const help = "Add bracket: {stop_loss: …}, or an exit that looks at position.unrealized_pct.";
  builder.report("risk/no-stop", ["rules", rule.index, "name"], message, help);
}

/** An exit that looks at the loss, or that is itself a stop. */
function limitsLoss(facts: readonly Fact[], { action, condition }: Rule): boolean {
  if (!isExit(action)) return false;
  if ("oco" in action || ("order" in action && /stop/.test(action.order.type))) return true;
  return [...factsOf(condition)].some((index) => looksAtLoss(facts, index));
}

const LOSS: ReadonlySet<string> = new Set(["unrealized", "unrealized_pct", "avg_price"]);

function looksAtLoss(facts: readonly Fact[], index: number): boolean {
  const spec = facts[index]?.spec;
  if (spec?.kind === "position") return LOSS.has(spec.field);
  return spec?.kind === "calc" && spec.args.some((arg) => looksAtLoss(facts, arg));
}

// ---------------------------------------------------------------------------------------------- exits that are late

/** A few bars are always there; what needs many more than the entry may be missing when the entry has fired. */
const LATE_BARS = 10;

/** An exit is trapped when every one of its alternatives may be unknown while a position is open. */
function checkKnown(builder: Builder, strategy: Draft, rule: Rule, entries: readonly Rule[]): void {
  if (!isExit(rule.action)) return;
  const alternatives = alternativesOf(rule.condition).map((one) => lateFacts(strategy, one, entries));
  if (alternatives.some((late) => late.length === 0)) return;
  const [first] = alternatives;
  const message = `Rule "${rule.name}" may be unknown while a position is open: ${listed((first ?? []).slice(0, 3), "and")}`;
  const help = "Add a stop to the entry, or an alternative to the exit (any:) that is always known.";
  builder.report("risk/exit-unknown", ["rules", rule.index, "name"], message, help);
}

function alternativesOf(condition: Condition): readonly Condition[] {
  return condition.op === "any" ? condition.kids : [condition];
}

/** Why facts of a condition may be unknown when an entry has fired, in words. */
function lateFacts(strategy: Draft, condition: Condition, entries: readonly Rule[]): string[] {
  const { facts } = strategy;
  return [...factsOf(condition)].flatMap((index) => {
    const fact = facts[index];
    if (fact === undefined) return [];
    const { spec, warmup, ref } = fact;
    if (spec.kind === "quote") return [`${ref.fact} needs quotes`];
    if (spec.kind === "opening_range") return ["an opening range is unknown when a session begins"];
    if (spec.kind === "rank") return ["a rank needs all symbols"];
    if (spec.series.symbol !== null) return [`${ref.fact} needs a bar of ${spec.series.symbol}`];
    const entry = entries.find((one) => warmup > LATE_BARS + 2 * knownBars(facts, one.condition, fact));
    if (entry === undefined) return [];
    return [`${ref.fact} needs ${warmup} bars of ${spec.series.size.label}, "${entry.name}" may fire before`];
  });
}

/** Bars of a fact's series that have been seen when the condition can first be true. */
function knownBars(facts: readonly Fact[], condition: Condition, { spec }: Fact): number {
  const bars = alternativesOf(condition).map((one) =>
    [...factsOf(one)].reduce((most, index) => {
      const other = facts[index];
      const isSame = other?.spec.series.size.label === spec.series.size.label && other.spec.series.symbol === null;
      return isSame ? Math.max(most, other.warmup) : most;
    }, 0),
  );
  return Math.min(...bars);
}
