/**
 * What a broker says, applied to orders, positions and procedures.
 *
 * Owns: acknowledgements, executions, terminal states and reconciliation.
 * May not: send orders, except to continue a procedure or restore protection.
 */
import { decimal, text } from "../decimal.ts";
import type { Decimal } from "../decimal.ts";
import { isoTime } from "../time.ts";
import type {
  BrokerInput,
  ExecutionInput,
  OrderAcceptedInput,
  OrderRejectedInput,
  OrderUpdateInput,
  OrderView,
  ReconciledInput,
  Side,
} from "../event.ts";
import { forgetPosition } from "./books.ts";
import type { Protection } from "./books.ts";
import { bookCoinFee, isCoinFee } from "./coin-fee.ts";
import { restoreAll } from "./exits.ts";
import { isAsked, isTerminal, newLeg } from "./orders.ts";
import type { Order } from "./orders.ts";
import { EXTERNAL } from "./portfolio.ts";
import type { Fill, Position } from "./portfolio.ts";
import { isOpened, overshot } from "./overshot.ts";
import { protectionOf } from "./requests.ts";
import type { DeskState } from "./state.ts";
import { changed } from "./changed.ts";
import { reconcileSplits, splitProtection } from "./split.ts";
import { newPrice, newQty } from "./splits.ts";
import { becomeUnknown, scheduleLookup } from "./unknown.ts";
import { cashMoved, watchAnswer, watchConnection, watchRejection, watchTrips } from "./watch.ts";

const MAX_CANCELS = 5;

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
    case "instrument":
      return desk.instruments.set(input);
    case "broker":
      if (input.status === "disconnected") watchConnection(desk);
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
  if (order.state === "sent") watchAnswer(desk, order, "accepted");
  if (order.state === "rejected") comeBack(desk, order);
  for (const leg of input.legs) {
    if (desk.orders.get(leg.clientOrderId) !== undefined) continue;
    const child = newLeg(order, leg.role, leg.clientOrderId, leg.brokerOrderId);
    desk.orders.add(child);
    desk.announce(child);
  }
  const moved = order.state === "sent" || order.state === "unknown";
  if (moved) desk.orders.move(order, order.filledQty.isGreaterThan(0) ? "partly_filled" : "working");
  if (!isTerminal(order)) {
    if (order.cancelRequested && moved) {
      // A cancel that was asked for before the broker had a name for the order is asked again.
      desk.output({ kind: "cancel", clientOrderId: order.clientOrderId, brokerOrderId: order.brokerOrderId });
    } else if (isToGo(desk, order)) {
      cancelAgain(desk, order);
    }
  }
  if (moved) changed(desk, order);
}

/** It was to be cancelled once, which nothing takes back, or it is of shares that are counted otherwise now, or an exit waits for its end. */
function isToGo(desk: DeskState, order: Order): boolean {
  return order.cancels > 0 || order.splitAt !== null || isAwaited(desk, order);
}

function isAwaited(desk: DeskState, { origin, symbol, clientOrderId }: Order): boolean {
  return desk.books.get(origin.strategy, symbol).exit?.waiting.has(clientOrderId) === true;
}

/** What was sent twice can be refused the second time, and be there after all when the first request comes late. */
function comeBack(desk: DeskState, order: Order): void {
  desk.alert(
    "critical",
    "order/late",
    `${order.side} ${text(order.qty)} ${order.symbol} counted as rejected (${order.reason ?? "no reason given"}), but the broker has it`,
    { strategy: order.origin.strategy, symbol: order.symbol },
  );
  desk.orders.revive(order);
}

/** It is to go, the broker refused to cancel it, and it still works: asked again, but not in one go for ever. */
function cancelAgain(desk: DeskState, order: Order): void {
  if (order.cancelRequested) return;
  if (order.cancels < MAX_CANCELS) return desk.cancel(order);
  const { clientOrderId, origin, symbol, reason } = order;
  const isExit = isAwaited(desk, order);
  const what = `the broker does not cancel ${clientOrderId}${isExit ? ", for which an exit waits" : ""}: ${reason ?? "no reason given"}`;
  desk.alert("critical", isExit ? "exit/stuck" : "order/stuck", `${what}; each reconciliation asks once more`, {
    strategy: origin.strategy,
    symbol,
  });
}

