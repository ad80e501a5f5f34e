/** C14: orders of a trading day. */
import { atMostInScopes } from "../control.ts";
import type { Control } from "../control.ts";

export const ordersPerDay: Control = {
  id: "C14",
  name: "max_orders_per_day",
  unit: "orders a day",
  why: "A strategy that trades more often than it was meant to is broken.",
  answers: "RTS 6 Article 15 (3): repeated automated execution",
  limits: [
    {
      name: "max_orders_per_day",
      key: "maxOrdersPerDay",
      kind: "count",
      doc: "Orders per trading day.",
      live: "optional",
      exits: true,
    },
  ],
  exits: false,
  run: (context) => atMostInScopes(context, "maxOrdersPerDay", "orders today", (scope) => scope.ordersToday + 1),
};
