/**
 * From an order form to an order.
 *
 * Owns: types, prices and times of an order, the orders that stand beside it (bracket, oto, oco), and what each type
 * needs. Which of them a broker takes together is in order-rules.ts.
 */
import { isMap } from "yaml";
import type { BracketSpec, Expression, OrderSpec, OrderType, TimeInForce } from "../core/program.ts";
import type { Builder } from "./builder.ts";
import { advice } from "./fix.ts";
import { without } from "./fix-yaml.ts";
import { listed } from "./suggest.ts";
import { isDuration, parseDuration } from "./values.ts";
import { nodeAt } from "./yaml-file.ts";
import type { Path } from "./yaml-file.ts";
import { spelt } from "./fix-spelling.ts";

interface Prices {
  readonly limit?: Expression;
  readonly stop?: Expression;
  readonly trailPrice?: Expression;
  readonly trailRatio?: Expression;
}

export function readOrder(builder: Builder, path: Path): OrderSpec | undefined {
  const prices = readPrices(builder, path);
  if (prices === undefined) return undefined;
  const given = ["limit", "stop", "trail"].filter((key) => builder.has([...path, key]));
  const type = (builder.text([...path, "type"]) as OrderType | undefined) ?? impliedType(given);
  if (!isComplete(builder, path, type, given)) return undefined;
  const expires = readExpiry(builder, [...path, "expire_after"]);
  if (expires === null) return undefined;
  return {
    type,
    timeInForce: (builder.text([...path, "time_in_force"]) ?? "day") as TimeInForce,
    extendedHours: builder.flag([...path, "extended_hours"]),
    ...prices,
    ...(expires === undefined ? {} : { expireAfterMs: expires }),
  };
}

function impliedType(given: readonly string[]): OrderType {
  if (given.includes("trail")) return "trailing_stop";
  if (given.includes("limit")) return given.includes("stop") ? "stop_limit" : "limit";
  return given.includes("stop") ? "stop" : "market";
}

const NEEDS: Readonly<Record<OrderType, readonly string[]>> = {
  market: [],
  limit: ["limit"],
  stop: ["stop"],
  stop_limit: ["stop", "limit"],
  trailing_stop: ["trail"],
};

function isComplete(builder: Builder, path: Path, type: OrderType, given: readonly string[]): boolean {
  if (!Object.hasOwn(NEEDS, type)) return false;
  const needs = NEEDS[type];
  const missing = needs.filter((key) => !given.includes(key));
  const surplus = given.filter((key) => !needs.includes(key));
  if (missing.length > 0) {
    const help = `Add ${missing.map((key) => `${key}:`).join(" and ")} with a price.`;
    builder.report("schema/order", [...path, "type"], `A ${type} order needs ${listed(missing, "and")}`, help);
  }
  for (const key of surplus) {
    const words = `Remove it, or use type: ${impliedType([...new Set([...needs, ...given])])}.`;
    const help = advice(words, without(builder.file, [...path, key], `Remove ${key}`));
    builder.reportKey("schema/order", [...path, key], `A ${type} order has no ${key}`, help);
  }
  return missing.length === 0 && surplus.length === 0;
}

function readPrices(builder: Builder, path: Path): Prices | undefined {
  const limit = readPrice(builder, [...path, "limit"]);
  const stop = readPrice(builder, [...path, "stop"]);
  const trailPath = [...path, "trail"];
  const trail = builder.operand(trailPath);
  if (limit === null || stop === null || (trail === undefined && builder.has(trailPath))) return undefined;
  if (trail?.kind === "const" && !(trail.value > 0)) {
    return builder.report("types/value", trailPath, `trail must be above 0, not ${trail.value}`);
  }
  const isRatio = trail?.quality.unit === "ratio";
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(stop === undefined ? {} : { stop }),
    ...(trail === undefined ? {} : { [isRatio ? "trailRatio" : "trailPrice"]: builder.index(trail) }),
  };
}

