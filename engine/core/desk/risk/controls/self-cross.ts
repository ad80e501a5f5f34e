/** C16: orders that could trade with an own one. */
import { meets } from "../../crossing.ts";
import type { RiskContext } from "../context.ts";
import { pass, refuse } from "../control.ts";
import type { Control } from "../control.ts";

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
    if (met === undefined && past.exitAgainst !== undefined)
      return refuse(`it could trade with the exit that "${past.exitAgainst}" is about to send`, 1, 0);
    if (met === undefined) return pass(0, 0);
    const price = met.limitPrice ?? met.stopPrice;
    const what = `${met.side} ${met.type}${price === null ? "" : ` at ${price}`}`;
    return refuse(`it could trade with the ${what} of rule "${met.origin.rule}" in "${met.origin.strategy}"`, 1, 0);
  },
};
