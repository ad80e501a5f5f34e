/**
 * What one execution costs.
 *
 * Owns: the fee models. Each sees one execution alone, so a minimum is charged per execution, not per order.
 * Pure; amounts are exact decimals.
 */
import { Decimal, decimal, ZERO } from "../core/decimal.ts";
import type { FeeModel } from "./types.ts";

export const noFees: FeeModel = { name: "none", fee: () => ZERO };

/**
 * A fee per share with a minimum and a cap as a ratio of trade value. The minimum wins over the cap, as in LEAN's
 * model of Interactive Brokers' equity fees: `perShareFees("0.005", "1", "0.005")`.
 */
export function perShareFees(rate: string, minimum = "0", maxRatio?: string): FeeModel {
  const perShare = decimal(rate);
  const floor = decimal(minimum);
  const ratio = maxRatio === undefined ? undefined : decimal(maxRatio);
  return {
    name: "per_share",
    fee(_side, qty, price) {
      const fee = qty.times(perShare);
      if (fee.lt(floor)) return floor;
      const cap = ratio?.times(qty).times(price);
      return cap !== undefined && fee.gt(cap) ? cap : fee;
    },
  };
}

/** A ratio of trade value (`"0.001"` is 0.1 %), rounded half even to `places` decimals. */
export function percentFees(ratio: string, places = 8): FeeModel {
  const rate = decimal(ratio);
  return {
    name: "percent",
    fee: (_side, qty, price) => qty.times(price).times(rate).dp(places, Decimal.ROUND_HALF_EVEN),
  };
}

export interface RegulatoryFees {
  /** SEC fee as a ratio of the value sold, e.g. `"0.0000278"`. */
  readonly secRatio: string;
  /** FINRA trading activity fee per share sold, e.g. `"0.000166"`, and its cap per trade, e.g. `"8.30"`. */
  readonly tafPerShare: string;
  readonly tafMax: string;
}

/**
 * Alpaca: no commission. Regulatory fees on sells are charged on a live account and not in Alpaca's paper; their rates
 * change by the year, so they are given, not built in. Each is rounded up to the cent.
 */
export function alpacaFees(regulatory?: RegulatoryFees): FeeModel {
  if (regulatory === undefined) return { name: "alpaca", fee: () => ZERO };
  const sec = decimal(regulatory.secRatio);
  const taf = decimal(regulatory.tafPerShare);
  const tafMax = decimal(regulatory.tafMax);
  return {
    name: "alpaca",
    fee(side, qty, price) {
      if (side === "buy") return ZERO;
      const secFee = qty.times(price).times(sec).dp(2, Decimal.ROUND_UP);
      const tafFee = Decimal.min(qty.times(taf), tafMax).dp(2, Decimal.ROUND_UP);
      return secFee.plus(tafFee);
    },
  };
}
