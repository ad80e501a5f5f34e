/**
 * What all parts of the desk share, and the few things that any of them may do: send through risk, cancel, alert.
 *
 * Owns: trading states, counters, the path of every order to the broker. May not: decide what to trade.
 */
import type { Calendar } from "../../market/calendar.ts";
import { ZERO, decimal } from "../decimal.ts";
import type { Decimal } from "../decimal.ts";
import type { ApprovedOrder, BookView, OrderRequest, Output, Side, Stamp, TradingState } from "../event.ts";
import type { Program, RiskLimits, Strategy } from "../program.ts";
import { Account } from "./account.ts";
import { Books, firingsOf, viewOfBook } from "./books.ts";
import type { Book } from "./books.ts";
import { Counts } from "./counts.ts";
import { OrderBook, clientOrderId, isTerminal, newOrder, remaining, signedRemaining, viewOf } from "./orders.ts";
import type { Order, OrderOrigin, OrderRole } from "./orders.ts";
import { Pauses } from "./pauses.ts";
import { Portfolio } from "./portfolio.ts";
import type { Quarantine } from "./quarantine.ts";
import { DEFAULT_LIMITS, decide, tightest } from "./risk/approve.ts";
import type { RiskContext } from "./risk/check.ts";

export interface DeskOptions {
  readonly account: string;
  /** Identity of the journal: part of every client order id. */
  readonly journal: string;
  readonly calendarOf: (symbol: string) => Calendar;
}

export interface DeskSink {
  output(output: Output): void;
  book(view: BookView): void;
}

export interface SendOptions {
  readonly role: OrderRole;
  readonly origin: OrderOrigin;
  readonly reducesOnly: boolean;
  readonly fractional: boolean;
  /** An exit that a rule decided: limits that are declared to include exits hold for it. */
  readonly limited?: boolean;
  /** Distinguishes the orders of one firing. */
  readonly leg: string;
}

export interface Refused {
  readonly code: string;
  readonly reason: string;
}

/** How long a submit may stay unanswered before its fate counts as unknown. */
export const ACK_TIMEOUT_MS = 15_000;
const NO_LIMITS: RiskLimits = {};

export type SavedDeskState = ReturnType<DeskState["save"]>;

export class DeskState {
  readonly portfolio = new Portfolio();
  readonly account = new Account(this.portfolio);
  readonly orders = new OrderBook();
  readonly books = new Books();
  readonly pauses = new Pauses();
  readonly options: DeskOptions;
  readonly #sink: DeskSink;
  program: Program | undefined;
  now: Stamp = { seq: 0, marketTime: Number.NEGATIVE_INFINITY, arrivalTime: Number.NEGATIVE_INFINITY };
  /** The broker is connected and what it holds is known. */
  ready = false;
  /** Trading states by scope: `account` or a strategy's name. */
  readonly states = new Map<string, { readonly state: TradingState; readonly reason: string }>();
  /** Rules out of service, by rule and symbol. */
  readonly quarantined = new Map<string, Quarantine>();
  readonly #counts = new Counts();

  constructor(options: DeskOptions, sink: DeskSink) {
    this.options = options;
    this.#sink = sink;
  }

  output(output: Output): void {
    this.#sink.output(output);
  }

  alert(
    level: "info" | "warning" | "critical",
    code: string,
    message: string,
    at: { readonly strategy?: string; readonly symbol?: string } = {},
  ): void {
    this.output({ kind: "alert", level, code, message, strategy: at.strategy ?? null, symbol: at.symbol ?? null });
  }

  refuse(origin: OrderOrigin, symbol: string, { code, reason }: Refused): void {
    this.output({ kind: "refused", ...origin, symbol, code, reason });
  }

  announce(order: Order): void {
    this.output({ kind: "order", order: viewOf(order) });
  }

  strategy(name: string): Strategy | undefined {
    return this.program?.strategies.find((strategy) => strategy.name === name);
  }

