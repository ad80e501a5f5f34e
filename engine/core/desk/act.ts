/**
 * From a confirmed firing to what the desk does: an entry, an exit, a reversal, a target, a cancel.
 *
 * Owns: what each action of a rule means for the position that is there. May not: judge conditions (signals did,
 * json-rules-engine agreed).
 */
import { Decimal } from "../decimal.ts";
import type { Firing, Side } from "../event.ts";
import type { Action, BracketSpec, OrderSpec } from "../program.ts";
import { isClosing, isWaiting } from "./books.ts";
import type { Book, Protection } from "./books.ts";
import { firedRule, openTrade, originOf, sizeOfTrade, valueOf } from "./entries.ts";
import type { FiredRule, Trade } from "./entries.ts";
import { MARKET_EXIT, cancelOpening, exitLimitedBy, startExit } from "./exits.ts";
import type { ExitAim, ExitOrderForm, Opening } from "./procedure.ts";
import type { OrderOrigin } from "./orders.ts";
import { bracketOf, pricesOf } from "./requests.ts";
import type { Prices } from "./requests.ts";
import type { DeskState, Refused } from "./state.ts";
import { openTarget, planOf } from "./targets.ts";

export type Kind = "entry" | "exit" | "other";

/** Whether an action opens or adds to what the book holds now, or takes away from it first. */
export function kindOf(desk: DeskState, book: Book, action: Action, firing: Firing): Kind {
  switch (action.kind) {
    case "alert":
    case "cancel":
      return "other";
    case "close":
    case "reduce":
      return "exit";
    case "target":
      return planOf(desk, book, action, firing, firing.price).step === "exit" ? "exit" : "entry";
    case "buy":
    case "sell":
      return isTurn(desk, book, action) || !opens(desk, book, action) ? "exit" : "entry";
  }
}

function opens(desk: DeskState, book: Book, action: Trade): boolean {
  const { qty } = desk.portfolio.position(book.strategy, book.symbol);
  if (action.kind === "buy") return !qty.isLessThan(0);
  return action.short && !qty.isGreaterThan(0);
}

/** `reverse: true` where something of the other side is held or on its way. */
function isTurn(desk: DeskState, book: Book, { kind, reverse }: Trade): boolean {
  if (reverse !== true) return false;
  const { qty } = desk.portfolio.position(book.strategy, book.symbol);
  if (kind === "buy" ? qty.isLessThan(0) : qty.isGreaterThan(0)) return true;
  return desk.orders.openOf(book.strategy, book.symbol).some((order) => order.role === "entry" && order.side !== kind);
}

/** Carries out a confirmed firing. Undefined when something was started, else why not. */
export function act(desk: DeskState, book: Book, rule: FiredRule, firing: Firing): Refused | undefined {
  const { action } = rule;
  switch (action.kind) {
    case "alert":
      return undefined;
    case "cancel":
      for (const order of desk.orders.openOf(book.strategy, book.symbol))
        if (order.role === "entry") desk.cancel(order, `rule "${rule.name}" cancels entries`);
      cancelOpening(desk, book, `rule "${rule.name}" cancels entries`);
      return undefined;
    case "close":
      if (action.oco !== undefined) return protect(desk, book, firing, { all: true }, action.order, action.oco);
      return exit(desk, book, firing, { all: true }, action.order);
    case "reduce": {
      const ratio = valueOf(firing)(action.ratio);
      if (!(ratio > 0)) return { code: "size_invalid", reason: `the part to reduce works out to ${ratio}` };
      if (action.oco !== undefined) return protect(desk, book, firing, { ratio }, action.order, action.oco);
      return exit(desk, book, firing, { ratio }, action.order);
    }
    case "target":
      return aim(desk, book, rule, action, firing);
    case "buy":
    case "sell":
      return trade(desk, book, rule, action, firing);
  }
}

function trade(desk: DeskState, book: Book, rule: FiredRule, action: Trade, firing: Firing): Refused | undefined {
  if (isTurn(desk, book, action))
    return exit(desk, book, firing, { all: true }, action.order, { rule: firedRule(rule), firing });
  if (opens(desk, book, action)) return openTrade(desk, book, action, firing, firing.price);
  const position = desk.portfolio.position(book.strategy, book.symbol).qty;
  const held = action.kind === "buy" ? position.negated() : position;
  if (!held.isGreaterThan(0)) {
    return {
      code: "nothing_to_sell",
      reason: "the strategy holds nothing to sell (short: true would open a short position)",
    };
  }
  const sized = sizeOfTrade(desk, action, undefined, firing, firing.price);
  if ("code" in sized) return sized;
  return exit(desk, book, firing, { qty: Decimal.min(sized.qty, held) }, action.order);
}

