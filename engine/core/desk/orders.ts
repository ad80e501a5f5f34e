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
import { restoredOrder, savedOrder } from "./saved-order.ts";
import type { SavedOrder } from "./saved-order.ts";

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
  /** What was sent; null for legs and external orders. Risk must approve it anew before it may leave again. */
  readonly request: OrderRequest | null;
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
  /** Arrival time at which it was first sent; null for orders that were not sent from here. */
  sentAt: number | null;
  /** How often it was sent again under the same id. */
  resends: number;
  /** A filled entry counts once against `max_entries` when it is over. */
  counted: boolean;
  /** Bracket children, as far as the broker named them. */
  readonly legs: string[];
  /** The highest cumulative quantity that an execution told. */
  told: Decimal;
  /** Market time at which it was found to be over, or null: from then on it may be forgotten. */
  overSince: number | null;
  /** When its symbol split after it was sent, or null: its quantity and prices are of the shares before. */
  splitAt: number | null;
}

export interface SavedOrders {
  readonly orders: readonly SavedOrder[];
  readonly brokerIds: readonly (readonly [broker: string, client: string])[];
  readonly executions: readonly (readonly [id: string, time: number])[];
  readonly forgottenBefore: number;
}

const DAY_MS = 86_400_000;
/**
 * How long an order that is over is remembered. Brokers correct and repeat what they told within days; a repeat of something
 * older is known by its time.
 */
const KEPT_MS = 7 * DAY_MS;

const TERMINAL: ReadonlySet<OrderState> = new Set(["filled", "canceled", "expired", "rejected"]);

export function isTerminal(order: Order): boolean {
  return TERMINAL.has(order.state);
}

