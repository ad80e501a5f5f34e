/**
 * Who holds what, in exact decimals.
 *
 * Owns: positions per (strategy, symbol), cash, realised profit and loss, fees. Every share belongs to one strategy.
 * May not: know orders, marks or limits. It changes by executions and by what a broker says in a reconciliation.
 */
import { Decimal, ZERO, decimal, text } from "../decimal.ts";
import type { DecimalText } from "../decimal.ts";
import type { Output, Side } from "../event.ts";
import { newPrice, newQty } from "./splits.ts";
import type { Split } from "./splits.ts";

/** Shares that nobody here bought: found at the broker in a reconciliation. */
export const EXTERNAL = "@external";

/** In the place of a rule: what a person asked for. */
export const OPERATOR = "@operator";

export interface Position {
  readonly strategy: string;
  readonly symbol: string;
  /** Signed: negative is short. */
  readonly qty: Decimal;
  /** The quantity as a float, for what is asked at every price. */
  readonly units: number;
  /** So is the average price, and what was won by closing, less fees. */
  readonly paid: number;
  readonly won: number;
  /** Of the open quantity, without fees; 0 when flat. */
  readonly avgPrice: Decimal;
  /** Of everything closed so far, without fees. */
  readonly realized: Decimal;
  readonly fees: Decimal;
  /** Market time at which the quantity last left zero, or -1 when flat. */
  readonly openedAt: number;
}

export interface Fill {
  readonly side: Side;
  readonly qty: Decimal;
  readonly price: Decimal;
  readonly fee: Decimal;
  readonly time: number;
}

export interface SavedPortfolio {
  readonly cash: DecimalText;
  /** In the order in which they were first held: sums of floats depend on it. */
  readonly positions: readonly {
    readonly strategy: string;
    readonly symbol: string;
    readonly qty: DecimalText;
    readonly avgPrice: DecimalText;
    readonly realized: DecimalText;
    readonly fees: DecimalText;
    readonly openedAt: number;
  }[];
}

export class Portfolio {
  #cash: Decimal = ZERO;
  #cashNumber = 0;
  readonly #positions = new Map<string, Position>();
  readonly #bySymbol = new Map<string, Position[]>();
  #open: readonly Position[] = [];

  get cash(): Decimal {
    return this.#cash;
  }

  set cash(value: Decimal) {
    this.#cash = value;
    this.#cashNumber = value.toNumber();
  }

  get cashNumber(): number {
    return this.#cashNumber;
  }

  get positions(): IterableIterator<Position> {
    return this.#positions.values();
  }

  /** Positions that are not flat, in the order of all. Another array after each change. */
  get open(): readonly Position[] {
    return this.#open;
  }

