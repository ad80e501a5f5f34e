/**
 * What a control sees: one order that wants to leave, and the desk around it at this instant.
 *
 * Owns: its shape, and gathering it from the desk. May not: judge.
 */
import type { Calendar } from "../../../market/calendar.ts";
import { ZERO, decimal } from "../../decimal.ts";
import type { Decimal } from "../../decimal.ts";
import type { OrderRequest, Side, TradingState } from "../../event.ts";
import type { Approval, OrderType, SessionKind, TimeInForce } from "../../program.ts";
import type { RiskLimits } from "../../risk-limits.ts";
import { signedRemaining } from "../orders.ts";
import type { Order } from "../orders.ts";
import type { DeskState, SendOptions } from "../state.ts";
import type { ScopeName } from "../states.ts";
import { limitsOf } from "./limits.ts";
import { Hindsight } from "./hindsight.ts";

/** What wants to become an order. */
export interface Intent {
  readonly strategy: string;
  readonly rule: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly extendedHours: boolean;
  readonly fractional: boolean;
  readonly timeInForce: TimeInForce;
  /** Limit or stop price, or null for a market order. */
  readonly price: Decimal | null;
  readonly limit: Decimal | null;
  readonly orderClass: OrderRequest["orderClass"];
  /** Proven by the desk: whatever else fills, this order can only bring the position closer to zero. */
  readonly reducesOnly: boolean;
  /** A rule's exit, for which limits may be declared to hold; false for orders that protect and for an operator's. */
  readonly limited: boolean;
}

/** Limits that somebody set for a whole account, for a strategy or for a symbol, and what counts against them. */
export interface Scope {
  /** `account`, `strategy NAME` or `symbol NAME`. */
  readonly name: string;
  readonly scope: ScopeName;
  readonly limits: RiskLimits;
  readonly ordersToday: number;
  readonly ordersLastMinute: number;
}

export interface RiskContext {
  readonly intent: Intent;
  /** Current quantity: earlier controls may have clamped it. */
  readonly qty: Decimal;
  /** Last price known of the symbol; zero when none is. */
  readonly reference: Decimal;
  /** The tightest of all scopes: what holds for this order alone. */
  readonly limits: RiskLimits;
  /** What holds for what all strategies do together in this symbol. */
  readonly accountLimits: RiskLimits;
  /** Of the account first; then those that have limits of their own. */
  readonly scopes: readonly Scope[];
  /** Real money: a required limit that nobody set refuses. */
  readonly real: boolean;
  readonly time: number;
  readonly calendar: Calendar;
  readonly session: SessionKind;
  /** `on: 1d`: decides at the close, and its orders go to the next open. */
  readonly daily: boolean;
  readonly state: TradingState;
  readonly stateReason: string;
  readonly ready: boolean;
  /** Why the market data of this symbol is not good enough for an entry, or "". */
  readonly paused: string;
  /** Why nobody knows yet what the broker holds of this symbol after a split, or "". */
  readonly split: string;
  readonly equity: Decimal;
  readonly buyingPower: Decimal;
  readonly cash: Decimal;
  readonly dayPnl: number;
  /** The account's and the strategy's: either is enough. */
  readonly approvals: readonly Approval[];
  /** Signed quantity of this strategy in this symbol, and its working entries on the side of this order with their sign. */
  readonly position: Decimal;
  readonly working: Decimal;
  /** Signed quantity of everyone else in this symbol. */
  readonly others: Decimal;
  readonly othersOwner: string | null;
  /** Asked only by who needs it: a control that is skipped for exits cannot hold one up by what it would have to compute. */
  readonly past: Hindsight;
}

/** `except`: the order itself, when it is open already. */
export function contextOf(desk: DeskState, request: OrderRequest, options: SendOptions, except?: Order): RiskContext {
  const { origin, limited = false, reducesOnly, fractional } = options;
  const { symbol, side } = request;
  const { account, portfolio, program, now } = desk;
  const strategy = desk.strategy(origin.strategy);
  const others = othersOf(desk, origin.strategy, symbol, side);
  const price = request.limitPrice ?? request.stopPrice;
  const { state, reason } = desk.states.of(origin.strategy, symbol);
  const mark = account.markOf(symbol);
  const limits = limitsOf(program, origin.strategy, symbol);
  return {
    intent: {
      strategy: origin.strategy,
      rule: origin.rule,
      symbol,
      side,
      type: request.type,
      extendedHours: request.extendedHours,
      fractional,
      timeInForce: request.timeInForce,
      price: price === undefined ? null : decimal(price),
      limit: request.limitPrice === undefined ? null : decimal(request.limitPrice),
      orderClass: request.orderClass,
      reducesOnly,
      limited,
    },
    qty: decimal(request.qty),
    reference: Number.isFinite(mark) ? decimal(mark) : ZERO,
    limits: limits.tightest,
    accountLimits: limits.together,
    scopes: limits.scopes.map(({ scope, name, limits: own }) => ({
      name,
      scope,
      limits: own,
      ordersToday: desk.counts.on(account.dayEnds, scope),
      ordersLastMinute: desk.counts.lastMinute(now.arrivalTime, scope),
    })),
    real: desk.real,
    time: now.marketTime,
    calendar: desk.options.calendarOf(symbol),
    session: strategy?.session ?? "regular",
    daily: strategy?.on.kind === "session" && strategy.ticks !== true,
    state,
    stateReason: reason,
    ready: desk.ready,
    paused: desk.pauses.reasonFor(symbol),
    split: desk.splits.reasonFor(symbol),
    // The way out must not depend on what the account is worth.
    get equity() {
      return account.equity();
    },
    get buyingPower() {
      return account.buyingPower(desk.reserved(except));
    },
    cash: portfolio.cash,
    get dayPnl() {
      return account.dayPnl();
    },
    approvals: [program?.approval, strategy?.approval].filter((one) => one !== undefined),
    position: portfolio.position(origin.strategy, symbol).qty,
    working: workingOf(desk, origin.strategy, symbol, side, except),
    others: others.qty,
    othersOwner: others.owner,
    past: new Hindsight(desk, request, options, except),
  };
}

/** What others hold or have working in a symbol; the one who opposes `side` when there is one. */
function othersOf(
  { portfolio, orders }: DeskState,
  strategy: string,
  symbol: string,
  side: Side,
): { readonly qty: Decimal; readonly owner: string | null } {
  const exposures = new Map<string, Decimal[]>();
  const note = (owner: string, qty: Decimal): void => {
    if (owner === strategy || qty.isZero()) return;
    const own = exposures.get(owner);
    if (own === undefined) exposures.set(owner, [qty]);
    else own.push(qty);
  };
  for (const position of portfolio.inSymbol(symbol)) note(position.strategy, position.qty);
  for (const order of orders.openEntries)
    if (order.symbol === symbol) note(order.origin.strategy, signedRemaining(order));
  let total = ZERO;
  for (const [owner, parts] of exposures) {
    for (const qty of parts) {
      if (side === "buy" ? qty.isLessThan(0) : qty.isGreaterThan(0)) return { qty, owner };
      total = total.plus(qty);
    }
  }
  return { qty: total, owner: exposures.keys().next().value ?? null };
}

/** Entries on the side of the new order alone: those of the other side may never fill and make no room. */
function workingOf(
  { orders }: DeskState,
  strategy: string,
  symbol: string,
  side: Side,
  except: Order | undefined,
): Decimal {
  return orders
    .openOf(strategy, symbol)
    .filter((order) => order.role === "entry" && order.side === side && order !== except)
    .reduce((sum, order) => sum.plus(signedRemaining(order)), ZERO);
}
