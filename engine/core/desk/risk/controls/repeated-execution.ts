/** C14: one rule that enters again and again. */
import { atMostInScopes, skip } from "../control.ts";
import type { Control } from "../control.ts";

export const repeatedExecution: Control = {
  id: "C14",
  name: "repeated_execution",
  unit: "entries a minute",
  why: "A rule that runs away is stopped, and stays so until a person has looked.",
  answers:
    "RTS 6 Article 15 (3): repeated automated execution throttles; Knight Capital 2012: 4 million orders for 212 parents",
  limits: [
    {
      name: "max_entries_per_rule",
      key: "maxEntriesPerRule",
      kind: "count",
      doc: "Entries of one rule in one symbol within a minute; one more makes the strategy REDUCING until a person resumes it.",
      default: 30,
      live: "default",
      latched: true,
    },
  ],
  exits: false,
  latches: true,
  run: (context) => {
    const { past } = context;
    if (past.isResend) return skip("it was counted when it left first");
    const entries = past.ofRule + 1;
    return atMostInScopes(context, "maxEntriesPerRule", "entries of the rule within a minute", () => entries);
  },
};