  save(): SavedPortfolio {
    return {
      cash: text(this.#cash),
      positions: [...this.#positions.values()].map(({ strategy, symbol, qty, avgPrice, realized, fees, openedAt }) => ({
        ...{ strategy, symbol, openedAt },
        ...{ qty: text(qty), avgPrice: text(avgPrice), realized: text(realized), fees: text(fees) },
      })),
    };
  }

  restore({ cash, positions }: SavedPortfolio): void {
    this.cash = decimal(cash);
    for (const { qty, avgPrice, realized, fees, ...position } of positions) {
      const amounts = {
        qty: decimal(qty),
        avgPrice: decimal(avgPrice),
        realized: decimal(realized),
        fees: decimal(fees),
      };
      this.#store({ ...position, ...amounts });
    }
  }

  position(strategy: string, symbol: string): Position {
    return this.#positions.get(keyOf(strategy, symbol)) ?? flat(strategy, symbol);
  }

  /** All positions in a symbol, flat ones included. */
  inSymbol(symbol: string): readonly Position[] {
    return this.#bySymbol.get(symbol) ?? [];
  }

  /** Asked for at every price: while everything is flat nothing is looked up. */
  holds(symbol: string): boolean {
    if (this.#open.length === 0) return false;
    for (const { units } of this.inSymbol(symbol)) if (units !== 0) return true;
    return false;
  }

  netQty(symbol: string): Decimal {
    return this.inSymbol(symbol).reduce((sum, position) => sum.plus(position.qty), ZERO);
  }

  apply(strategy: string, symbol: string, fill: Fill): Position {
    const signed = fill.side === "buy" ? fill.qty : fill.qty.negated();
    const next = applyFill(this.position(strategy, symbol), signed, fill);
    this.cash = this.cash.minus(signed.times(fill.price)).minus(fill.fee);
    return this.#store(next);
  }

  /** Sets a quantity that a reconciliation found; cash is set by the account, not by this. */
  adopt(strategy: string, symbol: string, qty: Decimal, avgPrice: Decimal, time: number): Position {
    const before = this.position(strategy, symbol);
    const next = { ...before, qty, avgPrice: qty.isZero() ? ZERO : avgPrice, openedAt: qty.isZero() ? -1 : time };
    return this.#store(next);
  }

  /** Takes a part of what is held as a fee, worth what it cost. */
  payInKind(strategy: string, symbol: string, qty: Decimal): Position {
    const before = this.position(strategy, symbol);
    const fees = before.fees.plus(before.avgPrice.times(qty));
    return this.#store({ ...before, qty: before.qty.minus(qty), fees });
  }

  /** Hands shares of one to another at a price: the account holds what it held. Returns both as they are then. */
  handOver(from: string, to: string, symbol: string, fill: Omit<Fill, "side" | "fee">): readonly Position[] {
    const side = this.position(from, symbol).qty.isGreaterThan(0) ? "sell" : "buy";
    const other = side === "sell" ? "buy" : "sell";
    return [
      this.apply(from, symbol, { ...fill, side, fee: ZERO }),
      this.apply(to, symbol, { ...fill, side: other, fee: ZERO }),
    ];
  }

  /** Every share that is held, in new ones: what it cost in all stays. Returns what has changed. */
  split(split: Split): readonly Position[] {
    const held = this.inSymbol(split.symbol).filter(({ units }) => units !== 0);
    return held.map((position) => {
      const qty = newQty(split, position.qty);
      if (qty.isZero()) return this.#store({ ...position, qty, avgPrice: ZERO, openedAt: -1 });
      return this.#store({ ...position, qty, avgPrice: newPrice(split, position.avgPrice) });
    });
  }

  /** How a position is told. */
  told({ strategy, symbol, qty, avgPrice, realized, fees }: Position): Output {
    const amounts = { qty: text(qty), avgPrice: text(avgPrice), realized: text(realized), fees: text(fees) };
    return { kind: "position", position: { strategy, symbol, ...amounts, cash: text(this.#cash) } };
  }

  #store(next: Omit<Position, "units" | "paid" | "won">): Position {
    const { qty, avgPrice, realized, fees } = next;
    const won = realized.minus(fees).toNumber();
    const position = { ...next, units: qty.toNumber(), paid: avgPrice.toNumber(), won };
    const key = keyOf(position.strategy, position.symbol);
    const before = this.#positions.get(key);
    this.#positions.set(key, position);
    const at = before === undefined ? -1 : this.#open.indexOf(before);
    if (at >= 0 && position.units !== 0) this.#open = this.#open.with(at, position);
    else if (at >= 0 || position.units !== 0)
      this.#open = [...this.#positions.values()].filter(({ units }) => units !== 0);
    const group = this.#bySymbol.get(position.symbol) ?? [];
    const index = group.findIndex((other) => other.strategy === position.strategy);
    if (index >= 0) group[index] = position;
    else group.push(position);
    this.#bySymbol.set(position.symbol, group);
    return position;
  }
}

function keyOf(strategy: string, symbol: string): string {
  return `${strategy}/${symbol}`;
}

function flat(strategy: string, symbol: string): Position {
  const none = { units: 0, paid: 0, won: 0 };
  return { strategy, symbol, qty: ZERO, ...none, avgPrice: ZERO, realized: ZERO, fees: ZERO, openedAt: -1 };
}

/** `signed` is the change of quantity. A fill through zero closes the old side and opens the new one at its price. */
export function applyFill(position: Position, signed: Decimal, fill: Fill): Position {
  const qty = position.qty.plus(signed);
  const fees = position.fees.plus(fill.fee);
  const adds = position.qty.isZero() || position.qty.isPositive() === signed.isPositive();
  if (adds) {
    const cost = position.avgPrice.times(position.qty).plus(fill.price.times(signed));
    const openedAt = position.qty.isZero() ? fill.time : position.openedAt;
    return { ...position, qty, avgPrice: cost.div(qty), fees, openedAt };
  }
  const closed = Decimal.min(position.qty.abs(), signed.abs());
  const direction = position.qty.isPositive() ? 1 : -1;
  const realized = position.realized.plus(fill.price.minus(position.avgPrice).times(closed).times(direction));
  if (qty.isZero()) return { ...position, qty, avgPrice: ZERO, realized, fees, openedAt: -1 };
  const reversed = qty.isPositive() !== position.qty.isPositive();
  if (reversed) return { ...position, qty, avgPrice: fill.price, realized, fees, openedAt: fill.time };
  return { ...position, qty, realized, fees };
}
