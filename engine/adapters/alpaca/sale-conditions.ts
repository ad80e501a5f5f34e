/**
 * Which trades may set open, high, low and close.
 *
 * Owns: the table of sale conditions of the two consolidated tapes (CTA: tapes A and B; UTP: tape C), as their
 * specifications of trade reporting have it, reduced to what a bar needs. A code that is not listed is a regular sale.
 * May not: build bars.
 *
 * "volume only": the sale adds volume and sets no price (average price, cash, odd lot, contingent, derivatively
 * priced by contract, late and out-of-order reports that are not last-sale eligible).
 * "nothing": official open and close prints and corrections; they repeat shares that were reported before.
 */
type Effect = "volume only" | "nothing";

const BOTH: Readonly<Record<string, Effect>> = {
  C: "volume only", // cash sale
  H: "volume only", // price variation
  I: "volume only", // odd lot
  N: "volume only", // next day
  P: "volume only", // prior reference price
  R: "volume only", // seller
  T: "volume only", // extended hours; see below
  U: "volume only", // extended hours, sold out of sequence
  V: "volume only", // contingent
  7: "volume only", // qualified contingent
  M: "nothing", // official close
  Q: "nothing", // official open
  9: "nothing", // corrected consolidated close
};

/** Codes that mean different things on the two tapes. */
const CTA: Readonly<Record<string, Effect>> = {
  B: "volume only", // average price
  Z: "volume only", // sold out of sequence
};
const UTP: Readonly<Record<string, Effect>> = {
  W: "volume only", // average price
  Z: "volume only", // sold out of sequence
};

export interface TradeEffect {
  readonly setsPrice: boolean;
  readonly addsVolume: boolean;
}

/**
 * `regularHours`: outside of them `T` is how every trade is marked, and there it does set the price; inside, it is a
 * late report of an extended-hours trade.
 */
export function tradeEffect(conditions: readonly string[], tape: string, regularHours: boolean): TradeEffect {
  const own = tape === "C" ? UTP : CTA;
  let setsPrice = true;
  for (const condition of conditions) {
    if (condition === "T" && !regularHours) continue;
    const effect = own[condition] ?? BOTH[condition];
    if (effect === "nothing") return { setsPrice: false, addsVolume: false };
    if (effect === "volume only") setsPrice = false;
  }
  return { setsPrice, addsVolume: true };
}
