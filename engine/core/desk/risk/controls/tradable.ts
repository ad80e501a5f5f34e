/** C2: what may be traded, by people and by the broker. */
import { pass, refuse } from "../control.ts";
import type { Control } from "../control.ts";

export const tradable: Control = {
  id: "C2",
  name: "tradable",
  unit: "state",
  why: "A symbol that nobody meant, or that the broker does not trade, does not get an order.",
  answers: "SEC 15c3-5 (c)(2)(ii): restricted lists; RTS 6 Article 15 (5)",
  limits: [
    {
      name: "allow",
      key: "allow",
      kind: "symbols",
      joined: "common",
      doc: "The only symbols that may be traded. A strategy's list can only leave out more.",
      live: "optional",
    },
    {
      name: "deny",
      key: "deny",
      kind: "symbols",
      joined: "all",
      doc: "Symbols that may not be traded; those of a strategy come on top.",
      live: "optional",
    },
  ],
  exits: false,
  run: ({ intent, limits, instrument, real, qty, position }) => {
    const { symbol, side } = intent;
    if (limits.deny?.includes(symbol) === true) return refuse(`${symbol} is on the list of deny`);
    if (limits.allow?.includes(symbol) === false) return refuse(`${symbol} is not on the list of allow`);
    if (instrument === null)
      return real
        ? refuse(`unknown whether ${symbol} may be traded: the broker has not said it`)
        : pass(null, null, "unknown: the broker says nothing of it");
    if (!instrument.tradable) return refuse(`the broker does not trade ${symbol}`);
    if (!instrument.fractionable && !qty.isInteger())
      return refuse(`the broker trades ${symbol} in whole shares only`, qty.toNumber());
    // What an entry sells beyond the holding is short.
    const opensShort = side === "sell" && qty.isGreaterThan(position);
    if (opensShort && !instrument.shortable)
      return refuse(`the broker does not lend ${symbol}: it cannot be sold short`);
    return pass();
  },
};
