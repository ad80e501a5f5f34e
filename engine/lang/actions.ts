/**
 * From `then:` to actions.
 *
 * Owns: sizes, order forms, brackets and messages, and what must stand together.
 */
import { isMap, isScalar } from "yaml";
import type {
  Action,
  BracketSpec,
  Expression,
  MessagePart,
  OrderSpec,
  OrderType,
  Size,
  TimeInForce,
} from "../core/program.ts";
import type { Builder } from "./builder.ts";
import { advice, becomes } from "./fix.ts";
import { without } from "./fix-yaml.ts";
import { lowerNumber } from "./lower-number.ts";
import { parseExpression } from "./parser.ts";
import { placesOf } from "./places.ts";
import { listed } from "./suggest.ts";
import { parseDuration } from "./values.ts";
import { nodeAt } from "./yaml-file.ts";
import type { Path } from "./yaml-file.ts";

const KINDS = ["buy", "sell", "close", "reduce", "cancel", "alert"] as const;

export function readAction(builder: Builder, path: Path): Action | undefined {
  const node = nodeAt(builder.file, path);
  if (!isMap(node)) return undefined;
  const kinds = KINDS.filter((kind) => node.has(kind));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) return undefined;
  const here = [...path, kind];
  switch (kind) {
    case "buy":
    case "sell":
      return readTrade(builder, here, kind);
    case "close": {
      const order = readOrder(builder, here);
      return order === undefined ? undefined : { kind, order };
    }
    case "reduce":
      return readReduce(builder, here);
    case "cancel":
      return { kind };
    case "alert":
      return readAlert(builder, here);
  }
}

function readTrade(builder: Builder, path: Path, kind: "buy" | "sell"): Action | undefined {
  if (!isMap(nodeAt(builder.file, path))) return undefined;
  const bracket = readBracket(builder, [...path, "bracket"]);
  const order = readOrder(builder, path);
  const size = readSize(builder, path, bracket);
  if (order === undefined || size === undefined || bracket === null) return undefined;
  return {
    kind,
    size,
    order,
    ...(bracket === undefined ? {} : { bracket }),
    short: builder.flag([...path, "short"]),
    fractional: builder.flag([...path, "fractional"]),
  };
}

function readReduce(builder: Builder, path: Path): Action | undefined {
  const order = readOrder(builder, path);
  const ratio = readRatio(builder, [...path, "by"], 1);
  return order === undefined || ratio === undefined ? undefined : { kind: "reduce", ratio, order };
}

// ---------------------------------------------------------------------------------------------- sizes

const SIZES = ["qty", "notional", "equity", "risk"] as const;

function readSize(builder: Builder, path: Path, bracket: BracketSpec | null | undefined): Size | undefined {
  const here = [...path, "size"];
  const node = nodeAt(builder.file, here);
  const help = "Write size: {qty: 10}, {notional: 1000}, {equity: 10%} or {risk: 0.5%, stop: 2 * atr(14)}.";
  if (node === undefined || (isScalar(node) && node.value === null)) {
    return builder.reportKey("risk/no-size", path, `This ${String(path.at(-1))} has no size`, help);
  }
  if (!isMap(node)) return undefined;
  const given = SIZES.filter((by) => node.has(by));
  const [by] = given;
  if (by === undefined) return builder.report("risk/no-size", here, "This size does not say how much", help);
  if (given.length > 1)
    return builder.report("schema/value", here, `A size is one of ${listed(SIZES)}, not ${listed(given, "and")}`);
  if (node.has("stop") && by !== "risk") {
    return builder.reportKey(
      "schema/value",
      [...here, "stop"],
      `stop belongs to a risk size, not to ${by}`,
      "Use a bracket.",
    );
  }
  const at = [...here, by];
  switch (by) {
    case "qty": {
      const qty = readPositive(builder, at);
      return qty === undefined ? undefined : { by, qty };
    }
    case "notional": {
      const notional = readPositive(builder, at);
      return notional === undefined ? undefined : { by, notional };
    }
    case "equity": {
      const ratio = readRatio(builder, at, 10);
      return ratio === undefined ? undefined : { by, ratio };
    }
    case "risk":
      return readRiskSize(builder, here, bracket);
  }
}

function readRiskSize(builder: Builder, path: Path, bracket: BracketSpec | null | undefined): Size | undefined {
  const ratio = readRatio(builder, [...path, "risk"], 1);
  const stopPath = [...path, "stop"];
  const stop = readPositive(builder, stopPath);
  if (ratio === undefined) return undefined;
  if (stop === undefined) {
    if (builder.has(stopPath)) return undefined;
    if (bracket === null || bracket?.stopLoss !== undefined) return { by: "risk", ratio };
    const help = "Add stop: 2 * atr(14) to the size, or a stop_loss to the bracket.";
    return builder.reportKey("risk/no-size", [...path, "risk"], "A risk size needs the distance to a stop", help);
  }
  if (bracket?.stopLoss !== undefined) checkAgreement(builder, stopPath, stop, bracket.stopLoss);
  return { by: "risk", ratio, stop };
}

