/**
 * A person's word on a request.
 *
 * Owns: whose word counts, and everything that is asked again before an order leaves on it: the hash, the state of trading, the
 * rule, the price of now, and all of risk with the positions of now. The first word that counts wins. May not: send what risk
 * does not approve as it is.
 */
import { isOpen } from "../../market/sessions.ts";
import type { ApprovalDecision, DecisionInput, RefusedDecision } from "../approval.ts";
import { decimal, text } from "../decimal.ts";
import type { OrderRequest } from "../event.ts";
import { approversIn, yeses } from "./approvers.ts";
import { end, expire, hashOf, policyFor, tell } from "./asking.ts";
import type { Policy } from "./approval.ts";
import { namesOf } from "./approvals.ts";
import type { ApprovalRequest } from "./approvals.ts";
import { edited, formProblem, limited } from "./edits.ts";
import { newOrder } from "./orders.ts";
import type { Decision } from "./risk/approve.ts";
import type { DeskState, SendOptions } from "./state.ts";

interface No {
  readonly code: RefusedDecision;
  readonly reason: string;
}

export function onDecision(desk: DeskState, input: DecisionInput): void {
  const request = desk.approvals.get(input.approval);
  const no =
    request === undefined
      ? { code: "not_found" as const, reason: `nobody is asked about ${input.approval}` }
      : (refusedWord(desk, request, input) ?? take(desk, request, input));
  if (no === undefined) return;
  const { approval, by, channel } = input;
  desk.output({ kind: "decision.refused", approval, by, channel, ...no });
}

/** Why it does not count, whatever it says. */
function refusedWord(desk: DeskState, request: ApprovalRequest, input: DecisionInput): No | undefined {
  const { state, reason } = request;
  if (state !== "pending") {
    const names = state === "approved" || state === "rejected" ? ` by ${namesOf(request)}` : `: ${reason ?? ""}`;
    return { code: state === "expired" ? "expired" : "already_decided", reason: `already ${state}${names}` };
  }
  const { arrivalTime, marketTime } = desk.now;
  if (arrivalTime >= request.expiresAt || marketTime >= (request.sessionEndsAt ?? Number.POSITIVE_INFINITY)) {
    expire(desk, request);
    return { code: "expired", reason: request.reason ?? "" };
  }
  if (input.hash !== request.hash)
    return {
      code: "other_order",
      reason: "the request has changed since: look at it again and decide on what it is now",
    };
  return approversIn(policyFor(desk, request.origin.strategy), request, input);
}

function take(desk: DeskState, request: ApprovalRequest, input: DecisionInput): No | undefined {
  if (input.decision === "reject") {
    note(desk, request, input, request.hash);
    end(desk, request, "rejected", input.reason === "" ? `rejected by ${namesOfLast(request)}` : input.reason);
    return undefined;
  }
  const { strategy, rule } = request.origin;
  if (desk.ruleOf(strategy, rule)?.digest !== request.digest) {
    end(desk, request, "withdrawn", `rule "${rule}" was changed`);
    return { code: "program_changed", reason: `rule "${rule}" was changed after it had asked` };
  }
  const policy = policyFor(desk, strategy);
  const order =
    input.edit === undefined
      ? request.order
      : edited(request.order, input.edit, { ...policy, fractional: request.fractional });
  if ("code" in order) return order as No;
  const no = blockedNow(desk, request, order) ?? moved(desk, request, policy);
  if (no === undefined) approve(desk, request, order, input);
  return no;
}

function namesOfLast({ decisions }: ApprovalRequest): string {
  const { by = "", channel = "" } = decisions.at(-1) ?? {};
  return `${by} via ${channel}`;
}

// ---------------------------------------------------------------------------------------------- the market of now

/** Why nothing may leave right now. The request stays: it may be asked again. */
function blockedNow(
  desk: DeskState,
  { origin, symbol, reference }: ApprovalRequest,
  order: OrderRequest,
): No | undefined {
  const { state, reason } = desk.states.of(origin.strategy, symbol);
  if (state !== "ACTIVE") return { code: "halted", reason: `trading is ${state}: ${reason}` };
  if (!desk.ready) return { code: "not_ready", reason: "the broker is not connected and reconciled" };
  const { session = "regular", on, ticks } = desk.strategy(origin.strategy) ?? {};
  const isDaily = on?.kind === "session" && ticks !== true;
  const window = session === "extended" && !order.extendedHours && order.timeInForce !== "opg" ? "regular" : session;
  if (!isDaily && !isOpen(desk.options.calendarOf(symbol), desk.now.marketTime, window))
    return { code: "market_closed", reason: `the ${window} session is not open` };
  const paused = desk.pauses.reasonFor(symbol);
  if (paused !== "") return { code: "stale_quote", reason: `entries pause: ${paused}` };
  const { freshMs } = policyFor(desk, origin.strategy);
  const age = desk.account.ageOf(symbol, desk.now.marketTime);
  if (age <= freshMs) return undefined;
  return {
    code: "stale_quote",
    reason: `the last price of ${symbol} is ${words(age)} old; it was ${reference} when this was asked`,
  };
}

