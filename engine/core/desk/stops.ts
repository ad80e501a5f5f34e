/**
 * Taking a scope out of trading, and giving it back.
 *
 * Owns: that a scope which goes REDUCING or HALTED loses its working entries, what a latched control does, and what a
 * person's word re-arms. May not: decide that a limit is reached, or need to know what the account is worth.
 */
import type { CheckResult, OrderRequest, TradingState } from "../event.ts";
import { cancelOpening } from "./exits.ts";
import type { OrderRole } from "./orders.ts";
import { CONTROLS } from "./risk/catalogue.ts";
import type { DeskState, Refused, SendOptions } from "./state.ts";
import { covers, strategyScope } from "./states.ts";
import type { Cause, ScopeName } from "./states.ts";

/** Entries there are cancelled, also those that a reversal would open. Exits go on. */
export function stop(desk: DeskState, scope: ScopeName, cause: Cause, state: TradingState, reason: string): void {
  desk.restrict(scope, cause, state, reason);
  cancelOpen(desk, scope, (role) => role === "entry");
}

/** For a control: once per breach, with an alert that names it. */
export function trip(desk: DeskState, scope: ScopeName, control: string, reason: string): void {
  const cause: Cause = control === "max_daily_loss" ? "daily_loss" : `control:${control}`;
  if (desk.states.has(scope, cause)) return;
  stop(desk, scope, cause, "REDUCING", reason);
  const where = scope.startsWith("strategy:")
    ? { strategy: scope.slice("strategy:".length) }
    : scope.startsWith("symbol:")
      ? { symbol: scope.slice("symbol:".length) }
      : {};
  desk.alert("critical", `risk/${control}`, `${scope} is REDUCING: ${reason}`, where);
}

export function cancelOpen(desk: DeskState, scope: ScopeName, matches: (role: OrderRole) => boolean): void {
  for (const order of desk.orders.open())
    if (matches(order.role) && covers(scope, { strategy: order.origin.strategy, symbol: order.symbol }))
      desk.cancel(order, "entries are cancelled");
  for (const book of desk.books.all) if (covers(scope, book)) cancelOpening(desk, book, "entries are cancelled");
}

const LATCHES: ReadonlySet<string> = new Set(CONTROLS.flatMap(({ name, latches }) => (latches === true ? [name] : [])));

/** What a refusal leaves behind. A rule that wants the same again and again runs away as much as one that gets it. */
export function refusedByControl(
  desk: DeskState,
  { origin }: SendOptions,
  request: OrderRequest,
  { check, reason }: CheckResult,
): Refused {
  const { strategy, rule } = origin;
  if (check === "duplicate_intent") desk.memory.repeats.note(strategy, rule, request, desk.now.marketTime);
  if (LATCHES.has(check)) trip(desk, strategyScope(strategy), check, `rule "${rule}" in ${request.symbol}: ${reason}`);
  return { code: check, reason };
}

/** A person answers for what happened in the scope: what stopped it is counted anew there. */
export function rearm(desk: DeskState, scope: ScopeName): void {
  const { repeats, losses, streaks, breakers } = desk.memory;
  repeats.rearm(scope);
  streaks.forgive(scope);
  breakers.forgive(scope);
  if (!desk.states.has(scope, "control:max_drawdown")) return;
  losses.rebase(scope);
  desk.alert("info", "risk/max_drawdown", `the drawdown of ${scope} is measured from here on`);
}
