/** C5: worth of one order. */
import { atMost, worstPrice } from "../control.ts";
import type { Control } from "../control.ts";

export const maxOrderNotional: Control = {
  id: "C5",
  name: "max_order_notional",
  unit: "account currency",
  why: "Fat finger: one order may not be worth more than this.",
  answers: "RTS 6 Article 15 (1)(b): maximum order value; SEC 15c3-5 (c)(1)(ii)",
  limits: [
    {
      name: "max_order_notional",
      key: "maxOrderNotional",
      kind: "money",
      doc: "Largest order in dollars.",
      live: "required",
      exits: true,
    },
  ],
  exits: false,
  run: (context) =>
    atMost(context.qty.times(worstPrice(context)).toNumber(), context.limits.maxOrderNotional, "order value"),
};
