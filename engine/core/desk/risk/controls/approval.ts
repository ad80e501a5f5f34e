/** C20: orders that a person wants to see first. */
import { isOpen } from "../../../../market/sessions.ts";
import { ORIGINS } from "../../../approval.ts";
import { askedBy } from "../../approval.ts";
import { ask, hasPrice, pass, refuse, skip, worstPrice } from "../control.ts";
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
    const { approvals, approvedBy, approvalRoom, qty, intent, reference, equity, cash, dayPnl } = context;
    if (approvals.length === 0) return skip("no approval is set");
    const notional = hasPrice(context) ? qty.times(worstPrice(context)).toNumber() : Number.NaN;
    const asked = askedBy(approvals, intent.symbol, {
      order: {
        notional,
        qty: qty.toNumber(),
        price: (intent.price ?? reference).toNumber(),
        side: intent.side === "buy" ? 1 : -1,
        origin: ORIGINS[intent.origin],
        number: context.orderNumber,
        is_first: context.orderNumber === 1 ? 1 : 0,
        regular_hours: isOpen(context.calendar, context.time, "regular") ? 1 : 0,
      },
      account: {
        equity: equity.toNumber(),
        cash: cash.toNumber(),
        buying_power: context.buyingPower.toNumber(),
        day_pnl: dayPnl,
      },
    });
    if (asked === undefined) return pass(notional);
    if (approvedBy !== null) return pass(notional, null, `approved by ${approvedBy}`);
    return approvalRoom > 0 ? ask(asked, notional) : refuse("too many requests wait for a person already", notional);
  },
};