/** It waits for a person: no broker has it. */
export function isAsked({ state }: Order): boolean {
  return state === "intended";
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
  /** Id to the time at which it happened. */
  readonly #executions = new Map<string, number>();
  /** What happened before this may be told again without being known again. */
  #forgottenBefore = Number.NEGATIVE_INFINITY;

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
    this.#addOpen(order);
  }

  #addOpen(order: Order): void {
    this.#open.add(order);
    if (order.role === "entry") this.#openEntries.add(order);
    const key = bookKey(order.origin.strategy, order.symbol);
    const own = this.#openByBook.get(key);
    if (own === undefined) this.#openByBook.set(key, new Set([order]));
    else own.add(order);
  }

  /** The only way back from an end: the broker has an order that counted as refused. */
  revive(order: Order): void {
    order.state = "unknown";
    order.overSince = null;
    // Last among all as among the open ones: a core that was saved knows no other order of them.
    this.#orders.delete(order.clientOrderId);
    this.#orders.set(order.clientOrderId, order);
    this.#addOpen(order);
  }

  #close(order: Order): void {
    this.#open.delete(order);
    this.#openEntries.delete(order);
    this.#openByBook.get(bookKey(order.origin.strategy, order.symbol))?.delete(order);
  }

  /** Takes back what was never sent: it leaves no trace, and its id is free for the order that it becomes. */
  withdraw(id: string): void {
    const order = this.#orders.get(id);
    if (order?.state !== "intended") return;
    this.#close(order);
    this.#orders.delete(id);
  }

  name(order: Order, brokerOrderId: string): void {
    order.brokerOrderId = brokerOrderId;
    this.#byBroker.set(brokerOrderId, order.clientOrderId);
  }

  /** Moves an order to a state. A terminal state is final: false when the change came too late. */
  move(order: Order, state: OrderState, reason: string | null = null): boolean {
    // What waits for a person is not at the broker: nothing that a broker says moves it.
    if (isTerminal(order) || order.state === state || order.state === "intended") return false;
    order.state = state;
    // Somebody knows of it again.
    order.unresolved = false;
    if (reason !== null) order.reason = reason;
    if (isTerminal(order)) this.#close(order);
    return true;
  }

  /** Whether an execution is told for the first time; every id counts once, whoever's order it is. */
  isNew({ executionId, time }: ExecutionInput): boolean {
    if (this.#executions.has(executionId)) return false;
    this.#executions.set(executionId, time);
    return true;
  }

  /** So old that its order may have been forgotten: nobody can tell whether it was booked. */
  isForgotten(time: number): boolean {
    return time < this.#forgottenBefore;
  }

  /**
   * Gives up families of orders that have been over for long, and ids of old executions. What is told of them later is still
   * booked at most once: of an order that is kept, by its cumulative quantity, which never falls; of one that is not, never,
   * because it happened before `isForgotten`. A day lies between the two, for clocks that differ.
   */
  forget(now: number, isNeeded: (order: Order) => boolean): void {
    const before = now - KEPT_MS;
    this.#forgottenBefore = Math.max(this.#forgottenBefore, before);
    for (const [id, time] of this.#executions) if (time < before) this.#executions.delete(id);
    for (const order of this.#orders.values()) if (isTerminal(order)) order.overSince ??= now;
    const isPast = (order: Order): boolean =>
      order.overSince !== null && order.overSince < before - DAY_MS && !isNeeded(order);
    for (const order of this.#orders.values()) {
      if (isPast(order) && this.familyOf(order).every(isPast)) this.#orders.delete(order.clientOrderId);
    }
    for (const [broker, id] of this.#byBroker) if (!this.#orders.has(id)) this.#byBroker.delete(broker);
  }

  save(): SavedOrders {
    return {
      orders: [...this.#orders.values()].map(savedOrder),
      brokerIds: [...this.#byBroker],
      executions: [...this.#executions],
      forgottenBefore: this.#forgottenBefore,
    };
  }

  restore({ orders, brokerIds, executions, forgottenBefore }: SavedOrders): void {
    for (const saved of orders) this.#restoreOrder(restoredOrder(saved));
    for (const [broker, id] of brokerIds) this.#byBroker.set(broker, id);
    for (const [id, time] of executions) this.#executions.set(id, time);
    this.#forgottenBefore = forgottenBefore;
  }

  /** It knows its family, and may be over. */
  #restoreOrder(order: Order): void {
    this.#orders.set(order.clientOrderId, order);
    if (!isTerminal(order)) this.#addOpen(order);
  }

  /**
   * Books an execution once. Returns the quantity that is new: 0 for a repeat. A late fill after a cancel counts: the
   * broker's word on fills outranks ours.
   */
  execute(order: Order, input: ExecutionInput): Decimal {
    if (!this.isNew(input)) return ZERO;
    // Executions may come out of order: what is left to book is measured against the most that was ever told.
    order.told = Decimal.max(order.told, decimal(input.cumulativeQty));
    const fresh = Decimal.min(decimal(input.qty), order.told.minus(order.filledQty));
    if (!fresh.isGreaterThan(0)) return ZERO;
    const before = (order.avgPrice ?? ZERO).times(order.filledQty);
    order.filledQty = order.filledQty.plus(fresh);
    order.overSince = null;
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
function untouched() {
  return {
    filledQty: ZERO,
    avgPrice: null,
    reason: null,
    cancelRequested: false,
    expires: false,
    cancels: 0,
    lookups: 0,
    unresolved: false,
    sentAt: null,
    resends: 0,
    counted: false,
    legs: [],
    told: ZERO,
    overSince: null,
    splitAt: null,
  } satisfies Partial<Order>;
}

export function newOrder(
  request: OrderRequest,
  origin: OrderOrigin,
  role: OrderRole,
  approved: ApprovedOrder | null,
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
    ...untouched(),
  };
}

/** A bracket child as the broker named it. Its quantity follows the parent's. */
export function newLeg(parent: Order, role: LegRole, id: string, brokerOrderId: string): Order {
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
    ...untouched(),
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
