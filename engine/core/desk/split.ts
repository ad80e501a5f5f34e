/**
 * What a split does to the desk: shares and prices are counted anew, orders in old shares are cancelled, and nothing leaves in
 * the symbol until the broker shows the new shares and no old order.
 *
 * Owns: that sequence. May not: hear of splits, or believe that a broker has followed because it should have.
 *
 * What a broker does with working orders at a split depends on the broker, the order and the direction: it cancels them,
 * or it adjusts them. So all are cancelled from here, whatever became of them, and what protects is sent anew.
 */
import { assetClassOf, roundPrice, roundTrail, safeDirection } from "../../market/instruments.ts";
import { decimal, text } from "../decimal.ts";
import type { Decimal } from "../decimal.ts";
import type { Side } from "../event.ts";
import { isGuard } from "./books.ts";
import type { Book, Protection } from "./books.ts";
import { cancelOpening, continueExit, restoreProtection } from "./exits.ts";
import type { ExitAim, ExitOrderForm } from "./procedure.ts";
import { newPrice, newQty, ratioText } from "./splits.ts";
import type { Split } from "./splits.ts";
import type { Prices } from "./requests.ts";
import type { DeskState } from "./state.ts";

export function onSplit(desk: DeskState, split: Split): void {
  const { symbol } = split;
  desk.account.split(split);
  desk.drift.forget(symbol);
  for (const position of desk.portfolio.split(split)) desk.output(desk.portfolio.told(position));
  const ratio = ratioText(split);
  const message = `${symbol} splits ${ratio}: its facts are unknown, its orders are cancelled, and nothing is decided until history and the broker are in new shares`;
  desk.alert("warning", "split/begun", message, { symbol });
  for (const book of desk.books.all) if (book.symbol === symbol) splitBook(desk, book, split);
}

function splitBook(desk: DeskState, book: Book, split: Split): void {
  cancelOpening(desk, book, `${book.symbol} splits`);
  const open = desk.orders.openOf(book.strategy, book.symbol);
  const guards = open.filter(isGuard);
  const { qty } = desk.portfolio.position(book.strategy, book.symbol);
  const exitSide: Side = qty.isNegative() ? "buy" : "sell";
  if (book.protection !== undefined) book.protection = splitProtection(split, book.protection, exitSide);
  const [guard] = guards;
  if (guard !== undefined && book.exit === undefined) {
    book.restored = 0;
    book.unprotected = guard.origin;
    if (book.protection === undefined) {
      const lost = `orders that protected ${book.symbol} are cancelled because it splits, and no rule has said what to put in their place`;
      desk.alert("critical", "protection/gone", lost, book);
    }
  }
  splitExit(book, split);
  for (const order of open) {
    order.splitAt ??= split.time;
    desk.cancel(order, `${book.symbol} splits`);
  }
  continueExit(desk, book);
  desk.publish(book);
}

/** An exit to a place goes on in new shares; one of a part ends with its order, and its rule decides anew. */
function splitExit(book: Book, split: Split): void {
  const { exit } = book;
  if (exit === undefined) return;
  const { order } = exit;
  if (order !== undefined && !("all" in exit.aim) && !("to" in exit.aim)) return;
  const waiting = new Set(exit.waiting);
  if (order !== undefined) waiting.add(order.clientOrderId);
  book.exit = { ...exit, aim: splitAim(split, exit.aim), form: splitForm(split, exit.form), waiting, order: undefined };
}

function splitAim(split: Split, aim: ExitAim): ExitAim {
  if ("qty" in aim) return { qty: newQty(split, aim.qty) };
  return "to" in aim ? { to: newQty(split, aim.to) } : aim;
}

function splitForm(split: Split, form: ExitOrderForm): ExitOrderForm {
  const of = (side: Side): Prices | undefined => {
    const prices = form.prices[side];
    if (prices === undefined) return undefined;
    const { limitPrice, stopPrice, trailPrice } = prices;
    return {
      ...prices,
      ...(limitPrice === undefined ? {} : { limitPrice: priced(split, limitPrice, side, "limit") }),
      ...(stopPrice === undefined ? {} : { stopPrice: priced(split, stopPrice, side, "protective_stop") }),
      ...(trailPrice === undefined ? {} : { trailPrice: text(roundTrail(newPrice(split, decimal(trailPrice)))) }),
    };
  };
  const { guards } = form;
  const prices = { buy: of("buy"), sell: of("sell") };
  // Both belong to one position; a stop of a long one lies below its target.
  const side = guards === undefined ? "sell" : sideOf(guards);
  return { ...form, prices, ...(guards === undefined ? {} : { guards: splitProtection(split, guards, side) }) };
}

function sideOf({ stopLoss, takeProfit }: Protection): Side {
  return stopLoss !== undefined && takeProfit !== undefined && decimal(stopLoss).isGreaterThan(takeProfit)
    ? "buy"
    : "sell";
}

/** Levels in prices of the new shares; `side` is that of the orders which protect. */
export function splitProtection(split: Split, protection: Protection, side: Side): Protection {
  const level = (price: string | undefined, kind: "limit" | "protective_stop"): string | undefined =>
    price === undefined ? undefined : priced(split, price, side, kind);
  return {
    ...protection,
    stopLoss: level(protection.stopLoss, "protective_stop"),
    stopLossLimit: level(protection.stopLossLimit, "limit"),
    takeProfit: level(protection.takeProfit, "limit"),
  };
}

function priced(split: Split, price: string, side: Side, kind: "limit" | "protective_stop"): string {
  return text(roundPrice(newPrice(split, decimal(price)), safeDirection(side, kind), assetClassOf(split.symbol)));
}

/** What a picture of the broker says of symbols that have split. */
export function reconcileSplits(desk: DeskState, theirsOf: (symbol: string) => Decimal): void {
  for (const symbol of desk.splits.unsettled) {
    const theirs = theirsOf(symbol);
    if (!desk.splits.isBehind(symbol, theirs, desk.portfolio.netQty(symbol))) desk.splits.book(symbol);
    else if (desk.splits.tellBehind(symbol)) {
      const message = `${symbol} has split, but the broker still shows ${text(theirs)} as before: nothing leaves in it until that changes, or a person resumes trading`;
      desk.alert("critical", "split/not-booked", message, { symbol });
    }
  }
}

/** Called after whatever the broker says: when the new shares are booked and no old order is left, the symbol is free. */
export function settleSplits(desk: DeskState): void {
  for (const symbol of desk.splits.unsettled) {
    const isOld = desk.orders.open((order) => order.symbol === symbol && order.splitAt !== null && !order.unresolved);
    if (!desk.ready || !desk.splits.isBooked(symbol) || isOld.length > 0) continue;
    desk.splits.settle(symbol);
    const held = text(desk.portfolio.netQty(symbol));
    desk.alert("info", "split/settled", `${symbol}: the broker is in new shares; it holds ${held}`, { symbol });
    for (const book of desk.books.all) {
      if (book.symbol !== symbol) continue;
      continueExit(desk, book);
      if (book.exit === undefined && book.unprotected !== undefined) restoreProtection(desk, book, book.unprotected);
      desk.publish(book);
    }
    desk.settled(symbol);
  }
}
