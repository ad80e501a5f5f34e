/** C18: the loss since the best moment. */
import { belowInScopes } from "../control.ts";
import type { Control } from "../control.ts";

export const maxDrawdown: Control = {
  id: "C18",
  name: "max_drawdown",
  unit: "ratio",
  why: "Small losses of many days add up to one that nobody decided to take.",
  answers: "SEC 15c3-5 (c)(1)(i): capital thresholds in aggregate",
  limits: [
    {
      name: "max_drawdown",
      key: "maxDrawdownRatio",
      kind: "ratio",
      doc: "Loss since the best moment, e.g. `10%`, that makes a scope REDUCING until a person resumes it: of the account's highest equity, or what a strategy or symbol has given back as a part of the account's equity.",
      live: "optional",
      latched: true,
    },
  ],
  exits: false,
  run: (context) =>
    belowInScopes(context, "maxDrawdownRatio", "the drawdown", ({ scope }) => context.past.drawdown(scope)),
};
