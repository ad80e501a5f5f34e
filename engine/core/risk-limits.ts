/**
 * The limits of the risk layer: their fields, and how one is declared.
 *
 * Owns: the shape of limits by scope. May not: know a single limit's default or meaning; each stands in the file of its
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
  /** Symbols, and strategies as `strategy:NAME`, that may only be closed. */
  readonly reduceOnly?: readonly string[];
  /** Controls that hold for exits too. Only what is named here may refuse one; protection is never refused by a limit. */
  readonly includeExits?: readonly string[];
}

/** Limits of the account, and tighter ones within it. */
export interface AccountLimits extends RiskLimits {
  readonly strategies?: Readonly<Record<string, RiskLimits>>;
  readonly symbols?: Readonly<Record<string, RiskLimits>>;
}

/** Fields that hold one number. */
export type LimitKey = Exclude<keyof RiskLimits, "includeExits" | "reduceOnly">;

/** How a limit is written, and what holds where nobody wrote it. */
export interface LimitSpec {
  /** As YAML has it. */
  readonly name: string;
  readonly key: LimitKey;
  /**
   * `position`: a ratio, dollars or shares, in the three fields `maxPosition...`. `probation`: orders and dollars, in the two
   * fields `probation...`.
   */
  readonly kind: "count" | "money" | "shares" | "ratio" | "duration" | "position" | "probation";
  readonly doc: string;
  /** Holds when unset: always on paper, and for real money unless `live` says otherwise. */
  readonly default?: number;
  /** `required`: unset, real money sends no entry. */
  readonly live: "required" | "default" | "optional";
  /** It may be declared to hold for exits too. */
  readonly exits?: true;
  /** Which of two is tighter; default the smaller one. */
  readonly tighter?: "larger";
  /** Largest ratio that makes sense; default 1. */
  readonly most?: number;
}

export interface LimitField {
  readonly key: LimitKey;
  /** The larger one of two is tighter. */
  readonly larger: boolean;
}

/** The fields that a limit is kept in. */
export function fieldsOf({ key, kind, tighter }: LimitSpec): readonly LimitField[] {
  switch (kind) {
    case "position":
      return POSITION;
    case "probation":
      return PROBATION;
    default:
      return [{ key, larger: tighter === "larger" }];
  }
}

const POSITION: readonly LimitField[] = [
  { key: "maxPositionRatio", larger: false },
  { key: "maxPositionNotional", larger: false },
  { key: "maxPositionQty", larger: false },
];
const PROBATION: readonly LimitField[] = [
  { key: "probationOrders", larger: true },
  { key: "probationNotional", larger: false },
];
