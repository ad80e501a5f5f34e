/** C9: long less short. */
import { netWith } from "../exposure.ts";
import { NO_PRICE, atMostInScopes, hasPrice, ofEquity, worstPrice } from "../control.ts";
import type { Control } from "../control.ts";

export const maxNet: Control = {
  id: "C9",
  name: "max_net",
  unit: "ratio of equity",
  why: "Everything on one side is one bet.",
  answers: "RTS 6 Article 15 (4): market limits; SEC 15c3-5 (c)(1)(i)",
  limits: [
    {
      name: "max_net",
      key: "maxNetRatio",
      kind: "ratio",
      doc: "Worth of long less short positions and working entries of the order's side, as a part of equity.",
      live: "optional",
      most: 10,
    },
  ],
  exits: false,
  run: (context) => {
    if (!hasPrice(context)) return NO_PRICE;
    const { intent, qty } = context;
    const worth = qty.times(worstPrice(context));
    return atMostInScopes(context, "maxNetRatio", "net exposure", ({ exposure }) => {
      const after = netWith(exposure, intent.side, worth);
      // What brings the account closer to even is not held back, however far it is.
      const isCloser = after.abs().isLessThanOrEqualTo(exposure.net.abs());
      return isCloser ? 0 : ofEquity(after.abs(), context);
    });
  },
};
