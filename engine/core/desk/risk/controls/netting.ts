/** C17: strategies on opposite sides of one netted account. */
import { pass, refuse } from "../control.ts";
import type { Control } from "../control.ts";

export const netting: Control = {
  id: "C17",
  name: "netting",
  unit: "shares",
  why: "Two strategies on opposite sides of one symbol would trade against each other in one netted account.",
  answers: "FINRA 5210: wash sales; brokers that net positions",
  limits: [],
  exits: false,
  run: ({ intent, others, othersOwner }) => {
    const opposes = intent.side === "buy" ? others.isLessThan(0) : others.isGreaterThan(0);
    return opposes
      ? refuse(`strategy "${othersOwner ?? "another"}" holds ${others.toFixed()} of the symbol`, others.toNumber(), 0)
      : pass();
  },
};
