/**
 * What a plan must know of a core.
 *
 * Owns: positions and working orders as plain data, and the one finding that keeps a program from taking over.
 */
import type { CoreState } from "../core/step.ts";
import type { Program } from "../core/program.ts";
import { openOrders } from "../core/view.ts";
import { planBetween } from "../lang/plan/plan.ts";
import type { PlanState } from "../lang/plan/types.ts";

export function planStateOf(core: CoreState): PlanState {
  const positions = [...core.desk.state.portfolio.positions].flatMap(({ strategy, symbol, qty, avgPrice }) =>
    qty.isZero() ? [] : [{ strategy, symbol, qty: qty.toFixed(), avgPrice: avgPrice.toFixed() }],
  );
  return { positions, orders: openOrders(core) };
}

/** What nobody would look after any more, or undefined. */
export function orphansOf(core: CoreState, next: Program): string | undefined {
  const { program } = core.signals;
  if (program === undefined) return undefined;
  const { findings } = planBetween(program, next, planStateOf(core));
  const orphan = findings.find(({ code }) => code === "plan/orphan");
  return orphan === undefined ? undefined : `${orphan.message}. ${orphan.help}`;
}
