/** C5: worth of one order. */
import { Decimal } from "../../../decimal.ts";
import type { RiskContext } from "../context.ts";
import { NO_PRICE, atMost, hasPrice, worstPrice } from "../control.ts";
import type { Control } from "../control.ts";

export const maxOrderNotional: Control = {
  id: "C5",
  name: "max_order_notional",
  unit: "account currency",
  why: "Fat finger: one order may not be worth more than this, at the worst price it may get.",
  answers: "RTS 6 Article 15 (1)(b): maximum order value; SEC 15c3-5 (c)(1)(ii)",
  limits: [
    {
      name: "max_order_notional",
      key: "maxOrderNotional",
      kind: "money",
      doc: "Largest order in dollars. What has no limit price counts at the worse of last and ask, and price_collar on top.",
      default: 10_000_000,
      live: "required",
      exits: true,
    },
  ],
  exits: false,
  run: (context) => {
    if (!hasPrice(context)) return NO_PRICE;
    return atMost(context.qty.times(priceOf(context)).toNumber(), context.limits.maxOrderNotional, "order value");
  },
};

/** A market order takes what it finds, a stop what it finds behind its level. */
function priceOf(context: RiskContext): Decimal {
  const { intent, quote, limits } = context;
  if (intent.limit !== null) return worstPrice(context);
  const ask = quote !== null && quote.ask > 0 ? new Decimal(String(quote.ask)) : context.reference;
  return Decimal.max(worstPrice(context), ask).times(1 + (limits.priceCollarRatio ?? 0));
}
