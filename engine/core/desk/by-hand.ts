/**
 * Shares that came or went at the broker without an order of a strategy.
 *
 * Owns: that orders which reduce a position take no more together than the account holds: a stop that stays behind where a
 * person has sold would open the other side; and that a book gives up what an exit does not find. May not: decide before an exit
 * whose shares they were.
 */
import { Decimal, ZERO, decimal } from "../decimal.ts";
import { forgetPosition, isGuard } from "./books.ts";
import type { Book } from "./books.ts";
import { takenQty } from "./guarded.ts";
import { EXTERNAL } from "./portfolio.ts";
import type { DeskState } from "./state.ts";

/** Called after whatever the broker says: shares may have gone, an order that was to go may have filled, legs may have got their names. */
export function fitOrders(desk: DeskState): void {
  for (const { strategy, symbol, qty } of desk.portfolio.open)
    if (strategy === EXTERNAL) fitSymbol(desk, symbol, qty.isNegative());
}

/** What belongs to nobody can take away only from positions of the other side. */
function fitSymbol(desk: DeskState, symbol: string, isLong: boolean): void {
  const net = desk.portfolio.netQty(symbol);
  let left = Decimal.max(isLong ? net : net.negated(), ZERO);
  for (const book of desk.books.all) {
    const { qty } = desk.portfolio.position(book.strategy, symbol);
    if (book.symbol !== symbol || qty.isZero() || qty.isGreaterThan(0) !== isLong) continue;
    const taken = takenQty(desk, book);
    if (taken.isGreaterThan(left)) takeBack(desk, book);
    left = Decimal.max(left.minus(taken), ZERO);
  }
}

/** Stops and targets come back for what is there when all of them have ended; an exit ends, and its rule decides anew. */
function takeBack(desk: DeskState, book: Book): void {
  const { strategy, symbol } = book;
  if (book.exit !== undefined) {
    if (book.exit.order !== undefined) desk.cancel(book.exit.order);
    return;
  }
  const guards = desk.orders.openOf(strategy, symbol).filter((order) => isGuard(order) && order.cancels === 0);
  const [first] = guards;
  if (first === undefined) return;
  book.unprotected ??= first.origin;
  for (const guard of guards) desk.cancel(guard);
  const message = `orders that protect ${symbol} of "${strategy}" would sell more than the account holds: they are cancelled and sent anew for what is there`;
  desk.alert("critical", "protection/too-large", message, book);
}

/**
 * An exit wants nothing to be left, and somebody else has closed it: as far as what belongs to nobody offsets it, both books
 * give it up. Returns how much.
 */
export function writeOff(desk: DeskState, book: Book): Decimal {
  const { strategy, symbol } = book;
  const { portfolio, account, now } = desk;
  const { qty: held, avgPrice } = portfolio.position(strategy, symbol);
  const external = portfolio.position(EXTERNAL, symbol).qty;
  if (held.isZero() || external.isZero() || held.isNegative() === external.isNegative()) return ZERO;
  const qty = Decimal.min(held.abs(), external.abs());
  const mark = account.markOf(symbol);
  const price = Number.isFinite(mark) ? decimal(mark) : avgPrice;
  const positions = portfolio.handOver(strategy, EXTERNAL, symbol, { qty, price, time: now.marketTime });
  for (const position of positions) desk.output(portfolio.told(position));
  if (portfolio.position(strategy, symbol).qty.isZero()) forgetPosition(book);
  return qty;
}
