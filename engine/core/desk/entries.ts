/**
 * From a confirmed firing to an order: entries, sells, exits, cancels.
 *
 * Owns: what each action of a rule does at the desk. May not: judge conditions (signals did, json-rules-engine agreed).
 */
import { Decimal, text } from "../decimal.ts";
import type { Firing, OrderRequest, Side } from "../event.ts";
import type { Action, BracketSpec, OrderSpec, Rule, Size } from "../program.ts";
import type { Book } from "./books.ts";
import { MARKET_EXIT, startExit } from "./exits.ts";
import type { ExitAim, ExitOrderForm } from "./exits.ts";
import type { OrderOrigin } from "./orders.ts";
import { bracketOf, classOf, pricesOf, timeInForceFor } from "./requests.ts";
import type { Bracket, Prices } from "./requests.ts";
import { sizeOf } from "./sizing.ts";
import type { DeskState, Refused } from "./state.ts";

type Trade = Extract<Action, { kind: "buy" | "sell" }>;

export function originOf(firing: Firing): OrderOrigin {
  return { strategy: firing.strategy, rule: firing.rule, firing: firing.id };
}

/** Whether an action opens or adds to a position; everything else can only reduce. */
export function opens(action: Action, position: Decimal): boolean {
  if (action.kind === "buy") return !position.isLessThan(0);
  if (action.kind === "sell") return action.short && !position.isGreaterThan(0);
  return false;
}

/** Carries out a confirmed firing. Undefined when something was started, else why not. */
export function act(desk: DeskState, book: Book, rule: Rule, firing: Firing): Refused | undefined {
  const { action } = rule;
  switch (action.kind) {
    case "alert":
      return undefined;
    case "cancel":
      for (const order of desk.orders.openOf(book.strategy, book.symbol))
        if (order.role === "entry") desk.cancel(order);
      return undefined;
    case "close":
      return exit(desk, book, firing, { all: true }, action.order);
    case "reduce":
      return exit(desk, book, firing, { ratio: valueOf(firing)(action.ratio) }, action.order);
    case "buy":
    case "sell":
      return trade(desk, book, action, firing);
  }
}

function trade(desk: DeskState, book: Book, action: Trade, firing: Firing): Refused | undefined {
  const position = desk.portfolio.position(book.strategy, book.symbol).qty;
  if (opens(action, position)) return enter(desk, book, action, firing);
  const held = action.kind === "buy" ? position.negated() : position;
  if (!held.isGreaterThan(0)) {
    return {
      code: "nothing_to_sell",
      reason: "the strategy holds nothing to sell (short: true would open a short position)",
    };
  }
  const sized = size(desk, action.size, action.order, undefined, firing, action.fractional);
  if ("code" in sized) return sized;
  return exit(desk, book, firing, { qty: Decimal.min(sized.qty, held) }, action.order);
}

function enter(desk: DeskState, book: Book, action: Trade, firing: Firing): Refused | undefined {
  const side: Side = action.kind;
  const value = valueOf(firing);
  const opposite = desk.orders
    .openOf(book.strategy, book.symbol)
    .find((order) => order.role === "entry" && order.side !== side);
  if (opposite !== undefined)
    return {
      code: "conflict",
      reason: `an entry to ${opposite.side} is still working: the two would trade with each other`,
    };
  const prices = pricesOf(action.order, side, book.symbol, true, value);
  if ("code" in prices) return prices;
  const reference = referencePrice(prices, firing);
  const bracket = action.bracket === undefined ? {} : bracketOf(action.bracket, side, book.symbol, reference, value);
  if ("code" in bracket) return bracket;
  const sized = size(desk, action.size, action.order, action.bracket, firing, action.fractional);
  if ("code" in sized) return sized;
  const origin = originOf(firing);
  const sent = desk.send(
    entryRequest(desk, origin, book.symbol, side, text(sized.qty), action.order, prices, bracket),
    {
      role: "entry",
      origin,
      reducesOnly: false,
      fractional: action.fractional,
      leg: "entry",
    },
  );
  if ("code" in sent) return sent;
  const { expireAfterMs } = action.order;
  if (expireAfterMs !== undefined) {
    desk.output({
      kind: "timer.set",
      id: `expire:${sent.clientOrderId}`,
      clock: "market",
      at: desk.now.marketTime + expireAfterMs,
    });
  }
  return undefined;
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

function size(
  desk: DeskState,
  spec: Size,
  order: OrderSpec,
  bracket: BracketSpec | undefined,
  firing: Firing,
  fractional: boolean,
): { readonly qty: Decimal } | Refused {
  const value = valueOf(firing);
  const price =
    order.limit !== undefined ? value(order.limit) : order.stop !== undefined ? value(order.stop) : firing.price;
  const bracketStop = bracket?.stopLoss === undefined ? undefined : value(bracket.stopLoss);
  return sizeOf(spec, { price, equity: desk.account.equity(), value, bracketStop, fractional });
}

function exit(desk: DeskState, book: Book, firing: Firing, aim: ExitAim, order: OrderSpec): Refused | undefined {
  const blocked = exitBlockedBy(desk, book.strategy);
  if (blocked !== undefined) return blocked;
  // Only closing everything goes before an exit in progress, and only before one of a part.
  if (book.exit !== undefined && (!("all" in aim) || "all" in book.exit.aim))
    return { code: "exit_working", reason: "an exit is already in progress" };
  startExit(desk, book, originOf(firing), aim, formOf(order, book.symbol, firing));
  return undefined;
}

/** Asked before anything is cancelled: a halted desk must not strip a position of its stop and then fail to sell it. */
export function exitBlockedBy(desk: DeskState, strategy: string): Refused | undefined {
  const { state, reason } = desk.stateOf(strategy);
  if (state === "HALTED") return { code: "kill_switch", reason: `trading is HALTED: ${reason}` };
  if (!desk.ready) return { code: "readiness", reason: "the broker is not connected and reconciled" };
  return undefined;
}

function formOf(order: OrderSpec, symbol: string, firing: Firing): ExitOrderForm {
  return {
    type: order.type,
    timeInForce: order.timeInForce,
    extendedHours: order.extendedHours,
    prices: (side) => {
      const prices = pricesOf(order, side, symbol, false, valueOf(firing));
      return "code" in prices ? undefined : prices;
    },
  };
}

/**
 * Closes everything a strategy holds, by market orders; for operators and for `on_failure: flatten`. It takes over
 * from an exit in progress, whose order may be a limit that never fills.
 */
export function flatten(desk: DeskState, book: Book, origin: OrderOrigin): Refused | undefined {
  const blocked = exitBlockedBy(desk, book.strategy);
  if (blocked !== undefined) return blocked;
  const { qty } = desk.portfolio.position(book.strategy, book.symbol);
  if (!qty.isZero() || desk.orders.openOf(book.strategy, book.symbol).length > 0)
    startExit(desk, book, origin, { all: true }, MARKET_EXIT);
  return undefined;
}

function referencePrice(prices: Prices, firing: Firing): number {
  const own = prices.limitPrice ?? prices.stopPrice;
  return own === undefined ? firing.price : Number(own);
}

function valueOf(firing: Firing): (expression: number) => number {
  return (expression) => firing.values[expression] ?? Number.NaN;
}
