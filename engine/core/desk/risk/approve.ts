/**
 * The risk stage: the only maker of approved orders.
 *
 * Owns: running every check on an intent and giving exactly one verdict. Nothing else in the program can produce an
 * `ApprovedOrder`, and brokers take nothing else. May not: send.
 */
import { text } from "../../decimal.ts";
import type { ApprovedOrder, CheckResult, OrderRequest, Verdict } from "../../event.ts";
import type { RiskLimits } from "../../program.ts";
import type { RiskContext } from "./check.ts";
import { CHECKS } from "./checks.ts";

export type Decision =
  | { readonly verdict: Verdict; readonly order: ApprovedOrder }
  | { readonly verdict: Verdict; readonly order: null; readonly refusedBy: CheckResult };

/** Limits that hold when nobody set them. */
export const DEFAULT_LIMITS: RiskLimits = { priceCollarRatio: 0.1, maxOrdersPerMinute: 60 };

/** Of limits that belong to a program and never change: asked for at every order. */
const known = new WeakMap<RiskLimits, WeakMap<RiskLimits, RiskLimits>>();

/** A strategy may only tighten what the account allows. */
export function tightest(account: RiskLimits, strategy: RiskLimits): RiskLimits {
  let own = known.get(account);
  if (own === undefined) known.set(account, (own = new WeakMap()));
  let limits = own.get(strategy);
  if (limits === undefined) own.set(strategy, (limits = tighter(account, strategy)));
  return limits;
}

function tighter(account: RiskLimits, strategy: RiskLimits): RiskLimits {
  const { includeExits = [], ...limits } = account;
  const result: Record<string, number> = { ...(DEFAULT_LIMITS as Readonly<Record<string, number>>), ...limits };
  for (const [key, value] of Object.entries(strategy)) {
    if (typeof value === "number") result[key] = Math.min(value, result[key] ?? Number.POSITIVE_INFINITY);
  }
  const both = [...new Set([...includeExits, ...(strategy.includeExits ?? [])])];
  return both.length === 0 ? result : { ...result, includeExits: both };
}

export function decide(firing: string, request: OrderRequest, context: RiskContext): Decision {
  const checks: CheckResult[] = [];
  let { qty } = context;
  let clamped = false;
  let refusedBy: CheckResult | undefined;
  const { intent, limits } = context;
  const included: readonly string[] = intent.limited ? (limits.includeExits ?? []) : [];
  for (const check of CHECKS) {
    if (intent.reducesOnly && !check.exits && !included.includes(check.name)) {
      checks.push({ check: check.name, outcome: "skip", value: null, limit: null, reason: "exits are never trapped" });
      continue;
    }
    const { qty: smaller, ...answer } = check.run(clamped ? { ...context, qty } : context);
    const result: CheckResult = { check: check.name, ...answer };
    checks.push(result);
    if (result.outcome === "refuse") refusedBy ??= result;
    if (result.outcome === "clamp" && smaller !== undefined) {
      qty = smaller;
      clamped = true;
    }
  }
  const outcome = refusedBy !== undefined ? "refused" : clamped ? "clamped" : "approved";
  const verdict: Verdict = { firing, clientOrderId: request.clientOrderId, outcome, checks };
  if (refusedBy !== undefined) return { verdict, order: null, refusedBy };
  return { verdict, order: stamp({ ...request, qty: text(qty) }) };
}

/** The one cast that makes an order sendable. */
function stamp(request: OrderRequest): ApprovedOrder {
  return request as ApprovedOrder;
}
