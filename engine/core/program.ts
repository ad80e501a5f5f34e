/**
 * The compiled program: what `lang` makes of strategy files and what `core` runs.
 *
 * Owns: the shapes only. Plain data: no function, no class, no clock, so that it can be compared and digested.
 * Facts are symbol-relative: `symbol: null` in a series means "the symbol the rule is evaluated for".
 */
import type { SeriesSize } from "../market/bar-size.ts";
import type { AccountLimits, RiskLimits } from "./risk-limits.ts";
import type { Approval } from "./approval.ts";

/** The operators of the safe profile of json-rules-engine. */
export type Operator =
  | "lessThan"
  | "lessThanInclusive"
  | "greaterThan"
  | "greaterThanInclusive"
  | "equal"
  | "notEqual"
  | "in"
  | "notIn";

/** A parameter of a canonical fact. Nested facts and conditions appear as objects. */
export type ParamValue = number | string | boolean | readonly ParamValue[] | { readonly [key: string]: ParamValue };

/** A fact as json-rules-engine sees it. */
export interface FactRef {
  readonly fact: string;
  readonly params?: { readonly [key: string]: ParamValue };
}

/** The canonical condition: json-rules-engine's own form, in the safe profile. This is what `explain` prints. */
export type CanonicalCondition =
  | { readonly all: readonly CanonicalCondition[] }
  | { readonly any: readonly CanonicalCondition[] }
  | { readonly not: CanonicalCondition }
  | CanonicalLeaf;

export interface CanonicalLeaf {
  readonly fact: string;
  readonly params?: { readonly [key: string]: ParamValue };
  readonly operator: Operator;
  readonly value: number | readonly number[] | FactRef;
}

/** The same condition with facts as indexes into `Strategy.facts`; what the evaluator compiles. */
export type Condition =
  | { readonly op: "all"; readonly kids: readonly Condition[] }
  | { readonly op: "any"; readonly kids: readonly Condition[] }
  | { readonly op: "not"; readonly kid: Condition }
  | LeafCondition;

export interface LeafCondition {
  readonly op: "leaf";
  readonly left: number;
  readonly operator: Operator;
  readonly right: { readonly value: number } | { readonly fact: number } | { readonly values: readonly number[] };
}

/** Bars of one size for one symbol; `symbol: null` is the rule's own symbol. */
export interface SeriesRef {
  readonly symbol: string | null;
  readonly size: SeriesSize;
}

export type BarField = "open" | "high" | "low" | "close" | "volume" | "hl2" | "hlc3" | "ohlc4";
export type QuoteField = "bid" | "ask" | "mid" | "spread" | "imbalance" | "last";
/** `open` is 1 inside the strategy's session and 0 outside; `time` is minutes after local midnight; `weekday` is 1 (Monday) to 7. */
export type SessionField = "open" | "minutes_since_open" | "minutes_to_close" | "time" | "weekday";
export type PositionField =
  | "qty"
  | "open_qty"
  | "side"
  | "avg_price"
  | "unrealized"
  | "unrealized_pct"
  | "bars_held"
  | "age";
export type AccountField = "equity" | "cash" | "buying_power" | "day_pnl";
export type OpeningRangeField = "low" | "mid" | "high";
/**
 * `side` is 1 to buy and -1 to sell; `origin` is a code of `ORIGINS` (approval.ts); `number` counts the entries of the strategy, 1 for its first one, `is_first` is 1 then;
 * `regular_hours` is 1 while the regular session is open.
 */
export type OrderField = "notional" | "qty" | "price" | "side" | "origin" | "number" | "is_first" | "regular_hours";
export type CalcOperator = "+" | "-" | "*" | "/" | "neg" | "abs" | "min" | "max";

/**
 * How one fact is computed. Inputs are indexes of facts that stand earlier in `Strategy.facts`.
 * Every fact has a series: it gets a new value when a bar of that series closes. `lag` and temporal facts of the
 * strategy's evaluations carry the strategy's own `on` series.
 */
