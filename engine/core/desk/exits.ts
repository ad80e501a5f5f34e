/**
 * `close` and `reduce`: procedures, not single orders.
 *
 * Owns: cancel own entries, conflicting bracket legs and entries of others that would trade with it, await the broker's word, read the position again, send the
 * remainder, restore protection after a partial or failed exit, and open the other side after a complete one.
 * May not: be stopped by limits on entries. What it sends can only bring the position closer to zero.
 */
import { Decimal, ZERO, text } from "../decimal.ts";
import type { OrderRequest, Side } from "../event.ts";
import { isGuard } from "./books.ts";
import type { Book, Protection } from "./books.ts";
import { writeOff } from "./by-hand.ts";
import { crossedBy } from "./crossing.ts";
import { guardedQty, reducible } from "./guarded.ts";
import { isAsked, isTerminal } from "./orders.ts";
import type { Order, OrderOrigin } from "./orders.ts";
import type { ExitAim, ExitOrderForm, ExitProcedure, Opening } from "./procedure.ts";
import { protectionOrder, timeInForceFor } from "./requests.ts";
import { shareOf } from "./sizing.ts";
import type { DeskState, Refused, SendOptions } from "./state.ts";
import { reopen } from "./targets.ts";

/** A late fill may leave shares after a close; it is repeated this often before a person is called. */
const MAX_ROUNDS = 3;
const MAX_RESTORED = 3;

export const MARKET_EXIT: ExitOrderForm = {
  type: "market",
  timeInForce: "day",
  extendedHours: false,
  prices: { buy: {}, sell: {} },
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
    // What waits for a person is taken back at once: no broker will say anything of it.
    if (!isAsked(order)) exit.waiting.add(order.clientOrderId);
    desk.cancel(order, `rule "${exit.origin.rule}" exits`);
  }
  for (const order of crossedBy(desk, book, exit)) {
    if (isGivenUp(order) || exit.waiting.has(order.clientOrderId)) continue;
    exit.waiting.add(order.clientOrderId);
    desk.cancel(order);
    const { rule, strategy } = order.origin;
    const what = `the ${order.side} of rule "${rule}" is cancelled: it would trade with the exit of "${book.strategy}"`;
    desk.alert("info", "exit/crossed", what, { strategy, symbol: book.symbol });
  }
}

/** An entry that nobody could find: the exit goes on without it. */
function isGivenUp(order: Order): boolean {
  return order.unresolved && order.role === "entry";
}

/** Called whenever an order changed: of its own book, and of others that wait for its end. */
export function continueExits(desk: DeskState, { clientOrderId, origin, symbol }: Order): void {
  continueExit(desk, desk.books.get(origin.strategy, symbol));
  for (const book of desk.books.all) {
    if (book.strategy === origin.strategy || book.exit?.waiting.has(clientOrderId) !== true) continue;
    continueExit(desk, book);
    desk.publish(book);
  }
}

export function continueExit(desk: DeskState, book: Book): void {
  const { exit } = book;
  if (exit !== undefined) proceed(desk, book, exit);
}

function proceed(desk: DeskState, book: Book, exit: ExitProcedure): void {
  const { order } = exit;
  if (order !== undefined) {
    const isPlaced = exit.form.guards !== undefined && (order.state === "working" || order.state === "partly_filled");
    if (isPlaced) placed(desk, book, exit, exit.form.guards);
    else if (isTerminal(order)) finish(desk, book, exit, order);
    return;
  }
  for (const id of exit.waiting) {
    const order = desk.orders.get(id);
    if (order === undefined || isTerminal(order) || isGivenUp(order)) exit.waiting.delete(id);
  }
  if (exit.waiting.size > 0) return;
  awaitOpen(desk, book, exit);
  if (exit.waiting.size === 0 && !desk.splits.isUnsettled(book.symbol)) sendRemainder(desk, book, exit);
}

