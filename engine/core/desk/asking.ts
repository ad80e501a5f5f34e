/**
 * Asking a person about an order, and how a request ends without one: expired, withdrawn, superseded.
 *
 * Owns: the request as a checkpoint: its order has passed every check, waits as `intended` with what it needs reserved, and goes
 * back to nothing when the request ends. May not: send (deciding.ts does, through risk).
 */
import { windowClose } from "../../market/sessions.ts";
import type { ApprovalState, ApprovalView, FiringPolicy } from "../approval.ts";
import { stableJson } from "../canonical.ts";
import { decimal, text } from "../decimal.ts";
import type { Firing, OrderRequest } from "../event.ts";
import type { ParamValue } from "../program.ts";
import { sha256 } from "../sha256.ts";
import { approversOf, policyOf } from "./approval.ts";
import type { Asked, Policy } from "./approval.ts";
import type { ApprovalRequest } from "./approvals.ts";
import { formProblem, limited } from "./edits.ts";
import { isAsked, newOrder } from "./orders.ts";
import type { Order } from "./orders.ts";
import type { Decision } from "./risk/approve.ts";
import type { DeskState, Refused, SendOptions } from "./state.ts";

/** What a newer request of the same rule and symbol takes the place of. */
export function isOlderOf(rule: string, order: Order): boolean {
  return isAsked(order) && order.origin.rule === rule;
}

/**
 * Sends an entry, or asks a person about it first: undefined then. What waits of the same rule in the same symbol is superseded
 * as soon as the newer one has passed.
 */
export function sendEntry(
  desk: DeskState,
  request: OrderRequest,
  options: SendOptions,
  firing: Firing,
  expireAfterMs: number | undefined,
): Order | Refused | undefined {
  const { origin } = options;
  const older = desk.orders.openOf(origin.strategy, request.symbol).find((order) => isOlderOf(origin.rule, order));
  const decision = desk.judge(request, options, { except: older });
  const shown = "asks" in decision ? asShown(desk, request, options, older, decision) : { decision };
  if ("code" in shown) return shown;
  const final = shown.decision;
  desk.tellVerdict(final, request, options);
  if ("refusedBy" in final) return desk.refusedBy(final.refusedBy, request, options);
  if (older !== undefined) end(desk, requestOf(desk, older), "superseded", `rule "${origin.rule}" fired again`);
  if (final.order !== null) return desk.dispatch(final.order, options, request);
  ask(desk, final.request, options, {
    firing,
    expireAfterMs,
    asks: final.asks,
    followsPrice: final.request.type !== request.type,
  });
  return undefined;
}

type Asking = Extract<Decision, { readonly asks: Asked }>;

/** The order that a person is asked about: one at the market becomes one with a limit, and must pass as that. */
function asShown(
  desk: DeskState,
  { type, symbol, qty }: OrderRequest,
  options: SendOptions,
  older: Order | undefined,
  asking: Asking,
): { readonly decision: Decision } | Refused {
  const policy = policyFor(desk, options.origin.strategy);
  if (type !== "market" || policy.marketAs === "market") return { decision: asking };
  // Of the size that the rule wanted: the verdict that is told says what was cut off it.
  const order = limited({ ...asking.request, qty }, decimal(desk.account.latestOf(symbol)), policy.maxDriftRatio);
  const problem = formProblem(order, options.fractional);
  if (problem !== undefined) return { code: "bracket_invalid", reason: problem.reason };
  const decision = desk.judge(order, options, { except: older });
  if (decision.order === null) return { decision };
  // With a limit it is below the threshold; the rule did not ask for one.
  const verdict = { ...decision.verdict, outcome: "asked" } as const;
  return { decision: { verdict, order: null, asks: asking.asks, request: decision.order } };
}

interface Reason {
  readonly firing: Firing;
  readonly expireAfterMs: number | undefined;
  readonly asks: Asked;
  readonly followsPrice: boolean;
}

function ask(desk: DeskState, order: OrderRequest, options: SendOptions, reason: Reason): void {
  const { firing, expireAfterMs, asks, followsPrice } = reason;
  const { strategy } = options.origin;
  const { arrivalTime } = desk.now;
  const expiresAt = arrivalTime + policyFor(desk, strategy).expiresMs;
  const id = order.clientOrderId;
  const reference = text(decimal(desk.account.latestOf(order.symbol)));
  const request: ApprovalRequest = {
    id,
    origin: options.origin,
    symbol: order.symbol,
    digest: desk.ruleOf(strategy, options.origin.rule)?.digest ?? "",
    firedAt: firing.time,
    fractional: options.fractional,
    expireAfterMs: expireAfterMs ?? null,
    followsPrice,
    requestedAt: arrivalTime,
    expiresAt,
    sessionEndsAt: sessionEndOf(desk, strategy, order.symbol),
    ...asks,
    order,
    hash: hashOf(order, reference),
    reference,
    state: "pending",
    reason: null,
    decisions: [],
    decidedAt: null,
  };
  desk.approvals.add(request);
  desk.orders.add(newOrder(order, options.origin, options.role, null));
  desk.output({ kind: "timer.set", id: `approval:${id}`, clock: "arrival", at: expiresAt });
  if (request.sessionEndsAt !== null)
    desk.output({ kind: "timer.set", id: `session-end:${id}`, clock: "market", at: request.sessionEndsAt });
  tell(desk, request);
}

