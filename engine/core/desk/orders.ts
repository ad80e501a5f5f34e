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
  /** `expire_after` will cancel it. */
  expires: boolean;
  /** How often a cancel was asked for. */
  cancels: number;
  lookups: number;
  /** Nobody could say what became of it: a person must decide. */
  unresolved: boolean;
  /** It was sent once more under the same id. */
  resent: boolean;
  /** A filled entry counts once against `max_entries` when it is over. */
  counted: boolean;
  /** Bracket children, as far as the broker named them. */
  readonly legs: string[];
  /** The highest cumulative quantity that an execution told. */
  told: Decimal;
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

/** The same with its sign: what it will add to a position. */
export function signedRemaining(order: Order): Decimal {
  return order.side === "buy" ? remaining(order) : remaining(order).negated();
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

const NO_ORDERS: ReadonlySet<Order> = new Set();

export class OrderBook {
  readonly #orders = new Map<string, Order>();
  readonly #open = new Set<Order>();
  /** Open orders by strategy and symbol, and open entries: asked for at every change and every send. */
  readonly #openByBook = new Map<string, Set<Order>>();
  readonly #openEntries = new Set<Order>();
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

  /** Orders that are not over, oldest first. A copy: callers may end orders while they walk it. */
  open(filter: (order: Order) => boolean = () => true): Order[] {
    return [...this.#open].filter(filter);
  }

  openOf(strategy: string, symbol: string): Order[] {
    return [...(this.#openByBook.get(bookKey(strategy, symbol)) ?? NO_ORDERS)];
  }

  get openEntries(): ReadonlySet<Order> {
    return this.#openEntries;
  }

  /** Orders of the same bracket: the parent and its children, the given one left out. */
  familyOf(order: Order): Order[] {
    const parent = order.parent === null ? order : this.#orders.get(order.parent);
    if (parent === undefined) return [];
    const members = [parent, ...parent.legs.map((id) => this.#orders.get(id))];
    return members.filter((member) => member !== undefined && member !== order) as Order[];
  }

  add(order: Order): void {
    this.#orders.set(order.clientOrderId, order);
    if (order.brokerOrderId !== null) this.#byBroker.set(order.brokerOrderId, order.clientOrderId);
    if (order.parent !== null) this.#orders.get(order.parent)?.legs.push(order.clientOrderId);
    this.#open.add(order);
    if (order.role === "entry") this.#openEntries.add(order);
    const key = bookKey(order.origin.strategy, order.symbol);
    const own = this.#openByBook.get(key);
    if (own === undefined) this.#openByBook.set(key, new Set([order]));
    else own.add(order);
  }

  #close(order: Order): void {
    this.#open.delete(order);
    this.#openEntries.delete(order);
    this.#openByBook.get(bookKey(order.origin.strategy, order.symbol))?.delete(order);
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
    if (isTerminal(order)) this.#close(order);
    return true;
  }

  /** Whether an execution is told for the first time; every id counts once, whoever's order it is. */
  isNew(executionId: string): boolean {
    if (this.#executions.has(executionId)) return false;
    this.#executions.add(executionId);
    return true;
  }

  /**
   * Books an execution once. Returns the quantity that is new: 0 for a repeat. A late fill after a cancel counts: the
   * broker's word on fills outranks ours.
   */
  execute(order: Order, input: ExecutionInput): Decimal {
    if (!this.isNew(input.executionId)) return ZERO;
    // Executions may come out of order: what is left to book is measured against the most that was ever told.
    order.told = Decimal.max(order.told, decimal(input.cumulativeQty));
    const fresh = Decimal.min(decimal(input.qty), order.told.minus(order.filledQty));
    if (!fresh.isGreaterThan(0)) return ZERO;
    const before = (order.avgPrice ?? ZERO).times(order.filledQty);
    order.filledQty = order.filledQty.plus(fresh);
    order.avgPrice = before.plus(decimal(input.price).times(fresh)).div(order.filledQty);
    const filled = order.filledQty.isGreaterThanOrEqualTo(order.qty);
    if (filled) {
      order.state = "filled";
      this.#close(order);
    } else if (!isTerminal(order)) order.state = "partly_filled";
    return fresh;
  }
}

function bookKey(strategy: string, symbol: string): string {
  return `${strategy}/${symbol}`;
}

/** What every order is before the broker has said anything of it. */
function untouched(now: number) {
  return {
    filledQty: ZERO,
    avgPrice: null,
    reason: null,
    cancelRequested: false,
    expires: false,
    cancels: 0,
    lookups: 0,
    unresolved: false,
    resent: false,
    counted: false,
    legs: [],
    told: ZERO,
    touchedAt: now,
  } satisfies Partial<Order>;
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
    ...untouched(now),
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
    ...untouched(now),
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
