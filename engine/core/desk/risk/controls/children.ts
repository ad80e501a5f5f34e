/** C15: what is sent for an intent, together. */
import { pass, refuse } from "../control.ts";
import type { Control } from "../control.ts";

export const children: Control = {
  id: "C15",
  name: "children",
  unit: "shares",
  why: "All orders of one firing together never take more than it wanted, and all exits never more than is held.",
  answers: "Knight Capital 2012: child orders without end for parents that were filled already",
  limits: [],
  exits: true,
  run: ({ intent, qty, past }) => {
    const [taken, most] = intent.reducesOnly ? [past.leaving, past.held] : [past.taken, past.wanted];
    const value = taken.plus(qty);
    if (value.isLessThanOrEqualTo(most)) return pass(value.toNumber(), most.toNumber());
    const reason = intent.reducesOnly
      ? `orders that take ${value.toFixed()} shares would go beyond the ${most.toFixed()} that are held`
      : `orders of ${value.toFixed()} shares would go beyond the ${most.toFixed()} that the firing wanted`;
    return refuse(reason, value.toNumber(), most.toNumber());
  },
};
