/** C12: orders within a minute. */
import { atMostInScopes } from "../control.ts";
import type { Control } from "../control.ts";

export const orderRate: Control = {
  id: "C12",
  name: "order_rate",
  unit: "orders a minute",
  why: "A runaway rule must not flood the broker.",
  answers: "RTS 6 Article 15 (1)(d): maximum messages; Knight Capital 2012: 4 million orders in 45 minutes",
  limits: [
    {
      name: "max_orders_per_minute",
      key: "maxOrdersPerMinute",
      kind: "count",
      doc: "Orders per minute.",
      default: 60,
      live: "default",
      exits: true,
    },
  ],
  exits: false,
  run: (context) =>
    atMostInScopes(context, "maxOrdersPerMinute", "orders within a minute", (scope) => scope.ordersLastMinute + 1),
};
