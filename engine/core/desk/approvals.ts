/**
 * Requests for a person's word: those that wait and those that were decided lately.
 *
 * Owns: what is kept of each, as data. May not: decide anything (asking.ts).
 *
 * While one waits, its order stands in the order book as `intended`: whatever counts working entries counts it too, so what it
 * needs is reserved.
 */
import type { ApprovalDecision, ApprovalState } from "../approval.ts";
import type { DecimalText } from "../decimal.ts";
import type { OrderRequest } from "../event.ts";
import type { OrderOrigin } from "./orders.ts";

export interface ApprovalRequest {
  readonly id: string;
  readonly origin: OrderOrigin;
  readonly symbol: string;
  /** Of the rule, when it fired. */
  readonly digest: string;
  /** Market time at which the rule fired. */
  readonly firedAt: number;
  readonly fractional: boolean;
  readonly expireAfterMs: number | null;
  /** The rule's order was one at the market: its limit follows the price that a person is shown. */
  readonly followsPrice: boolean;
  readonly requestedAt: number;
  readonly expiresAt: number;
  readonly sessionEndsAt: number | null;
  readonly why: string;
  needed: 1 | 2;
  order: OrderRequest;
  hash: string;
  reference: DecimalText;
  state: ApprovalState;
  reason: string | null;
  decisions: readonly ApprovalDecision[];
  /** Market time at which it was over, or null. */
  decidedAt: number | null;
}

/** How long is known who decided: as long as its order is. */
const KEPT_MS = 8 * 86_400_000;

export class Approvals {
  readonly #requests = new Map<string, ApprovalRequest>();

  get(id: string): ApprovalRequest | undefined {
    return this.#requests.get(id);
  }

  get all(): ApprovalRequest[] {
    return [...this.#requests.values()];
  }

  /** Oldest first. A copy: callers end requests while they walk it. */
  get pending(): ApprovalRequest[] {
    return this.all.filter(({ state }) => state === "pending");
  }

  add(request: ApprovalRequest): void {
    this.#requests.set(request.id, request);
  }

  /** Who said yes to an order, or null when nobody was asked. */
  approversOf(id: string): string | null {
    const request = this.#requests.get(id);
    return request?.state === "approved" ? namesOf(request) : null;
  }

  forget(now: number): void {
    for (const { id, decidedAt } of this.all)
      if (decidedAt !== null && decidedAt < now - KEPT_MS) this.#requests.delete(id);
  }

  save(): readonly ApprovalRequest[] {
    return this.all.map((request) => ({ ...request }));
  }

  restore(saved: readonly ApprovalRequest[]): void {
    for (const request of saved) this.#requests.set(request.id, { ...request });
  }
}

/** `ann via telegram and bob via cli`: whose word made the request what it is. */
export function namesOf({ decisions, state, hash }: ApprovalRequest): string {
  const said = state === "rejected" ? "reject" : "approve";
  const counted = decisions.filter((one) => one.decision === said && one.hash === hash);
  return counted.map(({ by, channel }) => `${by} via ${channel}`).join(" and ");
}
