/** C1: prices on the tick, quantities in lots. */
import { QTY_DECIMALS, assetClassOf, isOnTick } from "../../../../market/instruments.ts";
import { pass, refuse } from "../control.ts";
import type { Control } from "../control.ts";

export const tickSize: Control = {
  id: "C1",
  name: "tick_size",
  unit: "price",
  why: "A price between two ticks or a part of a share where none are sold is refused by the broker, when it is too late to mend it.",
  answers: "SEC Rule 612 (sub-penny rule); SEC 15c3-5 (c)(1)(ii): erroneous orders",
  limits: [],
  exits: false,
  run: ({ intent, qty }) => {
    const asset = assetClassOf(intent.symbol);
    for (const price of [intent.limit, intent.stop])
      if (price !== null && !isOnTick(price, asset))
        return refuse(`${price.toFixed()} is not a multiple of the tick`, price.toNumber());
    const places = intent.fractional ? QTY_DECIMALS : 0;
    if ((qty.decimalPlaces() ?? Number.POSITIVE_INFINITY) > places)
      return refuse(
        places === 0
          ? `${qty.toFixed()} is no whole number of shares`
          : `${qty.toFixed()} has more than ${places} decimals`,
        qty.toNumber(),
      );
    return pass();
  },
};
