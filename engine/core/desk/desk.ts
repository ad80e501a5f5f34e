/**
 * The desk half: sizing, risk, approval, orders, portfolio of one account.
 *
 * Owns: what happens to a firing after signals made it. May not: import signals, evaluate conditions, read a clock.
 */
import type { CommandInput, ConfirmationInput, Firing, InputBody, Stamp } from "../event.ts";
import type { Program, Rule } from "../program.ts";
import type { Book } from "./books.ts";
import { entriesOf, viewOfBook } from "./books.ts";
import { becomeUnknown, onBroker, onLookupTimer } from "./broker-events.ts";
import { act, exitBlockedBy, flatten, opens, originOf } from "./entries.ts";
import { DeskState } from "./state.ts";
import type { DeskOptions, DeskSink, Refused } from "./state.ts";

interface Pending {
  readonly firing: Firing;
  readonly rule: Rule;
  readonly arrivedAt: number;
  readonly kind: "entry" | "exit" | "other";
}

/** A confirmation that takes longer than this (arrival time) belongs to a market that has moved on. */
const CONFIRMATION_DEADLINE_MS = 10_000;

export class Desk {
  readonly state: DeskState;
  readonly #pending = new Map<string, Pending>();

  constructor(options: DeskOptions, sink: DeskSink) {
    this.state = new DeskState(options, sink);
  }

  at(now: Stamp): void {
    this.state.now = now;
  }

  mark(symbol: string, price: number): void {
    const { account, options, now } = this.state;
    if (now.marketTime >= account.dayEnds) this.#newDay(symbol, options.calendarOf(symbol));
    account.mark(symbol, price);
  }

