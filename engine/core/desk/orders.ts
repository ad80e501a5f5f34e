/**
 * Orders and their states: intended -> approved -> sent -> working -> partly_filled -> filled | canceled | expired |
 * rejected, and unknown.
 *
 * Owns: the order table, identifiers, deduplicated and monotone executions. May not: decide to send anything.
 */
import { hash128 } from "../hash.ts";
import { Decimal, ZERO, decimal, text } from "../decimal.ts";
import type { ApprovedOrder, ExecutionInput, LegRole, OrderRequest, OrderState, OrderView, Side } from "../event.ts";
import type { OrderType } from "../program.ts";

export type OrderRole = OrderView["role"];

export interface OrderOrigin {
  readonly strategy: string;
  readonly rule: string;
  readonly firing: string;
}

/** One order; the desk changes it in place and announces each change. */
export interface Order {
  readonly clientOrderId: string;
  readonly origin: OrderOrigin;
  readonly symbol: string;
  readonly side: Side;
  readonly role: OrderRole;
  readonly type: OrderType;
  readonly qty: Decimal;
  readonly limitPrice: string | null;
  readonly stopPrice: string | null;
  /** What was sent; null for legs and external orders. */
  readonly request: ApprovedOrder | null;
  readonly parent: string | null;
  brokerOrderId: string | null;
  state: OrderState;
  filledQty: Decimal;
  avgPrice: Decimal | null;
  reason: string | null;
  cancelRequested: boolean;
  lookups: number;
  /** Arrival time of the last thing heard or asked. */
  touchedAt: number;
}

const TERMINAL: ReadonlySet<OrderState> = new Set(["filled", "canceled", "expired", "rejected"]);

export function isTerminal(order: Order): boolean {
  return TERMINAL.has(order.state);
}

/** What is still open of an order; zero when it is over. */
export function remaining(order: Order): Decimal {
  return isTerminal(order) ? ZERO : order.qty.minus(order.filledQty);
}

/**
 * The same inputs give the same id, so a crash between send and acknowledgement cannot send twice.
 * `attempt` rises only after a terminal state at the broker.
 */
export function clientOrderId(
  account: string,
  journal: string,
  origin: OrderOrigin,
  symbol: string,
  leg: string,
  attempt: number,
): string {
  return `bw-${hash128(account, journal, origin.strategy, origin.rule, symbol, origin.firing, leg, String(attempt))}`;
}

export class OrderBook {
  readonly #orders = new Map<string, Order>();
  readonly #open = new Map<string, Order>();
  readonly #byBroker = new Map<string, string>();
  readonly #executions = new Set<string>();

  get(id: string): Order | undefined {
    return this.#orders.get(id);
  }

  byBroker(brokerOrderId: string): Order | undefined {
    const id = this.#byBroker.get(brokerOrderId);
    return id === undefined ? undefined : this.#orders.get(id);
  }

  get all(): IterableIterator<Order> {
    return this.#orders.values();
  }

  /** Orders that are not over, oldest first. */
  open(filter: (order: Order) => boolean = () => true): Order[] {
    return [...this.#open.values()].filter(filter);
  }

  openOf(strategy: string, symbol: string): Order[] {
    return this.open((order) => order.symbol === symbol && order.origin.strategy === strategy);
  }

  add(order: Order): void {
    this.#orders.set(order.clientOrderId, order);
    this.#open.set(order.clientOrderId, order);
    if (order.brokerOrderId !== null) this.#byBroker.set(order.brokerOrderId, order.clientOrderId);
  }

  name(order: Order, brokerOrderId: string): void {
    order.brokerOrderId = brokerOrderId;
    this.#byBroker.set(brokerOrderId, order.clientOrderId);
  }

  /** Moves an order to a state. A terminal state is final: false when the change came too late. */
  move(order: Order, state: OrderState, reason: string | null = null): boolean {
    if (isTerminal(order) || order.state === state) return false;
    order.state = state;
    if (reason !== null) order.reason = reason;
    if (isTerminal(order)) this.#open.delete(order.clientOrderId);
    return true;
  }

  /**
   * Books an execution once. Returns the quantity that is new: 0 for a repeat. A late fill after a cancel counts: the
   * broker's word on fills outranks ours.
   */
  execute(order: Order, input: ExecutionInput): Decimal {
    if (this.#executions.has(input.executionId)) return ZERO;
    this.#executions.add(input.executionId);
    const cumulative = decimal(input.cumulativeQty);
    const fresh = Decimal.min(decimal(input.qty), cumulative.minus(order.filledQty));
    if (!fresh.isPositive() || fresh.isZero()) return ZERO;
    const before = (order.avgPrice ?? ZERO).times(order.filledQty);
    order.filledQty = order.filledQty.plus(fresh);
    order.avgPrice = before.plus(decimal(input.price).times(fresh)).div(order.filledQty);
    const filled = order.filledQty.isGreaterThanOrEqualTo(order.qty);
    if (filled) {
      order.state = "filled";
      this.#open.delete(order.clientOrderId);
    } else if (!isTerminal(order)) order.state = "partly_filled";
    return fresh;
  }
}

export function newOrder(
  request: OrderRequest,
  origin: OrderOrigin,
  role: OrderRole,
  approved: ApprovedOrder | null,
  now: number,
): Order {
  return {
    clientOrderId: request.clientOrderId,
    origin,
    symbol: request.symbol,
    side: request.side,
    role,
    type: request.type,
    qty: decimal(request.qty),
    limitPrice: request.limitPrice ?? null,
    stopPrice: request.stopPrice ?? null,
    request: approved,
    parent: null,
    brokerOrderId: null,
    state: approved === null ? "intended" : "approved",
    filledQty: ZERO,
    avgPrice: null,
    reason: null,
    cancelRequested: false,
    lookups: 0,
    touchedAt: now,
  };
}

/** A bracket child as the broker named it. Its quantity follows the parent's. */
export function newLeg(parent: Order, role: LegRole, id: string, brokerOrderId: string, now: number): Order {
  const request = parent.request;
  const limitPrice = role === "take_profit" ? request?.takeProfit?.limitPrice : request?.stopLoss?.limitPrice;
  const stopPrice = role === "stop_loss" ? request?.stopLoss?.stopPrice : undefined;
  return {
    clientOrderId: id,
    origin: parent.origin,
    symbol: parent.symbol,
    // A bracket's children undo the parent; an OCO's child stands beside it.
    side: request?.orderClass === "oco" ? parent.side : parent.side === "buy" ? "sell" : "buy",
    role,
    type: role === "take_profit" ? "limit" : limitPrice === undefined ? "stop" : "stop_limit",
    qty: parent.qty,
    limitPrice: limitPrice ?? null,
    stopPrice: stopPrice ?? null,
    request: null,
    parent: parent.clientOrderId,
    brokerOrderId,
    state: "working",
    filledQty: ZERO,
    avgPrice: null,
    reason: null,
    cancelRequested: false,
    lookups: 0,
    touchedAt: now,
  };
}

export function viewOf(order: Order): OrderView {
  return {
    clientOrderId: order.clientOrderId,
    brokerOrderId: order.brokerOrderId,
    ...order.origin,
    symbol: order.symbol,
    side: order.side,
    role: order.role,
    qty: text(order.qty),
    type: order.type,
    limitPrice: order.limitPrice,
    stopPrice: order.stopPrice,
    state: order.state,
    filledQty: text(order.filledQty),
    avgPrice: order.avgPrice === null ? null : text(order.avgPrice),
    reason: order.reason,
  };
}