function sendRemainder(desk: DeskState, book: Book, exit: ExitProcedure): void {
  const { qty } = desk.portfolio.position(book.strategy, book.symbol);
  const asked = wantedQty(qty, exit.aim);
  const wanted = Decimal.min(asked, reducible(desk, book));
  if (!wanted.isGreaterThan(0)) {
    const isThere = !asked.isGreaterThan(0);
    if (!isThere) nothingThere(desk, book, exit, qty);
    else restoreProtection(desk, book, exit.origin);
    end(desk, book, exit, isThere);
    return;
  }
  const side: Side = qty.isGreaterThan(0) ? "sell" : "buy";
  const sent =
    exit.form.guards === undefined
      ? sendOrder(desk, book, exit, side, wanted)
      : guard(desk, book, exit, side, wanted, exit.form.guards);
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

function sendOrder(desk: DeskState, book: Book, exit: ExitProcedure, side: Side, qty: Decimal): Order | Refused {
  const id = desk.nextId(exit.origin, book.symbol, "exit");
  return desk.send(exitRequest(book.symbol, exit.form, side, qty, id), exitOptions(exit.origin, exit.form, qty));
}

function exitRequest(symbol: string, form: ExitOrderForm, side: Side, qty: Decimal, id: string): OrderRequest {
  const prices = form.prices[side];
  // The order must leave: a form whose prices make no sense becomes a market order.
  const { type, timeInForce, extendedHours } = prices === undefined ? MARKET_EXIT : form;
  return {
    clientOrderId: id,
    symbol,
    side,
    qty: text(qty),
    type,
    timeInForce: timeInForceFor(symbol, timeInForce),
    extendedHours,
    ...prices,
    orderClass: "simple",
  };
}

function exitOptions(
  origin: OrderOrigin,
  { limited = false }: { readonly limited?: boolean },
  qty: Decimal,
): SendOptions {
  return { role: "exit", origin, reducesOnly: true, limited, fractional: !qty.isInteger(), leg: "exit" };
}

/** Asked before anything is cancelled: an exit that a limit would refuse must not strip a position of its stop first. */
export function exitLimitedBy(
  desk: DeskState,
  book: Book,
  origin: OrderOrigin,
  aim: ExitAim,
  form: ExitOrderForm,
): Refused | undefined {
  if (desk.exitLimits(book.strategy, book.symbol).length === 0) return undefined;
  const { qty } = desk.portfolio.position(book.strategy, book.symbol);
  const wanted = wantedQty(qty, aim);
  if (!wanted.isGreaterThan(0)) return undefined;
  const request = exitRequest(book.symbol, form, qty.isGreaterThan(0) ? "sell" : "buy", wanted, "");
  return desk.refusalOf(request, exitOptions(origin, form, wanted));
}

/** Brokers take complex orders for whole shares only; parts of a share stay without. */
function wholeShares(qty: Decimal): Decimal {
  return qty.integerValue(Decimal.ROUND_DOWN);
}

function guard(
  desk: DeskState,
  book: Book,
  { origin }: ExitProcedure,
  side: Side,
  qty: Decimal,
  guards: Protection,
): Order | Refused {
  const whole = wholeShares(qty);
  const request = protectionOrder(guards, desk.nextId(origin, book.symbol, "oco"), book.symbol, side, text(whole));
  if (request === undefined || whole.isZero())
    return { code: "size_zero", reason: `${text(qty)} ${book.symbol} is less than one share, which an oco needs` };
  return desk.send(request, { role: "take_profit", origin, reducesOnly: true, fractional: false, leg: "oco" });
}

/** The broker has both orders: they are the protection now, and the rest of the position keeps what it had. */
function placed(desk: DeskState, book: Book, exit: ExitProcedure, guards: Protection | undefined): void {
  if ("all" in exit.aim) book.protection = guards;
  restoreProtection(desk, book, exit.origin);
  end(desk, book, exit, true);
}

function nothingThere(desk: DeskState, book: Book, exit: ExitProcedure, qty: Decimal): void {
  const { symbol, strategy } = book;
  const reason = `the book holds ${text(qty)} ${symbol}, but the account holds ${text(desk.portfolio.netQty(symbol))}`;
  desk.refuse(exit.origin, symbol, { code: "not_at_broker", reason });
  const gone = "all" in exit.aim && exit.form.guards === undefined && desk.ready ? writeOff(desk, book) : ZERO;
  const end = gone.isZero() ? "" : `; ${text(gone)} count as closed by somebody else`;
  // A rest that is not there is told after what was sold.
  const level = exit.rounds > 0 ? "warning" : "critical";
  const message = `the exit of rule "${exit.origin.rule}" of "${strategy}" sent nothing: ${reason}${end}`;
  desk.alert(level, "exit/not-at-broker", message, book);
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
  } else if (exit.form.guards === undefined && isBeyond(exit.aim, qty) && exit.rounds < MAX_ROUNDS) {
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
    const refused = isReached ? reopen(desk, book, exit.opening) : unfinished;
    if (refused !== undefined) desk.refuse(exit.origin, book.symbol, refused);
  }
  desk.publish(book);
}

