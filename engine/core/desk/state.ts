/**
 * What all parts of the desk share, and the few things that any of them may do: send through risk, cancel, alert.
 *
 * Owns: trading states, counters, the path of every order to the broker. May not: decide what to trade.
 */
import type { Calendar } from "../../market/calendar.ts";
import { invariant } from "../assert.ts";
import { ZERO, decimal } from "../decimal.ts";
import type { Decimal } from "../decimal.ts";
import type { Approval, TakenBack } from "../approval.ts";
import type { ApprovedOrder, BookView, CheckResult, OrderRequest, Output, Stamp, TradingState } from "../event.ts";
import type { Program, Rule, Strategy } from "../program.ts";
import { Account } from "./account.ts";
import { Approvals } from "./approvals.ts";
import { withdraw, withdrawAll } from "./asking.ts";
import { Books, firingsOf, viewOfBook } from "./books.ts";
import type { Book } from "./books.ts";
import { Counts } from "./counts.ts";
import { Drift } from "./drift.ts";
import { reducible } from "./guarded.ts";
import { Externals } from "./externals.ts";
import { Instruments } from "./instruments.ts";
import { OrderBook, clientOrderId, isTerminal, newOrder, remaining, viewOf } from "./orders.ts";
import type { Order, OrderOrigin, OrderRole } from "./orders.ts";
import { Overrides } from "./overrides.ts";
import { Pauses } from "./pauses.ts";
import { Portfolio } from "./portfolio.ts";
import type { Quarantine } from "./quarantine.ts";
import { decide } from "./risk/approve.ts";
import type { Decision } from "./risk/approve.ts";
import { contextOf } from "./risk/context.ts";
import type { AiBounds } from "./risk/context.ts";
import { entryPrice } from "./risk/exposure.ts";
import { limitsOf } from "./risk/limits.ts";
import { Memory } from "./risk/memory.ts";
import { refusedByControl } from "./stops.ts";
import { ACCOUNT, TradingStates, covers, strategyScope, symbolScope } from "./states.ts";
import type { Cause, ScopeName } from "./states.ts";
import { Splits } from "./splits.ts";

export interface DeskOptions {
  readonly account: string;
  /** Identity of the journal: part of every client order id. */
  readonly journal: string;
  readonly calendarOf: (symbol: string) => Calendar;
}

export interface DeskSink {
  output(output: Output): void;
  book(view: BookView): void;
  settled(symbol: string): void;
  rearm(firing: TakenBack): void;
}

/** Beside the request: an order that is open already and is not to be counted, and who approved it. */
export interface JudgeOptions {
  readonly except?: Order | undefined;
  readonly approvedBy?: string | null;
  /** The order has left before, under the same id. */
  readonly isResend?: boolean;
}

export interface SendOptions {
  readonly role: OrderRole;
  readonly origin: OrderOrigin;
  readonly reducesOnly: boolean;
  readonly fractional: boolean;
  /** An exit that a rule decided: limits that are declared to include exits hold for it. */
  readonly limited?: boolean;
  /** An AI wants it, with the bounds that were declared before it was asked. Nothing sends such orders yet. */
  readonly ai?: { readonly bounds: AiBounds | null };
  /** What the firing wants altogether; absent: exactly this order. */
  readonly wanted?: Decimal;
  /** Distinguishes the orders of one firing. */
  readonly leg: string;
}

export interface Refused {
  readonly code: string;
  readonly reason: string;
}

/** How long a submit may stay unanswered before its fate counts as unknown. */
export const ACK_TIMEOUT_MS = 15_000;

export type SavedDeskState = ReturnType<DeskState["save"]>;

export class DeskState {
  readonly portfolio = new Portfolio();
  readonly account = new Account(this.portfolio);
  readonly orders = new OrderBook();
  readonly books = new Books();
  readonly pauses = new Pauses();
  readonly splits = new Splits();
  readonly approvals = new Approvals();
  readonly options: DeskOptions;
  readonly #sink: DeskSink;
  program: Program | undefined;
  now: Stamp = { seq: 0, marketTime: Number.NEGATIVE_INFINITY, arrivalTime: Number.NEGATIVE_INFINITY };
  /** The broker is connected and what it holds is known. */
  ready = false;
  /** What it holds was known at least once: what differs from then on came later. */
  isReconciled = false;
  /** Real money, by the broker's word. */
  real = false;
  readonly states = new TradingStates();
  /** Rules out of service, by rule and symbol. */
  readonly quarantined = new Map<string, Quarantine>();
  readonly counts = new Counts();
  readonly instruments = new Instruments();
  readonly drift = new Drift();
  readonly externals = new Externals();
  readonly overrides = new Overrides();
  /** What the controls remember. */
  readonly memory = new Memory();

