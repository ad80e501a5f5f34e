/**
 * Targets and reversals: what is there, what should be there, and the way between.
 *
 * Owns: whether a target adds, takes away or turns the position, and when the second half of a reversal may open.
 * May not: overshoot: entries on their way count as if filled.
 */
import { invariant } from "../assert.ts";
import { ZERO } from "../decimal.ts";
import type { Decimal } from "../decimal.ts";
import type { Firing } from "../event.ts";
import type { Action, TargetAction } from "../program.ts";
import { isOnTarget, isTooSmall, targetQty } from "../target.ts";
import type { Book } from "./books.ts";
import { enter, entriesBeside, openTrade, tooManyEntries, valueOf } from "./entries.ts";
import type { ExitAim, Opening } from "./procedure.ts";
import { signedRemaining } from "./orders.ts";
import { quarantineKey } from "./quarantine.ts";
import type { DeskState, Refused } from "./state.ts";

export type Plan =
  | { readonly step: "none"; readonly why: Refused }
  | { readonly step: "entry"; readonly target: Decimal; readonly missing: Decimal }
  | { readonly step: "exit"; readonly target: Decimal; readonly aim: ExitAim };

/** What a target asks of the book at this price, entries on their way counted as if filled. */
export function planOf(desk: DeskState, book: Book, action: TargetAction, firing: Firing, price: number): Plan {
  const value = valueOf(firing);
  const target = targetQty(action, value, price, desk.account.equity().toNumber());
  if (target === undefined)
    return { step: "none", why: { code: "size_invalid", reason: "the target works out to no number of shares" } };
  const { qty } = desk.portfolio.position(book.strategy, book.symbol);
  const entries = entriesBeside(desk, book, firing.rule).filter(({ role }) => role === "entry");
  const held = entries.reduce((sum, order) => sum.plus(signedRemaining(order)), qty);
  if (held.isZero() && isTooSmall(action, value, target)) {
    const reason = "the target works out to less than one share (fractional: true would allow it)";
    return { step: "none", why: { code: "size_zero", reason } };
  }
  // While an exit is in progress, what is held says little: the target takes over and asks again when it is over.
  if (book.exit !== undefined) return { step: "exit", target, aim: aimOf(qty, target) };
  if (isOnTarget(action, value, price, target, held)) {
    const reason = `${held.toFixed()} ${book.symbol} are held or on their way, the target is ${target.toFixed()}`;
    return { step: "none", why: { code: "on_target", reason } };
  }
  const aim = aimOf(qty, target);
  if ("all" in aim) return { step: "exit", target, aim };
  const isBeyond = signOf(target) * signOf(held.minus(target)) > 0;
  const opposes = entries.some(({ side }) => (side === "buy") !== target.isGreaterThan(0));
  if (isBeyond || opposes) return { step: "exit", target, aim };
  return { step: "entry", target, missing: target.minus(held).abs() };
}

/** Everything goes for a target of nothing, or of the other side. */
function aimOf(held: Decimal, target: Decimal): ExitAim {
  return target.isZero() || signOf(held) * signOf(target) < 0 ? { all: true } : { to: target };
}

function signOf(qty: Decimal): number {
  return qty.isZero() ? 0 : qty.isGreaterThan(0) ? 1 : -1;
}

/** Opens or adds what is missing. What is there already, or beyond, is nothing to open. */
export function openTarget(
  desk: DeskState,
  book: Book,
  action: TargetAction,
  firing: Firing,
  price: number,
): Refused | undefined {
  const plan = planOf(desk, book, action, firing, price);
  if (plan.step === "none") return plan.why.code === "on_target" ? undefined : plan.why;
  if (plan.step === "exit")
    return { code: "target_moved", reason: `the target is ${plan.target.toFixed()} now, which opens nothing` };
  const side = plan.target.isGreaterThan(ZERO) ? "buy" : "sell";
  return enter(desk, book, { side, action, firing, price }, { qty: plan.missing });
}

/**
 * The second half of a reversal, asked when the first is filled. Time has passed: the rule must still be what it was and
 * in service, and the size is computed at the price of now.
 */
export function reopen(desk: DeskState, book: Book, { rule, firing }: Opening): Refused | undefined {
  if (desk.quarantined.has(quarantineKey(firing)))
    return { code: "quarantined", reason: "the evaluators disagreed about this rule" };
  if (desk.ruleOf(book.strategy, rule.name)?.digest !== rule.digest)
    return { code: "program_changed", reason: "the rule was changed while the position was being closed" };
  const mark = desk.account.markOf(book.symbol);
  const price = Number.isFinite(mark) ? mark : firing.price;
  return tooManyEntries(desk, book, rule.name, rule.action.kind) ?? open(desk, book, rule.action, firing, price);
}

function open(desk: DeskState, book: Book, action: Action, firing: Firing, price: number): Refused | undefined {
  if (action.kind === "target") return openTarget(desk, book, action, firing, price);
  invariant(action.kind === "buy" || action.kind === "sell", "only what trades opens");
  return openTrade(desk, book, action, firing, price);
}
