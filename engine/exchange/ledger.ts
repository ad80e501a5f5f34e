/**
 * The account's books: cash, positions at cost, realised profit, fees.
 *
 * Owns: exact money. Positions are kept at total cost, not at an average price, so that nothing is lost to division:
 * cash + market value = start + realised + unrealised - fees holds to the last digit.
 * May not: know orders, prices of the market or time.
 */
import { ZERO, type Decimal } from "../core/decimal.ts";

export interface Holding {
  /** Signed. */
  readonly qty: Decimal;
  /** Signed like `qty`: paid for a long, received for a short. */
  readonly cost: Decimal;
}

const FLAT: Holding = { qty: ZERO, cost: ZERO };

export class Ledger {
  cash: Decimal;
  fees: Decimal = ZERO;
  realized: Decimal = ZERO;
  readonly holdings = new Map<string, Holding>();

  constructor(cash: Decimal) {
    this.cash = cash;
  }

  holding(symbol: string): Holding {
    return this.holdings.get(symbol) ?? FLAT;
  }

  /** Books one execution; `signedQty` is negative for a sale. Returns the position's signed quantity afterwards. */
  book(symbol: string, signedQty: Decimal, price: Decimal, fee: Decimal): Decimal {
    this.cash = this.cash.minus(signedQty.times(price)).minus(fee);
    this.fees = this.fees.plus(fee);
    const held = this.holding(symbol);
    const closing = closingPart(held.qty, signedQty);
    const reduced = closing.isZero() ? held : this.#close(held, closing, price);
    const opening = signedQty.minus(closing);
    const next: Holding = { qty: reduced.qty.plus(opening), cost: reduced.cost.plus(opening.times(price)) };
    if (next.qty.isZero()) this.holdings.delete(symbol);
    else this.holdings.set(symbol, next);
    return next.qty;
  }

  /** The same cost in another number of shares. */
  recount(symbol: string, qty: Decimal): void {
    if (qty.isZero()) this.holdings.delete(symbol);
    else this.holdings.set(symbol, { qty, cost: this.holding(symbol).cost });
  }

  #close(held: Holding, closing: Decimal, price: Decimal): Holding {
    const qty = held.qty.plus(closing);
    const released = qty.isZero() ? held.cost : held.cost.times(closing.negated()).div(held.qty);
    this.realized = this.realized.plus(closing.negated().times(price).minus(released));
    return { qty, cost: held.cost.minus(released) };
  }
}

/** The part of a signed trade that goes against the position. */
function closingPart(position: Decimal, trade: Decimal): Decimal {
  if (position.isZero() || position.isNegative() === trade.isNegative()) return ZERO;
  return trade.abs().lte(position.abs()) ? trade : position.negated();
}
