/**
 * Orders at the broker that nobody here sent.
 *
 * Owns: which of them the last picture showed, so that a new one, a change and an end are told once. May not: cancel them, or
 * count them for a strategy.
 */
import type { OrderView, ReconciledInput } from "../event.ts";
import { decimal } from "../decimal.ts";
import { EXTERNAL } from "./portfolio.ts";

type Listed = ReconciledInput["openOrders"][number];

export type SavedExternals = readonly OrderView[];

export class Externals {
  /** By the broker's id: an id of ours may be used by somebody else. */
  readonly #open = new Map<string, OrderView>();

  get open(): readonly OrderView[] {
    return [...this.#open.values()];
  }

  /** Takes what a picture shows; returns what there is to tell. */
  see(listed: readonly Listed[]): readonly OrderView[] {
    const ids = new Set(listed.map(({ brokerOrderId }) => brokerOrderId));
    const told: OrderView[] = [];
    for (const [id, order] of this.#open) {
      if (ids.has(id) || !this.#open.delete(id)) continue;
      // Whether it filled shows in the position.
      told.push({ ...order, state: "unknown", reason: "not sent from here, and not open any more" });
    }
    for (const order of listed) {
      const view = viewOf(order);
      const before = this.#open.get(order.brokerOrderId);
      if (before?.filledQty !== view.filledQty || before.qty !== view.qty) told.push(view);
      this.#open.set(order.brokerOrderId, view);
    }
    return told;
  }

  save(): SavedExternals {
    return this.open;
  }

  restore(saved: SavedExternals): void {
    for (const order of saved) this.#open.set(order.brokerOrderId ?? "", order);
  }
}

function viewOf({ clientOrderId, brokerOrderId, symbol, side, qty, type, filledQty }: Listed): OrderView {
  return {
    clientOrderId,
    brokerOrderId,
    strategy: EXTERNAL,
    rule: "",
    firing: "",
    symbol,
    side,
    role: "external",
    qty,
    type,
    limitPrice: null,
    stopPrice: null,
    state: decimal(filledQty).isGreaterThan(0) ? "partly_filled" : "working",
    filledQty,
    avgPrice: null,
    reason: "not sent from here",
  };
}
