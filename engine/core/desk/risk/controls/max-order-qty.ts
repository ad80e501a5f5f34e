/** C4: shares in one order. */
import { atMost } from "../control.ts";
import type { Control } from "../control.ts";

export const maxOrderQty: Control = {
  id: "C4",
  name: "max_order_qty",
  unit: "shares",
  why: "Fat finger: one order may not be larger than this many shares.",
  answers: "RTS 6 Article 15 (1)(c): maximum order volume; FIA 2024: fat-finger limits",
  limits: [
    {
      name: "max_order_qty",
      key: "maxOrderQty",
      kind: "shares",
      doc: "Largest order in shares.",
      default: 10_000_000,
      live: "default",
      exits: true,
    },
  ],
  exits: false,
  run: ({ qty, limits }) => atMost(qty.toNumber(), limits.maxOrderQty, "shares in one order"),
};
