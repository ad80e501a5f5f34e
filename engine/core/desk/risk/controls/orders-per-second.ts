/** C12: orders within a second. */
import { atMostInScopes } from "../control.ts";
import type { Control } from "../control.ts";

export const ordersPerSecond: Control = {
  id: "C12",
  name: "max_orders_per_second",
  unit: "orders a second",
  why: "A loop sends hundreds of orders before a minute is over.",
  answers: "RTS 6 Article 15 (1)(d): maximum messages; Knight Capital 2012",
  limits: [
    {
      name: "max_orders_per_second",
      key: "maxOrdersPerSecond",
      kind: "count",
      doc: "Orders per second.",
      live: "optional",
    },
  ],
  exits: false,
  run: (context) =>
    atMostInScopes(context, "maxOrdersPerSecond", "orders within a second", (scope) => scope.ordersLastSecond + 1),
};