function onRejected(desk: DeskState, input: OrderRejectedInput): void {
  const order = desk.orders.get(input.clientOrderId);
  if (order === undefined) return;
  if (input.code === "not_found") {
    // A miss does not prove that the order never arrived: it may still be on its way.
    if (order.state === "unknown") scheduleLookup(desk, order);
    else becomeUnknown(desk, order, "the broker does not know it yet");
    return;
  }
  desk.output({ kind: "timer.cancel", id: `ack:${order.clientOrderId}` });
  // Of what has not left the broker knows nothing: it says nothing of its health.
  const isUnsent = input.code === "not_sent";
  if (order.state === "sent" && !isUnsent) watchAnswer(desk, order, "rejected");
  if (!desk.orders.move(order, "rejected", `${input.code}: ${input.reason}`)) return;
  const what = `${order.side} ${text(order.qty)} ${order.symbol}`;
  const book = { strategy: order.origin.strategy, symbol: order.symbol };
  if (isUnsent) {
    desk.refuse(order.origin, order.symbol, { code: "not_sent", reason: input.reason });
    desk.alert("warning", "order/not-sent", `${what} was decided and has not left: ${input.reason}`, book);
  } else {
    watchRejection(desk, order);
    desk.refuse(order.origin, order.symbol, { code: "broker_rejected", reason: input.reason });
    desk.alert("warning", "order/rejected", `the broker rejected ${what}: ${input.reason}`, book);
  }
  changed(desk, order);
}

function onUpdate(desk: DeskState, input: OrderUpdateInput): void {
  const order = desk.orders.get(input.clientOrderId) ?? desk.orders.byBroker(input.brokerOrderId);
  if (order === undefined) return;
  if (order.brokerOrderId === null) desk.orders.name(order, input.brokerOrderId);
  if (order.state === "rejected" && input.status !== "rejected")
    desk.output({ kind: "lookup", clientOrderId: order.clientOrderId });
  const state = stateOf(input.status, order);
  if (state === undefined || !desk.orders.move(order, state, input.reason)) return;
  if (state === "rejected") {
    watchRejection(desk, order);
    desk.refuse(order.origin, order.symbol, { code: "broker_rejected", reason: input.reason ?? "rejected" });
  }
  changed(desk, order);
}

