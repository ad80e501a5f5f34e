/** C9: everything that is held and works. */
import { NO_PRICE, atMostInScopes, hasPrice, ofEquity, worstPrice } from "../control.ts";
import type { Control } from "../control.ts";

export const maxGross: Control = {
  id: "C9",
  name: "max_gross",
  unit: "ratio of equity",
  why: "Many positions of which each is allowed can together be more than the account bears.",
  answers: "RTS 6 Article 15 (4); SEC 15c3-5 (c)(1)(i): thresholds in aggregate; Archegos 2021",
  limits: [
    {
      name: "max_gross",
      key: "maxGrossRatio",
      kind: "ratio",
      doc: "Worth of all positions, long and short, and of working entries, as a part of equity: `150%` is a leverage of 1.5.",
      default: 4,
      live: "default",
      most: 10,
    },
  ],
  exits: false,
  run: (context) => {
    if (!hasPrice(context)) return NO_PRICE;
    const worth = context.qty.times(worstPrice(context));
    return atMostInScopes(context, "maxGrossRatio", "gross exposure", ({ exposure }) =>
      ofEquity(exposure.gross.plus(worth), context),
    );
  },
};
