/**
 * What a test file says, resolved, and what running it gives.
 *
 * Owns: the shapes between reading (lang), running (runtime) and telling (report). Plain data.
 * May not: hold text offsets that a reader of results would have to resolve: places are lines and columns.
 */
import type { OrderEdit } from "../core/approval.ts";
import type { Bar, QuoteInput, TradeInput } from "../core/event.ts";
import type { Condition, Program } from "../core/program.ts";
import type { BarSize } from "../market/bar-size.ts";

/** One interval of a played series; `bar` is null where the file says `_`. */
export interface TestBar {
  readonly start: number;
  readonly end: number;
  readonly bar: Bar | null;
}

export interface TestSeries {
  readonly symbol: string;
  readonly size: BarSize;
  readonly bars: readonly TestBar[];
}

export type Tick = TradeInput | QuoteInput;

/** Trades or quotes of one symbol, in order of time; null where a path says `_`. */
export interface TestTicks {
  readonly symbol: string;
  readonly kind: Tick["kind"];
  readonly ticks: readonly (Tick | null)[];
}

/** Which moment of a test an expectation is about. */
export type When =
  /** The end of a bar that the test plays. */
  | { readonly kind: "bar"; readonly end: number }
  | { readonly kind: "tick"; readonly tick: Tick }
  | { readonly kind: "instant"; readonly time: number }
  /** The n-th bar that a strategy on bars is judged at, where trades or quotes make its bars. */
  | { readonly kind: "made"; readonly strategy: string; readonly symbol: string; readonly number: number };

export type Comparison = ">" | ">=" | "<" | "<=" | "==" | "!=";

/** `'>0'` or 10. */
export interface Matcher {
  readonly comparison: Comparison;
  readonly value: number;
}

export interface OrderMatch {
  readonly side?: string;
  readonly type?: string;
  readonly orderClass?: string;
  readonly timeInForce?: string;
  readonly numbers: Readonly<Partial<Record<OrderNumber, Matcher>>>;
}

export type OrderNumber = "qty" | "limit" | "stop" | "trail" | "stop_loss" | "take_profit";

export type Wanted =
  | {
      readonly kind: "order";
      readonly rule: string | undefined;
      readonly order: OrderMatch | undefined;
      /** It is not sent: a person is asked about it. */
      readonly asked?: true;
    }
  | { readonly kind: "fact"; readonly text: string; readonly strategy: string; readonly condition: Condition }
  | { readonly kind: "position"; readonly numbers: Readonly<Partial<Record<PositionNumber, Matcher>>> }
  | { readonly kind: "account"; readonly numbers: Readonly<Partial<Record<AccountNumber, Matcher>>> }
  | { readonly kind: "refused"; readonly rule: string | undefined; readonly code: string }
  /** A control cut the order down; `code` is its name. */
  | { readonly kind: "clamped"; readonly rule: string | undefined; readonly code: string }
  | { readonly kind: "alert"; readonly text: string; readonly level?: string };

export type PositionNumber = "qty" | "avg_price";
export type AccountNumber = "equity" | "cash";

export interface Expectation {
  readonly place: Place;
  /** As a person wrote it, on one line. */
  readonly text: string;
  readonly when: When;
  readonly strategy: string | undefined;
  readonly symbol: string | undefined;
  readonly wanted: Wanted;
}

/** A person's word, right after a bar, a trade or a quote. */
export interface TestDecision {
  readonly place: Place;
  readonly text: string;
  readonly when: When;
  readonly strategy: string | undefined;
  readonly symbol: string | undefined;
  readonly rule: string | undefined;
  readonly decision: "approve" | "reject";
  readonly by: string;
  readonly channel: string;
  readonly edit?: OrderEdit;
  readonly reason: string;
}

export type TestApprovals = "auto" | "none" | "expire";

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One comparison of a strategy, watched for coverage. */
export interface Unit {
  readonly strategy: string;
  readonly file: string;
  readonly place: Place;
  readonly text: string;
  readonly condition: Condition;
}

export interface TestCase {
  readonly name: string;
  readonly place: Place;
  readonly cash: number;
  readonly leverage: number;
  /** The strategies as they trade. */
  readonly program: Program;
  /** The same rules with the facts that expectations and coverage read beside them; never trades. */
  readonly watched: Program;
  readonly series: readonly TestSeries[];
  readonly ticks: readonly TestTicks[];
  readonly history: readonly TestSeries[];
  /** Who answers when no decision does. */
  readonly approvals: TestApprovals;
  readonly decisions: readonly TestDecision[];
  readonly expect: readonly Expectation[];
  readonly units: readonly Unit[];
}

// ---------------------------------------------------------------------------------------------- results

export interface Failure {
  readonly place: Place;
  readonly expected: string;
  readonly got: readonly string[];
}

export interface CaseResult {
  readonly file: string;
  readonly name: string;
  readonly place: Place;
  readonly milliseconds: number;
  readonly failures: readonly Failure[];
}

export interface RuleCoverage {
  readonly strategy: string;
  /** Its file; the place of the rule may be in a template or in the strategy that this one extends. */
  readonly file: string;
  readonly rule: string;
  readonly place: Place;
  readonly fired: number;
}

export interface UnitCoverage {
  readonly strategy: string;
  readonly file: string;
  readonly place: Place;
  readonly text: string;
  readonly wasTrue: boolean;
  readonly wasFalse: boolean;
}

export interface Coverage {
  readonly rules: readonly RuleCoverage[];
  readonly comparisons: readonly UnitCoverage[];
  /** Rules that fired, and both answers of every comparison, out of all of these, in percent. */
  readonly percent: number;
}
