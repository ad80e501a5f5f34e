/**
 * From `risk:` to limits.
 *
 * Owns: the spellings of limits. Data that the schema refused are skipped: they have a finding already.
 */
import { EXIT_LIMITS, LIMITS } from "../core/desk/risk/catalogue.ts";
import type { AccountLimits, NumberSpec, RiskLimits } from "../core/risk-limits.ts";
import { durationAt } from "./duration-at.ts";
import { durationText, parseRatio } from "./values.ts";
import { keyPlace, placeOf } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function readRisk(file: YamlFile, path: Path, value: unknown): RiskLimits {
  if (typeof value !== "object" || value === null) return {};
  const source = value as Readonly<Record<string, unknown>>;
  const limits: Mutable<RiskLimits> = {};
  for (const spec of LIMITS) {
    const here = [...path, spec.name];
    const found = source[spec.name];
    if (spec.kind === "symbols") {
      const list = symbolsOf(found);
      if (list !== undefined) limits[spec.key] = list;
    } else if (spec.kind === "position") Object.assign(limits, readPosition(file, here, found));
    else if (spec.kind === "probation") Object.assign(limits, readProbation(found));
    else {
      const limit = readLimit(file, here, found, spec);
      if (limit !== undefined) limits[spec.key] = limit;
    }
  }
  const exits = readExits(file, [...path, "include_exits"], source["include_exits"]);
  const closing = source["reduce_only"];
  return {
    ...limits,
    ...(exits === undefined ? {} : { includeExits: exits }),
    ...(Array.isArray(closing) ? { reduceOnly: closing.filter((name) => typeof name === "string") } : {}),
  };
}

/** Of a project: with tighter limits of strategies and symbols within the account's. */
export function readAccountRisk(file: YamlFile, path: Path, value: unknown): AccountLimits {
  const within = (key: "strategies" | "symbols"): Partial<AccountLimits> => {
    const found = (value as Readonly<Record<string, unknown>> | null | undefined)?.[key];
    if (typeof found !== "object" || found === null) return {};
    const entries = Object.entries(found).map(
      ([name, limits]) => [name, readRisk(file, [...path, key, name], limits)] as const,
    );
    return { [key]: Object.fromEntries(entries) };
  };
  return { ...readRisk(file, path, value), ...within("strategies"), ...within("symbols"), ...readNames(value) };
}

/** Strategies that may trade real money, and groups of symbols. */
function readNames(value: unknown): Pick<AccountLimits, "live" | "groups"> {
  const { live, groups } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const permissions = entriesOf(live).flatMap(([name, one]) => {
    const { by, since } = (one ?? {}) as Readonly<Record<string, unknown>>;
    return typeof by === "string" && typeof since === "string" ? [[name, { by, since }] as const] : [];
  });
  const lists = entriesOf(groups).flatMap(([name, one]) => {
    const symbols = symbolsOf(one);
    return symbols === undefined ? [] : [[name, symbols] as const];
  });
  return {
    ...(live === undefined ? {} : { live: Object.fromEntries(permissions) }),
    ...(lists.length === 0 ? {} : { groups: Object.fromEntries(lists) }),
  };
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function symbolsOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((symbol) => typeof symbol === "string") : undefined;
}

function readLimit(file: YamlFile, path: Path, value: unknown, { kind, most }: NumberSpec): number | undefined {
  switch (kind) {
    case "ratio":
      return readRatio(file, path, value, { most: most ?? 1 });
    case "duration":
      return readDuration(file, path, value, most);
    default:
      return typeof value === "number" && value > 0 ? value : undefined;
  }
}

function readDuration(file: YamlFile, path: Path, value: unknown, most = Number.POSITIVE_INFINITY): number | undefined {
  const found = durationAt(file, path, value);
  if (found === undefined || found <= most) return found;
  const message = `${String(path.at(-1))} cannot be ${String(value)}`;
  file.findings.report("types/value", placeOf(file, path), message, `Write at most ${durationText(most)}.`);
  return undefined;
}

function readExits(file: YamlFile, path: Path, value: unknown): RiskLimits["includeExits"] {
  if (!Array.isArray(value)) return undefined;
  const known = [...EXIT_LIMITS].filter(([name]) => value.includes(name));
  if (known.length === 0) return undefined;
  const message = "An exit that one of these limits refuses leaves its position open";
  const place = keyPlace(file, path) ?? placeOf(file, path);
  file.findings.report("risk/exits-limited", place, message, "Remove include_exits: exits then pass all limits.");
  return known.map(([, control]) => control);
}

/** Largest position as a multiple of the equity: margin exists. */
const MOST_EQUITY = 10;

function readPosition(file: YamlFile, path: Path, value: unknown): RiskLimits {
  if (typeof value === "number") {
    if (value > 1) return { maxPositionNotional: value };
    const help = "Write 10% for a part of the equity, or an amount in dollars above 1.";
    file.findings.report("types/value", placeOf(file, path), `max_position ${value} could be a ratio or dollars`, help);
    return {};
  }
  if (typeof value === "string") return ratio(readRatio(file, path, value, { most: MOST_EQUITY, percentOnly: true }));
  if (typeof value !== "object" || value === null) return {};
  const { equity, notional, qty } = value as Readonly<Record<string, unknown>>;
  return {
    ...ratio(readRatio(file, [...path, "equity"], equity, { most: MOST_EQUITY })),
    ...(typeof notional === "number" && notional > 0 ? { maxPositionNotional: notional } : {}),
    ...(typeof qty === "number" && qty > 0 ? { maxPositionQty: qty } : {}),
  };
}

/** What the schema refuses is not read. */
function readProbation(value: unknown): RiskLimits {
  if (typeof value !== "object" || value === null) return {};
  const { orders, max_notional: notional } = value as Readonly<Record<string, unknown>>;
  if (typeof orders !== "number" || !Number.isInteger(orders) || orders < 0) return {};
  return {
    probationOrders: orders,
    ...(typeof notional === "number" && notional > 0 ? { probationNotional: notional } : {}),
  };
}

function ratio(found: number | undefined): RiskLimits {
  return found === undefined ? {} : { maxPositionRatio: found };
}

/** A ratio above 0 and at most `most`. */
function readRatio(
  file: YamlFile,
  path: Path,
  value: unknown,
  { most, percentOnly = false }: { readonly most: number; readonly percentOnly?: boolean },
): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const found = parseRatio(value);
  const needsSign = percentOnly && !String(value).includes("%");
  if (found !== undefined && found > 0 && found <= most && !needsSign) return found;
  const help = typeof value === "number" && value > most ? `Write ${value}%.` : "Write a percentage such as 10%.";
  const message = `${String(path.at(-1))} cannot be ${String(value)}`;
  file.findings.report("types/value", placeOf(file, path), message, help);
  return undefined;
}