  setState(scope: string, state: TradingState, reason: string): void {
    const before = this.states.get(scope);
    if ((before?.state ?? "ACTIVE") === state && (before?.reason ?? reason) === reason) return;
    if (state === "ACTIVE") this.states.delete(scope);
    else this.states.set(scope, { state, reason });
    this.output({ kind: "state", scope, state, reason });
  }

  /** The more severe of the account's state and the strategy's. */
  stateOf(strategy: string): { readonly state: TradingState; readonly reason: string } {
    const severity = { ACTIVE: 0, REDUCING: 1, HALTED: 2 } as const;
    const active = { state: "ACTIVE", reason: "" } as const;
    const account = this.states.get("account") ?? active;
    const own = this.states.get(strategy) ?? active;
    return severity[own.state] > severity[account.state] ? own : account;
  }

  /** Tells signals what changed in a book. */
  publish(book: Book): void {
    this.#sink.book(viewOfBook(book, this.portfolio, this.orders));
  }

  nextId(origin: OrderOrigin, symbol: string, leg: string): string {
    const attempt = this.#counts.attempt(origin.firing, leg);
    return clientOrderId(this.options.account, this.options.journal, origin, symbol, leg, attempt);
  }

  /** Worth of all working entries: what they will take from buying power. */
  reserved(except?: Order): Decimal {
    let total = ZERO;
    for (const order of this.orders.openEntries) {
      if (order === except) continue;
      const limit = order.limitPrice ?? order.stopPrice;
      const mark = this.account.markOf(order.symbol);
      const price = limit === null ? decimal(Number.isFinite(mark) ? mark : 0) : decimal(limit);
      total = total.plus(remaining(order).times(price));
    }
    return total;
  }

  /** Runs risk and, when it approves, sends. The only way an order leaves. */
  send(request: OrderRequest, options: SendOptions): Order | Refused {
    const decision = decide(options.origin.firing, request, this.#context(request, options));
    this.output({ kind: "verdict", verdict: decision.verdict });
    if (decision.order === null) return { code: decision.refusedBy.check, reason: decision.refusedBy.reason };
    for (const { check, outcome, reason } of decision.verdict.checks) {
      if (outcome !== "clamp") continue;
      const what = `${request.side} ${request.symbol} of rule "${options.origin.rule}" was ${reason}`;
      this.alert("info", `risk/${check}`, what, { strategy: options.origin.strategy, symbol: request.symbol });
    }
    const order = newOrder(decision.order, options.origin, options.role, decision.order);
    this.orders.add(order);
    this.#count(options.origin.strategy, options.role);
    this.#submit(order, decision.order);
    this.announce(order);
    return order;
  }

  #submit(order: Order, approved: ApprovedOrder): void {
    order.state = "sent";
    order.sentAt ??= this.now.arrivalTime;
    this.output({ kind: "submit", order: approved });
    const at = this.now.arrivalTime + ACK_TIMEOUT_MS;
    this.output({ kind: "timer.set", id: `ack:${order.clientOrderId}`, clock: "arrival", at });
  }

