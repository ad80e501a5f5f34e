/**
 * Orders that open or add to a position.
 *
 * Owns: prices, bracket and size of an entry, and its one way out through risk. May not: reduce a position, or decide
 * that something should be opened.
 */
import type { Decimal } from "../decimal.ts";
import { text } from "../decimal.ts";
import type { Firing, OrderRequest, Side } from "../event.ts";
import type { Action, BracketSpec, OrderSpec, Rule, Size } from "../program.ts";
import { isOlderOf, sendEntry } from "./asking.ts";
import { entriesOf, openEntriesOf } from "./books.ts";
import type { Book } from "./books.ts";
import { isAsked } from "./orders.ts";
import type { Order, OrderOrigin } from "./orders.ts";
import { bracketOf, classOf, pricesOf, timeInForceFor } from "./requests.ts";
import type { Bracket, Prices } from "./requests.ts";
import { sizeOf } from "./sizing.ts";
import type { DeskState, Refused } from "./state.ts";

export type Trade = Extract<Action, { kind: "buy" | "sell" }>;

/** What is kept of a rule from its firing on, while its order waits: what it was then, whatever it becomes. */
export type FiredRule = Pick<Rule, "name" | "digest" | "action">;

/** What opens, and at which price of the market it is sized. */
export interface Entry {
  readonly side: Side;
  readonly action: Extract<Action, { kind: "buy" | "sell" | "target" }>;
  readonly firing: Firing;
  readonly price: number;
}

type Qty = { readonly qty: Decimal } | Refused;

export function originOf(firing: Firing): OrderOrigin {
  return { strategy: firing.strategy, rule: firing.rule, firing: firing.id };
}

export function valueOf(firing: Firing): (expression: number) => number {
  return (expression) => firing.values[expression] ?? Number.NaN;
}

export function firedRule({ name, digest, action }: FiredRule): FiredRule {
  return { name, digest, action };
}

/** Whether `max_entries` leaves no room. A target adds to its own position, so what it holds does not count. */
export function tooManyEntries(desk: DeskState, book: Book, rule: string, kind: Action["kind"]): Refused | undefined {
  const max = desk.strategy(book.strategy)?.maxEntries ?? 1;
  const open = entriesBeside(desk, book, rule);
  const entries = kind === "target" ? openEntriesOf(book, open) : entriesOf(book, open);
  return entries >= max ? { code: "max_entries", reason: `${entries} of ${max} entries are open` } : undefined;
}

/** Open orders, but for what a new entry of the rule would take the place of. */
export function entriesBeside(desk: DeskState, book: Book, rule: string): readonly Order[] {
  return desk.orders.openOf(book.strategy, book.symbol).filter((order) => !isOlderOf(rule, order));
}

/** Sends an entry, or asks a person about it. Undefined when that was done, else why not. */
export function enter(desk: DeskState, book: Book, entry: Entry, sized: Qty): Refused | undefined {
  const { side, action, firing, price } = entry;
  const value = valueOf(firing);
  const open = entriesBeside(desk, book, firing.rule);
  const opposite = open.find((order) => order.role === "entry" && order.side !== side);
  if (opposite !== undefined)
    return {
      code: "conflict",
      reason: `an entry to ${opposite.side} ${isAsked(opposite) ? "waits for a person" : "is still working"}: the two would trade with each other`,
    };
  const prices = pricesOf(action.order, side, book.symbol, true, value);
  if ("code" in prices) return prices;
  const reference = { name: "entry", price: Number(prices.limitPrice ?? prices.stopPrice ?? price) };
  const bracket = action.bracket === undefined ? {} : bracketOf(action.bracket, side, book.symbol, reference, value);
  if ("code" in bracket) return bracket;
  if ("code" in sized) return sized;
  const origin = originOf(firing);
  const request = entryRequest(desk, origin, book.symbol, side, text(sized.qty), action.order, prices, bracket);
  const { fractional } = action;
  const options = { role: "entry", origin, reducesOnly: false, fractional, wanted: sized.qty, leg: "entry" } as const;
  const { expireAfterMs } = action.order;
  const sent = sendEntry(desk, request, options, firing, expireAfterMs);
  if (sent === undefined || "code" in sent) return sent;
  desk.expireLater(sent, expireAfterMs);
  return undefined;
}

/** A buy or a sell that opens or adds, sized at a price. */
export function openTrade(
  desk: DeskState,
  book: Book,
  action: Trade,
  firing: Firing,
  price: number,
): Refused | undefined {
  const sized = sizeOfTrade(desk, action, action.bracket, firing, price);
  return enter(desk, book, { side: action.kind, action, firing, price }, sized);
}

function entryRequest(
  desk: DeskState,
  origin: OrderOrigin,
  symbol: string,
  side: Side,
  qty: string,
  order: OrderSpec,
  prices: Prices,
  bracket: Bracket,
): OrderRequest {
  return {
    clientOrderId: desk.nextId(origin, symbol, "entry"),
    symbol,
    side,
    qty,
    type: order.type,
    timeInForce: timeInForceFor(symbol, order.timeInForce),
    extendedHours: order.extendedHours,
    ...prices,
    orderClass: classOf(bracket),
    ...bracket,
  };
}

/** Shares of a buy or a sell; `price` counts for a market order. */
export function sizeOfTrade(
  desk: DeskState,
  action: Trade,
  bracket: BracketSpec | undefined,
  firing: Firing,
  market: number,
): Qty {
  const value = valueOf(firing);
  const { order, fractional } = action;
  const size: Size = action.size;
  const price = order.limit !== undefined ? value(order.limit) : order.stop !== undefined ? value(order.stop) : market;
  const bracketStop = bracket?.stopLoss === undefined ? undefined : value(bracket.stopLoss);
  return sizeOf(size, { price, equity: desk.account.equity(), value, bracketStop, fractional });
}
