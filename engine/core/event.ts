/**
 * Every input and every output of the core, one discriminated union each.
 *
 * Owns: the vocabulary between the core, the journal, feeds and brokers. Plain data only: what is written here is
 * what the journal holds. May not: carry functions, promises, secrets or wall-clock reads.
 *
 * Times are epoch milliseconds. Prices, sizes and facts are float64; money that moves is decimal text.
 */
import type { ApprovalOutput, DecisionInput } from "./approval.ts";
import type { DecimalText } from "./decimal.ts";
import type { BrokerInput, LegRole } from "./broker-event.ts";
import type { AsideInput, LoadInput } from "./feed-event.ts";
import type { CanonicalCondition, OrderType, Program, SessionKind, TimeInForce } from "./program.ts";

export type * from "./broker-event.ts";

/** Stamped on every input by the mailbox. `marketTime` never goes back; an item's own time is in the item. */
export interface Stamp {
  readonly seq: number;
  /** Rules, sessions, cooldowns and order expiry use this one. */
  readonly marketTime: number;
  /** Network timeouts, rate budgets, heartbeats and approval expiry use this one. */
  readonly arrivalTime: number;
}

export type Input = Stamp & InputBody;

export type InputBody = MarketInput | ControlInput | BrokerInput;

// ---------------------------------------------------------------------------------------------- market data

export type MarketInput = TradeInput | QuoteInput | BarInput | HistoryInput | AsideInput;

export interface TradeInput {
  readonly kind: "trade";
  readonly symbol: string;
  readonly time: number;
  readonly price: number;
  readonly size: number;
  /** Whether its sale condition lets it set open, high, low and close; every trade adds volume. */
  readonly setsPrice: boolean;
  readonly id?: string;
}

export interface QuoteInput {
  readonly kind: "quote";
  readonly symbol: string;
  readonly time: number;
  readonly bid: number;
  readonly bidSize: number;
  readonly ask: number;
  readonly askSize: number;
}

