/**
 * From `then:` to actions.
 *
 * Owns: which actions there are, their own keys, and what must stand together in one.
 */
import { isMap } from "yaml";
import type { Action, BracketSpec, OrderSpec, TargetAction } from "../core/program.ts";
import { readGuards, readOco, readOrder } from "./action-order.ts";
import { MOST_LEVERAGE, readRatio, readSize } from "./action-size.ts";
import { readAlert } from "./alert-message.ts";
import type { Builder } from "./builder.ts";
import { advice, becomes } from "./fix.ts";
import { without } from "./fix-yaml.ts";
import { checkOrderRules } from "./order-rules.ts";
import { listed } from "./suggest.ts";
import { UNBOUNDED } from "./units.ts";
import { nodeAt } from "./yaml-file.ts";
import type { Path } from "./yaml-file.ts";

const KINDS = ["buy", "sell", "target", "close", "reduce", "cancel", "alert"] as const;

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
    case "target":
      return readTarget(builder, here);
    case "close": {
      const form = readExit(builder, here);
      return form === undefined ? undefined : { kind, ...form };
    }
    case "reduce": {
      const form = readExit(builder, here);
      const ratio = readRatio(builder, [...here, "by"], 1);
      return form === undefined || ratio === undefined ? undefined : { kind, ratio, ...form };
    }
    case "cancel":
      return { kind };
    case "alert":
      return readAlert(builder, here);
  }
}

/** The order of an exit, or the two orders of an oco. */
function readExit(builder: Builder, path: Path): { readonly order: OrderSpec; readonly oco?: BracketSpec } | undefined {
  const oco = readOco(builder, [...path, "oco"]);
  const order = readOrder(builder, path);
  if (order === undefined) return undefined;
  const hasOco = builder.has([...path, "oco"]);
  if (!hasOco) {
    checkOrderRules(builder, path, { order });
    return { order };
  }
  const own = ["type", "limit", "stop", "trail", "expire_after"].find((key) => builder.has([...path, key]));
  if (own !== undefined) {
    const help = advice(`Remove ${own}.`, without(builder.file, [...path, own], `Remove ${own}`));
    const message = `An oco is two orders with prices of their own, so ${own} has no meaning beside it`;
    return builder.reportKey("schema/order", [...path, own], message, help);
  }
  checkOrderRules(builder, path, { order, guards: "oco" });
  return oco === null || oco === undefined ? undefined : { order, oco };
}

// ---------------------------------------------------------------------------------------------- entries

interface EntryForm {
  readonly order: OrderSpec;
  readonly bracket: BracketSpec | undefined;
  readonly short: boolean;
  readonly fractional: boolean;
}

/** What buy, sell and target share. */
function readEntry(builder: Builder, path: Path): EntryForm | undefined {
  const bracket = readGuards(builder, path);
  const order = readOrder(builder, path);
  const short = builder.flag([...path, "short"]);
  const fractional = builder.flag([...path, "fractional"]);
  if (order === undefined) return undefined;
  const key = builder.has([...path, "oto"]) ? "oto" : "bracket";
  checkOrderRules(builder, path, { order, guards: builder.has([...path, key]) ? key : undefined, short, fractional });
  if (bracket === null) return undefined;
  return { order, bracket, short, fractional };
}

function readTrade(builder: Builder, path: Path, kind: "buy" | "sell"): Action | undefined {
  if (!isMap(nodeAt(builder.file, path))) return undefined;
  const form = readEntry(builder, path);
  const size = readSize(builder, path, form === undefined ? null : form.bracket);
  const reverse = builder.flag([...path, "reverse"]);
  if (form === undefined || size === undefined) return undefined;
  const { order, bracket, short, fractional } = form;
  if (kind === "sell" && !short) {
    if (reverse) {
      const help = "Add short: true, or use close to sell what is held.";
      return builder.reportKey(
        "schema/order",
        [...path, "reverse"],
        "A reversal by a sell opens a short position",
        help,
      );
    }
    if (bracket !== undefined) {
      const key = builder.has([...path, "oto"]) ? "oto" : "bracket";
      const message = `This sell only sells what is held, so its ${key} would protect nothing`;
      return builder.reportKey("schema/order", [...path, key], message, `Remove it, or add short: true.`);
    }
  }
  return {
    kind,
    size,
    order,
    ...(bracket === undefined ? {} : { bracket }),
    short,
    fractional,
    ...(reverse ? { reverse } : {}),
  };
}

