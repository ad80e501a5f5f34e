/** C21: what an AI may ask for. */
import { atMost, refuse, skip } from "../control.ts";
import type { Control } from "../control.ts";

export const aiBounds: Control = {
  id: "C21",
  name: "ai_bounds",
  unit: "shares",
  why: "An AI chooses within bounds that a person declared before it was asked, or nothing is sent. Nothing makes such orders yet.",
  answers: "SEC 15c3-5 (d): direct and exclusive control; RTS 6 Article 15 (5)",
  limits: [],
  exits: true,
  run: ({ intent, qty }) => {
    const { origin, bounds, symbol, side } = intent;
    if (origin !== "ai") return skip(`asked for by ${origin === "operator" ? "an operator" : `a ${origin}`}`);
    if (bounds === null) return refuse("an AI asks for it, and no bounds were declared");
    if (!bounds.symbols.includes(symbol)) return refuse(`${symbol} is not among the symbols of the AI`);
    if (!bounds.sides.includes(side)) return refuse(`the AI may not ${side}`);
    return atMost(qty.toNumber(), bounds.maxQty, "shares in an order of an AI");
  },
};
