/**
 * What a broker says, applied to orders, positions and procedures.
 *
 * Owns: acknowledgements, executions, terminal states, unknown outcomes and reconciliation.
 * May not: send orders, except to continue a procedure or restore protection.
 */
import { ZERO, decimal, text } from "../decimal.ts";
import type {
  BrokerInput,
  ExecutionInput,
  OrderAcceptedInput,
  OrderRejectedInput,
  OrderUpdateInput,
  OrderView,
  ReconciledInput,
} from "../event.ts";
import type { Book } from "./books.ts";
import { continueExit, restoreProtection } from "./exits.ts";
import { isTerminal, newLeg } from "./orders.ts";
import type { Order } from "./orders.ts";
import { EXTERNAL } from "./portfolio.ts";
import type { DeskState } from "./state.ts";

/** Arrival-time delays between look-ups of an order whose fate is unknown; after the last a person is called. */
const LOOKUP_DELAYS_MS = [250, 500, 1_000, 2_000, 5_000, 10_000] as const;

export function onBroker(desk: DeskState, input: BrokerInput): void {
  switch (input.kind) {
    case "order.accepted":
      return onAccepted(desk, input);
    case "order.rejected":
      return onRejected(desk, input);
    case "order.unknown": {
      const order = desk.orders.get(input.clientOrderId);
      return order === undefined ? undefined : becomeUnknown(desk, order, input.reason);
    }
    case "order.update":
      return onUpdate(desk, input);
    case "execution":
      return onExecution(desk, input);
    case "cancel.rejected":
      return onCancelRejected(desk, input.clientOrderId, input.reason);
    case "account":
      return desk.account.set(input);
    case "reconciled":
      return onReconciled(desk, input);
    case "broker":
      if (input.status === "disconnected" && desk.ready) {
        desk.ready = false;
        desk.alert(
          "critical",
          "broker/disconnected",
          `no order leaves until the broker is reconciled again: ${input.detail}`,
        );
      }
      return undefined;
  }
}

function onAccepted(desk: DeskState, input: OrderAcceptedInput): void {
  const order = desk.orders.get(input.clientOrderId);
  if (order === undefined) return;
  desk.output({ kind: "timer.cancel", id: `ack:${order.clientOrderId}` });
  desk.orders.name(order, input.brokerOrderId);
  for (const leg of input.legs) {
    if (desk.orders.get(leg.clientOrderId) !== undefined) continue;
    const child = newLeg(order, leg.role, leg.clientOrderId, leg.brokerOrderId, desk.now.arrivalTime);
    desk.orders.add(child);
    desk.announce(child);
  }
  const moved = order.state === "sent" || order.state === "unknown";
  if (moved) desk.orders.move(order, order.filledQty.isGreaterThan(0) ? "partly_filled" : "working");
  if (order.cancelRequested) {
    // A cancel that was asked for before the broker had a name for the order is asked again.
    desk.output({ kind: "cancel", clientOrderId: order.clientOrderId, brokerOrderId: order.brokerOrderId });
  }
  if (moved) changed(desk, order);
}

function onRejected(desk: DeskState, input: OrderRejectedInput): void {
  const order = desk.orders.get(input.clientOrderId);
  if (order === undefined) return;
  if (order.state === "unknown" && input.code === "not_found") {
    // A miss does not prove that the order never arrived.
    scheduleLookup(desk, order);
    return;
  }
  desk.output({ kind: "timer.cancel", id: `ack:${order.clientOrderId}` });
  if (!desk.orders.move(order, "rejected", `${input.code}: ${input.reason}`)) return;
  desk.refuse(order.origin, order.symbol, { code: "broker_rejected", reason: input.reason });
  desk.alert(
    "warning",
    "order/rejected",
    `the broker rejected ${order.side} ${text(order.qty)} ${order.symbol}: ${input.reason}`,
    {
      strategy: order.origin.strategy,
      symbol: order.symbol,
    },
  );
  changed(desk, order);
}

export function becomeUnknown(desk: DeskState, order: Order, reason: string): void {
  if (isTerminal(order) || order.state === "unknown") return;
  if (order.state !== "sent") return;
  desk.orders.move(order, "unknown", reason);
  desk.alert(
    "critical",
    "order/unknown",
    `nobody knows whether ${order.side} ${text(order.qty)} ${order.symbol} was accepted (${reason}); it is being looked up and not sent again`,
    {
      strategy: order.origin.strategy,
      symbol: order.symbol,
    },
  );
  scheduleLookup(desk, order);
  changed(desk, order);
}

function scheduleLookup(desk: DeskState, order: Order): void {
  const delay = LOOKUP_DELAYS_MS[order.lookups];
  if (delay === undefined) {
    desk.alert(
      "critical",
      "order/unresolved",
      `${order.clientOrderId} could not be found at the broker; a person must decide`,
      {
        strategy: order.origin.strategy,
        symbol: order.symbol,
      },
    );
    return;
  }
  order.lookups++;
  desk.output({
    kind: "timer.set",
    id: `lookup:${order.clientOrderId}`,
    clock: "arrival",
    at: desk.now.arrivalTime + delay,
  });
}

function onUpdate(desk: DeskState, input: OrderUpdateInput): void {
  const order = desk.orders.get(input.clientOrderId) ?? desk.orders.byBroker(input.brokerOrderId);
  if (order === undefined) return;
  if (order.brokerOrderId === null) desk.orders.name(order, input.brokerOrderId);
  const state = stateOf(input.status, order);
  if (state === undefined || !desk.orders.move(order, state, input.reason)) return;
  if (state === "rejected")
    desk.refuse(order.origin, order.symbol, { code: "broker_rejected", reason: input.reason ?? "rejected" });
  changed(desk, order);
}