function words(ms: number): string {
  return Number.isFinite(ms) ? `${(Math.round(ms / 100) / 10).toFixed(1)} s` : "too";
}

/** The price is not what the person was shown: they are shown the one of now, and asked again. */
function moved(desk: DeskState, request: ApprovalRequest, { maxDriftRatio }: Policy): No | undefined {
  const now = decimal(desk.account.latestOf(request.symbol));
  const drift = now.minus(request.reference).abs().div(request.reference);
  if (!drift.isGreaterThan(decimal(maxDriftRatio))) return undefined;
  const percent = drift.times(100).decimalPlaces(2).toFixed();
  const reason = `the price is ${now.toFixed()} now, ${percent} % from the ${request.reference} that was shown; confirm it again`;
  const order = request.followsPrice ? limited(request.order, now, maxDriftRatio) : request.order;
  if (formProblem(order, request.fractional) === undefined) show(desk, request, order, text(now));
  return { code: "price_moved", reason };
}

/** Changes what a request is about; words on what it was do not count any more. */
function show(desk: DeskState, request: ApprovalRequest, order: OrderRequest, reference: string): void {
  request.order = order;
  request.reference = reference;
  request.hash = hashOf(order, reference);
  desk.orders.withdraw(request.id);
  desk.orders.add(newOrder(order, request.origin, "entry", null));
  tell(desk, request);
  desk.publish(desk.books.get(request.origin.strategy, request.symbol));
}

// ---------------------------------------------------------------------------------------------- yes

/** What a person approved is what the firing wants, also when that is more than the rule asked for. */
function optionsOf({ origin, fractional }: ApprovalRequest, { qty }: OrderRequest): SendOptions {
  return { role: "entry", origin, reducesOnly: false, fractional, wanted: decimal(qty), leg: "entry" };
}

function approve(desk: DeskState, request: ApprovalRequest, order: OrderRequest, input: DecisionInput): void {
  const options = optionsOf(request, order);
  const except = desk.orders.get(request.id);
  const policy = policyFor(desk, request.origin.strategy);
  const hash = hashOf(order, request.reference);
  note(desk, request, input, hash);
  const asked = desk.judge(order, options, { except });
  if ("asks" in asked && asked.asks.needed === 2) request.needed = 2;
  if (passes(asked, order) && yeses(policy, request, hash).size < request.needed)
    return show(desk, request, order, request.reference);
  Object.assign(request, { order, hash });
  const decision = desk.judge(order, options, { except, approvedBy: namesOf(request) });
  desk.tellVerdict(decision, order, options);
  if (decision.order === null || !passes(decision, order)) {
    end(desk, request, "blocked", whyBlocked(decision, order));
    // After the end: what a control stops takes back whatever waits.
    if ("refusedBy" in decision) desk.refusedBy(decision.refusedBy, order, options);
    return;
  }
  end(desk, request, "approved", namesOf(request));
  const sent = desk.dispatch(decision.order, options, order);
  desk.expireLater(sent, request.expireAfterMs ?? undefined);
  desk.publish(desk.books.get(request.origin.strategy, request.symbol));
}

/** As it is: a smaller order is not the one that was approved. */
function passes(decision: Decision, { qty }: OrderRequest): boolean {
  return (decision.order ?? ("asks" in decision ? decision.request : undefined))?.qty === qty;
}

function whyBlocked(decision: Decision, { qty }: OrderRequest): string {
  if ("refusedBy" in decision) return decision.refusedBy.reason;
  return `only ${decision.order?.qty ?? "a part"} of the ${qty} shares may be sent now`;
}

function note(desk: DeskState, request: ApprovalRequest, input: DecisionInput, hash: string): void {
  const { by, channel, decision, edit, reason } = input;
  const at = desk.now.arrivalTime;
  const word: ApprovalDecision = { by, channel, decision, at, hash, ...(edit === undefined ? {} : { edit }), reason };
  request.decisions = [...request.decisions, word];
}
