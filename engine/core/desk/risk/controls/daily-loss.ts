/** C18: the loss of the day. */
import { belowInScopes } from "../control.ts";
import type { Control } from "../control.ts";

export const dailyLoss: Control = {
  id: "C18",
  name: "max_daily_loss",
  unit: "ratio",
  why: "A bad day ends before it becomes a bad year; exits stay possible.",
  answers: "SEC 15c3-5 (c)(1)(i): capital thresholds; Knight Capital 2012: 460 million dollars in 45 minutes",
  limits: [
    {
      name: "max_daily_loss",
      key: "maxDailyLossRatio",
      kind: "ratio",
      doc: "Loss since the previous close as a part of the account's equity then, e.g. `2%`, from which on entries are refused: the account's, or what the strategy or symbol itself has lost.",
      live: "required",
      latched: true,
    },
  ],
  exits: false,
  run: (context) =>
    belowInScopes(context, "maxDailyLossRatio", "the loss of the day", ({ scope }) => context.past.dayLoss(scope)),
};
