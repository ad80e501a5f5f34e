/**
 * Giving up what has been over for long, so that an account that trades for weeks does not grow.
 *
 * Owns: which orders those are. A family goes as a whole, when its last member has been over for as long as the options say.
 * May not: touch an order that is open, or the ledger.
 */
import { familyOf, isOver, type Entry, type State } from "./state.ts";

export function forgetOrders(state: State, time: number): void {
  const { rememberMs } = state.options;
  if (rememberMs === undefined) return;
  const isPast = (entry: Entry): boolean => isOver(entry) && entry.order.updatedAt < time - rememberMs;
  for (const entry of state.orders.values()) {
    if (entry.order.parentId !== null || !isPast(entry)) continue;
    const legs = familyOf(state, entry);
    if (legs.every(isPast)) for (const { order } of [entry, ...legs]) drop(state, order);
  }
}

function drop(state: State, { id, clientOrderId }: Entry["order"]): void {
  state.orders.delete(id);
  // A replacement may carry the client's id on.
  if (state.byClientId.get(clientOrderId) === id) state.byClientId.delete(clientOrderId);
}
