/** C19: a broker that takes long to answer. */
import { SLOW_ANSWERS } from "../breakers.ts";
import { belowInScopes } from "../control.ts";
import type { Control } from "../control.ts";

export const maxAckLatency: Control = {
  id: "C19",
  name: "max_ack_latency",
  unit: "slow answers",
  why: "Prices move on while a broker does not say whether it has an order.",
  answers: "RTS 6 Article 16: real-time monitoring; orders that piled up behind a slow gateway",
  limits: [
    {
      name: "max_ack_latency",
      key: "maxAckLatencyMs",
      kind: "duration",
      doc: "How long the broker may take to acknowledge an order; 3 slower ones in a row make a scope REDUCING until an answer is in time, or for a minute.",
      default: 5_000,
      live: "default",
      latched: true,
    },
  ],
  exits: false,
  run: (context) =>
    belowInScopes(
      context,
      "maxAckLatencyMs",
      "the count of slow answers",
      ({ scope }) => context.past.slowAnswers(scope),
      ({ limits }) => (limits.maxAckLatencyMs === undefined ? undefined : SLOW_ANSWERS),
    ),
};
