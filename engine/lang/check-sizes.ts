/**
 * How large and how often.
 *
 * Owns: risk/no-limit and risk/repeats. May not: judge a size that is written; only what nothing bounds.
 */
import { onlyReduces } from "../core/actions.ts";
import type { Rule, Strategy } from "../core/program.ts";
import type { RiskLimits } from "../core/risk-limits.ts";
import type { Builder } from "./builder.ts";

export function checkSizes(builder: Builder, strategy: Omit<Strategy, "digest">, account: RiskLimits): void {
  const isBounded = hasMost(strategy.risk) || hasMost(account);
  for (const rule of strategy.rules) {
    if (!isBounded) checkRiskSize(builder, rule);
    checkRepeats(builder, rule);
  }
}

function hasMost({ maxPositionRatio, maxPositionNotional, maxPositionQty, ...rest }: RiskLimits): boolean {
  const most = [maxPositionRatio, maxPositionNotional, maxPositionQty, rest.maxOrderNotional, rest.maxOrderQty];
  return most.some((limit) => limit !== undefined);
}

/** Equity at risk divided by the distance of the stop: the nearer the stop, the larger the position. */
function checkRiskSize(builder: Builder, { action, index }: Rule): void {
  if (!("size" in action) || action.size.by !== "risk") return;
  const message = "The nearer the stop, the larger this position: nothing bounds it";
  const help = "Add risk: {max_position: 25%} here or in barwise.yaml.";
  builder.reportKey("risk/no-limit", ["rules", index, "then", action.kind, "size"], message, help);
}

function checkRepeats(builder: Builder, { name, index, action, fire, cooldown, limit, oncePer }: Rule): void {
  if (fire !== "each" || cooldown !== undefined || limit !== undefined || oncePer !== undefined) return;
  const opens = (action.kind === "buy" || action.kind === "sell") && !onlyReduces(action);
  // A number of shares stays what it is; a part of equity is another number at every price.
  const follows = action.kind === "target" && action.by !== "qty" && action.tolerance === undefined;
  if (!opens && !follows && action.kind !== "alert") return;
  const what = follows
    ? "trades every change of one share"
    : action.kind === "alert"
      ? "tells the same"
      : "opens again";
  const message = `Rule "${name}" ${what} at every bar where its condition holds`;
  const more = follows ? "tolerance: 5% to the target, " : "";
  const help = `Add ${more}cooldown: 5 bars or limit: 3/day, or leave fire: each out.`;
  builder.reportKey("risk/repeats", ["rules", index, "fire"], message, help);
}
