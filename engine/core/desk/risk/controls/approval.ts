/** C20: orders that a person wants to see first. */
import { needsPerson } from "../../approval.ts";
import { pass, refuse, skip, worstPrice } from "../control.ts";
import type { Control } from "../control.ts";

export const approval: Control = {
  id: "C20",
  name: "approval",
  unit: "account currency",
  why: "What a person wants to see first does not leave without a person.",
  answers: "RTS 6 Article 15 (6): overrides by designated people; OMS practice: approval bound to the exact order",
  limits: [],
  exits: false,
  run: (context) => {
    const { approvals, qty, intent, reference, equity, cash, buyingPower: power, dayPnl } = context;
    if (approvals.length === 0) return skip("no approval is set");
    const notional = qty.times(worstPrice(context)).toNumber();
    const price = (intent.price ?? reference).toNumber();
    const known = {
      order: { notional, qty: qty.toNumber(), price, side: intent.side === "buy" ? 1 : -1 },
      account: {
        equity: equity.toNumber(),
        cash: cash.toNumber(),
        buying_power: power.toNumber(),
        day_pnl: dayPnl,
      },
    };
    const isAsked = approvals.some((one) => needsPerson(one, known));
    return isAsked
      ? refuse("a person must approve such orders, and asking a person is not built yet", notional)
      : pass(notional);
  },
};
