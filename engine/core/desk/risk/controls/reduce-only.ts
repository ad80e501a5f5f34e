/** C17: what may only be closed. */
import type { RiskLimits } from "../../../risk-limits.ts";
import { strategyScope } from "../../states.ts";
import { pass, refuse, skip } from "../control.ts";
import type { Control } from "../control.ts";

export const reduceOnly: Control = {
  id: "C17",
  name: "reduce_only",
  unit: "state",
  why: "What somebody wants to leave is left, and not entered again meanwhile.",
  answers: "SEC 15c3-5 (c)(2): restricted lists; brokers that set a symbol to close-only",
  limits: [],
  exits: false,
  run: ({ limits, intent }) => {
    if (limits.reduceOnly === undefined) return skip("no reduce_only is set");
    const named = namedIn(limits, intent.strategy, intent.symbol);
    return named === undefined ? pass() : refuse(`reduce_only names ${named}`);
  },
};

/** The symbol or `strategy:NAME` by which a book may only be closed. */
export function namedIn({ reduceOnly: names = [] }: RiskLimits, strategy: string, symbol: string): string | undefined {
  return names.find((name) => name === symbol || name === strategyScope(strategy));
}
