/** C19: connections that break again and again. */
import { belowInScopes } from "../control.ts";
import type { Control } from "../control.ts";

export const maxReconnects: Control = {
  id: "C19",
  name: "max_reconnects",
  unit: "breaks in 10 minutes",
  why: "Between two breaks of a connection nobody knows for long what is true.",
  answers: "RTS 6 Article 14: business continuity; FIA 2024: cancel on disconnect",
  limits: [
    {
      name: "max_reconnects",
      key: "maxReconnects",
      kind: "count",
      doc: "Breaks of the connection to the broker or to the feed within 10 minutes that make a scope REDUCING until none has come for 5 minutes.",
      default: 10,
      live: "default",
      latched: true,
    },
  ],
  exits: false,
  run: (context) =>
    belowInScopes(context, "maxReconnects", "the count of broken connections", () => context.past.reconnects),
};
