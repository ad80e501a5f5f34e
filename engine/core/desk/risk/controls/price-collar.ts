/** C6: distance of an order's price from the market. */
import type { Decimal } from "../../../decimal.ts";
import { NO_PRICE, atMost, hasPrice, pass } from "../control.ts";
import type { Answer, Control } from "../control.ts";

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
    {
      name: "stop_collar",
      key: "stopCollarRatio",
      kind: "ratio",
      doc: "The same for stop prices; without it price_collar holds for them.",
      live: "optional",
    },
  ],
  exits: false,
  run: (context) => {
    const { intent, reference, limits } = context;
    if (!hasPrice(context)) return NO_PRICE;
    const answers = [
      { price: intent.stop, limit: limits.stopCollarRatio ?? limits.priceCollarRatio },
      { price: intent.limit, limit: limits.priceCollarRatio },
    ].flatMap(({ price, limit }) => (price === null ? [] : [distance(price, reference, limit)]));
    const [first, second] = answers;
    if (first === undefined) return pass(0, limits.priceCollarRatio ?? null, "market order");
    return second === undefined || first.outcome === "refuse" ? first : second;
  },
};

function distance(price: Decimal, reference: Decimal, limit: number | undefined): Answer {
  return atMost(price.minus(reference).abs().div(reference).toNumber(), limit, "distance from the last price");
}
