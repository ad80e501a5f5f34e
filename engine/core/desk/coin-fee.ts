/**
 * Fees for coins: a broker credits what was bought, or got for it, less its fee, and shows that in position and cash alone.
 *
 * Owns: telling such a fee from coins that somebody else has sold and from money that was taken out, and which strategies
 * bear it. May not: know rates.
 */
import { assetClassOf } from "../../market/instruments.ts";
import { Decimal, ZERO, decimal, text } from "../decimal.ts";
import { EXTERNAL } from "./portfolio.ts";
import type { DeskState } from "./state.ts";

/** Of what is held or was sold. Alpaca takes up to 0.25% of what is bought, of which a part may have been sold since. */
const MOST = decimal("0.01");
const DAY_MS = 86_400_000;
const PLACES = 9;

/** Books `missing` coins as the fee of those that hold the coin. False when it is no fee. */
export function bookCoinFee(desk: DeskState, symbol: string, missing: Decimal): boolean {
  if (assetClassOf(symbol) !== "crypto" || !missing.isGreaterThan(0)) return false;
  const holders = desk.portfolio
    .inSymbol(symbol)
    .filter(({ strategy, qty }) => strategy !== EXTERNAL && qty.isGreaterThan(0));
  const held = Decimal.sum(ZERO, ...holders.map(({ qty }) => qty));
  if (missing.isGreaterThan(held.times(MOST))) return false;
  let rest = missing;
  for (const [index, { strategy, qty }] of holders.entries()) {
    const share = missing.times(qty).div(held).decimalPlaces(PLACES, Decimal.ROUND_DOWN);
    const own = index === holders.length - 1 ? rest : share;
    rest = rest.minus(own);
    desk.output(desk.portfolio.told(desk.portfolio.payInKind(strategy, symbol, own)));
    desk.publish(desk.books.get(strategy, symbol));
  }
  const message = `the broker has taken ${text(missing)} ${symbol} of what was bought as its fee`;
  desk.alert("info", "reconcile/fee", message, { symbol });
  return true;
}

/** Whether money that left without a trade may be the fee of coins sold within a day: that is a loss, and no withdrawal. */
export function isCoinFee(desk: DeskState, left: Decimal): boolean {
  let sold = ZERO;
  for (const { symbol, side, sentAt, filledQty, avgPrice } of desk.orders.all) {
    const isRecent = sentAt !== null && desk.now.arrivalTime - sentAt <= DAY_MS;
    if (isRecent && side === "sell" && avgPrice !== null && assetClassOf(symbol) === "crypto")
      sold = sold.plus(filledQty.times(avgPrice));
  }
  if (!left.isGreaterThan(0) || left.isGreaterThan(sold.times(MOST))) return false;
  desk.alert("info", "reconcile/fee", `the broker has taken ${left.toFixed(2)} of what coins were sold for as its fee`);
  return true;
}