  constructor(options: DeskOptions, sink: DeskSink) {
    this.options = options;
    this.#sink = sink;
  }

  output(output: Output): void {
    // A broker's budget of requests knows no difference between them.
    if (output.kind === "submit" || output.kind === "cancel" || output.kind === "lookup")
      this.counts.message(this.now.arrivalTime);
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

  ruleOf(strategy: string, rule: string): Rule | undefined {
    return this.strategy(strategy)?.rules.find(({ name }) => name === rule);
  }

  /** The account's and the strategy's: either is enough to ask. */
  approvalsOf(strategy: string): readonly Approval[] {
    return [this.program?.approval, this.strategy(strategy)?.approval].filter((one) => one !== undefined);
  }

  rearm(firing: TakenBack): void {
    this.#sink.rearm(firing);
  }

  /** Restricts a scope for a cause; told when it changes what holds there. */
  restrict(scope: ScopeName, cause: Cause, state: TradingState, reason: string): void {
    if (this.states.set(scope, cause, { state, reason })) this.#tellState(scope, reason);
  }

  /** Lifts one cause of a scope, or all of them. */
  lift(scope: ScopeName, cause: Cause | undefined, reason: string): void {
    if (this.states.lift(scope, cause)) this.#tellState(scope, reason);
  }

  #tellState(scope: ScopeName, why: string): void {
    const { state, reason } = this.states.in(scope);
    this.output({ kind: "state", scope, state, reason: state === "ACTIVE" ? why : reason });
    if (state === "ACTIVE") return;
    // What a person was asked while trading went on is not what they would be asked now.
    const ends = `trading is ${state}: ${reason}`;
    withdrawAll(this, ({ origin: { strategy }, symbol }) => (covers(scope, { strategy, symbol }) ? ends : undefined));
  }

  settled(symbol: string): void {
    this.#sink.settled(symbol);
  }

  /** Tells signals what changed in a book. */
  publish(book: Book): void {
    this.#sink.book(viewOfBook(book, this.portfolio, this.orders));
  }

  nextId(origin: OrderOrigin, symbol: string, leg: string): string {
    const attempt = this.counts.attempt(origin.firing, leg);
    return clientOrderId(this.options.account, this.options.journal, origin, symbol, leg, attempt);
  }

  /** Worth of all working entries: what they will take from buying power. */
  reserved(except?: Order): Decimal {
    let total = ZERO;
    for (const order of this.orders.openEntries) {
      if (order === except) continue;
      total = total.plus(remaining(order).times(entryPrice(this, order)));
    }
    return total;
  }

  /** Runs risk and, when it approves, sends. What may have to be asked about goes through `sendEntry` (asking.ts). */
  send(request: OrderRequest, options: SendOptions): Order | Refused {
    const decision = this.judge(request, options);
    this.tellVerdict(decision, request, options);
    if (decision.order !== null) return this.dispatch(decision.order, options, request);
    invariant("refusedBy" in decision, "an order that can only reduce is never asked about");
    return this.refusedBy(decision.refusedBy, request, options);
  }

  /** What a control's no leaves behind beside the refusal. */
  refusedBy(result: CheckResult, request: OrderRequest, options: SendOptions): Refused {
    return refusedByControl(this, options, request, result);
  }

  /** What risk says, without a word to anybody. */
  judge(request: OrderRequest, options: SendOptions, more: JudgeOptions = {}): Decision {
    return decide(options.origin.firing, request, contextOf(this, request, options, more));
  }

  tellVerdict(decision: Decision, request: OrderRequest, { origin }: SendOptions): void {
    this.output({ kind: "verdict", verdict: decision.verdict });
    if (decision.verdict.outcome === "refused") return;
    for (const { check, outcome, reason } of decision.verdict.checks) {
      if (outcome !== "clamp") continue;
      const what = `${request.side} ${request.symbol} of rule "${origin.rule}" was ${reason}`;
      this.alert("info", `risk/${check}`, what, { strategy: origin.strategy, symbol: request.symbol });
    }
  }

  /** The only way an order leaves, and only what risk approved can take it. `request`: what it was before it was cut down. */
  dispatch(approved: ApprovedOrder, options: SendOptions, request: OrderRequest): Order {
    const { origin, role } = options;
    const order = newOrder(approved, origin, role, approved);
    this.orders.add(order);
    this.#count(origin.strategy, approved.symbol, role);
    if (role === "entry") this.#noteDrift(request);
    if (role === "entry") this.#remember(order, request, options);
    this.#submit(order, approved);
    this.announce(order);
    return order;
  }

