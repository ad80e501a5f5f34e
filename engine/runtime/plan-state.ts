/**
 * What a plan must know of a core.
 *
 * Owns: positions and working orders as plain data.
 */
import type { CoreState } from "../core/step.ts";
import { openOrders } from "../core/view.ts";
import type { PlanState } from "../lang/plan/types.ts";

export function planStateOf(core: CoreState): PlanState {
  const positions = [...core.desk.state.portfolio.positions].flatMap(({ strategy, symbol, qty, avgPrice }) =>
    qty.isZero() ? [] : [{ strategy, symbol, qty: qty.toFixed(), avgPrice: avgPrice.toFixed() }],
  );
  return { positions, orders: openOrders(core) };
}
