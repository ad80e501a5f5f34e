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
  /** How far an order price may lie from the reference price, e.g. 0.05. */
  readonly priceCollarRatio?: number;
  /** Controls that hold for exits too. Only what is named here may refuse one; protection is never refused by a limit. */
  readonly includeExits?: readonly string[];
}

/** Limits of the account, and tighter ones within it. */
export interface AccountLimits extends RiskLimits {
  readonly strategies?: Readonly<Record<string, RiskLimits>>;
  readonly symbols?: Readonly<Record<string, RiskLimits>>;
}

/** Fields that hold one number. */
export type LimitKey = Exclude<keyof RiskLimits, "includeExits">;

/** How a limit is written, and what holds where nobody wrote it. */
export interface LimitSpec {
  /** As YAML has it. */
  readonly name: string;
  readonly key: LimitKey;
  /** `position`: a ratio, dollars or shares, in the three fields `maxPosition...`. */
  readonly kind: "count" | "money" | "shares" | "ratio" | "duration" | "position";
  readonly doc: string;
  /** Holds when unset: always on paper, and for real money unless `live` says otherwise. */
  readonly default?: number;
  /** `required`: unset, real money sends no entry. */
  readonly live: "required" | "default" | "optional";
  /** It may be declared to hold for exits too. */
  readonly exits?: true;
  /** Largest ratio that makes sense; default 1. */
  readonly most?: number;
}
