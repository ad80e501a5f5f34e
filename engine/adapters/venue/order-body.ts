/**
 * From the JSON body of an order to what the exchange takes.
 *
 * Owns: the shape checks of POST and PATCH bodies. What is a matter of trading rules (prices, sessions, buying power)
 * is left to the exchange. May not: submit anything.
 */
import type { OrderType, TimeInForce } from "../../core/program.ts";
import type { Exchange, ExchangeRequest } from "../../exchange/types.ts";
import { fail } from "./reply.ts";

type Body = Readonly<Record<string, unknown>>;

const TYPES: readonly OrderType[] = ["market", "limit", "stop", "stop_limit", "trailing_stop"];
const TIMES: readonly TimeInForce[] = ["day", "gtc", "opg", "cls", "ioc", "fok"];
const CLASSES = ["simple", "bracket", "oco", "oto"] as const;
const SIDES = ["buy", "sell"] as const;
const DECIMAL = /^\d{1,15}(\.\d{1,12})?$/;
const MAX_CLIENT_ID = 128;

const invalid = (message: string): never => fail(422, 42210000, message);

function recordOf(body: unknown): Body {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return fail(400, 40010000, "request body format is invalid");
  }
  return body as Body;
}

/** Amounts are strings on this wire; numbers are taken as a person would read them, as Alpaca does. */
function amount(body: Body, field: string, label = field): string | undefined {
  const value = body[field];
  if (value === undefined || value === null || value === "") return undefined;
  const source = typeof value === "number" ? String(value) : value;
  if (typeof source !== "string" || !DECIMAL.test(source)) return invalid(`invalid ${label}`);
  return source;
}

function word<T extends string>(body: Body, field: string, words: readonly T[]): T | undefined {
  const value = body[field];
  if (value === undefined || value === null || value === "") return undefined;
  return words.includes(value as T) ? (value as T) : invalid(`invalid ${field}`);
}

function required<T>(value: T | undefined, field: string): T {
  return value === undefined ? invalid(`${field} is required`) : value;
}

function clientId(body: Body): string | undefined {
  const value = body["client_order_id"];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string" || value.length > MAX_CLIENT_ID) {
    return invalid(`client_order_id must be no more than ${MAX_CLIENT_ID} characters`);
  }
  return value;
}

function exitLegs(body: Body): Pick<ExchangeRequest, "takeProfit" | "stopLoss"> {
  const profit =
    body["take_profit"] === undefined || body["take_profit"] === null ? undefined : recordOf(body["take_profit"]);
  const loss = body["stop_loss"] === undefined || body["stop_loss"] === null ? undefined : recordOf(body["stop_loss"]);
  const lossLimit = loss === undefined ? undefined : amount(loss, "limit_price", "stop_loss.limit_price");
  return {
    ...(profit === undefined
      ? {}
      : { takeProfit: { limitPrice: required(amount(profit, "limit_price"), "take_profit.limit_price") } }),
    ...(loss === undefined
      ? {}
      : {
          stopLoss: {
            stopPrice: required(amount(loss, "stop_price"), "stop_loss.stop_price"),
            ...(lossLimit === undefined ? {} : { limitPrice: lossLimit }),
          },
        }),
  };
}

/** `nextClientId` names orders that came without an id. */
export function orderRequest(source: unknown, nextClientId: () => string): ExchangeRequest {
  const body = recordOf(source);
  if (body["order_class"] === "mleg") return invalid("mleg orders are not supported by this venue");
  const symbol = body["symbol"];
  if (typeof symbol !== "string" || symbol === "") return invalid("symbol is required");
  const qty = amount(body, "qty");
  const notional = amount(body, "notional");
  if (qty === undefined && notional === undefined) return invalid("qty or notional is required");
  if (qty !== undefined && notional !== undefined) return invalid("only one of qty or notional is accepted");
  const optional = {
    qty,
    notional,
    limitPrice: amount(body, "limit_price"),
    stopPrice: amount(body, "stop_price"),
    trailPrice: amount(body, "trail_price"),
    trailPercent: amount(body, "trail_percent"),
  };
  return {
    clientOrderId: clientId(body) ?? nextClientId(),
    symbol,
    side: required(word(body, "side", SIDES), "side"),
    type: required(word(body, "type", TYPES), "type"),
    timeInForce: required(word(body, "time_in_force", TIMES), "time_in_force"),
    extendedHours: body["extended_hours"] === true,
    orderClass: word(body, "order_class", CLASSES) ?? "simple",
    ...defined(optional),
    ...exitLegs(body),
  };
}

type Change = Parameters<Exchange["replace"]>[1];

export function replaceRequest(source: unknown): Change {
  const body = recordOf(source);
  if (body["notional"] !== undefined && body["notional"] !== null) {
    return invalid("notional orders cannot be replaced");
  }
  return defined({
    qty: amount(body, "qty"),
    limitPrice: amount(body, "limit_price"),
    stopPrice: amount(body, "stop_price"),
    trail: amount(body, "trail"),
    timeInForce: word(body, "time_in_force", TIMES),
    clientOrderId: clientId(body),
  });
}

/** Drops what is undefined, so that an absent field stays absent. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
