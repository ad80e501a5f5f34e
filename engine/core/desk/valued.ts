/**
 * What scopes have won and lost, from the portfolio at the last prices.
 *
 * Owns: the account's, a strategy's and a symbol's profit and loss, and each as a part of the account's equity. May not:
 * know limits. What cannot be computed is NaN, and NaN is never a small loss.
 */
import { lossRatio } from "./risk/losses.ts";
import type { Position } from "./portfolio.ts";
import type { DeskState } from "./state.ts";
import { ACCOUNT, strategyScope, symbolScope } from "./states.ts";
import type { ScopeName } from "./states.ts";

/** Of the account its equity; of a strategy or a symbol all that was won there, open positions and fees included. */
export function valueOf(desk: DeskState, scope: ScopeName): number {
  if (scope === ACCOUNT) return desk.account.equityNumber();
  const at = scope.indexOf(":") + 1;
  const [name, isStrategy] = [scope.slice(at), scope.startsWith("strategy:")];
  let total = 0;
  for (const position of desk.portfolio.positions)
    if (name === (isStrategy ? position.strategy : position.symbol)) total += wonBy(desk, position);
  return total;
}

/** The same of every strategy and symbol that has ever held something. */
export function allValues(desk: DeskState): ReadonlyMap<ScopeName, number> {
  const values = new Map<ScopeName, number>();
  for (const position of desk.portfolio.positions) {
    const won = wonBy(desk, position);
    for (const scope of [strategyScope(position.strategy), symbolScope(position.symbol)])
      values.set(scope, (values.get(scope) ?? 0) + won);
  }
  return values;
}

function wonBy({ account }: DeskState, { symbol, units, paid, won }: Position): number {
  if (units === 0) return won;
  const mark = account.valueOf(symbol);
  return mark === undefined ? won : won + units * (mark - paid);
}

/** Loss since the day began. */
export function dayLossOf(desk: DeskState, scope: ScopeName): number {
  const { account, memory } = desk;
  if (scope === ACCOUNT) return account.dayLossRatio();
  return lossRatio(memory.losses.dayBase(scope) - valueOf(desk, scope), account.dayBase);
}

/** Loss since the best moment; 0 while none is known. */
export function drawdownOf(desk: DeskState, scope: ScopeName): number {
  const peak = desk.memory.losses.peak(scope);
  const value = valueOf(desk, scope);
  if (peak === undefined) return Number.isNaN(value) ? value : 0;
  return lossRatio(peak - value, scope === ACCOUNT ? peak : desk.account.dayBase);
}
