/** C7: distance of bid and ask. */
import { atMost, skip } from "../control.ts";
import type { Control } from "../control.ts";

export const wideSpread: Control = {
  id: "C7",
  name: "wide_spread",
  unit: "ratio",
  why: "In a market as wide as this nobody knows the price, and a market order pays what it finds.",
  answers: "FIA 2024: market data reasonability; 6 May 2010, when orders filled at stub quotes",
  limits: [
    {
      name: "max_spread",
      key: "maxSpreadRatio",
      kind: "ratio",
      doc: "How far bid and ask may lie apart, as a part of their middle. Without a quote nothing is judged.",
      default: 0.1,
      live: "default",
      most: 2,
    },
  ],
  exits: false,
  run: ({ quote, limits }) => {
    if (quote === null) return skip("no quote is known");
    const { bid, ask } = quote;
    if (!(bid > 0 && ask > 0)) return skip("nobody quotes one side");
    return atMost((ask - bid) / ((ask + bid) / 2), limits.maxSpreadRatio, "spread");
  },
};