export interface Bar {
  /** Start of the bar; it covers [start, start + size), or the session for `1d`. */
  readonly start: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/**
 * A bar that a provider says is closed. `revised`: it was told before with other numbers. Such bars never change a past
 * decision; facts that are computed from them change from then on.
 */
export interface BarInput extends Bar {
  readonly kind: "bar";
  readonly symbol: string;
  readonly size: string;
  readonly revised: boolean;
}

/** Closed bars from before now: they warm facts and never fire a rule. Oldest first. */
export interface HistoryInput {
  readonly kind: "history";
  readonly symbol: string;
  readonly size: string;
  readonly bars: readonly Bar[];
  /** Whose bars count from the start of this session; absent: of every series of the size. */
  readonly session?: SessionKind;
}

// ---------------------------------------------------------------------------------------------- control

export type ControlInput =
  | TimerInput
  | ProgramLoadedInput
  | CommandInput
  | ConfirmationInput
  | DecisionInput
  | LoadInput
  /** `trading` starts when the runtime has warmed and reconciled; before that nothing fires. */
  | { readonly kind: "trading.started" };

/** A compiled program takes over between two events. `warmup` fills facts that were not running before, in time order. */
export interface ProgramLoadedInput {
  readonly kind: "program.loaded";
  readonly program: Program;
  readonly warmup: readonly HistoryInput[];
  /** Symbols that have split since their facts were made: `warmup` holds all that they need, in prices of today. */
  readonly rebuilds?: readonly string[];
  /** Who let it in although findings of its plan held it back; for the record alone. */
  readonly accepted?: { readonly by: string; readonly reason: string; readonly findings: readonly string[] };
}

export interface TimerInput {
  readonly kind: "timer";
  readonly id: string;
  readonly clock: "market" | "arrival";
  /** When it was due. */
  readonly at: number;
}

export type CommandInput = PlainCommandInput | OverrideInput | OverrideAskInput | OverrideConfirmInput;

/** Two people raise a limit for a while; nothing happens when it is one person, or no limit that can be raised. */
export interface OverrideInput {
  readonly kind: "command";
  readonly command: "override";
  /** As YAML has it; of `max_position` with its field: `max_position.equity`, `.notional`, `.qty`. */
  readonly limit: string;
  /** Ratios as fractions, times in milliseconds. */
  readonly value: number;
  /** Arrival time at which it ends. */
  readonly untilMs: number;
  readonly by: readonly string[];
  readonly reason: string;
  /** `strategy:NAME` or `symbol:NAME`; absent: the account. */
  readonly scope?: string;
}

/** One person asks for it: nothing holds until another one has confirmed it. */
export interface OverrideAskInput extends Omit<OverrideInput, "command" | "untilMs" | "by"> {
  readonly command: "ask-override";
  /** How long it is to hold, from the word of the second person on. */
  readonly forMs: number;
  readonly by: string;
}

export interface OverrideConfirmInput {
  readonly kind: "command";
  readonly command: "confirm-override";
  readonly override: string;
  readonly by: string;
  readonly reason: string;
}

export type PlainCommandInput = { readonly kind: "command"; readonly by: string; readonly reason: string } & (
  | {
      readonly command: "halt" | "reduce" | "resume" | "cancel-all" | "flatten";
      /** `strategy:NAME` or `symbol:NAME`; absent: the account. */
      readonly scope?: string;
    }
  /** The kill switch: the account is HALTED until somebody resumes it, and every working order is cancelled. */
  | { readonly command: "kill" }
  /** A person has seen at the broker that an order whose fate was unknown is not there and never will be. */
  | { readonly command: "not-sent"; readonly clientOrderId: string }
);

/** The answer of json-rules-engine to a `confirm` output. */
export interface ConfirmationInput {
  readonly kind: "confirmation";
  readonly firing: string;
  readonly verdict: "agreed" | "disagreed" | "failed" | "not-sampled";
  /** json-rules-engine's ruleResult as JSON text, kept with the order. */
  readonly explanation: string | null;
  readonly error: string | null;
}

// ---------------------------------------------------------------------------------------------- orders

export type Side = "buy" | "sell";

/** An order as it goes to a broker. Amounts are decimal text. `qty` or `notional`, never both. */
export interface OrderRequest {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly qty: DecimalText;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly extendedHours: boolean;
  readonly limitPrice?: DecimalText;
  readonly stopPrice?: DecimalText;
  readonly trailPrice?: DecimalText;
  /** In percent, as Alpaca has it: `"1.5"` is 1.5 %. */
  readonly trailPercent?: DecimalText;
  readonly orderClass: "simple" | "bracket" | "oco" | "oto";
  readonly takeProfit?: { readonly limitPrice: DecimalText };
  readonly stopLoss?: { readonly stopPrice: DecimalText; readonly limitPrice?: DecimalText };
}

export type OrderState =
  | "intended"
  | "approved"
  | "sent"
  | "working"
  | "partly_filled"
  | "filled"
  | "canceled"
  | "expired"
  | "rejected"
  | "unknown";

// ---------------------------------------------------------------------------------------------- between the halves

/** A rule fired. Signals makes it, the desk takes it. Values of expressions are already computed; NaN never crosses. */
export interface Firing {
  readonly id: string;
  readonly program: string;
  readonly strategy: string;
  readonly rule: string;
  readonly symbol: string;
  readonly time: number;
  /** Close of the evaluated bar: the reference price of sizing and of the collar. */
  readonly price: number;
  /** Expression index -> value, for every expression the action uses. */
  readonly values: Readonly<Record<number, number>>;
  /** The rule's condition (ready alternatives only) and the values of all facts it mentions, keyed by `Fact.key`. */
  readonly condition: CanonicalCondition;
  readonly facts: Readonly<Record<string, number>>;
}

/** What signals must know of the desk: one strategy's book in one symbol. */
export interface BookView {
  readonly strategy: string;
  readonly symbol: string;
  readonly qty: number;
  readonly openQty: number;
  readonly avgPrice: number;
  /** Market time at which the position was opened, or -1. */
  readonly openedAt: number;
  /** An entry is working, pending or unknown. */
  readonly entryOpen: boolean;
  /** An exit procedure is in progress. */
  readonly exitOpen: boolean;
  /** That procedure (or one that is being confirmed) closes everything at the market, and nothing opens after it. */
  readonly closing: boolean;
  /** It closes everything, but its order may wait for a price: a close at the market goes before it. */
  readonly waiting: boolean;
  /** A stop loss or a take profit works. */
  readonly guarded: boolean;
}

export interface AccountView {
  readonly equity: number;
  readonly cash: number;
  readonly buyingPower: number;
  readonly dayPnl: number;
}

// ---------------------------------------------------------------------------------------------- outputs

export type Output =
  | ApprovalOutput
  | { readonly kind: "timer.set"; readonly id: string; readonly clock: "market" | "arrival"; readonly at: number }
  | { readonly kind: "timer.cancel"; readonly id: string }
  | { readonly kind: "bar"; readonly symbol: string; readonly size: string; readonly bar: Bar; readonly revised?: true }
  | { readonly kind: "confirm"; readonly firing: Firing }
  | { readonly kind: "verdict"; readonly verdict: Verdict }
  | { readonly kind: "submit"; readonly order: ApprovedOrder }
  | { readonly kind: "cancel"; readonly clientOrderId: string; readonly brokerOrderId: string | null }
  | { readonly kind: "lookup"; readonly clientOrderId: string }
  | { readonly kind: "order"; readonly order: OrderView }
  | { readonly kind: "position"; readonly position: PositionView }
  | {
      readonly kind: "refused";
      readonly firing: string;
      readonly strategy: string;
      readonly rule: string;
      readonly symbol: string;
      readonly code: string;
      readonly reason: string;
    }
  | {
      readonly kind: "alert";
      readonly level: "info" | "warning" | "critical";
      readonly code: string;
      readonly message: string;
      readonly strategy: string | null;
      readonly symbol: string | null;
    }
  | { readonly kind: "state"; readonly scope: string; readonly state: TradingState; readonly reason: string }
  | { readonly kind: "loaded"; readonly digest: string; readonly strategies: readonly string[] };

export type TradingState = "ACTIVE" | "REDUCING" | "HALTED";

/** One per intent, with every check's value, limit and headroom. */
export interface Verdict {
  readonly firing: string;
  readonly clientOrderId: string;
  /** `asked`: every check passed, and a person must approve. */
  readonly outcome: "approved" | "clamped" | "asked" | "refused";
  readonly checks: readonly CheckResult[];
}

export interface CheckResult {
  readonly check: string;
  readonly outcome: "pass" | "clamp" | "ask" | "refuse" | "skip";
  readonly value: number | null;
  readonly limit: number | null;
  /** How much of the limit is left, in its unit; negative beyond it. */
  readonly headroom: number | null;
  readonly reason: string;
}

/** Live state of one order, emitted whenever it changes. */
export interface OrderView {
  readonly clientOrderId: string;
  readonly brokerOrderId: string | null;
  readonly strategy: string;
  readonly rule: string;
  readonly firing: string;
  readonly symbol: string;
  readonly side: Side;
  readonly role: "entry" | "exit" | LegRole | "external";
  readonly qty: DecimalText;
  readonly type: OrderType;
  readonly limitPrice: DecimalText | null;
  readonly stopPrice: DecimalText | null;
  readonly state: OrderState;
  readonly filledQty: DecimalText;
  readonly avgPrice: DecimalText | null;
  readonly reason: string | null;
}

export interface PositionView {
  readonly strategy: string;
  readonly symbol: string;
  readonly qty: DecimalText;
  readonly avgPrice: DecimalText;
  readonly realized: DecimalText;
  readonly fees: DecimalText;
  /** Account cash after the change. */
  readonly cash: DecimalText;
}

declare const approved: unique symbol;
/** Only the risk stage makes one (desk/risk); brokers take nothing else. */
export type ApprovedOrder = OrderRequest & { readonly [approved]: true };
