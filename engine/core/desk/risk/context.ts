/**
 * What a control sees: one order that wants to leave, and the desk around it at this instant.
 *
 * Owns: its shape, and gathering it from the desk. May not: judge.
 */
import { isOfTime } from "../../../market/bar-size.ts";
import type { Calendar } from "../../../market/calendar.ts";
import { ZERO, decimal } from "../../decimal.ts";
import type { Decimal } from "../../decimal.ts";
import type { OrderRequest, Side, TradingState } from "../../event.ts";
import type { Approval, IntentOrigin } from "../../approval.ts";
import type { OrderType, SessionKind, TimeInForce } from "../../program.ts";
import type { LivePermission, RiskLimits } from "../../risk-limits.ts";
import { STALE_MS } from "../../time.ts";
import type { Quote } from "../account.ts";
import { policyOf } from "../approval.ts";
import type { InstrumentState } from "../instruments.ts";
import { signedRemaining } from "../orders.ts";
import type { Order } from "../orders.ts";
import type { DeskState, JudgeOptions, SendOptions } from "../state.ts";
import { OPERATOR } from "../portfolio.ts";
import { raised } from "../overrides.ts";
import type { Override } from "../overrides.ts";
import { covers, symbolScope } from "../states.ts";
import type { ScopeName } from "../states.ts";
import { exposuresOf } from "./exposure.ts";
import type { Exposure, Member } from "./exposure.ts";
import { Hindsight } from "./hindsight.ts";
import { limitsOf } from "./limits.ts";
import type { EffectiveLimits } from "./limits.ts";

/** Declared before an AI is asked, so that no answer of it can widen them. */
export interface AiBounds {
  readonly symbols: readonly string[];
  readonly sides: readonly Side[];
  readonly maxQty: number;
}

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
  readonly stop: Decimal | null;
  readonly orderClass: OrderRequest["orderClass"];
  /** Who wants it. Nothing makes an intent of `ai` yet, and without bounds none passes. */
  readonly origin: IntentOrigin;
  /** What an intent of an AI was bounded to before the AI was asked; null for all others, and when nobody bounded it. */
  readonly bounds: AiBounds | null;
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
  readonly ordersLastSecond: number;
  /** Orders that are open at the broker or on their way, without this one. */
  readonly openOrders: number;
  /** What is held and working in there, without this order. */
  readonly exposure: Exposure;
}

export interface RiskContext {
  readonly intent: Intent;
  /** Current quantity: earlier controls may have clamped it. */
  readonly qty: Decimal;
  /** Last price known of the symbol; zero when none is. */
  readonly reference: Decimal;
  /** Age of the newest price or quote in market time; NaN when there is none. */
  readonly priceAgeMs: number;
  /** How old a price may be by the strategy's own bars: what was decided at a close is as old as its bar. */
  readonly barMs: number;
  /** The newest quote, when it is not older than a price may be. */
  readonly quote: Quote | null;
  /** Price of the first order of the symbol within the window of `max_price_drift`; null: this one is the first. */
  readonly firstPrice: number | null;
  /** What the broker says of the symbol; null while it has not. */
  readonly instrument: InstrumentState | null;
  readonly permission: LivePermission | null;
  /** What all strategies hold and have working in the symbol. */
  readonly inSymbol: Exposure;
  /** Groups that hold the symbol, with what is held and working in each. */
  readonly groups: readonly { readonly name: string; readonly exposure: Exposure }[];
  /** Requests of this minute that count against the broker's budget. */
  readonly messagesLastMinute: number;
  /** Limits that two people have raised for a while; `limits` and `scopes` hold the raised ones. */
  readonly overrides: readonly Override[];
  /** The tightest of all scopes: what holds for this order alone. */
  readonly limits: RiskLimits;
  /** What holds for what all strategies do together in this symbol. */
  readonly accountLimits: RiskLimits;
  /** Of the account first; then those that have limits of their own. */
  readonly scopes: readonly Scope[];
  /** Limits that real money must have and that nobody set. */
  readonly unset: readonly string[];
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
  /** Who approved exactly this order, or null. */
  readonly approvedBy: string | null;
  /** How many more requests may wait for a person. */
  readonly approvalRoom: number;
  /** The entry that this would be, of all of its strategy. */
  readonly orderNumber: number;
  /** Signed quantity of this strategy in this symbol, and its working entries on the side of this order with their sign. */
  readonly position: Decimal;
  readonly working: Decimal;
  /** Signed quantity of everyone else in this symbol. */
  readonly others: Decimal;
  readonly othersOwner: string | null;
  /** Asked only by who needs it: a control that is skipped for exits cannot hold one up by what it would have to compute. */
  readonly past: Hindsight;
}