// ---------------------------------------------------------------------------------------------- targets

const TARGETS = ["weight", "notional", "qty"] as const;

function readTarget(builder: Builder, path: Path): Action | undefined {
  const node = nodeAt(builder.file, path);
  if (!isMap(node)) return undefined;
  const given = TARGETS.filter((by) => node.has(by));
  const [by] = given;
  if (by === undefined || given.length > 1) {
    const help = "Write target: {weight: 10%}, {notional: 5000} or {qty: 100}.";
    const message = by === undefined ? "This target does not say how much" : `A target is one of ${listed(TARGETS)}`;
    return builder.reportKey(by === undefined ? "risk/no-size" : "schema/value", path, message, help);
  }
  const form = readEntry(builder, path);
  const amount = readAmount(builder, path, by, form?.short === true);
  const tolerance = readTolerance(builder, [...path, "tolerance"]);
  if (form === undefined || amount === undefined || tolerance === null) return undefined;
  const { order, bracket, short, fractional } = form;
  if (order.type !== "market" && order.type !== "limit") {
    const at = ["type", "stop", "trail"].find((key) => builder.has([...path, key])) ?? "type";
    const message = `A target may buy or sell, so it cannot wait at a ${order.type.replace("_", " ")}`;
    return builder.reportKey("schema/order", [...path, at], message, "Use a market or a limit order.");
  }
  if (amount === "nothing") {
    if (bracket === undefined) return { kind: "close", order };
    const message = "A target of nothing has nothing to protect";
    return builder.reportKey("schema/order", [...path, by], message, "Remove the bracket, or use close.");
  }
  const { table } = builder.context.scope;
  return {
    kind: "target",
    by,
    amount,
    ...(by === "weight" ? { equity: table.account("equity", { unit: "money", range: UNBOUNDED }) } : {}),
    ...(tolerance === undefined ? {} : { tolerance }),
    order,
    ...(bracket === undefined ? {} : { bracket }),
    short,
    fractional,
  };
}

/** Above or below zero; a constant zero is the same as close. */
function readAmount(
  builder: Builder,
  path: Path,
  by: TargetAction["by"],
  short: boolean,
): TargetAction["amount"] | "nothing" | undefined {
  const at = [...path, by];
  const operand = builder.operand(at);
  if (operand === undefined) return undefined;
  const { unit, form } = operand.quality;
  if (by !== "weight" && (form === "percent" || unit === "ratio"))
    return builder.report("types/percent", at, `${by} cannot be a percentage`, "Use weight: 10%.");
  if (operand.kind !== "const") return builder.index(operand);
  const { value } = operand;
  if (value === 0) return "nothing";
  if (by === "weight" && Math.abs(value) > MOST_LEVERAGE) {
    const message = `weight must be at most ${MOST_LEVERAGE * 100}%, not ${value}`;
    const help = advice(`Write ${value}%.`, becomes(`${value}%`, { safe: false }));
    return builder.report("types/value", at, message, help);
  }
  if (value > 0 || short) return builder.index(operand);
  const help = "Add short: true, or write 0 to hold nothing.";
  return builder.report("schema/order", at, `A ${by} below 0 is a short position`, help);
}

/** Null after a finding, undefined when there is none. */
function readTolerance(builder: Builder, path: Path): number | null | undefined {
  if (!builder.has(path)) return undefined;
  return readRatio(builder, path, 1) ?? null;
}
