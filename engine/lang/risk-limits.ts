/**
 * From `risk:` to limits.
 *
 * Owns: the spellings of limits. Data that the schema refused are skipped: they have a finding already.
 */
import type { ExitLimit, RiskLimits } from "../core/program.ts";
import { parseRatio } from "./values.ts";
import { keyPlace, placeOf } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function readRisk(file: YamlFile, path: Path, value: unknown): RiskLimits {
  if (typeof value !== "object" || value === null) return {};
  const source = value as Readonly<Record<string, unknown>>;
  const limits: Mutable<RiskLimits> = {};
  const number = (key: string): number | undefined => {
    const found = source[key];
    return typeof found === "number" && found > 0 ? found : undefined;
  };
  const set = <K extends keyof RiskLimits>(key: K, limit: RiskLimits[K] | undefined): void => {
    if (limit !== undefined) limits[key] = limit;
  };
  set("maxOrdersPerDay", number("max_orders_per_day"));
  set("maxOrdersPerMinute", number("max_orders_per_minute"));
  set("maxOrderNotional", number("max_order_notional"));
  set("maxOrderQty", number("max_order_qty"));
  set("maxDailyLossRatio", readRatio(file, [...path, "max_daily_loss"], source["max_daily_loss"]));
  set("priceCollarRatio", readRatio(file, [...path, "price_collar"], source["price_collar"]));
  readPosition(file, [...path, "max_position"], source["max_position"], set);
  readExits(file, [...path, "include_exits"], source["include_exits"], set);
  return limits;
}

/** Limits that a person wants to hold for exits too, by the name of their check. */
export const EXIT_LIMITS = {
  max_orders_per_day: "max_orders_per_day",
  max_orders_per_minute: "order_rate",
  max_order_notional: "max_order_notional",
  max_order_qty: "max_order_qty",
  price_collar: "price_collar",
} as const satisfies Readonly<Record<string, ExitLimit>>;

function readExits(
  file: YamlFile,
  path: Path,
  value: unknown,
  set: (key: "includeExits", limit: RiskLimits["includeExits"]) => void,
): void {
  if (!Array.isArray(value)) return;
  const known = Object.entries(EXIT_LIMITS).filter(([name]) => value.includes(name));
  if (known.length === 0) return;
  set(
    "includeExits",
    known.map(([, check]) => check),
  );
  const message = "An exit that one of these limits refuses leaves its position open";
  const place = keyPlace(file, path) ?? placeOf(file, path);
  file.findings.report("risk/exits-limited", place, message, "Remove include_exits: exits then pass all limits.");
}

function readPosition(
  file: YamlFile,
  path: Path,
  value: unknown,
  set: <K extends keyof RiskLimits>(key: K, limit: RiskLimits[K] | undefined) => void,
): void {
  if (typeof value === "number") {
    if (value > 1) return set("maxPositionNotional", value);
    const help = "Write 10% for a part of the equity, or an amount in dollars above 1.";
    file.findings.report("types/value", placeOf(file, path), `max_position ${value} could be a ratio or dollars`, help);
    return;
  }
  if (typeof value === "string") return set("maxPositionRatio", readRatio(file, path, value, true));
  if (typeof value !== "object" || value === null) return;
  const { equity, notional, qty } = value as Readonly<Record<string, unknown>>;
  set("maxPositionRatio", readRatio(file, [...path, "equity"], equity));
  if (typeof notional === "number" && notional > 0) set("maxPositionNotional", notional);
  if (typeof qty === "number" && qty > 0) set("maxPositionQty", qty);
}

/** A ratio above 0 and at most 1 (positions may be larger: margin exists). */
function readRatio(file: YamlFile, path: Path, value: unknown, percentOnly = false): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const ratio = parseRatio(value);
  const key = String(path.at(-1));
  const most = key === "max_position" || key === "equity" ? 10 : 1;
  const needsSign = percentOnly && !String(value).includes("%");
  if (ratio !== undefined && ratio > 0 && ratio <= most && !needsSign) return ratio;
  const help = typeof value === "number" && value > most ? `Write ${value}%.` : "Write a percentage such as 10%.";
  file.findings.report("types/value", placeOf(file, path), `${key} cannot be ${String(value)}`, help);
  return undefined;
}
