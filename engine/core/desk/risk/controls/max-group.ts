/** C9: symbols that move together. */
import { NO_PRICE, atMost, hasPrice, ofEquity, skip, worstPrice } from "../control.ts";
import type { Answer, Control } from "../control.ts";

export const maxGroup: Control = {
  id: "C9",
  name: "max_group",
  unit: "ratio of equity",
  why: "Symbols that move together are one position with several names.",
  answers: "RTS 6 Article 15 (4); FIA 2024: limits by product group",
  limits: [
    {
      name: "max_group",
      key: "maxGroupRatio",
      kind: "ratio",
      doc: "Worth of all symbols of one of the groups:, working entries included, as a part of equity.",
      live: "optional",
      most: 10,
    },
  ],
  exits: false,
  run: (context) => {
    if (!hasPrice(context)) return NO_PRICE;
    const { groups, qty, limits } = context;
    const worth = qty.times(worstPrice(context));
    let fullest: Answer | undefined;
    for (const { name, exposure } of groups) {
      const value = ofEquity(exposure.gross.plus(worth), context);
      if (value <= (fullest?.value ?? Number.NEGATIVE_INFINITY)) continue;
      fullest = atMost(value, limits.maxGroupRatio, `worth of group ${name} by equity`);
    }
    return fullest ?? skip("the symbol is in no group");
  },
};
