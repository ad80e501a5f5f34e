/** C13: the same order twice. */
import { atMostInScopes, refuse, skip } from "../control.ts";
import type { Control } from "../control.ts";

export const duplicateIntent: Control = {
  id: "C13",
  name: "duplicate_intent",
  unit: "orders a minute",
  why: "What one firing asked for is sent once, and orders that nobody could tell apart do not follow each other for long.",
  answers: "SEC 15c3-5 (c)(1)(ii): duplicative orders; retries that sent an order twice",
  limits: [
    {
      name: "max_identical_orders",
      key: "maxIdenticalOrders",
      kind: "count",
      doc: "Entries of one strategy with the same symbol, side, quantity, type and prices within a minute.",
      default: 20,
      live: "default",
    },
  ],
  exits: false,
  run: (context) => {
    const { past } = context;
    if (past.isResend) return skip("the same order under the same id is one order");
    if (past.twin !== undefined) return refuse(`this firing has sent its order already: ${past.twin}`, 2, 1);
    const identical = past.identical + 1;
    return atMostInScopes(context, "maxIdenticalOrders", "identical orders within a minute", () => identical);
  },
};
