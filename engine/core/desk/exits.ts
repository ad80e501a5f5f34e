/**
 * `close` and `reduce`: procedures, not single orders.
 *
 * Owns: cancel own entries and conflicting bracket legs, await the broker's word, read the position again, send the
 * remainder, restore protection after a partial or failed exit, and open the other side after a complete one.
 * May not: be stopped by limits on entries. What it sends can only bring the position closer to zero.
 */
import { Decimal, ZERO, text } from "../decimal.ts";
import type { OrderRequest, Side } from "../event.ts";
import type { TimeInForce } from "../program.ts";
import type { Book } from "./books.ts";
import { isTerminal } from "./orders.ts";
import type { Order, OrderOrigin } from "./orders.ts";
import { protectionOrder, timeInForceFor } from "./requests.ts";
import type { Prices } from "./requests.ts";
import { shareOf } from "./sizing.ts";
import type { DeskState, Refused } from "./state.ts";

export interface ExitOrderForm {
  readonly type: OrderRequest["type"];
  readonly timeInForce: TimeInForce;
  readonly extendedHours: boolean;
  readonly expireAfterMs?: number | undefined;
  /** Undefined when they work out to nothing usable. */
  readonly prices: (side: Side) => Prices | undefined;
}

/** `to`: the signed quantity at which the exit stops; a position that is not beyond it stays. */
export type ExitAim =
  | { readonly all: true }
  | { readonly ratio: number }
  | { readonly qty: Decimal }
  | { readonly to: Decimal };

/** What a reversal or a target opens once the way is free. It passes every check of an entry. */
export type Opening = () => Refused | undefined;

export interface ExitProcedure {
  readonly origin: OrderOrigin;
  readonly aim: ExitAim;
  readonly form: ExitOrderForm;
  opening: Opening | undefined;
  /** Orders whose end is awaited before anything is sent. */
  readonly waiting: Set<string>;
  order: Order | undefined;
  rounds: number;
}

/** A late fill may leave shares after a close; it is repeated this often before a person is called. */
const MAX_ROUNDS = 3;
const MAX_RESTORED = 3;

export const MARKET_EXIT: ExitOrderForm = {
  type: "market",
  timeInForce: "day",
  extendedHours: false,
  prices: () => ({}),
};

/** Starts an exit. One in progress is taken over: its order is cancelled and awaited like every other. */
export function startExit(
  desk: DeskState,
  book: Book,
  origin: OrderOrigin,
  aim: ExitAim,
  form: ExitOrderForm,
  opening?: Opening,
): void {
  cancelOpening(desk, book, `rule "${origin.rule}" exits`);
  const exit: ExitProcedure = { origin, aim, form, opening, waiting: new Set(), order: undefined, rounds: 0 };
  book.exit = exit;
  clearTheWay(desk, book, exit);
}

/** The second half of a reversal is an entry: what cancels working entries cancels it too. The exit goes on. */
export function cancelOpening(desk: DeskState, book: Book, why: string): void {
  const { exit } = book;
  if (exit?.opening === undefined) return;
  exit.opening = undefined;
  desk.refuse(exit.origin, book.symbol, { code: "opening_canceled", reason: `nothing is opened any more: ${why}` });
}

function clearTheWay(desk: DeskState, book: Book, exit: ExitProcedure): void {
  awaitOpen(desk, book, exit);
  proceed(desk, book, exit);
}

/** Everything that is open in the book is cancelled and awaited, also legs that the broker named only now. */
function awaitOpen(desk: DeskState, book: Book, exit: ExitProcedure): void {
  for (const order of desk.orders.openOf(book.strategy, book.symbol)) {
    if (isGivenUp(order) || exit.waiting.has(order.clientOrderId)) continue;
    exit.waiting.add(order.clientOrderId);
    desk.cancel(order);
  }
}

/** An entry that nobody could find: the exit goes on without it. */
function isGivenUp(order: Order): boolean {
  return order.unresolved && order.role === "entry";
}

/** Called whenever an order of the book changed. */
export function continueExit(desk: DeskState, book: Book): void {
  const { exit } = book;
  if (exit !== undefined) proceed(desk, book, exit);
}

function proceed(desk: DeskState, book: Book, exit: ExitProcedure): void {
  if (exit.order !== undefined) {
    if (isTerminal(exit.order)) finish(desk, book, exit, exit.order);
    return;
  }
  for (const id of exit.waiting) {
    const order = desk.orders.get(id);
    if (order === undefined || isTerminal(order) || isGivenUp(order)) exit.waiting.delete(id);
  }
  if (exit.waiting.size > 0) return;
  awaitOpen(desk, book, exit);
  if (exit.waiting.size === 0) sendRemainder(desk, book, exit);
}

function sendRemainder(desk: DeskState, book: Book, exit: ExitProcedure): void {
  const { qty } = desk.portfolio.position(book.strategy, book.symbol);
  const asked = wantedQty(qty, exit.aim);
  const wanted = Decimal.min(asked, reducible(desk, book.symbol, qty));
  if (!wanted.isGreaterThan(0)) {
    const isThere = !asked.isGreaterThan(0);
    if (!isThere) nothingThere(desk, book, exit, qty);
    else restoreProtection(desk, book, exit.origin);
    end(desk, book, exit, isThere);
    return;
  }
  const side: Side = qty.isGreaterThan(0) ? "sell" : "buy";
  const form = exit.form.prices(side);
  // The order must leave: a form whose prices make no sense becomes a market order.
  const { type, timeInForce, extendedHours } = form === undefined ? MARKET_EXIT : exit.form;
  const id = desk.nextId(exit.origin, book.symbol, "exit");
  const request: OrderRequest = {
    clientOrderId: id,
    symbol: book.symbol,
    side,
    qty: text(wanted),
    type,
    timeInForce: timeInForceFor(book.symbol, timeInForce),
    extendedHours,
    ...form,
    orderClass: "simple",
  };
  const sent = desk.send(request, {
    role: "exit",
    origin: exit.origin,
    reducesOnly: true,
    fractional: !wanted.isInteger(),
    leg: "exit",
  });
  if ("code" in sent) {
    desk.refuse(exit.origin, book.symbol, sent);
    desk.alert("critical", "exit/refused", `the exit of rule "${exit.origin.rule}" was refused: ${sent.reason}`, book);
    restoreProtection(desk, book, exit.origin);
    end(desk, book, exit, false);
    return;
  }
  exit.order = sent;
  exit.rounds++;
  desk.expireLater(sent, exit.form.expireAfterMs);
}

