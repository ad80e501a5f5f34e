/** C24: after a split, the broker shows what the books hold. */
import { pass, refuse } from "../control.ts";
import type { Control } from "../control.ts";

export const split: Control = {
  id: "C24",
  name: "split",
  unit: "state",
  why: "After a split an order in old shares, or one beside orders in old shares, would trade another quantity than was meant.",
  answers:
    "FINRA Rule 5330: open orders are adjusted or cancelled before a split; positions that brokers booked hours late",
  limits: [],
  exits: true,
  run: ({ split: reason }) => (reason === "" ? pass() : refuse(reason)),
};
