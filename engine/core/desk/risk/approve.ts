/**
 * The risk stage: the only maker of approved orders.
 *
 * Owns: running every control on an intent and giving exactly one verdict. Nothing else in the program can produce an
 * `ApprovedOrder`, and brokers take nothing else. May not: send.
 */
import { text } from "../../decimal.ts";
import type { ApprovedOrder, CheckResult, OrderRequest, Verdict } from "../../event.ts";
import type { RiskLimits } from "../../risk-limits.ts";
import { CONTROLS } from "./catalogue.ts";
import type { RiskContext } from "./context.ts";
import { refuse, skip } from "./control.ts";
import type { Answer, Control } from "./control.ts";

export type Decision =
  | { readonly verdict: Verdict; readonly order: ApprovedOrder }
  | { readonly verdict: Verdict; readonly order: null; readonly refusedBy: CheckResult };

export function decide(firing: string, request: OrderRequest, context: RiskContext): Decision {
  const checks: CheckResult[] = [];
  let { qty } = context;
  let clamped = false;
  let refusedBy: CheckResult | undefined;
  for (const control of CONTROLS) {
    const { qty: smaller, ...answer } = answerOf(control, clamped ? { ...context, qty } : context);
    const { value, limit } = answer;
    const headroom = value === null || limit === null ? null : limit - value;
    const result: CheckResult = { check: control.name, ...answer, headroom };
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

function answerOf(control: Control, context: RiskContext): Answer {
  const { intent, limits, real } = context;
  const included: readonly string[] = intent.limited ? (limits.includeExits ?? []) : [];
  if (intent.reducesOnly && !control.exits && !included.includes(control.name)) return skip("exits are never trapped");
  const unset = real ? unsetLimit(control, limits) : undefined;
  if (unset !== undefined) return refuse(`${unset} is not set, and real money needs it: add it to the risk limits`);
  return control.run(context);
}

/** Name of a limit that real money must have. */
function unsetLimit(control: Control, limits: RiskLimits): string | undefined {
  return control.limits.find(({ live, kind, key }) => {
    if (live !== "required") return false;
    const { maxPositionRatio, maxPositionNotional, maxPositionQty } = limits;
    const set = kind === "position" ? (maxPositionRatio ?? maxPositionNotional ?? maxPositionQty) : limits[key];
    return set === undefined;
  })?.name;
}

/** The one cast that makes an order sendable. */
function stamp(request: OrderRequest): ApprovedOrder {
  return request as ApprovedOrder;
}