export type FactSpec =
  | {
      readonly kind: "field";
      readonly series: SeriesRef;
      readonly field: BarField;
      /** Of the bar that is being built, when there is one. */
      readonly forming?: true;
    }
  | {
      readonly kind: "indicator";
      readonly series: SeriesRef;
      /** Name in the catalogue. */
      readonly name: string;
      /** One fact per declared input of the catalogue entry, in its order (e.g. high, low, close). */
      readonly inputs: readonly number[];
      /** One number per declared parameter, in its order. */
      readonly params: readonly number[];
      /** Which of the entry's outputs, by index. */
      readonly output: number;
      /** Another maker of the numbers than our own kernel, by its label in the catalogue. */
      readonly source?: string;
    }
  | {
      readonly kind: "lag";
      readonly series: SeriesRef;
      readonly of: number;
      readonly bars: number;
      /** Counts evaluations of the strategy, not bars. */
      readonly sampled?: true;
    }
  /** What the indicator `of` would say if the forming bar closed now; without a forming bar, what it says. */
  | {
      readonly kind: "peek";
      readonly series: SeriesRef;
      readonly of: number;
      readonly inputs: readonly number[];
      readonly output: number;
    }
  /** A value some bars ago, seen from the forming bar: `of` while there is one, otherwise `before` (one bar earlier). */
  | { readonly kind: "bars_ago"; readonly series: SeriesRef; readonly of: number; readonly before: number }
  | {
      readonly kind: "calc";
      readonly series: SeriesRef;
      readonly operator: CalcOperator;
      readonly args: readonly number[];
    }
  | { readonly kind: "const"; readonly series: SeriesRef; readonly value: number }
  /**
   * A fact of larger bars as of the start of the interval in which the current bar lies: `of`, or `before` (the same one
   * bar earlier) once that interval has made its own bar.
   */
  | { readonly kind: "prior"; readonly series: SeriesRef; readonly of: number; readonly before: number }
  /** Of the bars in the first `spanMs` of the session; unknown until they are over, or when one of them is missing. */
  | {
      readonly kind: "opening_range";
      readonly series: SeriesRef;
      readonly spanMs: number;
      readonly field: OpeningRangeField;
    }
  /** Place of the symbol among those of the strategy, 1 for the largest value; equal values share the better place. */
  | { readonly kind: "rank"; readonly series: SeriesRef; readonly of: number }
  /** Number of evaluations in a row at which the condition held, the current one included. */
  | { readonly kind: "bars_true"; readonly series: SeriesRef; readonly condition: Condition }
  /** Seconds of market time since the condition began to hold without a break; 0 at the evaluation where it began, -1 when false. */
  | { readonly kind: "seconds_true"; readonly series: SeriesRef; readonly condition: Condition }
  /**
   * Evaluations since the condition last held (0 = now), at most `horizon`; unknown until `horizon` evaluations were seen.
   * With `before`, the current evaluation does not count (1 = the one before), and a firing of the owning rule uses it up.
   */
  | {
      readonly kind: "bars_since";
      readonly series: SeriesRef;
      readonly condition: Condition;
      readonly horizon: number;
      readonly before: boolean;
      /** Name of the rule that owns this fact when `before`; such facts are never shared. */
      readonly rule?: string;
    }
  /** The same in seconds of market time, at most `horizonSeconds`; unknown until that much time was seen. */
  | {
      readonly kind: "seconds_since";
      readonly series: SeriesRef;
      readonly condition: Condition;
      readonly horizonSeconds: number;
      readonly before: boolean;
      readonly rule?: string;
    }
  | { readonly kind: "quote"; readonly series: SeriesRef; readonly field: QuoteField }
  | { readonly kind: "session"; readonly series: SeriesRef; readonly field: SessionField }
  | { readonly kind: "position"; readonly series: SeriesRef; readonly field: PositionField }
  | { readonly kind: "account"; readonly series: SeriesRef; readonly field: AccountField }
  /** Of the order that risk looks at; in approvals only. */
  | { readonly kind: "order"; readonly series: SeriesRef; readonly field: OrderField };

export interface Fact {
  /** Canonical text of `ref` with the series spelled out; equal facts of different strategies have equal keys. */
  readonly key: string;
  readonly ref: FactRef;
  readonly spec: FactSpec;
  /** Bars of its series (history included) before the first value. */
  readonly warmup: number;
}

/** Index into `Strategy.facts`: numeric expressions are facts like any other. */
export type Expression = number;

export type Size =
  | { readonly by: "qty"; readonly qty: Expression }
  | { readonly by: "notional"; readonly notional: Expression }
  /** `ratio` of account equity, e.g. 0.1. */
  | { readonly by: "equity"; readonly ratio: Expression }
  /** Lose at most `ratio` of equity when price moves by `stop` (a distance in price units; default: to the bracket's stop). */
  | { readonly by: "risk"; readonly ratio: Expression; readonly stop?: Expression };

export type OrderType = "market" | "limit" | "stop" | "stop_limit" | "trailing_stop";
export type TimeInForce = "day" | "gtc" | "opg" | "cls" | "ioc" | "fok";

export interface OrderSpec {
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly extendedHours: boolean;
  readonly limit?: Expression;
  readonly stop?: Expression;
  /** Trailing distance in price units, or as a ratio; exactly one for trailing_stop. */
  readonly trailPrice?: Expression;
  readonly trailRatio?: Expression;
  /** Cancels the order this long (market time) after it was sent. */
  readonly expireAfterMs?: number;
}

export interface BracketSpec {
  readonly stopLoss?: Expression;
  /** Makes the stop loss a stop-limit. */
  readonly stopLossLimit?: Expression;
  readonly takeProfit?: Expression;
}

/** `as`: how a value is told when it is not a plain number. */
export type MessagePart = string | { readonly expression: Expression; readonly as?: "percent" | "clock" | "duration" };

