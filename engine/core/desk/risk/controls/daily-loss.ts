/** C18: the loss of the day. */
import { pass, refuse, skip } from "../control.ts";
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
      doc: "Loss since the previous close, e.g. `2%`, from which on entries are refused.",
      live: "required",
    },
  ],
  exits: false,
  run: ({ dayLossRatio, limits }) => {
    const limit = limits.maxDailyLossRatio;
    if (limit === undefined) return skip("no max_daily_loss is set");
    return dayLossRatio < limit
      ? pass(dayLossRatio, limit)
      : refuse("the daily loss limit is reached", dayLossRatio, limit);
  },
};
