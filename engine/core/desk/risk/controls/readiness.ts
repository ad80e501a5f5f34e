/** C24: connected and reconciled. */
import { pass, refuse } from "../control.ts";
import type { Control } from "../control.ts";

export const readiness: Control = {
  id: "C24",
  name: "readiness",
  unit: "state",
  why: "No order leaves while it is unknown what the broker holds.",
  answers: "RTS 6 Article 17 (reconciliation); engines that traded on a stale picture after a reconnect",
  limits: [],
  exits: true,
  run: ({ ready }) => (ready ? pass() : refuse("the broker is not connected and reconciled")),
};