function stateOf(status: OrderUpdateInput["status"], order: Order): Order["state"] | undefined {
  switch (status) {
    case "filled":
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
  if (order === undefined || isAsked(order)) {
    if (!desk.orders.isNew(input)) return;
    if (desk.orders.isForgotten(input.time)) return tellForgotten(desk, input);
    desk.alert(
      "warning",
      "execution/external",
      `an order that was not sent from here filled: ${input.side} ${input.qty} ${input.symbol} at ${input.price}`,
      { symbol: input.symbol },
    );
    const fill = fillOf(desk, input, decimal(input.qty), input.side);
    return tellPosition(desk, desk.portfolio.apply(EXTERNAL, input.symbol, fill));
  }
  if (order.brokerOrderId === null) desk.orders.name(order, input.brokerOrderId);
  // What filled was accepted.
  if (order.state === "sent") watchAnswer(desk, order, "accepted");
  const qty = desk.orders.execute(order, input);
  if (qty.isZero()) return;
  desk.output({ kind: "timer.cancel", id: `ack:${order.clientOrderId}` });
  const { strategy } = order.origin;
  const before = desk.portfolio.position(strategy, order.symbol);
  const position = desk.portfolio.apply(strategy, order.symbol, fillOf(desk, input, qty, order.side));
  const book = desk.books.get(strategy, order.symbol);
  book.restored = 0;
  const isNewSide = isOpened(before.qty, position.qty);
  if (position.qty.isZero() || isNewSide) forgetPosition(book);
  if (order.role === "entry" && order.request !== null && !position.qty.isZero()) {
    const promised = protectionOf(order.request);
    if (promised !== undefined) book.protection = protectionNow(desk, order, promised);
  }
  tellPosition(desk, position);
  watchTrips(desk, before, position);
  changed(desk, order);
  if (order.role !== "entry" && isNewSide) overshot(desk, book, order);
}

/** What happened before a split is booked in shares of today. */
function fillOf(desk: DeskState, { symbol, price, fee, time }: ExecutionInput, qty: Decimal, side: Side): Fill {
  const told = { side, qty, price: decimal(price), fee: decimal(fee), time };
  return desk.splits
    .after(symbol, time)
    .reduce((fill, split) => ({ ...fill, qty: newQty(split, fill.qty), price: newPrice(split, fill.price) }), told);
}

/** What an entry promised before a split protects the position in prices of today. */
function protectionNow(desk: DeskState, { symbol, side, splitAt }: Order, promised: Protection): Protection {
  if (splitAt === null) return promised;
  const exit = side === "buy" ? "sell" : "buy";
  const splits = desk.splits.after(symbol, splitAt - 1);
  return splits.reduce((protection, split) => splitProtection(split, protection, exit), promised);
}

/** Of an order that is long over it was booked then; of anything else a reconciliation finds what is missing. */
function tellForgotten(desk: DeskState, { side, qty, symbol, price, time }: ExecutionInput): void {
  desk.alert(
    "warning",
    "execution/forgotten",
    `${side} ${qty} ${symbol} at ${price} was told of ${isoTime(time)}, which is too long ago to be known, and is not booked again`,
    { symbol },
  );
}

function tellPosition(desk: DeskState, position: Position): void {
  desk.output(desk.portfolio.told(position));
}

function onCancelRejected(desk: DeskState, id: string, reason: string): void {
  const order = desk.orders.get(id);
  if (order === undefined || isTerminal(order)) return;
  // Usually it has just filled and the word is on its way; asking settles it.
  order.cancelRequested = false;
  order.reason = reason;
  desk.output({ kind: "lookup", clientOrderId: id });
}

function onReconciled(desk: DeskState, input: ReconciledInput): void {
  const cash = desk.portfolio.cash;
  let isExplained = !desk.isReconciled;
  desk.isReconciled = true;
  desk.account.set(input.account);
  desk.real = input.real === true;
  const atBroker = new Map(input.positions.map((position) => [position.symbol, position]));
  const symbols = new Set([...atBroker.keys(), ...[...desk.portfolio.positions].map(({ symbol }) => symbol)]);
  for (const symbol of [...symbols].sort()) {
    const theirs = decimal(atBroker.get(symbol)?.qty ?? "0");
    const difference = theirs.minus(desk.portfolio.netQty(symbol));
    if (difference.isZero()) continue;
    isExplained = true;
    if (desk.splits.isBehind(symbol, theirs, desk.portfolio.netQty(symbol))) continue;
    if (bookCoinFee(desk, symbol, difference.negated())) continue;
    const external = desk.portfolio.position(EXTERNAL, symbol).qty.plus(difference);
    const avgPrice = decimal(atBroker.get(symbol)?.avgPrice ?? "0");
    tellPosition(desk, desk.portfolio.adopt(EXTERNAL, symbol, external, avgPrice, desk.now.marketTime));
    desk.alert(
      "warning",
      "reconcile/position",
      `the broker holds ${text(theirs)} ${symbol}; ${text(difference)} of it belong to no strategy here`,
      { symbol },
    );
  }
  const moved = desk.portfolio.cash.minus(cash);
  if (!isExplained && !moved.isZero() && !isCoinFee(desk, moved.negated())) cashMoved(desk, moved.toNumber());
  reconcileOrders(desk, input.openOrders);
  desk.ready = true;
  reconcileSplits(desk, (symbol) => decimal(atBroker.get(symbol)?.qty ?? "0"));
  restoreAll(desk);
}

/** Both ways: ours that the broker does not show, or whose fate was unclear, are looked up; foreign ones are shown. */
function reconcileOrders(desk: DeskState, openOrders: ReconciledInput["openOrders"]): void {
  const open = new Set(openOrders.map((order) => order.clientOrderId));
  for (const order of desk.orders.open((one) => !isAsked(one))) {
    const unclear = order.state === "sent" || order.state === "unknown";
    if (unclear || !open.has(order.clientOrderId)) desk.output({ kind: "lookup", clientOrderId: order.clientOrderId });
    else if (isToGo(desk, order)) askAgain(desk, order);
  }
  const externals: (typeof openOrders)[number][] = [];
  for (const theirs of openOrders) {
    const ours = desk.orders.get(theirs.clientOrderId) ?? desk.orders.byBroker(theirs.brokerOrderId);
    if (ours === undefined) {
      externals.push(theirs);
    } else if (isOther(ours, theirs)) {
      const [there, here] = [theirs, { ...ours, qty: text(ours.qty) }].map(
        ({ side, qty, symbol, type }) => `${side} ${qty} ${symbol} ${type}`,
      );
      const message = `${theirs.clientOrderId} is ${there} at the broker, but ${here} here`;
      desk.alert("critical", "reconcile/order", message, { symbol: ours.symbol });
    } else if (ours.state === "rejected") {
      desk.output({ kind: "lookup", clientOrderId: ours.clientOrderId });
    }
  }
  for (const order of desk.externals.see(externals)) tellExternal(desk, order);
}

function tellExternal(desk: DeskState, order: OrderView): void {
  desk.output({ kind: "order", order });
  const { side, qty, symbol, type, clientOrderId, state } = order;
  const what = state === "unknown" ? "is not open any more" : "is open";
  desk.alert(
    "info",
    "order/external",
    `${side} ${qty} ${symbol} ${type} (${clientOrderId}), not sent from here, ${what}`,
    {
      symbol,
    },
  );
}

/** What is of two orders is taken off each other's quantity, and splits change it: there only the rest must be the same. */
function isOther(ours: Order, theirs: ReconciledInput["openOrders"][number]): boolean {
  const { request, splitAt } = ours;
  const isFixed = request !== null && request.orderClass !== "oco" && splitAt === null;
  if (isFixed && !ours.qty.isEqualTo(theirs.qty)) return true;
  return ours.symbol !== theirs.symbol || ours.side !== theirs.side || ours.type !== theirs.type;
}

/** It still works although it was to be cancelled: the request may have been lost with the connection or the process, or refused. */
function askAgain(desk: DeskState, order: Order): void {
  order.cancelRequested = false;
  desk.cancel(order);
}
