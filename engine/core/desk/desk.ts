/**
 * The desk half: sizing, risk, approval, orders, portfolio of one account.
 *
 * Owns: what happens to a firing after signals made it. May not: import signals, evaluate conditions, read a clock.
 */
import type { BarSize } from "../../market/bar-size.ts";
import { mayReduce } from "../actions.ts";
import type { CommandInput, ConfirmationInput, Firing, InputBody, Stamp } from "../event.ts";
import type { FeedInput, HaltInput, LoadInput, SplitInput, SplitsInput } from "../feed-event.ts";
import type { Action, Program, Rule } from "../program.ts";
import { nextEnd } from "./account.ts";
import type { Book } from "./books.ts";
import { onApprovalTimer, withdrawChanged, withdrawRule } from "./asking.ts";
import { act, exitBlockedBy, flatten, kindOf } from "./act.ts";
import type { Kind } from "./act.ts";
import { fitOrders } from "./by-hand.ts";
import { onBroker } from "./broker-events.ts";
import { firedRule, originOf, tooManyEntries } from "./entries.ts";
import type { FiredRule } from "./entries.ts";
import { cancelOpening, restoreAll } from "./exits.ts";
import { messageOf } from "./message.ts";
import type { OrderOrigin } from "./orders.ts";
import type { DataAlert } from "./pauses.ts";
import { isOfOverrides, onOverrideCommand, onOverridesTimer } from "./override-requests.ts";
import { OPERATOR } from "./portfolio.ts";
import { quarantineKey } from "./quarantine.ts";
import type { Quarantine } from "./quarantine.ts";
import { onSplit, settleSplits } from "./split.ts";
import { DeskState } from "./state.ts";
import type { DeskOptions, DeskSink, Refused, SavedDeskState } from "./state.ts";
import { ACCOUNT, covers, strategyScope } from "./states.ts";
import type { ScopeName } from "./states.ts";
import { cancelOpen, rearm, stop } from "./stops.ts";
import { becomeUnknown, onLookupTimer, wasNotSent } from "./unknown.ts";
import { onRiskTimer, watchConnection, watchDay, watchLosses, watchProgram, watchesLosses } from "./watch.ts";

interface Pending {
  readonly firing: Firing;
  readonly rule: FiredRule;
  readonly arrivedAt: number;
  readonly kind: Kind;
}

export interface SavedDesk {
  readonly state: SavedDeskState;
  /** Firings whose confirmation is awaited, oldest first. */
  readonly pending: readonly Pending[];
}

/** A confirmation that takes longer than this (arrival time) belongs to a market that has moved on. */
const CONFIRMATION_DEADLINE_MS = 10_000;

export class Desk {
  readonly state: DeskState;
  readonly #pending = new Map<string, Pending>();

  constructor(options: DeskOptions, sink: DeskSink) {
    this.state = new DeskState(options, sink);
  }

  save(): SavedDesk {
    return { state: this.state.save(), pending: [...this.#pending.values()] };
  }

  restore(program: Program, { state, pending }: SavedDesk): void {
    this.state.restore(program, state);
    for (const one of pending) this.#pending.set(one.firing.id, one);
  }

  /** Read until the next one comes: the mailbox may write the same record anew then. */
  at(now: Stamp): void {
    this.state.now = now;
  }

  /** `size`: the price is that of a closed bar, and does not age before the next one can be there. */
  mark(symbol: string, price: number, time: number, size?: BarSize): void {
    this.#passDay(symbol);
    const { account, now, options } = this.state;
    const at = Math.min(time, now.marketTime);
    account.mark(symbol, price, at, size && nextEnd(options.calendarOf(symbol), now.marketTime, size));
    this.#marked(symbol);
  }

  /** The middle of a quote marks what nobody trades in sight. */
  markQuote(symbol: string, bid: number, ask: number, time: number): void {
    if (bid > 0 && ask >= bid) this.#passDay(symbol);
    const at = Math.min(time, this.state.now.marketTime);
    if (this.state.account.markQuote(symbol, bid, ask, at)) this.#marked(symbol);
  }

  #passDay(symbol: string): void {
    const { account, options, now } = this.state;
    if (now.marketTime >= account.dayEnds) this.#newDay(options.calendarOf(symbol));
  }

  #marked(symbol: string): void {
    if (this.state.portfolio.holds(symbol) && watchesLosses(this.state)) watchLosses(this.state);
  }

