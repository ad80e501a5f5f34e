/** C22: trading states of account, strategy and symbol. */
import { pass, refuse } from "../control.ts";
import type { Control } from "../control.ts";

export const killSwitch: Control = {
  id: "C22",
  name: "kill_switch",
  unit: "state",
  why: "A halted account sends nothing; a reducing one sends only what brings it closer to flat.",
  answers: "RTS 6 Article 12 (kill functionality); Knight Capital 2012, where nobody could stop the router",
  limits: [],
  exits: true,
  run: ({ state, stateReason, intent }) => {
    if (state === "HALTED") return refuse(`trading is HALTED: ${stateReason}`);
    if (state === "REDUCING" && !intent.reducesOnly) return refuse(`trading is REDUCING: ${stateReason}`);
    return pass();
  },
};