export function contextOf(
  desk: DeskState,
  request: OrderRequest,
  options: SendOptions,
  more: JudgeOptions,
): RiskContext {
  const { except, isResend = false } = more;
  const { origin } = options;
  const { symbol, side } = request;
  const { account, portfolio, program, now } = desk;
  const strategy = desk.strategy(origin.strategy);
  const { state, reason } = desk.states.of(origin.strategy, symbol);
  const mark = account.markOf(symbol);
  const overrides = desk.overrides.for(origin.strategy, symbol, now.arrivalTime);
  const limits = raised(limitsOf(program, origin.strategy, symbol), overrides);
  const { priceDriftWindowMs: windowMs = 0 } = limits.tightest;
  // The way out must not depend on what the account is worth: what values it is read only by who asks.
  const inScopes = once(() => exposed(desk, limits, symbol, except));
  return {
    intent: intentOf(request, options),
    qty: decimal(request.qty),
    reference: Number.isFinite(mark) ? decimal(mark) : ZERO,
    limits: limits.tightest,
    unset: limits.unset,
    accountLimits: limits.together,
    get scopes() {
      return inScopes().scopes;
    },
    get groups() {
      return inScopes().groups;
    },
    get inSymbol() {
      return inScopes().inSymbol;
    },
    overrides,
    real: desk.real,
    time: now.marketTime,
    calendar: desk.options.calendarOf(symbol),
    priceAgeMs: now.marketTime - account.pricedAt(symbol),
    barMs: strategy !== undefined && strategy.ticks !== true && isOfTime(strategy.on) ? strategy.on.ms : 0,
    quote: account.quoteOf(symbol, now.marketTime - (program?.staleMs ?? STALE_MS)),
    firstPrice: desk.drift.firstAfter(symbol, now.marketTime - windowMs),
    instrument: desk.instruments.of(symbol) ?? null,
    permission: limits.permission ?? null,
    messagesLastMinute: desk.counts.messagesLastMinute(now.arrivalTime),
    session: strategy?.session ?? "regular",
    daily: strategy?.on.kind === "session" && strategy.ticks !== true,
    state,
    stateReason: reason,
    ready: desk.ready,
    paused: desk.pauses.reasonFor(symbol),
    split: desk.splits.reasonFor(symbol),
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
    ...askingOf(desk, origin.strategy, more),
    position: portfolio.position(origin.strategy, symbol).qty,
    working: workingOf(desk, origin.strategy, symbol, side, except),
    ...othersOf(desk, origin.strategy, symbol, side),
    past: new Hindsight(desk, request, options, except, isResend),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function intentOf(
  request: OrderRequest,
  { origin, role, ai, limited = false, reducesOnly, fractional }: SendOptions,
): Intent {
  const { symbol, side, type, extendedHours, timeInForce, orderClass } = request;
  const limit = request.limitPrice === undefined ? null : decimal(request.limitPrice);
  const stop = request.stopPrice === undefined ? null : decimal(request.stopPrice);
  const protects = role === "stop_loss" || role === "take_profit";
  const isOperator = origin.rule === OPERATOR;
  return {
    ...{ strategy: origin.strategy, rule: origin.rule },
    ...{ symbol, side, type, extendedHours, fractional, timeInForce, orderClass },
    ...{ price: limit ?? stop, limit, stop, reducesOnly, limited },
    origin: ai !== undefined ? "ai" : isOperator ? "operator" : protects ? "protection" : "rule",
    bounds: ai?.bounds ?? null,
  };
}

/** Scopes and groups with what is held and working in each. */
function exposed(
  desk: DeskState,
  limits: EffectiveLimits,
  symbol: string,
  except: Order | undefined,
): Pick<RiskContext, "scopes" | "groups" | "inSymbol"> {
  const { counts, account, orders, now } = desk;
  const [inScopes, inGroups] = [limits.scopes, limits.groups] as const;
  const exposures = exposuresOf(
    desk,
    [
      ...inScopes.map(
        ({ scope }) =>
          (member: Member) =>
            covers(scope, member),
      ),
      ...inGroups.map(
        ({ symbols }) =>
          (member: Member) =>
            symbols.includes(member.symbol),
      ),
    ],
    except,
  );
  const open = orders.open((order) => order !== except);
  const scopes = inScopes.map(({ scope, name, limits: own }, index) => ({
    name,
    scope,
    limits: own,
    ordersToday: counts.on(account.dayEnds, scope),
    ordersLastMinute: counts.lastMinute(now.arrivalTime, scope),
    ordersLastSecond: counts.lastSecond(now.arrivalTime, scope),
    openOrders: open.filter((order) => covers(scope, { strategy: order.origin.strategy, symbol: order.symbol })).length,
    exposure: exposures[index] as Exposure,
  }));
  const groups = inGroups.map(({ name }, index) => ({
    name,
    exposure: exposures[inScopes.length + index] as Exposure,
  }));
  const inSymbol = exposures[inScopes.findIndex(({ scope }) => scope === symbolScope(symbol))] as Exposure;
  return { scopes, groups, inSymbol };
}

function askingOf(desk: DeskState, strategy: string, { except, approvedBy = null }: JudgeOptions) {
  const approvals = desk.approvalsOf(strategy);
  const approvalRoom = approvals.length === 0 ? 0 : policyOf(approvals).maxPending - pendingBeside(desk, except);
  return { approvals, approvedBy, approvalRoom, orderNumber: desk.counts.entriesOf(strategy) + 1 };
}

function pendingBeside(desk: DeskState, except: Order | undefined): number {
  return desk.approvals.pending.filter(({ id }) => id !== except?.clientOrderId).length;
}

/** What others hold or have working in a symbol; the one who opposes `side` when there is one. */
function othersOf(
  { portfolio, orders }: DeskState,
  strategy: string,
  symbol: string,
  side: Side,
): Pick<RiskContext, "others" | "othersOwner"> {
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
      if (side === "buy" ? qty.isLessThan(0) : qty.isGreaterThan(0)) return { others: qty, othersOwner: owner };
      total = total.plus(qty);
    }
  }
  return { others: total, othersOwner: exposures.keys().next().value ?? null };
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