/** `stop_loss: close - d` beside `stop: e`: the size must be computed for the stop that is placed. */
function checkAgreement(builder: Builder, path: Path, stop: Expression, stopLoss: Expression): void {
  const { table } = builder.context.scope;
  const { spec } = table.fact(stopLoss);
  if (spec.kind !== "calc" || (spec.operator !== "-" && spec.operator !== "+")) return;
  const distance = spec.args[1] as number;
  // A percentage of the price is written in other ways; only plain distances are compared.
  if (distance === stop) return;
  const words = "Leave stop out of the size: it is then taken from the bracket.";
  const help = advice(words, without(builder.file, path, "Leave stop out of the size"));
  builder.report("risk/stop-disagrees", path, "The size assumes another distance than the bracket's stop loss", help);
}

function readPositive(builder: Builder, path: Path): Expression | undefined {
  const operand = builder.operand(path);
  if (operand === undefined) return undefined;
  if (operand.kind === "const" && !(operand.value > 0)) {
    return builder.report("types/value", path, `${String(path.at(-1))} must be above 0, not ${operand.value}`);
  }
  if (operand.quality.form === "percent" || operand.quality.unit === "ratio") {
    const help = path.at(-1) === "stop" ? "Write a distance in price units, e.g. close * 2%." : "Use equity: 10%.";
    return builder.report("types/percent", path, `${String(path.at(-1))} cannot be a percentage`, help);
  }
  return builder.index(operand);
}

function readRatio(builder: Builder, path: Path, most: number): Expression | undefined {
  const operand = builder.operand(path);
  if (operand === undefined) return undefined;
  if (operand.kind === "const" && !(operand.value > 0 && operand.value <= most)) {
    const { value } = operand;
    const isPercent = value > most && value / 100 <= most;
    const help = isPercent
      ? advice(`Write ${value}%.`, becomes(`${value}%`, { safe: false }))
      : "Write a percentage such as 10%.";
    return builder.report(
      "types/value",
      path,
      `${String(path.at(-1))} must be above 0 and at most ${most * 100}%, not ${value}`,
      help,
    );
  }
  return builder.index(operand);
}

// ---------------------------------------------------------------------------------------------- orders

interface Prices {
  readonly limit?: Expression;
  readonly stop?: Expression;
  readonly trailPrice?: Expression;
  readonly trailRatio?: Expression;
}

function readOrder(builder: Builder, path: Path): OrderSpec | undefined {
  const prices = readPrices(builder, path);
  if (prices === undefined) return undefined;
  const given = ["limit", "stop", "trail"].filter((key) => builder.has([...path, key]));
  const type = (builder.text([...path, "type"]) as OrderType | undefined) ?? impliedType(given);
  if (!isComplete(builder, path, type, given)) return undefined;
  const timeInForce = (builder.text([...path, "time_in_force"]) ?? "day") as TimeInForce;
  const extendedHours = builder.flag([...path, "extended_hours"]);
  if (extendedHours && (type !== "limit" || (timeInForce !== "day" && timeInForce !== "gtc"))) {
    const help = "Add a limit, with time_in_force day or gtc.";
    return builder.reportKey(
      "schema/order",
      [...path, "extended_hours"],
      "Only limit orders may fill in extended hours",
      help,
    );
  }
  const expires = readExpiry(builder, [...path, "expire_after"]);
  if (expires === null) return undefined;
  return {
    type,
    timeInForce,
    extendedHours,
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
  builder.report("types/value", path, `"${source}" is no duration`, "Write e.g. 5m or 30s.");
  return null;
}

/** Null after a finding, undefined when there is none. */
function readBracket(builder: Builder, path: Path): BracketSpec | null | undefined {
  const node = nodeAt(builder.file, path);
  if (!isMap(node)) return undefined;
  const nested = isMap(node.get("stop_loss", true));
  const stopLoss = readPrice(builder, [...path, "stop_loss", ...(nested ? ["stop"] : [])]);
  const stopLossLimit = nested ? readPrice(builder, [...path, "stop_loss", "limit"]) : undefined;
  const takeProfit = readPrice(builder, [...path, "take_profit"]);
  if (stopLoss === null || stopLossLimit === null || takeProfit === null) return null;
  if (stopLoss === undefined && takeProfit === undefined) {
    builder.reportKey("schema/order", path, "This bracket protects nothing", "Add stop_loss: or take_profit:.");
    return null;
  }
  return {
    ...(stopLoss === undefined ? {} : { stopLoss }),
    ...(stopLossLimit === undefined ? {} : { stopLossLimit }),
    ...(takeProfit === undefined ? {} : { takeProfit }),
  };
}

// ---------------------------------------------------------------------------------------------- alerts

function readAlert(builder: Builder, path: Path): Action | undefined {
  const node = nodeAt(builder.file, [...path, "message"]);
  if (!isScalar(node) || typeof node.value !== "string") return undefined;
  const place = placesOf(builder.file.text, node);
  const parts: MessagePart[] = [];
  let at = 0;
  for (const found of node.value.matchAll(/\{([^{}]*)\}/g)) {
    if (found.index > at) parts.push(node.value.slice(at, found.index));
    at = found.index + found[0].length;
    const begin = found.index + 1;
    const parsed = parseExpression(found[1] as string, (offset) => place(begin + offset));
    if ("problem" in parsed) {
      const { span, message, help } = parsed.problem;
      builder.file.findings.report("types/syntax", span, message, help);
      return undefined;
    }
    const operand = lowerNumber(builder.context, parsed.node);
    if (operand === undefined) return undefined;
    parts.push({ expression: builder.index(operand) });
  }
  if (at < node.value.length) parts.push(node.value.slice(at));
  const level = builder.text([...path, "level"]) ?? "info";
  return { kind: "alert", message: parts, level: level as "info" | "warning" | "critical" };
}