/**
 * How much of the account's position an order against `qty` can take without going through zero. What belongs to
 * nobody here may offset what a strategy believes it holds.
 */
function reducible(desk: DeskState, symbol: string, qty: Decimal): Decimal {
  const net = desk.portfolio.netQty(symbol);
  return Decimal.max(qty.isGreaterThan(0) ? net : net.negated(), ZERO);
}

function nothingThere(desk: DeskState, book: Book, exit: ExitProcedure, qty: Decimal): void {
  const reason = `the book holds ${text(qty)} ${book.symbol}, but the account holds ${text(desk.portfolio.netQty(book.symbol))}`;
  desk.refuse(exit.origin, book.symbol, { code: "not_at_broker", reason });
  desk.alert("critical", "exit/not-at-broker", `the exit of rule "${exit.origin.rule}" sent nothing: ${reason}`, book);
}

function wantedQty(position: Decimal, aim: ExitAim): Decimal {
  if (position.isZero()) return ZERO;
  if ("all" in aim) return position.abs();
  if ("ratio" in aim) return shareOf(position, aim.ratio);
  if ("to" in aim) {
    const beyond = position.isGreaterThan(0) ? position.minus(aim.to) : aim.to.minus(position);
    return Decimal.max(Decimal.min(beyond, position.abs()), ZERO);
  }
  return aim.qty.isLessThan(position.abs()) ? aim.qty : position.abs();
}

function finish(desk: DeskState, book: Book, exit: ExitProcedure, order: Order): void {
  const { qty } = desk.portfolio.position(book.strategy, book.symbol);
  if (order.state !== "filled") {
    // An order that ends at the time its rule gave it is no surprise.
    desk.alert(
      order.expires && order.state === "canceled" ? "warning" : "critical",
      "exit/unfinished",
      `the exit order of rule "${exit.origin.rule}" ended as ${order.state}${order.reason === null ? "" : `: ${order.reason}`}`,
      book,
    );
  } else if (isBeyond(exit.aim, qty) && exit.rounds < MAX_ROUNDS) {
    exit.order = undefined;
    clearTheWay(desk, book, exit);
    return;
  }
  if (!qty.isZero()) restoreProtection(desk, book, exit.origin);
  end(desk, book, exit, order.state === "filled" && !isBeyond(exit.aim, qty));
}

/** What a late fill added to a position that should be at a fixed place. */
function isBeyond(aim: ExitAim, position: Decimal): boolean {
  return ("all" in aim || "to" in aim) && wantedQty(position, aim).isGreaterThan(0);
}

/** `isReached`: all that was to go is gone. After anything less nothing opens. */
function end(desk: DeskState, book: Book, exit: ExitProcedure, isReached: boolean): void {
  book.exit = undefined;
  if (exit.opening !== undefined) {
    const unfinished = { code: "not_closed", reason: "the position was not closed, so nothing is opened" };
    const refused = isReached ? exit.opening() : unfinished;
    if (refused !== undefined) desk.refuse(exit.origin, book.symbol, refused);
  }
  desk.publish(book);
}

/** Puts the remembered stop and target back on what is left of the position. */
export function restoreProtection(desk: DeskState, book: Book, origin: OrderOrigin): void {
  const { qty } = desk.portfolio.position(book.strategy, book.symbol);
  const { protection } = book;
  book.unprotected = undefined;
  if (qty.isZero() || protection === undefined) return;
  const covered = desk.orders
    .openOf(book.strategy, book.symbol)
    .some((order) => order.role === "stop_loss" || order.role === "take_profit");
  if (covered) return;
  if (book.restored >= MAX_RESTORED) {
    const message = `protection of ${text(qty)} ${book.symbol} was cancelled ${MAX_RESTORED} times and is not sent again`;
    desk.alert("critical", "protection/gone", message, book);
    return;
  }
  const side: Side = qty.isGreaterThan(0) ? "sell" : "buy";
  const id = desk.nextId(origin, book.symbol, "protect");
  const request = protectionOrder(protection, id, book.symbol, side, text(qty.abs()));
  if (request === undefined) return;
  const role = protection.takeProfit === undefined ? "stop_loss" : "take_profit";
  const sent = desk.send(request, { role, origin, reducesOnly: true, fractional: !qty.isInteger(), leg: "protect" });
  if (!("code" in sent)) book.restored++;
  if ("code" in sent) {
    if (sent.code === "kill_switch" || sent.code === "readiness") book.unprotected = origin;
    desk.alert(
      "critical",
      "protection/refused",
      `protection of ${text(qty)} ${book.symbol} could not be restored: ${sent.reason}`,
      book,
    );
  }
}

/** What could not be protected while nothing was allowed to leave is tried again. */
export function restoreAll(desk: DeskState): void {
  for (const book of desk.books.all) {
    if (book.unprotected !== undefined && book.exit === undefined) restoreProtection(desk, book, book.unprotected);
  }
}