  #newDay(_symbol: string, calendar: ReturnType<DeskOptions["calendarOf"]>): void {
    const { account, states, now } = this.state;
    account.rollDay(now.marketTime, calendar);
    const current = states.get("account");
    if (current?.state === "REDUCING" && current.reason === DAILY_LOSS)
      this.state.setState("account", "ACTIVE", "a new trading day");
  }

  load(program: Program): void {
    this.state.program = program;
    const names = new Set(program.strategies.map((strategy) => strategy.name));
    for (const book of this.state.books.all) {
      const { qty } = this.state.portfolio.position(book.strategy, book.symbol);
      if (!names.has(book.strategy) && !qty.isZero()) {
        this.state.alert(
          "critical",
          "plan/orphan",
          `strategy "${book.strategy}" is gone but still holds ${qty.toFixed()} ${book.symbol}`,
          book,
        );
      }
    }
  }

  firing(firing: Firing, rule: Rule): void {
    const { state } = this;
    const book = state.books.get(firing.strategy, firing.symbol);
    const { action } = rule;
    if (action.kind === "alert") {
      const message = action.message
        .map((part) => (typeof part === "string" ? part : formatNumber(firing.values[part.expression])))
        .join("");
      state.alert(action.level, "rule/alert", message, { strategy: firing.strategy, symbol: firing.symbol });
      return;
    }
    const position = state.portfolio.position(firing.strategy, firing.symbol).qty;
    const kind = opens(action, position) ? "entry" : action.kind === "cancel" ? "other" : "exit";
    const refused = this.#precheck(firing, book, kind);
    if (refused !== undefined) {
      state.refuse(originOf(firing), firing.symbol, refused);
      return;
    }
    if (kind === "entry") book.pendingEntries++;
    if (kind === "exit") book.pendingExits++;
    this.#pending.set(firing.id, { firing, rule, arrivedAt: state.now.arrivalTime, kind });
    state.output({ kind: "confirm", firing });
    state.publish(book);
  }

  /** What is known to fail before anybody is asked. */
  #precheck(firing: Firing, book: Book, kind: Pending["kind"]): Refused | undefined {
    const { state } = this;
    if (state.quarantined.has(quarantineKey(firing)))
      return { code: "quarantined", reason: "the evaluators disagreed about this rule" };
    if (this.#pending.has(firing.id)) return { code: "duplicate", reason: "this firing is already being confirmed" };
    if (kind === "exit") return exitBlockedBy(state, firing.strategy);
    if (kind !== "entry") return undefined;
    const max = state.strategy(firing.strategy)?.maxEntries ?? 1;
    const entries = entriesOf(book, state.orders.openOf(firing.strategy, firing.symbol));
    if (entries >= max) return { code: "max_entries", reason: `${entries} of ${max} entries are open` };
    if (book.exit !== undefined || book.pendingExits > 0)
      return { code: "exit_working", reason: "an exit is in progress" };
    return undefined;
  }

  confirmation(input: ConfirmationInput): void {
    const pending = this.#pending.get(input.firing);
    if (pending === undefined) return;
    this.#pending.delete(input.firing);
    const { state } = this;
    const { firing, rule, kind } = pending;
    const book = state.books.get(firing.strategy, firing.symbol);
    if (kind === "entry") book.pendingEntries--;
    if (kind === "exit") book.pendingExits--;
    const refused = this.#refusedConfirmation(pending, input) ?? act(state, book, rule, firing);
    if (refused !== undefined) state.refuse(originOf(firing), firing.symbol, refused);
    state.publish(book);
  }

  #refusedConfirmation({ firing, rule, arrivedAt }: Pending, input: ConfirmationInput): Refused | undefined {
    const { state } = this;
    if (input.verdict === "disagreed" || input.verdict === "failed") {
      this.#quarantine(firing, rule, input.error ?? "json-rules-engine does not agree that the condition holds");
      return {
        code: "not_confirmed",
        reason: input.error ?? "json-rules-engine does not agree that the condition holds",
      };
    }
    if (state.now.arrivalTime - arrivedAt > CONFIRMATION_DEADLINE_MS) {
      return { code: "confirmation_late", reason: `the confirmation took ${state.now.arrivalTime - arrivedAt} ms` };
    }
    if (state.program?.digest === firing.program) return undefined;
    const current = state.strategy(firing.strategy)?.rules.find(({ name }) => name === firing.rule);
    return current?.digest === rule.digest
      ? undefined
      : { code: "program_changed", reason: "the rule was changed while its firing was being confirmed" };
  }

  #quarantine(firing: Firing, rule: Rule, reason: string): void {
    const { state } = this;
    state.quarantined.add(quarantineKey(firing));
    state.alert("critical", "rule/quarantined", `rule "${rule.name}" is out of service: ${reason}`, {
      strategy: firing.strategy,
      symbol: firing.symbol,
    });
    if (rule.action.kind !== "close" && rule.action.kind !== "reduce") return;
    state.setState(firing.strategy, "REDUCING", `exit rule "${rule.name}" is in quarantine`);
    if (state.strategy(firing.strategy)?.onFailure === "flatten") {
      flatten(state, state.books.get(firing.strategy, firing.symbol), originOf(firing));
    }
  }

  broker(
    input: Extract<
      InputBody,
      { kind: `order.${string}` | "execution" | "cancel.rejected" | "account" | "reconciled" | "broker" }
    >,
  ): void {
    const { state } = this;
    onBroker(state, input);
    if (input.kind === "reconciled" && !Number.isFinite(state.account.dayEnds)) return;
    this.#watchLoss();
  }

  /** A breached loss limit stops entries for the rest of the day; exits go on. */
  #watchLoss(): void {
    const { state } = this;
    const limit = state.program?.risk.maxDailyLossRatio;
    if (limit !== undefined && state.account.dayLossRatio() >= limit) state.setState("account", "REDUCING", DAILY_LOSS);
  }

  command({ command, by, reason }: CommandInput): void {
    const { state } = this;
    const why = `${reason} (${by})`;
    switch (command) {
      case "halt":
        state.setState("account", "HALTED", why);
        this.#cancelOpen((role) => role === "entry");
        break;
      case "reduce":
        state.setState("account", "REDUCING", why);
        this.#cancelOpen((role) => role === "entry");
        break;
      case "resume":
        state.setState("account", "ACTIVE", why);
        break;
      case "cancel-all":
        this.#cancelOpen(() => true);
        break;
      case "flatten":
        state.setState("account", "REDUCING", why);
        for (const book of state.books.all)
          flatten(state, book, { strategy: book.strategy, rule: "@operator", firing: `@operator/${state.now.seq}` });
        break;
    }
  }

  #cancelOpen(matches: (role: string) => boolean): void {
    for (const order of this.state.orders.open()) if (matches(order.role)) this.state.cancel(order);
  }

  timer(id: string): void {
    const [kind, orderId] = split(id);
    const order = this.state.orders.get(orderId);
    if (order === undefined) return;
    if (kind === "expire") this.state.cancel(order);
    if (kind === "ack") becomeUnknown(this.state, order, "no answer from the broker");
    if (kind === "lookup") onLookupTimer(this.state, orderId);
  }

  /** Views of all books, e.g. for a signals half that starts later. */
  publishAll(publish: DeskSink["book"]): void {
    for (const book of this.state.books.all) publish(viewOfBook(book, this.state.portfolio, this.state.orders));
  }
}

const DAILY_LOSS = "the daily loss limit is reached";

function quarantineKey({ strategy, rule, symbol }: Firing): string {
  return `${strategy}/${rule}/${symbol}`;
}

function split(id: string): readonly [string, string] {
  const at = id.indexOf(":");
  return [id.slice(0, at), id.slice(at + 1)];
}

function formatNumber(value: number | undefined): string {
  return value === undefined ? "?" : String(Number(value.toPrecision(8)));
}
