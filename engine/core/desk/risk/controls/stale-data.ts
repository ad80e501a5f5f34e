/** C7: age of the price. */
import { atMost, refuse, skip } from "../control.ts";
import type { Control } from "../control.ts";

export const staleData: Control = {
  id: "C7",
  name: "stale_data",
  unit: "ms",
  why: "An order on an old price trades a market that has gone elsewhere.",
  answers: "FIA 2024: market data reasonability",
  limits: [
    {
      name: "max_price_age",
      key: "maxPriceAgeMs",
      kind: "duration",
      doc: "How old the newest price or quote may be beyond the bars of the strategy; orders for the next open are exempt.",
      default: 1_800_000,
      live: "default",
    },
  ],
  exits: false,
  run: ({ priceAgeMs, barMs, daily, limits }) => {
    if (!Number.isFinite(priceAgeMs)) return refuse("no price is known for the symbol");
    if (daily) return skip("goes to the next open, whatever the price is now");
    const limit = limits.maxPriceAgeMs;
    return atMost(priceAgeMs, limit === undefined ? undefined : limit + barMs, "age of the price in ms");
  },
};
