/** C6: how far the prices of orders wander. */
import { LONGEST_WINDOW_MS } from "../../drift.ts";
import { NO_PRICE, atMost, hasPrice, pass } from "../control.ts";
import type { Control } from "../control.ts";

export const priceDrift: Control = {
  id: "C6",
  name: "max_price_drift",
  unit: "ratio",
  why: "Orders of which each is near the market can still chase their own price away, one step at a time.",
  answers: "RTS 6 Article 15 (1)(a); SEC 15c3-5 (c)(1)(ii): prices over a short period of time",
  limits: [
    {
      name: "max_price_drift",
      key: "maxPriceDriftRatio",
      kind: "ratio",
      doc: "How far the price of an entry may lie from that of the first entry in the symbol within price_drift_window.",
      live: "optional",
    },
    {
      name: "price_drift_window",
      key: "priceDriftWindowMs",
      kind: "duration",
      doc: "How long the first price counts, at most a day.",
      default: 600_000,
      most: LONGEST_WINDOW_MS,
      live: "default",
      tighter: "larger",
    },
  ],
  exits: false,
  run: (context) => {
    const { intent, reference, firstPrice, limits } = context;
    if (!hasPrice(context)) return NO_PRICE;
    const limit = limits.maxPriceDriftRatio;
    if (firstPrice === null) return pass(0, limit ?? null, "the first of its window");
    const price = (intent.price ?? reference).toNumber();
    return atMost(Math.abs(price - firstPrice) / firstPrice, limit, "drift from the first price of the window");
  },
};
