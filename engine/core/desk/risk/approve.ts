/**
 * The risk stage: the only maker of approved orders.
 *
 * Owns: running every control on an intent and giving exactly one verdict. Nothing else in the program can produce an
 * `ApprovedOrder`, and brokers take nothing else. May not: send.
 */
import { text } from "../../decimal.ts";
import type { ApprovedOrder, CheckResult, OrderRequest, Verdict } from "../../event.ts";
import type { Asked } from "../approval.ts";
import { overrideText } from "../overrides.ts";
import { CONTROLS } from "./catalogue.ts";
import type { RiskContext } from "./context.ts";
import { refuse, skip } from "./control.ts";
import type { Answer, Control } from "./control.ts";

export type Decision =
  | { readonly verdict: Verdict; readonly order: ApprovedOrder }
  | { readonly verdict: Verdict; readonly order: null; readonly refusedBy: CheckResult }
  /** Nothing refuses `request`, and a person must approve it. */
  | { readonly verdict: Verdict; readonly order: null; readonly asks: Asked; readonly request: OrderRequest };

export function decide(firing: string, request: OrderRequest, context: RiskContext): Decision {
  const checks: CheckResult[] = [];
  let { qty } = context;
  let clamped = false;
  let refusedBy: CheckResult | undefined;
  let asks: Asked | undefined;
  for (const control of CONTROLS) {
    const { qty: smaller, asks: asked, ...answered } = answerTo(control, clamped ? { ...context, qty } : context);
    const answer = { ...answered, reason: withOverrides(control, context, answered.reason) };
    const { value, limit } = answer;
    const headroom = value === null || limit === null ? null : limit - value;
    const result: CheckResult = { check: control.name, ...answer, headroom };
    checks.push(result);
    if (result.outcome === "refuse") refusedBy ??= result;
    asks ??= asked;
    if (result.outcome === "clamp" && smaller !== undefined) {
      qty = smaller;
      clamped = true;
    }
  }
  const passed = asks !== undefined ? "asked" : clamped ? "clamped" : "approved";
  const outcome = refusedBy === undefined ? passed : "refused";
  const verdict: Verdict = { firing, clientOrderId: request.clientOrderId, outcome, checks };
  if (refusedBy !== undefined) return { verdict, order: null, refusedBy };
  const order = { ...request, qty: text(qty) };
  return asks === undefined ? { verdict, order: stamp(order) } : { verdict, order: null, asks, request: order };
}

/** Says which of the control's limits somebody has raised. */
function withOverrides({ limits }: Control, { overrides }: RiskContext, reason: string): string {
  const raised = overrides.filter(({ limit }) => limits.some(({ name }) => name === limit.replace(/\..*$/, "")));
  return [reason, ...raised.map(overrideText)].filter((part) => part !== "").join("; ");
}

/** What one control says to an order. */
export function answerTo(control: Control, context: RiskContext): Answer {
  const { intent, limits, unset, real } = context;
  const included: readonly string[] = intent.limited ? (limits.includeExits ?? []) : [];
  if (intent.reducesOnly && !control.exits && !included.includes(control.name)) return skip("exits are never trapped");
  const missing = real ? control.limits.find(({ name }) => unset.includes(name)) : undefined;
  if (missing !== undefined)
    return refuse(`${missing.name} is not set, and real money needs it: add it to the risk limits`);
  return control.run(context);
}

/** The one cast that makes an order sendable. */
function stamp(request: OrderRequest): ApprovedOrder {
  return request as ApprovedOrder;
}
