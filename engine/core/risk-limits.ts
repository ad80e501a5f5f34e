/**
 * The limits of the risk layer: their fields, and how one is declared.
 *
 * Owns: the shape of limits by scope, and which of two values is looser. May not: know a single limit's default or meaning; each stands in the file of its
 * control (core/desk/risk/controls).
 */

/** Ratios are fractions (0.05 is 5 %), money is in account currency, times are in milliseconds. */
export interface RiskLimits {
  readonly maxPositionRatio?: number;
  readonly maxPositionNotional?: number;
  readonly maxPositionQty?: number;
  readonly maxOrderNotional?: number;
  readonly maxOrderQty?: number;
  readonly maxOrdersPerDay?: number;
  readonly maxOrdersPerMinute?: number;
  readonly maxDailyLossRatio?: number;
  /** Since the best moment. */
  readonly maxDrawdownRatio?: number;
  /** Round trips in a row. */
  readonly maxLossStreak?: number;
  readonly lossCooldownMs?: number;
  readonly maxEntriesPerRule?: number;
  readonly maxIdenticalOrders?: number;
  readonly maxRejections?: number;
  readonly maxReconnects?: number;
  readonly maxAckLatencyMs?: number;
  /** First entries of a rule that is new or was changed. */
  readonly probationOrders?: number;
  readonly probationNotional?: number;
  /** How far an order price may lie from the reference price, e.g. 0.05. */
  readonly priceCollarRatio?: number;
  /** The same for stop prices; absent: `priceCollarRatio`. */
  readonly stopCollarRatio?: number;
  readonly maxPriceDriftRatio?: number;
  readonly priceDriftWindowMs?: number;
  readonly maxPriceAgeMs?: number;
  readonly maxSpreadRatio?: number;
  /** Exposures are parts of the equity, working entries included. */
  readonly maxGrossRatio?: number;
  readonly maxNetRatio?: number;
  readonly maxConcentrationRatio?: number;
  readonly maxGroupRatio?: number;
  readonly cashReserve?: number;
  readonly maxOpenOrders?: number;
  readonly maxOrdersPerSecond?: number;
  readonly maxMessagesPerMinute?: number;
  readonly messageReserve?: number;
  /** Symbols that may be traded; absent: all. */
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  /** Symbols, and strategies as `strategy:NAME`, that may only be closed. */
  readonly reduceOnly?: readonly string[];
  /** Controls that hold for exits too. Only what is named here may refuse one; protection is never refused by a limit. */
  readonly includeExits?: readonly string[];
}

/** Whose word it is that a strategy may trade real money, and from which day on. */
export interface LivePermission {
  readonly by: string;
  /** `2026-11-01`: from midnight UTC on. */
  readonly since: string;
}

/** Limits of the account, and tighter ones within it. */
export interface AccountLimits extends RiskLimits {
  readonly strategies?: Readonly<Record<string, RiskLimits>>;
  readonly symbols?: Readonly<Record<string, RiskLimits>>;
  /** Strategies that may trade real money. */
  readonly live?: Readonly<Record<string, LivePermission>>;
  /** Symbols that move together, by a name for them. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
}

/** Fields that hold symbols. */
export type ListKey = "allow" | "deny";

/** Fields that hold one number. */
export type LimitKey = Exclude<keyof RiskLimits, "includeExits" | "reduceOnly" | ListKey>;

/** How a limit is written, and what holds where nobody wrote it. */
export type LimitSpec = NumberSpec | ListSpec;

interface Spec {
  /** As YAML has it. */
  readonly name: string;
  readonly doc: string;
  /** `required`: unset, real money sends no entry. */
  readonly live: "required" | "default" | "optional";
  /** It may be declared to hold for exits too. */
  readonly exits?: true;
}

export interface NumberSpec extends Spec {
  readonly key: LimitKey;
  /**
   * `position`: a ratio, dollars or shares, in the three fields `maxPosition...`. `probation`: orders and dollars, in the two
   * fields `probation...`.
   */
  readonly kind: "count" | "money" | "shares" | "ratio" | "duration" | "position" | "probation";
  /** Holds when unset: always on paper, and for real money unless `live` says otherwise. */
  readonly default?: number;
  /** Largest ratio that makes sense, default 1; longest duration. */
  readonly most?: number;
  /** Which of two values lets less through; default the smaller one. */
  readonly tighter?: "larger";
  /** Reaching it changes the trading state, which an operator lifts: raising it alone would let nothing through. */
  readonly latched?: true;
}

export interface ListSpec extends Spec {
  readonly key: ListKey;
  readonly kind: "symbols";
  /** What holds of two lists: what is in both, or what is in one of them. */
  readonly joined: "common" | "all";
}

/** One number of a limit. */
export interface LimitField {
  /** Its name where a limit has several: `equity` of `max_position`. */
  readonly part?: string;
  readonly key: LimitKey;
  /** The larger one of two is tighter. */
  readonly larger: boolean;
}

const POSITION: readonly LimitField[] = [
  { part: "equity", key: "maxPositionRatio", larger: false },
  { part: "notional", key: "maxPositionNotional", larger: false },
  { part: "qty", key: "maxPositionQty", larger: false },
];

const PROBATION: readonly LimitField[] = [
  { part: "orders", key: "probationOrders", larger: true },
  { part: "max_notional", key: "probationNotional", larger: false },
];

/** The numbers that a limit is kept in; none for lists. */
export function fieldsOf(spec: LimitSpec): readonly LimitField[] {
  if (spec.kind === "symbols") return [];
  if (spec.kind === "position") return POSITION;
  if (spec.kind === "probation") return PROBATION;
  return [{ key: spec.key, larger: spec.tighter === "larger" }];
}

/** Whether one value of a limit lets more through than another. */
export function isLooser({ larger }: Pick<LimitField, "larger">, value: number, than: number): boolean {
  return larger ? value < than : value > than;
}
