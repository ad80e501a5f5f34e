/** C7: a bid above the ask. */
import { pass, refuse, skip } from "../control.ts";
import type { Control } from "../control.ts";

export const crossedMarket: Control = {
  id: "C7",
  name: "crossed_market",
  unit: "price",
  why: "A bid above the ask is no market: one of the two is old or wrong.",
  answers: "FIA 2024: market data reasonability; Regulation NMS Rule 610 (locked and crossed markets)",
  limits: [],
  exits: false,
  run: ({ quote }) => {
    if (quote === null) return skip("no quote is known");
    const { bid, ask } = quote;
    if (!(bid > 0 && ask > 0)) return skip("nobody quotes one side");
    return bid <= ask ? pass(bid, ask) : refuse(`the bid of ${bid} is above the ask of ${ask}`, bid, ask);
  },
};