/** Of the order and the price it was shown with: another price is another question. */
export function hashOf(order: OrderRequest, reference: string): string {
  // An order is JSON of texts and flags; its type has no index signature.
  return sha256(stableJson({ order, reference } as unknown as ParamValue));
}

export function policyFor(desk: DeskState, strategy: string): Policy {
  return policyOf(desk.approvalsOf(strategy));
}

/** Market time at which the session of a strategy ends for it; null when it has no end, or decides for the next open. */
function sessionEndOf(desk: DeskState, strategy: string, symbol: string): number | null {
  const { session = "regular", on, ticks } = desk.strategy(strategy) ?? {};
  if (session === "always") return null;
  const calendar = desk.options.calendarOf(symbol);
  const { marketTime } = desk.now;
  const today = calendar.sessionAtOrBefore(marketTime);
  if (today !== undefined && marketTime < windowClose(today, session)) return windowClose(today, session);
  const isDaily = on?.kind === "session" && ticks !== true;
  const next = isDaily ? calendar.sessionAtOrAfter(today?.extendedClose ?? marketTime) : undefined;
  return next === undefined ? null : windowClose(next, session);
}

// ---------------------------------------------------------------------------------------------- the end of a request

export function requestOf(desk: DeskState, { clientOrderId }: Order): ApprovalRequest {
  const request = desk.approvals.get(clientOrderId);
  if (request === undefined) throw new RangeError(`the intended order ${clientOrderId} has no request`);
  return request;
}

/** Ends a request; what it had reserved is free again. An approved one has its order already. */
export function end(desk: DeskState, request: ApprovalRequest, state: ApprovalState, reason: string): void {
  const { id, origin, symbol } = request;
  request.state = state;
  request.reason = reason;
  request.decidedAt = desk.now.marketTime;
  desk.orders.withdraw(id);
  desk.output({ kind: "timer.cancel", id: `approval:${id}` });
  if (request.sessionEndsAt !== null) desk.output({ kind: "timer.cancel", id: `session-end:${id}` });
  tell(desk, request);
  if (state === "approved") return;
  desk.refuse(origin, symbol, { code: `approval_${state}`, reason });
  if (firingPolicy(desk, request) === "rearm") {
    const { strategy, rule } = origin;
    desk.rearm({ strategy, rule, symbol, digest: request.digest, time: request.firedAt });
  }
  desk.publish(desk.books.get(origin.strategy, symbol));
}

/** Only a person's no and nobody's answer may give the firing back: what the desk took back itself stays used up. */
function firingPolicy(desk: DeskState, { state, origin }: ApprovalRequest): FiringPolicy {
  const { onReject, onExpiry } = policyFor(desk, origin.strategy);
  return state === "rejected" ? onReject : state === "expired" ? onExpiry : "consume";
}

export function expire(desk: DeskState, request: ApprovalRequest): void {
  const { arrivalTime } = desk.now;
  const isSession = arrivalTime < request.expiresAt;
  end(desk, request, "expired", isSession ? "the session is over" : `nobody answered in time${seen(request)}`);
}

function seen({ decisions, needed }: ApprovalRequest): string {
  const yes = decisions.filter(({ decision }) => decision === "approve").length;
  return needed === 2 && yes > 0 ? ": the second yes is missing" : "";
}

export function onApprovalTimer(desk: DeskState, id: string): void {
  const request = desk.approvals.get(id);
  if (request?.state === "pending") expire(desk, request);
}

export function withdraw(desk: DeskState, order: Order, why: string): void {
  end(desk, requestOf(desk, order), "withdrawn", why);
}

/** Requests that are no longer wanted, by what they came from. */
export function withdrawAll(desk: DeskState, isGone: (request: ApprovalRequest) => string | undefined): void {
  for (const request of desk.approvals.pending) {
    const why = isGone(request);
    if (why !== undefined) end(desk, request, "withdrawn", why);
  }
}

export function withdrawRule(desk: DeskState, { strategy, rule, symbol }: Firing, why: string): void {
  withdrawAll(desk, (request) => {
    const isOwn = request.origin.strategy === strategy && request.origin.rule === rule && request.symbol === symbol;
    return isOwn ? why : undefined;
  });
}

/** A reload that changed or removed a rule takes back what it asked: its words were about another rule. */
export function withdrawChanged(desk: DeskState): void {
  withdrawAll(desk, ({ origin: { strategy, rule }, digest }) => {
    const now = desk.ruleOf(strategy, rule);
    if (now === undefined) return `rule "${rule}" is gone`;
    return now.digest === digest ? undefined : `rule "${rule}" was changed`;
  });
}

// ---------------------------------------------------------------------------------------------- telling

export function tell(desk: DeskState, request: ApprovalRequest): void {
  desk.output({ kind: "approval", approval: viewOfRequest(desk, request) });
}

export function viewOfRequest(desk: DeskState, request: ApprovalRequest): ApprovalView {
  const { id, hash, state, order, origin, symbol, reference, requestedAt, expiresAt, sessionEndsAt } = request;
  const { why, needed, decisions, reason } = request;
  const policy = policyFor(desk, origin.strategy);
  const price = order.limitPrice ?? order.stopPrice ?? reference;
  return {
    ...{ id, hash, state, order, ...origin, symbol },
    notional: text(decimal(order.qty).times(price)),
    ...{ reference, requestedAt, expiresAt, sessionEndsAt, why, needed },
    edits: policy.edits,
    approvers: approversOf(policy),
    ...{ decisions, reason },
  };
}
