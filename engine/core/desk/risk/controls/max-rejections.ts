/** C19: a broker that rejects. */
import { belowInScopes } from "../control.ts";
import type { Control } from "../control.ts";

export const maxRejections: Control = {
  id: "C19",
  name: "max_rejections",
  unit: "rejections",
  why: "Orders that a broker rejects one after another are made by a mistake that sending more does not mend.",
  answers: "FINRA Notice 15-09: monitoring of trading systems; engines that sent a rejected order in a loop",
  limits: [
    {
      name: "max_rejections",
      key: "maxRejections",
      kind: "count",
      doc: "Rejections by the broker in a row, or within a minute, that make a scope REDUCING until a person resumes it.",
      default: 10,
      live: "default",
      latched: true,
    },
  ],
  exits: false,
  run: (context) =>
    belowInScopes(context, "maxRejections", "the count of rejections", ({ scope }) => context.past.rejections(scope)),
};
