/** C1: an order that makes sense as numbers. */
import { pass, refuse } from "../control.ts";
import type { Control } from "../control.ts";

export const validity: Control = {
  id: "C1",
  name: "validity",
  unit: "shares",
  why: "A quantity or price that is not a positive number is a bug, not an order.",
  answers: "SEC 15c3-5 (c)(1)(ii): erroneous orders",
  limits: [],
  exits: true,
  run: ({ qty, reference, intent }) => {
    if (!qty.isGreaterThan(0)) return refuse("the quantity is not above 0", qty.toNumber(), 0);
    if (!reference.isGreaterThan(0)) return refuse("no price is known for the symbol", reference.toNumber(), 0);
    if (intent.price !== null && !intent.price.isGreaterThan(0))
      return refuse("the order price is not above 0", intent.price.toNumber(), 0);
    return pass(qty.toNumber());
  },
};
