/** C10: the account's money, shared by all strategies. */
import { NO_PRICE, hasPrice, pass, refuse, worstPrice } from "../control.ts";
import type { Control } from "../control.ts";

export const buyingPower: Control = {
  id: "C10",
  name: "buying_power",
  unit: "account currency",
  why: "Working orders of all strategies share one account's money, and what is kept back stays there.",
  answers: "SEC 15c3-5 (c)(1)(i): credit thresholds in aggregate",
  limits: [
    {
      name: "cash_reserve",
      key: "cashReserve",
      kind: "money",
      doc: "Dollars of buying power that no entry uses.",
      live: "optional",
      tighter: "larger",
    },
  ],
  exits: false,
  run: (context) => {
    if (!hasPrice(context)) return NO_PRICE;
    const needed = context.qty.times(worstPrice(context)).toNumber();
    const { cashReserve = 0 } = context.limits;
    const available = Math.max(0, context.buyingPower.minus(cashReserve).toNumber());
    return needed <= available
      ? pass(needed, available)
      : refuse(
          `needs ${needed.toFixed(2)}, ${available.toFixed(2)} is available${cashReserve > 0 ? ` above cash_reserve` : ""}`,
          needed,
          available,
        );
  },
};
