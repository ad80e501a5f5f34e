/** C18: losing round trips in a row. */
import { belowInScopes } from "../control.ts";
import type { Control } from "../control.ts";

export const maxLossStreak: Control = {
  id: "C18",
  name: "max_loss_streak",
  unit: "round trips",
  why: "What loses time after time has met a market that it was not made for.",
  answers: "RTS 6 Article 15 (4): thresholds appropriate to the strategy",
  limits: [
    {
      name: "max_loss_streak",
      key: "maxLossStreak",
      kind: "count",
      doc: "Losing round trips in a row, fees included, that make a scope REDUCING for the day, or for `loss_cooldown`.",
      live: "optional",
      latched: true,
    },
    {
      name: "loss_cooldown",
      key: "lossCooldownMs",
      kind: "duration",
      doc: "How long a scope rests after `max_loss_streak`, e.g. `2h`.",
      live: "optional",
      tighter: "larger",
    },
  ],
  exits: false,
  run: (context) =>
    belowInScopes(context, "maxLossStreak", "the count of losses in a row", ({ scope }) =>
      context.past.lostInRow(scope),
    ),
};
