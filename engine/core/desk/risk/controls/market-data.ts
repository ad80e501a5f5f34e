/** C7: data that an entry may be decided on. */
import { pass, refuse } from "../control.ts";
import type { Control } from "../control.ts";

export const marketData: Control = {
  id: "C7",
  name: "market_data",
  unit: "state",
  why: "An entry decided on data that is behind, or in a symbol that is halted, would trade a market that is not there.",
  answers: "FIA 2024: market data reasonability",
  limits: [],
  exits: false,
  run: ({ paused }) => (paused === "" ? pass() : refuse(`entries pause: ${paused}`)),
};