/** Null after a finding, undefined when it is not there. */
function readPrice(builder: Builder, path: Path): Expression | null | undefined {
  if (!builder.has(path)) return undefined;
  const operand = builder.operand(path);
  if (operand === undefined) return null;
  const { unit, form } = operand.quality;
  if (form === "percent" || unit === "ratio" || form === "clock" || form === "duration") {
    const code = form === "clock" || form === "duration" ? "types/time" : "types/percent";
    builder.report(code, path, `${String(path.at(-1))} must be a price`, "Write e.g. close * 1.02.");
    return null;
  }
  if (operand.kind === "const" && !(operand.value > 0)) {
    builder.report("types/value", path, `${String(path.at(-1))} must be above 0, not ${operand.value}`);
    return null;
  }
  return builder.index(operand);
}

function readExpiry(builder: Builder, path: Path): number | null | undefined {
  if (!builder.has(path)) return undefined;
  const source = builder.text(path);
  if (source === undefined) return null;
  const ms = parseDuration(source);
  if (ms !== undefined && ms > 0) return ms;
  builder.report("types/value", path, `"${source}" is no duration`, spelt("Write e.g. 5m or 30s.", isDuration));
  return null;
}

// ---------------------------------------------------------------------------------------------- beside it

/** `bracket:` or `oto:` of an entry. Null after a finding, undefined when there is none. */
export function readGuards(builder: Builder, path: Path): BracketSpec | null | undefined {
  const [bracketPath, otoPath] = [
    [...path, "bracket"],
    [...path, "oto"],
  ];
  const bracket = readLegs(builder, bracketPath);
  const oto = readLegs(builder, otoPath);
  if (bracket === null || oto === null) return null;
  if (oto === undefined) return bracket;
  if (bracket !== undefined) {
    const help = "Keep the bracket: it may have one or both of them.";
    builder.reportKey("schema/order", otoPath, "An order has a bracket or an oto, not both", help);
    return null;
  }
  if (oto.stopLoss === undefined || oto.takeProfit === undefined) return oto;
  const help = "Write bracket: {stop_loss, take_profit}: there one cancels the other.";
  builder.reportKey("schema/order", otoPath, "An oto triggers one order: a stop_loss or a take_profit", help);
  return null;
}

/** `oco:` of an exit. Null after a finding, undefined when there is none. */
export function readOco(builder: Builder, path: Path): BracketSpec | null | undefined {
  const legs = readLegs(builder, path);
  if (legs === null || legs === undefined) return legs;
  const missing = legs.stopLoss === undefined ? "stop_loss" : legs.takeProfit === undefined ? "take_profit" : undefined;
  if (missing === undefined) return legs;
  const instead = missing === "stop_loss" ? "limit: for a take profit" : "stop: for a stop loss";
  builder.reportKey(
    "schema/order",
    path,
    `An oco has two orders, and its ${missing} is missing`,
    `Add ${missing}:, or write ${instead} alone.`,
  );
  return null;
}

function readLegs(builder: Builder, path: Path): BracketSpec | null | undefined {
  const node = nodeAt(builder.file, path);
  if (!isMap(node)) return undefined;
  const nested = isMap(node.get("stop_loss", true));
  const stopLoss = readPrice(builder, [...path, "stop_loss", ...(nested ? ["stop"] : [])]);
  const stopLossLimit = nested ? readPrice(builder, [...path, "stop_loss", "limit"]) : undefined;
  const takeProfit = readPrice(builder, [...path, "take_profit"]);
  if (stopLoss === null || stopLossLimit === null || takeProfit === null) return null;
  if (stopLoss === undefined && (takeProfit === undefined || nested)) {
    const message = nested ? "This stop_loss has no stop" : `This ${String(path.at(-1))} protects nothing`;
    const help = nested ? "Add stop: with the price that triggers it." : "Add stop_loss: or take_profit:.";
    builder.reportKey("schema/order", nested ? [...path, "stop_loss"] : path, message, help);
    return null;
  }
  return {
    ...(stopLoss === undefined ? {} : { stopLoss }),
    ...(stopLossLimit === undefined ? {} : { stopLossLimit }),
    ...(takeProfit === undefined ? {} : { takeProfit }),
  };
}
