/**
 * What a broker takes together in one order, said before it refuses.
 *
 * Owns: Alpaca's rules on types, times in force, extended hours, parts of shares, complex orders and pairs. The simulated
 * exchange refuses the same (exchange/rules.ts). May not: know prices.
 */
import type { OrderSpec } from "../core/program.ts";
import { assetClassOf } from "../market/instruments.ts";
import type { Builder } from "./builder.ts";
import type { Path } from "./yaml-file.ts";

export interface OrderForm {
  readonly order: OrderSpec;
  /** Key of the orders beside it: `bracket`, `oto` or `oco`. */
  readonly guards?: string | undefined;
  readonly fractional?: boolean;
  /** May open a short position. */
  readonly short?: boolean;
}

interface Problem {
  readonly key: string;
  readonly message: string;
  readonly help: string;
}

/** Reports every rule that this order breaks. */
export function checkOrderRules(builder: Builder, path: Path, form: OrderForm): void {
  const pair = pairOf(builder);
  const found = [
    timeProblem(form),
    auctionProblem(builder, form),
    extendedProblem(form),
    form.guards === undefined ? undefined : guardsProblem(form, form.guards),
    form.fractional === true ? fractionalProblem(form, pair !== undefined) : undefined,
    pair === undefined ? undefined : pairProblem(form, pair),
  ];
  const told = new Set<string>();
  for (const problem of found) {
    if (problem === undefined || told.has(problem.key)) continue;
    told.add(problem.key);
    const at = builder.has([...path, problem.key]) ? [...path, problem.key] : path;
    builder.reportKey("schema/order", at, problem.message, problem.help);
  }
}

/** The first pair among the symbols: for it other rules count. */
function pairOf({ file }: Builder): string | undefined {
  const symbols = file.data?.["symbols"];
  if (!Array.isArray(symbols)) return undefined;
  return symbols.find((symbol): symbol is string => typeof symbol === "string" && assetClassOf(symbol) === "crypto");
}

function isShortLived({ timeInForce }: OrderSpec): boolean {
  return timeInForce !== "day" && timeInForce !== "gtc";
}

function timeProblem({ order }: OrderForm): Problem | undefined {
  if (!isShortLived(order) || order.type === "market" || order.type === "limit") return undefined;
  const message = `Only market and limit orders take ${order.timeInForce}, not ${order.type} orders`;
  return { key: "time_in_force", message, help: "Use day or gtc." };
}

/** Auctions close their books before the bars that decide: opg at 09:28, cls at 15:50, both until 19:00. */
function auctionProblem({ file, context }: Builder, { order }: OrderForm): Problem | undefined {
  const { timeInForce } = order;
  const isDaily = context.scope.table.own.size.kind === "session" && file.data?.["on"] !== "tick";
  const isRegular = file.data?.["session"] === undefined || file.data["session"] === "regular";
  const key = "time_in_force";
  if (timeInForce === "opg" && (isDaily || isRegular)) {
    const message = "No opg order is taken between 09:28 and 19:00, when this strategy decides";
    return { key, message, help: isDaily ? "Use day: it fills at the next open." : "Use day, or session: extended." };
  }
  if (timeInForce !== "cls" || !isDaily) return undefined;
  const message = "No cls order is taken between 15:50 and 19:00, when this strategy decides";
  return { key, message, help: "Use day, or bars of the session such as on: 5m." };
}

function extendedProblem({ order, guards }: OrderForm): Problem | undefined {
  if (guards !== undefined || !order.extendedHours || (order.type === "limit" && !isShortLived(order)))
    return undefined;
  return {
    key: "extended_hours",
    message: "Only limit orders may fill in extended hours",
    help: "Add a limit, with time_in_force day or gtc.",
  };
}

function guardsProblem({ order }: OrderForm, key: string): Problem | undefined {
  if (order.type === "trailing_stop")
    return { key, message: `A trailing stop cannot have ${article(key)} ${key}`, help: "Remove one of them." };
  if (isShortLived(order)) {
    const message = `An order with ${article(key)} ${key} cannot be ${order.timeInForce}`;
    return { key: "time_in_force", message, help: "Use day, or gtc to keep it over night." };
  }
  if (!order.extendedHours) return undefined;
  const message = `An order with ${article(key)} ${key} cannot fill in extended hours`;
  return { key: "extended_hours", message, help: "Remove one of them." };
}

function article(key: string): string {
  return key === "bracket" ? "a" : "an";
}

function fractionalProblem({ order, guards, short }: OrderForm, isPair: boolean): Problem | undefined {
  const key = "fractional";
  if (guards !== undefined)
    return {
      key,
      message: `An order for parts of shares cannot have ${article(guards)} ${guards}`,
      help: "Remove one of them; a rule with close can stand for the stop.",
    };
  if (order.type === "trailing_stop")
    return { key, message: "A trailing stop is for whole shares", help: "Remove fractional: true." };
  if (short === true)
    return { key, message: "Parts of shares cannot be sold short", help: "Remove fractional: true, or short: true." };
  if (isPair || order.timeInForce === "day") return undefined;
  const message = `An order for parts of shares must be day, not ${order.timeInForce}`;
  return { key: "time_in_force", message, help: "Use day, or whole shares." };
}

/** Pairs trade around the clock, against cash, with simple orders. */
function pairProblem({ order, guards, short }: OrderForm, pair: string): Problem | undefined {
  const { type, timeInForce } = order;
  if (guards !== undefined)
    return {
      key: guards,
      message: `${pair} takes no ${guards}: pairs have simple orders only`,
      help: "Protect the position by a rule with close.",
    };
  if (type === "stop" || type === "trailing_stop")
    return { key: "type", message: `${pair} takes no ${type} orders`, help: "Use stop_limit: stop: and limit:." };
  if (timeInForce === "opg" || timeInForce === "cls" || timeInForce === "fok")
    return { key: "time_in_force", message: `${pair} takes no ${timeInForce} orders`, help: "Use gtc or ioc." };
  if (short === true) return { key: "short", message: `${pair} cannot be sold short`, help: "Remove short: true." };
  return undefined;
}