/**
 * Puts the remembered stop and target back on what is left of the position and stands without. `isLost`: because the broker
 * cancelled it, which is not fought for ever; an exit that was not filled may come as often as its rule says.
 */
export function restoreProtection(desk: DeskState, book: Book, origin: OrderOrigin, isLost = false): void {
  const { qty: held } = desk.portfolio.position(book.strategy, book.symbol);
  const { protection } = book;
  const isKnown = book.unprotected !== undefined;
  book.unprotected = desk.splits.isUnsettled(book.symbol) ? origin : undefined;
  if (held.isZero() || protection === undefined || book.unprotected !== undefined) return;
  const there = Decimal.min(held.abs(), reducible(desk, book));
  if (there.isLessThan(held.abs())) {
    // It comes back with the shares.
    book.unprotected = origin;
    if (!isKnown) tellMissing(desk, book, held, there);
  }
  const bare = there.minus(guardedQty(desk.orders, book, isGuard));
  const isPair = protection.stopLoss !== undefined && protection.takeProfit !== undefined;
  const qty = isPair ? wholeShares(bare) : bare;
  if (!qty.isGreaterThan(0)) return;
  if (isLost && book.restored >= MAX_RESTORED) {
    const message = `protection of ${text(qty)} ${book.symbol} was cancelled ${MAX_RESTORED} times and is not sent again`;
    desk.alert("critical", "protection/gone", message, book);
    return;
  }
  const side: Side = held.isGreaterThan(0) ? "sell" : "buy";
  const id = desk.nextId(origin, book.symbol, "protect");
  const request = protectionOrder(protection, id, book.symbol, side, text(qty));
  if (request === undefined) return;
  const role = protection.takeProfit === undefined ? "stop_loss" : "take_profit";
  const sent = desk.send(request, { role, origin, reducesOnly: true, fractional: !qty.isInteger(), leg: "protect" });
  if (isLost && !("code" in sent)) book.restored++;
  if ("code" in sent) {
    const waits = sent.code === "kill_switch" || sent.code === "readiness";
    if (waits) book.unprotected = origin;
    const message = `protection of ${text(qty)} ${book.symbol} could not be restored: ${sent.reason}`;
    desk.alert(
      "critical",
      "protection/refused",
      waits ? `${message}; it is tried again when that is over` : message,
      book,
    );
  }
}

function tellMissing(desk: DeskState, book: Book, held: Decimal, there: Decimal): void {
  const message = `of the ${text(held)} ${book.symbol} of "${book.strategy}" the account holds ${text(there)}: no more can be protected`;
  desk.alert("critical", "protection/refused", message, book);
}

/** What could not be protected while nothing was allowed to leave is tried again. */
export function restoreAll(desk: DeskState): void {
  for (const book of desk.books.all) {
    if (book.unprotected !== undefined && book.exit === undefined) restoreProtection(desk, book, book.unprotected);
  }
}
