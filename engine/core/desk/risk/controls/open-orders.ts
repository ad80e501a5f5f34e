/** C11: orders that are open at once. */
import { atMostInScopes } from "../control.ts";
import type { Control } from "../control.ts";

export const openOrders: Control = {
  id: "C11",
  name: "max_open_orders",
  unit: "orders",
  why: "Orders that nobody cancels pile up until all of them fill on one day.",
  answers: "RTS 6 Article 15 (1) and (2): orders count when they are sent; broker limits",
  limits: [
    {
      name: "max_open_orders",
      key: "maxOpenOrders",
      kind: "count",
      doc: "Orders that are open at once, legs and exits included.",
      default: 1_000,
      live: "default",
    },
  ],
  exits: false,
  run: (context) => atMostInScopes(context, "maxOpenOrders", "open orders", (scope) => scope.openOrders + 1),
};