function stateOf(status: OrderUpdateInput["status"], order: Order): Order["state"] | undefined {
  switch (status) {
    case "canceled":
    case "expired":
    case "rejected":
      return status;
    case "replaced":
      return "canceled";
    case "done_for_day":
      return undefined;
    default:
      return order.state === "sent" || order.state === "unknown" ? "working" : undefined;
  }
}

function onExecution(desk: DeskState, input: ExecutionInput): void {
  const order = desk.orders.get(input.clientOrderId) ?? desk.orders.byBroker(input.brokerOrderId);
  if (order === undefined) {
    desk.alert(
      "warning",
      "execution/external",
      `an order that was not sent from here filled: ${input.side} ${input.qty} ${input.symbol} at ${input.price}`,
      { symbol: input.symbol },
    );
    desk.portfolio.apply(EXTERNAL, input.symbol, {
      side: input.side,
      qty: decimal(input.qty),
      price: decimal(input.price),
      fee: decimal(input.fee),
      time: input.time,
    });
    return;
  }
  if (order.brokerOrderId === null) desk.orders.name(order, input.brokerOrderId);
  const firstFill = order.filledQty.isZero();
  const qty = desk.orders.execute(order, input);
  if (qty.isZero()) return;
  desk.output({ kind: "timer.cancel", id: `ack:${order.clientOrderId}` });
  const { strategy } = order.origin;
  const position = desk.portfolio.apply(strategy, order.symbol, {
    side: order.side,
    qty,
    price: decimal(input.price),
    fee: decimal(input.fee),
    time: input.time,
  });
  const book = desk.books.get(strategy, order.symbol);
  if (order.role === "entry" && firstFill) book.filledEntries++;
  desk.output({
    kind: "position",
    position: {
      strategy,
      symbol: order.symbol,
      qty: text(position.qty),
      avgPrice: text(position.avgPrice),
      realized: text(position.realized),
      fees: text(position.fees),
      cash: text(desk.portfolio.cash),
    },
  });
  if (position.qty.isZero()) {
    book.filledEntries = 0;
    if (book.exit === undefined) book.protection = undefined;
  }
  changed(desk, order);
}

function onCancelRejected(desk: DeskState, id: string, reason: string): void {
  const order = desk.orders.get(id);
  if (order === undefined || isTerminal(order)) return;
  // Usually it has just filled and the word is on its way; asking settles it.
  order.cancelRequested = false;
  order.reason = reason;
  desk.output({ kind: "lookup", clientOrderId: id });
}

/** After any change of an order: tell, publish, and let what waits for it go on. */
function changed(desk: DeskState, order: Order): void {
  desk.announce(order);
  const book = desk.books.get(order.origin.strategy, order.symbol);
  if (isTerminal(order)) afterEnd(desk, book, order);
  continueExit(desk, book);
  desk.publish(book);
}

function afterEnd(desk: DeskState, book: Book, order: Order): void {
  desk.output({ kind: "timer.cancel", id: `expire:${order.clientOrderId}` });
  const partial = order.role === "entry" && order.state !== "filled" && order.filledQty.isGreaterThan(0);
  // The legs of a bracket wait for the whole entry: what filled before a cancel stands without a stop.
  if (partial && book.exit === undefined) restoreProtection(desk, book, order.origin);
}

function onReconciled(desk: DeskState, input: ReconciledInput): void {
  desk.account.set(input.account);
  const atBroker = new Map(input.positions.map((position) => [position.symbol, position]));
  const symbols = new Set([...atBroker.keys(), ...[...desk.portfolio.positions].map(({ symbol }) => symbol)]);
  for (const symbol of [...symbols].sort()) {
    const theirs = decimal(atBroker.get(symbol)?.qty ?? "0");
    const difference = theirs.minus(desk.portfolio.netQty(symbol));
    if (difference.isZero()) continue;
    const external = desk.portfolio.position(EXTERNAL, symbol).qty.plus(difference);
    desk.portfolio.adopt(
      EXTERNAL,
      symbol,
      external,
      decimal(atBroker.get(symbol)?.avgPrice ?? "0"),
      desk.now.marketTime,
    );
    desk.alert(
      "warning",
      "reconcile/position",
      `the broker holds ${text(theirs)} ${symbol}; ${text(difference)} of it belong to no strategy here`,
      { symbol },
    );
  }
  const open = new Set(input.openOrders.map((order) => order.clientOrderId));
  for (const order of desk.orders.open()) {
    if (!open.has(order.clientOrderId)) desk.output({ kind: "lookup", clientOrderId: order.clientOrderId });
  }
  for (const order of input.openOrders) {
    if (desk.orders.get(order.clientOrderId) !== undefined || desk.orders.byBroker(order.brokerOrderId) !== undefined)
      continue;
    desk.output({ kind: "order", order: externalView(order) });
  }
  desk.ready = true;
}

function externalView(order: ReconciledInput["openOrders"][number]): OrderView {
  return {
    clientOrderId: order.clientOrderId,
    brokerOrderId: order.brokerOrderId,
    strategy: EXTERNAL,
    rule: "",
    firing: "",
    symbol: order.symbol,
    side: order.side,
    role: "external",
    qty: order.qty,
    type: order.type,
    limitPrice: null,
    stopPrice: null,
    state: decimal(order.filledQty).isGreaterThan(ZERO) ? "partly_filled" : "working",
    filledQty: order.filledQty,
    avgPrice: null,
    reason: "not sent from here",
  };
}

export function onLookupTimer(desk: DeskState, id: string): void {
  const order = desk.orders.get(id);
  if (order !== undefined && order.state === "unknown") desk.output({ kind: "lookup", clientOrderId: id });
}