  /**
   * The same order under the same id once more, if risk approves exactly it now. False when it does not: a smaller one
   * would not be what the broker may have under this id already.
   */
  sendAgain(order: Order, request: OrderRequest): boolean {
    const reducesOnly = order.role !== "entry";
    if (reducesOnly && !this.#canReduce(order)) return false;
    const { role, origin } = order;
    const options = { role, origin, reducesOnly, fractional: !order.qty.isInteger(), leg: "" };
    const decision = decide(origin.firing, request, this.#context(request, options, order));
    this.output({ kind: "verdict", verdict: decision.verdict });
    if (decision.order === null || decision.verdict.outcome === "clamped") return false;
    this.#submit(order, decision.order);
    return true;
  }

  /** Whether the position that it was to reduce is still there, in the book and in the account. */
  #canReduce({ origin, symbol, side, qty }: Order): boolean {
    const sign = side === "sell" ? 1 : -1;
    const own = this.portfolio.position(origin.strategy, symbol).qty.times(sign);
    return own.isGreaterThanOrEqualTo(qty) && this.portfolio.netQty(symbol).times(sign).isGreaterThanOrEqualTo(qty);
  }

  /** Limits that hold for exits too; none unless somebody declared it. */
  exitLimits(strategy: string): readonly string[] {
    return tightest(this.program?.risk ?? NO_LIMITS, this.strategy(strategy)?.risk ?? NO_LIMITS).includeExits ?? [];
  }

  /** What risk would say to an order, without a word to anybody. */
  refusalOf(request: OrderRequest, options: SendOptions): Refused | undefined {
    const decision = decide(options.origin.firing, request, this.#context(request, options));
    if (decision.order !== null) return undefined;
    return { code: decision.refusedBy.check, reason: decision.refusedBy.reason };
  }

  cancel(order: Order): void {
    if (isTerminal(order) || order.cancelRequested) return;
    order.cancelRequested = true;
    order.cancels++;
    this.output({ kind: "cancel", clientOrderId: order.clientOrderId, brokerOrderId: order.brokerOrderId });
  }

  /** Cancels an order at a time of the market. */
  expireLater(order: Order, afterMs: number | undefined): void {
    if (afterMs === undefined) return;
    order.expires = true;
    const at = this.now.marketTime + afterMs;
    this.output({ kind: "timer.set", id: `expire:${order.clientOrderId}`, clock: "market", at });
  }

  /** `except`: the order itself, when it is open already. */
  #context(
    request: OrderRequest,
    { origin, limited = false, reducesOnly, fractional }: SendOptions,
    except?: Order,
  ): RiskContext {
    const { symbol, side } = request;
    const strategy = this.strategy(origin.strategy);
    const calendar = this.options.calendarOf(symbol);
    const others = this.#others(origin.strategy, symbol, side);
    const price = request.limitPrice ?? request.stopPrice;
    const { state, reason } = this.stateOf(origin.strategy);
    const mark = this.account.markOf(symbol);
    const limits = tightest(this.program?.risk ?? NO_LIMITS, strategy?.risk ?? NO_LIMITS);
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
        reducesOnly,
        limited,
      },
      qty: decimal(request.qty),
      reference: Number.isFinite(mark) ? decimal(mark) : ZERO,
      limits: this.#withTighterCounts(limits, origin.strategy),
      accountLimits: this.program?.risk ?? {},
      time: this.now.marketTime,
      calendar,
      session: strategy?.session ?? "regular",
      daily: strategy?.on.kind === "session" && strategy.ticks !== true,
      state,
      stateReason: reason,
      ready: this.ready,
      paused: this.pauses.reasonFor(symbol),
      equity: this.account.equity(),
      buyingPower: this.account.buyingPower(this.reserved(except)),
      cash: this.portfolio.cash,
      dayPnl: this.account.dayPnl(),
      approvals: [this.program?.approval, strategy?.approval].filter((one) => one !== undefined),
      position: this.portfolio.position(origin.strategy, symbol).qty,
      working: this.#working(origin.strategy, symbol, side, except),
      others: others.qty,
      othersOwner: others.owner,
      ordersToday: this.#today(origin.strategy),
      ordersLastMinute: this.#lastMinute(origin.strategy),
      dayLossRatio: this.account.dayLossRatio(),
    };
  }

  /** What others hold or have working in a symbol; the one who opposes `side` when there is one. */
  #others(strategy: string, symbol: string, side: Side): { readonly qty: Decimal; readonly owner: string | null } {
    const exposures = new Map<string, Decimal[]>();
    const note = (owner: string, qty: Decimal): void => {
      if (owner === strategy || qty.isZero()) return;
      const own = exposures.get(owner);
      if (own === undefined) exposures.set(owner, [qty]);
      else own.push(qty);
    };
    for (const position of this.portfolio.inSymbol(symbol)) note(position.strategy, position.qty);
    for (const order of this.orders.openEntries)
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

  /**
   * Counts of the account and of the strategy are judged by one check each: the account's remaining room is expressed
   * on the strategy's scale.
   */
  #withTighterCounts(limits: RiskContext["limits"], strategy: string): RiskContext["limits"] {
    const account = this.program?.risk;
    const perDay = account?.maxOrdersPerDay;
    const perMinute = account?.maxOrdersPerMinute ?? DEFAULT_LIMITS.maxOrdersPerMinute;
    const result: { -readonly [K in keyof RiskContext["limits"]]: RiskContext["limits"][K] } = { ...limits };
    if (perDay !== undefined) {
      const room = perDay - this.#today("account") + this.#today(strategy);
      result.maxOrdersPerDay = Math.min(room, this.strategy(strategy)?.risk.maxOrdersPerDay ?? room);
    }
    if (perMinute !== undefined) {
      const room = perMinute - this.#lastMinute("account") + this.#lastMinute(strategy);
      result.maxOrdersPerMinute = Math.min(room, this.strategy(strategy)?.risk.maxOrdersPerMinute ?? room);
    }
    return result;
  }

  /** Entries on the side of the new order alone: those of the other side may never fill and make no room. */
  #working(strategy: string, symbol: string, side: Side, except: Order | undefined): Decimal {
    return this.orders
      .openOf(strategy, symbol)
      .filter((order) => order.role === "entry" && order.side === side && order !== except)
      .reduce((sum, order) => sum.plus(signedRemaining(order)), ZERO);
  }

  #count(strategy: string, role: OrderRole): void {
    this.#counts.sent(strategy, this.now.arrivalTime);
    const countsExits = role === "exit" && this.exitLimits(strategy).includes("max_orders_per_day");
    if (role !== "entry" && !countsExits) return;
    for (const scope of [strategy, "account"]) this.#counts.sentOn(this.#day(), scope);
  }

  #today(scope: string): number {
    return this.#counts.on(this.#day(), scope);
  }

  /** Changes when the account's trading day does. */
  #day(): number {
    return this.account.dayEnds;
  }

  #lastMinute(scope: string): number {
    return this.#counts.lastMinute(this.now.arrivalTime, scope);
  }

  /**
   * Gives up what is long over: ended orders, executions, attempts of firings that nothing refers to any more. What remains
   * is bounded by what a few days bring, however long the desk runs.
   */
  forget(isConfirming: (firing: string) => boolean): void {
    const exits = [...this.books.all].flatMap(({ exit }) => exit ?? []);
    this.orders.forget(this.now.marketTime, (order) =>
      exits.some((exit) => exit.waiting.has(order.clientOrderId) || exit.order === order),
    );
    const firings = new Set([...this.books.all].flatMap(firingsOf));
    for (const { origin } of this.orders.all) firings.add(origin.firing);
    this.#counts.forget((firing) => firings.has(firing) || isConfirming(firing));
  }

  save() {
    const { seq, marketTime, arrivalTime } = this.now;
    return {
      now: { seq, marketTime, arrivalTime },
      ready: this.ready,
      states: [...this.states].map(([scope, { state, reason }]) => ({ scope, state, reason })),
      quarantined: [...this.quarantined],
      counts: this.#counts.save(),
      portfolio: this.portfolio.save(),
      account: this.account.save(),
      orders: this.orders.save(),
      books: this.books.save(),
      pauses: this.pauses.save(),
    };
  }

  /** Of a desk that knows nothing yet. */
  restore(program: Program, saved: SavedDeskState): void {
    this.program = program;
    this.now = saved.now;
    this.ready = saved.ready;
    for (const { scope, state, reason } of saved.states) this.states.set(scope, { state, reason });
    for (const [key, quarantine] of saved.quarantined) this.quarantined.set(key, quarantine);
    this.#counts.restore(saved.counts);
    this.portfolio.restore(saved.portfolio);
    this.account.restore(saved.account);
    this.orders.restore(saved.orders);
    this.books.restore(saved.books, this.orders);
    this.pauses.restore(saved.pauses);
  }
}
