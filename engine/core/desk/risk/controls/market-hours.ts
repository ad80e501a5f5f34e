/** C1: the session that an order is for. */
import { isOpen } from "../../../../market/sessions.ts";
import { pass, refuse } from "../control.ts";
import type { Control } from "../control.ts";

export const marketHours: Control = {
  id: "C1",
  name: "market_hours",
  unit: "session",
  why: "An entry decided when its session is over would wait for a market it never saw.",
  answers: "SEC 15c3-5 (c)(2): requirements that hold before an order is entered",
  limits: [],
  exits: false,
  run: ({ calendar, session, time, daily, intent }) => {
    if (daily) return pass(null, null, "goes to the next open");
    // What is for the opening auction is sent before the session.
    const isEarly = intent.extendedHours || intent.timeInForce === "opg";
    const window = session === "extended" && !isEarly ? "regular" : session;
    return isOpen(calendar, time, window) ? pass() : refuse(`the ${window} session is over`);
  },
};
