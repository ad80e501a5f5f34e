/** C9: one symbol, over all strategies. */
import { NO_PRICE, atMost, hasPrice, ofEquity, worstPrice } from "../control.ts";
import type { Control } from "../control.ts";

export const maxConcentration: Control = {
  id: "C9",
  name: "max_concentration",
  unit: "ratio of equity",
  why: "Ten strategies that each hold a little of one symbol hold a lot of it together.",
  answers: "RTS 6 Article 15 (4) and (5): exposure per instrument",
  limits: [
    {
      name: "max_concentration",
      key: "maxConcentrationRatio",
      kind: "ratio",
      doc: "Worth of one symbol over all strategies, working entries included, as a part of equity.",
      live: "optional",
      most: 10,
    },
  ],
  exits: false,
  run: (context) => {
    if (!hasPrice(context)) return NO_PRICE;
    const { qty, inSymbol, limits } = context;
    const worth = inSymbol.gross.plus(qty.times(worstPrice(context)));
    return atMost(ofEquity(worth, context), limits.maxConcentrationRatio, "worth of the symbol by equity");
  },
};
