/** C3: strategies that may trade real money. */
import { isoTime } from "../../../time.ts";
import { pass, refuse } from "../control.ts";
import type { Control } from "../control.ts";

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export const permission: Control = {
  id: "C3",
  name: "permission",
  unit: "state",
  why: "A draft that somebody saved into the folder does not trade real money: only what a person has put under live: does.",
  answers: "RTS 6 Articles 5 and 15 (5): sign-off and permission; Knight Capital 2012: dead code that a flag woke",
  limits: [],
  exits: false,
  run: ({ intent, permission: given, real, time }) => {
    if (!real) return pass(null, null, "paper: nobody is asked");
    if (given === null)
      return refuse(`strategy "${intent.strategy}" may not trade real money: name it under live: in the risk file`);
    const { by, since } = given;
    // Days as text compare like days. What is none passes nothing.
    return DAY.test(since) && isoTime(time).slice(0, since.length) >= since
      ? pass(null, null, `${by} lets it trade since ${since}`)
      : refuse(`${by} lets "${intent.strategy}" trade real money from ${since} on`);
  },
};
