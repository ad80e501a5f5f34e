/** C6: distance of an order's price from the market. */
import { atMost, pass, skip } from "../control.ts";
import type { Control } from "../control.ts";

export const priceCollar: Control = {
  id: "C6",
  name: "price_collar",
  unit: "ratio",
  why: "An order price far from the market is a mistake in a formula or in the data.",
  answers: "RTS 6 Article 15 (1)(a): price collars; SEC 15c3-5 (c)(1)(ii)",
  limits: [
    {
      name: "price_collar",
      key: "priceCollarRatio",
      kind: "ratio",
      doc: "How far an order price may lie from the market, e.g. `5%`.",
      default: 0.1,
      live: "default",
      exits: true,
    },
  ],
  exits: false,
  run: ({ intent, reference, limits }) => {
    const limit = limits.priceCollarRatio;
    if (limit === undefined) return skip("no price_collar is set");
    if (intent.price === null) return pass(0, limit, "market order");
    const distance = intent.price.minus(reference).abs().div(reference).toNumber();
    return atMost(distance, limit, "distance from the last price");
  },
};