  #noteDrift({ symbol, limitPrice, stopPrice }: OrderRequest): void {
    const price = Number(limitPrice ?? stopPrice ?? this.account.markOf(symbol));
    this.drift.note(symbol, this.now.marketTime, price);
  }

  #remember({ clientOrderId, origin }: Order, request: OrderRequest, { leg, wanted }: SendOptions): void {
    const { firings, repeats, probation } = this.memory;
    firings.sent(origin.firing, leg, clientOrderId, wanted ?? decimal(request.qty));
    repeats.note(origin.strategy, origin.rule, request, this.now.marketTime);
    const rule = this.ruleOf(origin.strategy, origin.rule);
    if (rule !== undefined) probation.sent(origin.strategy, origin.rule, rule.digest);
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
    const approvedBy = this.approvals.approversOf(order.clientOrderId);
    const decision = this.judge(request, options, { except: order, approvedBy, isResend: true });
    this.output({ kind: "verdict", verdict: decision.verdict });
    if (decision.order === null || decision.verdict.outcome === "clamped") return false;
    this.#submit(order, decision.order);
    return true;
  }

  /** Whether the position that it was to reduce is still there, in the book and in the account. */
  #canReduce({ origin, symbol, side, qty }: Order): boolean {
    const { strategy } = origin;
    const own = this.portfolio.position(strategy, symbol).qty.times(side === "sell" ? 1 : -1);
    return own.isGreaterThanOrEqualTo(qty) && reducible(this, { strategy, symbol }).isGreaterThanOrEqualTo(qty);
  }

  /** Limits that hold for exits too; none unless somebody declared it. */
  exitLimits(strategy: string, symbol: string): readonly string[] {
    return limitsOf(this.program, strategy, symbol).tightest.includeExits ?? [];
  }

  /** What risk would say to an order, without a word to anybody. */
  refusalOf(request: OrderRequest, options: SendOptions): Refused | undefined {
    const decision = this.judge(request, options);
    if (!("refusedBy" in decision)) return undefined;
    return { code: decision.refusedBy.check, reason: decision.refusedBy.reason };
  }

  /** `why` is told when a person was being asked about it. */
  cancel(order: Order, why = "its entry was cancelled"): void {
    if (order.state === "intended") return withdraw(this, order, why);
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

  #count(strategy: string, symbol: string, role: OrderRole): void {
    const scopes = [ACCOUNT, strategyScope(strategy), symbolScope(symbol)];
    this.counts.sent(scopes, this.now.arrivalTime);
    if (role === "entry") this.counts.entered(strategy);
    const countsExits = role === "exit" && this.exitLimits(strategy, symbol).includes("max_orders_per_day");
    if (role !== "entry" && !countsExits) return;
    for (const scope of scopes) this.counts.sentOn(this.account.dayEnds, scope);
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
    this.approvals.forget(this.now.marketTime);
    const firings = new Set([...this.books.all].flatMap(firingsOf));
    for (const { origin } of this.orders.all) firings.add(origin.firing);
    const isNeeded = (firing: string): boolean => firings.has(firing) || isConfirming(firing);
    this.counts.forget(isNeeded);
    this.memory.firings.forget(isNeeded);
  }

  save() {
    const { seq, marketTime, arrivalTime } = this.now;
    return {
      now: { seq, marketTime, arrivalTime },
      ready: this.ready,
      isReconciled: this.isReconciled,
      real: this.real,
      states: this.states.save(),
      quarantined: [...this.quarantined],
      counts: this.counts.save(),
      memory: this.memory.save(),
      portfolio: this.portfolio.save(),
      account: this.account.save(),
      orders: this.orders.save(),
      books: this.books.save(),
      pauses: this.pauses.save(),
      splits: this.splits.save(),
      instruments: this.instruments.save(),
      drift: this.drift.save(),
      externals: this.externals.save(),
      overrides: this.overrides.save(),
      approvals: this.approvals.save(),
    };
  }

  /** Of a desk that knows nothing yet. */
  restore(program: Program, saved: SavedDeskState): void {
    this.program = program;
    this.now = saved.now;
    this.ready = saved.ready;
    this.isReconciled = saved.isReconciled;
    this.real = saved.real;
    this.states.restore(saved.states);
    for (const [key, quarantine] of saved.quarantined) this.quarantined.set(key, quarantine);
    this.counts.restore(saved.counts);
    this.memory.restore(saved.memory);
    this.portfolio.restore(saved.portfolio);
    this.account.restore(saved.account);
    this.orders.restore(saved.orders);
    this.books.restore(saved.books, this.orders);
    this.pauses.restore(saved.pauses);
    this.splits.restore(saved.splits);
    this.instruments.restore(saved.instruments);
    this.drift.restore(saved.drift);
    this.externals.restore(saved.externals);
    this.overrides.restore(saved.overrides);
    this.approvals.restore(saved.approvals);
  }
}