  #newDay(calendar: ReturnType<DeskOptions["calendarOf"]>): void {
    const { account, now } = this.state;
    account.rollDay(now.marketTime, calendar);
    this.state.forget((firing) => this.#pending.has(firing));
    watchDay(this.state);
  }

  load(program: Program): void {
    const { state } = this;
    state.program = program;
    state.memory.probation.load(program);
    const names = new Set(program.strategies.map((strategy) => strategy.name));
    for (const book of state.books.all) {
      if (names.has(book.strategy)) continue;
      // Nobody decides about the entries of a strategy that is gone.
      for (const order of state.orders.openOf(book.strategy, book.symbol))
        if (order.role === "entry") state.cancel(order, "its strategy is gone");
      cancelOpening(state, book, "its strategy is gone");
      const { qty } = state.portfolio.position(book.strategy, book.symbol);
      if (qty.isZero()) continue;
      const message = `strategy "${book.strategy}" is gone but still holds ${qty.toFixed()} ${book.symbol}`;
      state.alert("critical", "plan/orphan", message, book);
    }
    withdrawChanged(state);
    this.#endQuarantines(({ strategy, rule, digest }) => state.ruleOf(strategy, rule)?.digest === digest);
    watchProgram(state);
  }

  /** Rules that were repaired, or that an operator answers for, are back in service. */
  #endQuarantines(stays: (quarantine: Quarantine) => boolean): void {
    const { state } = this;
    for (const [key, quarantine] of state.quarantined) if (!stays(quarantine)) state.quarantined.delete(key);
    const still = new Set(
      [...state.quarantined.values()].filter(({ exit }) => exit).map(({ strategy }) => strategyScope(strategy)),
    );
    for (const scope of state.states.scopes)
      if (!still.has(scope)) state.lift(scope, "quarantine", "its exit rules are in service");
  }

  firing(firing: Firing, rule: Rule): void {
    const { state } = this;
    const book = state.books.get(firing.strategy, firing.symbol);
    const { action } = rule;
    if (action.kind === "alert") {
      const message = messageOf(action.message, firing.values);
      state.alert(action.level, "rule/alert", message, { strategy: firing.strategy, symbol: firing.symbol });
      return;
    }
    const kind = kindOf(state, book, action, firing);
    const refused = this.#pending.has(firing.id)
      ? { code: "duplicate", reason: "this firing is already being confirmed" }
      : this.#precheck(firing, book, kind, action.kind);
    if (refused !== undefined) {
      state.refuse(originOf(firing), firing.symbol, refused);
      return;
    }
    const pending = { firing, rule: firedRule(rule), arrivedAt: state.now.arrivalTime, kind };
    this.#count(book, pending, 1);
    this.#pending.set(firing.id, pending);
    state.output({ kind: "confirm", firing });
    const at = state.now.arrivalTime + CONFIRMATION_DEADLINE_MS;
    state.output({ kind: "timer.set", id: `confirm:${firing.id}`, clock: "arrival", at });
    state.publish(book);
  }

  /** Firings that are being confirmed count as open in the book. */
  #count(book: Book, { kind, rule }: Pending, by: 1 | -1): void {
    if (kind === "entry") book.pendingEntries += by;
    if (kind === "exit") book.pendingExits += by;
    if (kind === "exit" && rule.action.kind === "close" && rule.action.oco === undefined) book.pendingCloses += by;
  }

  /** Why this firing would be refused now, as far as that is known before sizing. Changes nothing. */
  foresee(firing: Firing, { action }: Rule): Refused | undefined {
    const book = this.state.books.find(firing.strategy, firing.symbol);
    if (book === undefined || action.kind === "alert") return undefined;
    return this.#precheck(firing, book, kindOf(this.state, book, action, firing), action.kind);
  }

  /** What is known to fail before anybody is asked. */
  #precheck(firing: Firing, book: Book, kind: Kind, action: Action["kind"]): Refused | undefined {
    const { state } = this;
    if (state.quarantined.has(quarantineKey(firing)))
      return { code: "quarantined", reason: "the evaluators disagreed about this rule" };
    const takesOver = action === "close" || action === "target";
    if (kind === "exit" && !takesOver && book.exit !== undefined)
      return { code: "exit_working", reason: "an exit is already in progress" };
    if (kind === "exit") return exitBlockedBy(state, firing);
    if (kind !== "entry") return undefined;
    const tooMany = tooManyEntries(state, book, firing.rule, action);
    if (tooMany !== undefined) return tooMany;
    if (book.exit !== undefined || book.pendingExits > 0)
      return { code: "exit_working", reason: "an exit is in progress" };
    return undefined;
  }

  confirmation(input: ConfirmationInput): void {
    const pending = this.#pending.get(input.firing);
    if (pending === undefined) return;
    const { state } = this;
    const { firing, rule } = pending;
    const book = this.#drop(pending);
    state.output({ kind: "timer.cancel", id: `confirm:${firing.id}` });
    // The market and the book went on while the answer was awaited: everything is asked again.
    const refused =
      this.#refusedConfirmation(pending, input) ??
      this.#precheck(firing, book, kindOf(state, book, rule.action, firing), rule.action.kind) ??
      act(state, book, rule, firing);
    if (refused !== undefined) state.refuse(originOf(firing), firing.symbol, refused);
    state.publish(book);
  }

  #drop(pending: Pending): Book {
    const { firing } = pending;
    const book = this.state.books.get(firing.strategy, firing.symbol);
    this.#pending.delete(firing.id);
    this.#count(book, pending, -1);
    return book;
  }

  /** No answer at all: the book must not count a firing for ever, or its exits would be trapped. */
  #confirmationMissing(pending: Pending): void {
    const { state } = this;
    const { firing } = pending;
    const book = this.#drop(pending);
    const reason = `no confirmation within ${CONFIRMATION_DEADLINE_MS} ms`;
    state.refuse(originOf(firing), firing.symbol, { code: "confirmation_late", reason });
    state.alert("critical", "rule/unconfirmed", `rule "${firing.rule}" got ${reason}; nothing was sent`, book);
    state.publish(book);
  }

  #refusedConfirmation({ firing, rule, arrivedAt }: Pending, input: ConfirmationInput): Refused | undefined {
    const { state } = this;
    if (input.verdict === "disagreed" || input.verdict === "failed") {
      const reason = input.error ?? "json-rules-engine does not agree that the condition holds";
      this.#quarantine(firing, rule, reason);
      return { code: "not_confirmed", reason };
    }
    if (state.now.arrivalTime - arrivedAt > CONFIRMATION_DEADLINE_MS) {
      return { code: "confirmation_late", reason: `the confirmation took ${state.now.arrivalTime - arrivedAt} ms` };
    }
    if (state.program?.digest === firing.program) return undefined;
    return state.ruleOf(firing.strategy, firing.rule)?.digest === rule.digest
      ? undefined
      : { code: "program_changed", reason: "the rule was changed while its firing was being confirmed" };
  }

  #quarantine(firing: Firing, rule: FiredRule, reason: string): void {
    const { state } = this;
    const exit = mayReduce(rule.action);
    const { strategy, symbol } = firing;
    state.quarantined.set(quarantineKey(firing), { strategy, symbol, rule: rule.name, digest: rule.digest, exit });
    state.alert("critical", "rule/quarantined", `rule "${rule.name}" is out of service: ${reason}`, {
      strategy,
      symbol,
    });
    withdrawRule(state, firing, "its rule is in quarantine");
    if (!exit) return;
    stop(state, strategyScope(strategy), "quarantine", "REDUCING", `exit rule "${rule.name}" is in quarantine`);
    const book = state.books.get(strategy, symbol);
    if (state.strategy(strategy)?.onFailure === "flatten") this.#flatten(book, originOf(firing));
  }

  #flatten(book: Book, origin: OrderOrigin): void {
    const refused = flatten(this.state, book, origin);
    if (refused === undefined) return;
    this.state.refuse(origin, book.symbol, refused);
    this.state.alert("critical", "exit/refused", `${book.symbol} was not flattened: ${refused.reason}`, book);
  }

  broker(
    input: Extract<
      InputBody,
      { kind: `order.${string}` | "execution" | "cancel.rejected" | "account" | "reconciled" | "instrument" | "broker" }
    >,
  ): void {
    const { state } = this;
    onBroker(state, input);
    fitOrders(state);
    settleSplits(state);
    watchLosses(state);
  }

  command(input: CommandInput): void {
    const { state } = this;
    if (isOfOverrides(input)) return onOverrideCommand(state, input);
    const why = `${input.reason} (${input.by})`;
    switch (input.command) {
      case "halt":
      case "reduce":
        stop(state, input.scope ?? ACCOUNT, "operator", input.command === "halt" ? "HALTED" : "REDUCING", why);
        break;
      case "resume":
        this.#resume(input.scope ?? ACCOUNT, why);
        break;
      case "cancel-all":
        cancelOpen(state, input.scope ?? ACCOUNT, () => true);
        break;
      case "kill":
        stop(state, ACCOUNT, "kill_file", "HALTED", why);
        cancelOpen(state, ACCOUNT, () => true);
        break;
      case "not-sent":
        wasNotSent(state, input.clientOrderId, why);
        break;
      case "flatten": {
        const scope = input.scope ?? ACCOUNT;
        stop(state, scope, "operator", "REDUCING", why);
        for (const book of state.books.all)
          if (covers(scope, book))
            this.#flatten(book, { strategy: book.strategy, rule: OPERATOR, firing: `${OPERATOR}/${state.now.seq}` });
        break;
      }
    }
  }

  /** An operator answers for everything that stopped trading there. */
  #resume(scope: ScopeName, why: string): void {
    const { state } = this;
    rearm(state, scope);
    state.lift(scope, undefined, why);
    this.#endQuarantines(({ strategy, symbol }) => !covers(scope, { strategy, symbol }));
    state.splits.trust((symbol) => covers(scope, { strategy: "", symbol }));
    restoreAll(state);
    // What is breached still stays stopped.
    watchLosses(state);
  }

  /** Entries pause while the engine is behind its data; exits go on. */
  keepsUp(input: LoadInput): void {
    this.#tell(this.state.pauses.load(input));
  }

  feed(input: FeedInput): void {
    if (this.state.pauses.feed(input)) watchConnection(this.state);
  }

  halt(input: HaltInput): void {
    this.#tell(this.state.pauses.halt(input), input.symbol);
  }

  knowsSplits(input: SplitsInput): void {
    this.#tell(this.state.pauses.splits(input));
  }

  /** False when it was told before. */
  split(input: SplitInput): boolean {
    const { state } = this;
    const split = state.splits.add(input);
    if (split === undefined) return false;
    // What was decided was decided in old shares.
    for (const pending of this.#pending.values()) {
      const { firing } = pending;
      if (firing.symbol !== input.symbol) continue;
      this.#drop(pending);
      state.output({ kind: "timer.cancel", id: `confirm:${firing.id}` });
      state.refuse(originOf(firing), firing.symbol, { code: "split", reason: state.splits.reasonFor(firing.symbol) });
    }
    onSplit(state, split);
    return true;
  }

  /** Whether this trade shows that a halt is over. */
  tradesAgain(symbol: string, time: number): boolean {
    if (!this.state.pauses.tradesAgain(symbol, time)) return false;
    const message = `${symbol} trades again: what the feed said while it was down is not known`;
    this.state.alert("info", "data/resumed", message, { symbol });
    return true;
  }

  #tell(alert: DataAlert | undefined, symbol?: string): void {
    if (alert === undefined) return;
    this.state.alert(alert.level, alert.code, alert.message, symbol === undefined ? {} : { symbol });
  }

  timer(id: string): void {
    const [kind, orderId] = split(id);
    if (kind === "override" || kind === "override-asked") return onOverridesTimer(this.state, kind, orderId);
    if (kind === "risk") return onRiskTimer(this.state, id);
    const pending = kind === "confirm" ? this.#pending.get(orderId) : undefined;
    if (pending !== undefined) this.#confirmationMissing(pending);
    if (kind === "approval" || kind === "session-end") return onApprovalTimer(this.state, orderId);
    const order = this.state.orders.get(orderId);
    if (order === undefined) return;
    if (kind === "expire") this.state.cancel(order);
    if (kind === "ack") becomeUnknown(this.state, order, "no answer from the broker");
    if (kind === "lookup") onLookupTimer(this.state, orderId);
  }
}

function split(id: string): readonly [string, string] {
  const at = id.indexOf(":");
  return [id.slice(0, at), id.slice(at + 1)];
}
