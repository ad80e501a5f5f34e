/**
 * Asking a person about an order: what a program says about it, what goes out, and what comes back.
 *
 * Owns: these shapes. Plain data, as in event.ts and program.ts. May not: judge anything.
 */
import type { DecimalText } from "./decimal.ts";
import type { OrderRequest } from "./event.ts";
import type { Condition, Fact, TimeInForce } from "./program.ts";

/** Who wants an order; `protection` is what a bracket promised. The code is what conditions compare. */
export const ORIGINS = { rule: 1, operator: 2, ai: 3, protection: 4 } as const;

export type IntentOrigin = keyof typeof ORIGINS;

/** Orders that open or add and for which something of this holds, or is unknown, need a person's word. */
export interface Approval {
  /** Facts of the order, of the account, constants and what is computed of them; inputs stand before users. */
  readonly facts: readonly Fact[];
  /** Absent: `symbols` alone says. */
  readonly condition?: Condition;
  /** Orders in these are asked about whatever they are. */
  readonly symbols?: readonly string[];
  /** Two people must say yes. */
  readonly second?: Condition;
  /** How long an answer is awaited (arrival time). */
  readonly expiresMs: number;
  /** How far the price may be from what the person was shown. */
  readonly maxDriftRatio?: number;
  /** How old the last price may be (market time), beyond the length of the bar it came with. */
  readonly freshMs?: number;
  readonly edits?: Edits;
  readonly onReject?: FiringPolicy;
  readonly onExpiry?: FiringPolicy;
  /** What a market order becomes; default a limit order at the price that was shown and the drift. */
  readonly marketAs?: "limit" | "market";
  readonly maxPending?: number;
  /** By channel: who may decide, and which person each name there is. Absent: whoever the channel lets in. */
  readonly approvers?: Approvers;
}

/** What a person may change: nothing, a smaller size and the terms, or any size. */
export type Edits = "none" | "lower" | "any";

/** `rearm`: as if the rule had not fired. */
export type FiringPolicy = "consume" | "rearm";

export type Approvers = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A person's word on a request. It counts only with the hash of exactly the order that they were shown. */
export interface DecisionInput {
  readonly kind: "decision";
  readonly approval: string;
  readonly hash: string;
  /** Who, as the channel knows them. */
  readonly by: string;
  /** `cli`, `api`, `webhook`, `telegram`, … */
  readonly channel: string;
  readonly decision: "approve" | "reject";
  readonly edit?: OrderEdit;
  readonly reason: string;
}

/** Never the symbol or the side: that would be another order. */
export interface OrderEdit {
  readonly qty?: DecimalText;
  readonly limitPrice?: DecimalText;
  readonly timeInForce?: TimeInForce;
}

export type ApprovalState = "pending" | "approved" | "rejected" | "expired" | "blocked" | "withdrawn" | "superseded";

export interface ApprovalDecision {
  readonly by: string;
  readonly channel: string;
  readonly decision: "approve" | "reject";
  readonly at: number;
  /** Of the order that it was about, after the edit. */
  readonly hash: string;
  readonly edit?: OrderEdit;
  readonly reason: string;
}

/** A request, told whenever it changes. */
export interface ApprovalView {
  /** The client order id of the order it becomes: there is never a second one. */
  readonly id: string;
  /** SHA-256 of the order and the price that a person is shown. */
  readonly hash: string;
  readonly state: ApprovalState;
  /** As it would go. */
  readonly order: OrderRequest;
  readonly strategy: string;
  readonly rule: string;
  readonly symbol: string;
  readonly firing: string;
  readonly notional: DecimalText;
  /** The price of the market that the person is shown: drift is measured from it. */
  readonly reference: DecimalText;
  /** Arrival times. */
  readonly requestedAt: number;
  readonly expiresAt: number;
  /** Market time of the end of the session, which ends it as well; null when it has none. */
  readonly sessionEndsAt: number | null;
  /** Which threshold asked. */
  readonly why: string;
  readonly needed: 1 | 2;
  readonly edits: Edits;
  readonly approvers: Approvers | null;
  readonly decisions: readonly ApprovalDecision[];
  readonly reason: string | null;
}

export type ApprovalOutput =
  | { readonly kind: "approval"; readonly approval: ApprovalView }
  /** A word that does not count, and why. */
  | {
      readonly kind: "decision.refused";
      readonly approval: string;
      readonly by: string;
      readonly channel: string;
      readonly code: RefusedDecision;
      readonly reason: string;
    };

export type RefusedDecision =
  | "not_found"
  | "already_decided"
  | "expired"
  | "other_order"
  | "not_an_approver"
  | "proposer"
  | "same_approver"
  | "edit_not_allowed"
  | "edit_invalid"
  | "halted"
  | "not_ready"
  | "market_closed"
  | "stale_quote"
  | "price_moved"
  | "program_changed";

/** A firing that came to nothing and is given back to its rule. */
export interface TakenBack {
  readonly strategy: string;
  readonly rule: string;
  readonly symbol: string;
  readonly digest: string;
  readonly time: number;
}
