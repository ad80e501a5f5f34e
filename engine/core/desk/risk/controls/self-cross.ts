/** C16: orders that could trade with an own one. */
import { decimal } from "../../../decimal.ts";
import type { Order } from "../../orders.ts";
import type { Intent, RiskContext } from "../context.ts";
import { pass, refuse } from "../control.ts";
import type { Control } from "../control.ts";

/**
 * As Alpaca judges it: a simple market or stop order of either side meets every simple order of the other, two with limits
 * meet when the buyer would pay what the seller asks. Complex orders and trailing stops are exempt.
 */
export const selfCross: Control = {
  id: "C16",
  name: "self_cross",
  unit: "orders",
  why: "An account that buys from itself pays twice for nothing, and it may look like a wash trade; brokers refuse it.",
  answers: "FINRA 5210: wash sales and self-trades; FIA 2024: self-match prevention",
  limits: [],
  exits: false,
  run: ({ intent, past }: RiskContext) => {
    if (intent.orderClass !== "simple" || intent.type === "trailing_stop") return pass(0, 0, "exempt");
    const met = past.opposing.find((order) => meets(intent, order));
    if (met === undefined) return pass(0, 0);
    const price = met.limitPrice ?? met.stopPrice;
    const what = `${met.side} ${met.type}${price === null ? "" : ` at ${price}`}`;
    return refuse(`it could trade with the ${what} of rule "${met.origin.rule}" in "${met.origin.strategy}"`, 1, 0);
  },
};

function meets({ side, limit }: Intent, { type, parent, request, limitPrice }: Order): boolean {
  const isComplex = parent !== null || (request !== null && request.orderClass !== "simple");
  if (isComplex || type === "trailing_stop") return false;
  if (limit === null || limitPrice === null) return true;
  const theirs = decimal(limitPrice);
  return side === "buy" ? limit.isGreaterThanOrEqualTo(theirs) : theirs.isGreaterThanOrEqualTo(limit);
}