/** What the position should be; the desk buys, sells or reverses to get there. */
export interface TargetAction {
  readonly kind: "target";
  /** `weight` is a ratio of equity, `notional` an amount of money, `qty` a number of shares; below 0 they mean short. */
  readonly by: "weight" | "notional" | "qty";
  readonly amount: Expression;
  /** With `weight`: the account's equity. */
  readonly equity?: Expression;
  /** Changes that are not larger than this part of the target are left alone. */
  readonly tolerance?: Expression;
  readonly order: OrderSpec;
  readonly bracket?: BracketSpec;
  readonly short: boolean;
  readonly fractional: boolean;
}

export type Action =
  | {
      readonly kind: "buy" | "sell";
      readonly size: Size;
      readonly order: OrderSpec;
      readonly bracket?: BracketSpec;
      /** `sell` only: may open or add to a short position. Without it a sell is clamped to the holding. */
      readonly short: boolean;
      readonly fractional: boolean;
      /** Closes a position of the other side first, then opens with a size computed again. */
      readonly reverse?: true;
    }
  | TargetAction
  /** With `oco` both exits put two orders on what they would sell, of which one cancels the other. */
  | { readonly kind: "close"; readonly order: OrderSpec; readonly oco?: BracketSpec }
  | { readonly kind: "reduce"; readonly ratio: Expression; readonly order: OrderSpec; readonly oco?: BracketSpec }
  | { readonly kind: "cancel" }
  | {
      readonly kind: "alert";
      readonly message: readonly MessagePart[];
      readonly level: "info" | "warning" | "critical";
    };

export type Span = { readonly ms: number } | { readonly bars: number };

/** Of the strategy's bars, hours of the clock, trading days, weeks from Monday. */
export type Period = "bar" | "hour" | "day" | "week";

export interface Rule {
  readonly name: string;
  /** Position in the file; orders and conflicts are resolved in this order. */
  readonly index: number;
  readonly condition: Condition;
  readonly action: Action;
  readonly fire: "once" | "each";
  /** `wait`: a rule already true at load, reload or first readiness waits for false. */
  readonly start: "wait" | "fire";
  readonly rearm?: Condition;
  readonly cooldown?: Span;
  readonly limit?: { readonly count: number; readonly per: Period };
  readonly oncePer?: "bar" | "session";
  readonly priority: number;
  /** At most one rule of a group fires per symbol and evaluation: exits before entries, then the one of highest priority, then the first in the file. */
  readonly group?: string;
  /** Digest of the canonical rule: state of a rule survives a reload while this stays the same. */
  readonly digest: string;
  readonly source: SourceSpan;
}

/** Where a person wrote it: 1-based line and column. */
export interface SourceSpan {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type SessionKind = "regular" | "extended" | "always";

export interface Strategy {
  readonly name: string;
  readonly description: string;
  readonly file: string;
  readonly symbols: readonly string[];
  readonly on: SeriesSize;
  /** Rules are judged at every trade and quote; facts of the strategy's own bars see the forming one. */
  readonly ticks?: true;
  readonly session: SessionKind;
  readonly facts: readonly Fact[];
  /** Facts a person named, for the live view and for explain: name -> index into facts. */
  readonly named: Readonly<Record<string, number>>;
  /** Params with the values they were compiled with; the digest holds what they made, not them. */
  readonly params?: Readonly<Record<string, number>>;
  readonly rules: readonly Rule[];
  readonly risk: RiskLimits;
  readonly maxEntries: number;
  readonly onFailure: "hold" | "flatten";
  /** Adds to the account's: either is enough to ask. */
  readonly approval?: Approval;
  readonly digest: string;
}

/** What a program was compiled with beside its files; with both the same program can be made again. */
export interface ProgramSettings {
  readonly params: Readonly<Record<string, number>>;
  /** Label of the bars that replaced every strategy's own, or null. */
  readonly on: string | null;
  /** Symbols that replaced a strategy's own, by its name; null when none were replaced. */
  readonly symbols: Readonly<Record<string, readonly string[]>> | null;
  /** Strategy files that were run; absent: all. Others were there to be extended. */
  readonly only?: readonly string[];
}

export interface Program {
  /** Semantic digest: comments, key order and quoting do not count. */
  readonly digest: string;
  readonly strategies: readonly Strategy[];
  /** Limits of the account, and of strategies and symbols within it (from the project). */
  readonly risk: AccountLimits;
  readonly approval?: Approval;
  /** Milliseconds after a bar's end before a timer closes it. */
  readonly graceMs: number;
  /** Entries that nobody finds at the broker are sent again; absent: a person decides. */
  readonly unknownOrders?: "resend";
  /** Quotes and last trades that came longer ago are unknown; default `STALE_MS`. */
  readonly staleMs?: number;
  /** Absent when nothing but the files counted. */
  readonly settings?: ProgramSettings;
}
