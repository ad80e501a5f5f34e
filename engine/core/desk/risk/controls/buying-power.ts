/** C10: the account's money, shared by all strategies. */
import { pass, refuse, worstPrice } from "../control.ts";
import type { Control } from "../control.ts";

export const buyingPower: Control = {
  id: "C10",
  name: "buying_power",
  unit: "account currency",
  why: "Working orders of all strategies share one account's money.",
  answers: "SEC 15c3-5 (c)(1)(i): credit thresholds in aggregate",
  limits: [],
  exits: false,
  run: (context) => {
    const needed = context.qty.times(worstPrice(context)).toNumber();
    const available = context.buyingPower.toNumber();
    return needed <= available
      ? pass(needed, available)
      : refuse(`needs ${needed.toFixed(2)}, ${available.toFixed(2)} is available`, needed, available);
  },
};