function aim(
  desk: DeskState,
  book: Book,
  rule: FiredRule,
  action: Extract<Action, { kind: "target" }>,
  firing: Firing,
): Refused | undefined {
  const plan = planOf(desk, book, action, firing, firing.price);
  if (plan.step === "none") return plan.why;
  if (plan.step === "entry") return openTarget(desk, book, action, firing, firing.price);
  const opening = plan.target.isZero() ? undefined : { rule: firedRule(rule), firing };
  return exit(desk, book, firing, plan.aim, action.order, opening, true);
}

const EXIT_WORKING: Refused = { code: "exit_working", reason: "an exit is already in progress" };

function exit(
  desk: DeskState,
  book: Book,
  firing: Firing,
  what: ExitAim,
  order: OrderSpec,
  opening?: Opening,
  takesOver = "all" in what && opening === undefined,
): Refused | undefined {
  const blocked = exitBlockedBy(desk, book);
  if (blocked !== undefined) return blocked;
  // Closing everything, and a new target, go before an exit of a part and before one that opens again; closing at the
  // market also before an exit that waits for a price.
  const isSecond = isClosing(book) && !(isWaiting(book) && "all" in what && order.type === "market");
  if (book.exit !== undefined && (!takesOver || isSecond)) return EXIT_WORKING;
  const form = formOf(order, book.symbol, firing);
  const limited = exitLimitedBy(desk, book, originOf(firing), what, form);
  if (limited !== undefined) {
    desk.alert("critical", "exit/refused", `the exit of rule "${firing.rule}" was refused: ${limited.reason}`, book);
    return limited;
  }
  startExit(desk, book, originOf(firing), what, form, opening);
  return undefined;
}

/** Two orders on what is held, one cancels the other. Their prices are judged before anything is cancelled for them. */
function protect(
  desk: DeskState,
  book: Book,
  firing: Firing,
  what: ExitAim,
  order: OrderSpec,
  oco: BracketSpec,
): Refused | undefined {
  const { symbol } = book;
  const { qty } = desk.portfolio.position(book.strategy, symbol);
  if (qty.isZero())
    return { code: "nothing_to_protect", reason: "the strategy holds nothing that two orders could protect" };
  const mark = desk.account.markOf(symbol);
  const market = { name: "market", price: Number.isFinite(mark) ? mark : firing.price };
  const legs = bracketOf(oco, qty.isGreaterThan(0) ? "buy" : "sell", symbol, market, valueOf(firing));
  if ("code" in legs) return legs;
  const blocked = exitBlockedBy(desk, book);
  if (blocked !== undefined) return blocked;
  if (book.exit !== undefined) return EXIT_WORKING;
  const guards: Protection = {
    stopLoss: legs.stopLoss?.stopPrice,
    stopLossLimit: legs.stopLoss?.limitPrice,
    takeProfit: legs.takeProfit?.limitPrice,
    timeInForce: order.timeInForce,
  };
  startExit(desk, book, originOf(firing), what, { ...MARKET_EXIT, guards });
  return undefined;
}

/** Asked before anything is cancelled: a halted desk must not strip a position of its stop and then fail to sell it. */
export function exitBlockedBy(
  desk: DeskState,
  { strategy, symbol }: Pick<Book, "strategy" | "symbol">,
): Refused | undefined {
  const { state, reason } = desk.states.of(strategy, symbol);
  if (state === "HALTED") return { code: "kill_switch", reason: `trading is HALTED: ${reason}` };
  if (!desk.ready) return { code: "readiness", reason: "the broker is not connected and reconciled" };
  return undefined;
}

function formOf(order: OrderSpec, symbol: string, firing: Firing): ExitOrderForm {
  const prices = (side: Side): Prices | undefined => {
    const priced = pricesOf(order, side, symbol, false, valueOf(firing));
    return "code" in priced ? undefined : priced;
  };
  return {
    type: order.type,
    timeInForce: order.timeInForce,
    extendedHours: order.extendedHours,
    expireAfterMs: order.expireAfterMs,
    limited: true,
    prices: { buy: prices("buy"), sell: prices("sell") },
  };
}

/**
 * Closes everything a strategy holds, by market orders; for operators and for `on_failure: flatten`. It takes over
 * from an exit in progress, whose order may be a limit that never fills.
 */
export function flatten(desk: DeskState, book: Book, origin: OrderOrigin): Refused | undefined {
  const blocked = exitBlockedBy(desk, book);
  if (blocked !== undefined) return blocked;
  const { qty } = desk.portfolio.position(book.strategy, book.symbol);
  if (!qty.isZero() || desk.orders.openOf(book.strategy, book.symbol).length > 0)
    startExit(desk, book, origin, { all: true }, MARKET_EXIT);
  return undefined;
}
