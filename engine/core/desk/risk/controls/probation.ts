/** C26: rules that are new, or were changed. */
import { Decimal } from "../../../decimal.ts";
import { pass, refuse, skip, worstPrice } from "../control.ts";
import type { Control } from "../control.ts";

/** For real money, where nobody set another one. */
const LIVE = { orders: 5, notional: 1_000 } as const;

export const probation: Control = {
  id: "C26",
  name: "probation",
  unit: "account currency",
  why: "What was never traded begins small, so that a mistake in it costs little.",
  answers: "RTS 6 Article 8: controlled deployment; Knight Capital 2012: code that a deployment brought back to life",
  limits: [
    {
      name: "probation",
      key: "probationNotional",
      kind: "probation",
      doc: "Cuts the first entries of a rule that is new or was changed: `{orders: 5, max_notional: 1000}`. Real money has exactly this one when none is set; `orders: 0` turns it off.",
      live: "default",
    },
  ],
  exits: false,
  run: (context) => {
    const { limits, real, past, intent } = context;
    const orders = limits.probationOrders ?? (real ? LIVE.orders : 0);
    if (orders === 0) return skip("no probation is set");
    if (past.isResend) return skip("it was judged when it left first");
    const entry = past.served + 1;
    if (entry > orders) return skip(`the rule has served its ${orders} entries`);
    const limit = limits.probationNotional ?? LIVE.notional;
    const price = worstPrice(context);
    const value = context.qty.times(price).toNumber();
    if (value <= limit) return pass(value, limit);
    const room = new Decimal(limit).div(price);
    const qty = room.decimalPlaces(intent.fractional ? 9 : 0, Decimal.ROUND_DOWN);
    const which = `entry ${entry} of the ${orders} that a new rule is watched for`;
    if (!qty.isGreaterThan(0))
      return refuse(`one share is worth more than ${limit}, and this is ${which}`, value, limit);
    const reason = `cut from ${context.qty.toFixed()} to ${qty.toFixed()} shares, ${which}`;
    return { outcome: "clamp", value, limit, reason, qty };
  },
};
