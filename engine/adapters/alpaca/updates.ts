/**
 * Trade updates and order states of Alpaca as events of the core.
 *
 * Owns: the mapping of names. Alpaca's list is open: a name that is not known changes nothing here. May not: keep state.
 */
import type { BrokerInput, ExecutionInput, OrderUpdateInput } from "../../core/event.ts";
import type { SeenOrder } from "./orders.ts";
import type { SdkTradeUpdate } from "./sdk.ts";

type Status = OrderUpdateInput["status"];

/** Names of events and of order states; they overlap, and mean the same where they do. */
const STATUSES: Readonly<Record<string, Status>> = {
  new: "new",
  accepted: "new",
  pending_new: "new",
  accepted_for_bidding: "new",
  held: "held",
  pending_cancel: "pending_cancel",
  canceled: "canceled",
  expired: "expired",
  replaced: "replaced",
  rejected: "rejected",
  suspended: "suspended",
  done_for_day: "done_for_day",
};

const TERMINAL: readonly string[] = ["filled", "canceled", "expired", "replaced", "rejected"];
const AMOUNT = /^\d+(\.\d+)?$/;

export function isTerminal(status: string): boolean {
  return TERMINAL.includes(status);
}

export function statusOf(name: string): Status | undefined {
  return STATUSES[name];
}

export function unknown(clientOrderId: string, reason: string): BrokerInput {
  return { kind: "order.unknown", clientOrderId, reason };
}

export function statusUpdate(order: SeenOrder, status: Status, reason: string | null): OrderUpdateInput {
  return { kind: "order.update", clientOrderId: order.clientOrderId, brokerOrderId: order.id, status, reason };
}

/** Undefined when price or quantity of the one execution are missing. */
export function executionOf(update: SdkTradeUpdate, order: SeenOrder): ExecutionInput | undefined {
  const { qty, price } = update;
  if (typeof qty !== "string" || typeof price !== "string" || !AMOUNT.test(qty) || !AMOUNT.test(price))
    return undefined;
  return {
    kind: "execution",
    executionId: update.executionId ?? `${order.id}:${order.filledQty}`,
    clientOrderId: order.clientOrderId,
    brokerOrderId: order.id,
    symbol: order.symbol,
    side: order.side,
    qty,
    price,
    // Alpaca reports regulatory fees at the end of the day, not per execution.
    fee: "0",
    cumulativeQty: order.filledQty,
    time: update.timestamp?.getTime() ?? order.time,
  };
}

export function isExecution({ event }: SdkTradeUpdate): boolean {
  return event === "fill" || event === "partial_fill";
}

/** Corrections after the fact: there is no event for them, so the account has to be asked again. */
export function needsReconciling(event: string): boolean {
  return event === "trade_bust" || event === "trade_correct" || event === "restated";
}

/** Every update that is not an execution; undefined when it changes nothing for us. */
export function plainUpdate(update: SdkTradeUpdate, order: SeenOrder): BrokerInput | undefined {
  const reason = typeof update["reason"] === "string" ? update["reason"] : null;
  if (update.event === "order_cancel_rejected") {
    return { kind: "cancel.rejected", clientOrderId: order.clientOrderId, reason: reason ?? "refused by the broker" };
  }
  const status = statusOf(update.event);
  return status === undefined ? undefined : statusUpdate(order, status, reason);
}
