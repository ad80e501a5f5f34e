/**
 * The last look at an order before it leaves.
 *
 * An order is approved at one moment and leaves at another: the journal was on its way to the disk, the broker's budget was used up, the
 * process or the whole machine stood still. Owns: why one that was approved must not leave now. May not: change anything: that it did not
 * leave comes back as an input.
 */
import { isTerminal } from "./orders.ts";
import type { DeskState } from "./state.ts";

/** Arrival time that an order may take from its decision to the wire: a price that was right then is not right for ever. */
const MOST_MS = 5_000;

/** `waitedMs`: arrival time since it was decided. */
export function lastLook(desk: DeskState, clientOrderId: string, waitedMs: number): string | undefined {
  const order = desk.orders.get(clientOrderId);
  if (order === undefined || isTerminal(order)) return "nothing waits for it any more";
  const { state, reason } = desk.states.of(order.origin.strategy, order.symbol);
  if (state === "HALTED" || (state === "REDUCING" && order.role === "entry")) return `trading is ${state}: ${reason}`;
  if (!desk.ready) return "the broker is not connected and reconciled";
  // A request to cancel it finds nothing to cancel before it has left.
  if (order.cancelRequested || (order.cancels > 0 && order.resends === 0)) return "it was cancelled before it left";
  const split = desk.splits.reasonFor(order.symbol);
  if (split !== "") return split;
  if (waitedMs > MOST_MS) return `it was decided ${waitedMs} ms ago`;
  return undefined;
}
