/**
 * Splits, as the desk remembers them.
 *
 * Owns: which splits are known, what a quantity or a price of before is in new shares, and of which symbols nobody knows yet
 * that the broker has followed. May not: cancel, send or move anything (split.ts).
 */
import { QTY_DECIMALS } from "../../market/instruments.ts";
import { Decimal, decimal, text } from "../decimal.ts";
import type { DecimalText } from "../decimal.ts";
import type { SplitInput } from "../feed-event.ts";

export interface Split {
  readonly symbol: string;
  readonly time: number;
  readonly newShares: Decimal;
  readonly oldShares: Decimal;
}

interface Unsettled {
  /** A picture of the broker has shown the new shares, or shares that neither split nor no split explains. */
  booked: boolean;
  /** People were told that the broker still shows the old ones. */
  told: boolean;
  /** A person answers for it: the next picture is taken as it is. */
  trusted: boolean;
}

export interface SavedSplits {
  readonly known: readonly (Pick<Split, "symbol" | "time"> & Record<"newShares" | "oldShares", DecimalText>)[];
  readonly unsettled: readonly (readonly [symbol: string, state: Readonly<Unsettled>])[];
}

/** Sums of positions that were cut to nine places each may differ by this. */
const NOISE = decimal("0.000001");

/** In new shares, cut to the places that a broker keeps. */
export function newQty({ newShares, oldShares }: Split, qty: Decimal): Decimal {
  return qty.times(newShares).div(oldShares).decimalPlaces(QTY_DECIMALS, Decimal.ROUND_DOWN);
}

export function newPrice({ newShares, oldShares }: Split, price: Decimal): Decimal {
  return price.times(oldShares).div(newShares);
}

/** `4 for 1`. */
export function ratioText({ newShares, oldShares }: Split): string {
  return `${text(newShares)} for ${text(oldShares)}`;
}

export class Splits {
  /** All that were ever told, oldest first: there are few, and one that is told again must not count again. */
  readonly #known: Split[] = [];
  readonly #unsettled = new Map<string, Unsettled>();

  /** Undefined when it is known already, or is older than one that is. */
  add({ symbol, time, newShares, oldShares }: SplitInput): Split | undefined {
    if (this.#known.some((known) => known.symbol === symbol && known.time >= time)) return undefined;
    const split = { symbol, time, newShares: decimal(newShares), oldShares: decimal(oldShares) };
    this.#known.push(split);
    this.#unsettled.set(symbol, { booked: false, told: false, trusted: false });
    return split;
  }

  /** Those of a symbol that came after a time, oldest first. */
  after(symbol: string, time: number): readonly Split[] {
    return this.#known.filter((split) => split.symbol === symbol && split.time > time);
  }

  get unsettled(): readonly string[] {
    return [...this.#unsettled.keys()];
  }

  /** Whether it is unknown that the broker has followed. */
  isUnsettled(symbol: string): boolean {
    return this.#unsettled.size > 0 && this.#unsettled.has(symbol);
  }

  /** Why nothing is sent in this symbol, or "". */
  reasonFor(symbol: string): string {
    if (!this.isUnsettled(symbol)) return "";
    const split = this.#known.findLast((known) => known.symbol === symbol);
    const ratio = split === undefined ? "" : ` ${ratioText(split)}`;
    return `${symbol} has split${ratio}, and what the broker holds since is not known yet`;
  }

  /** Whether a broker that shows `theirs` has not booked the last split (or the last ones) of what is `ours` by now. */
  isBehind(symbol: string, theirs: Decimal, ours: Decimal): boolean {
    const state = this.#unsettled.get(symbol);
    if (state === undefined || state.booked || state.trusted) return false;
    if (theirs.minus(ours).abs().isLessThan(NOISE)) return false;
    let then = theirs;
    return this.#known
      .filter((split) => split.symbol === symbol)
      .reverse()
      .some((split) => {
        then = then.times(split.newShares).div(split.oldShares);
        return then.minus(ours).abs().isLessThan(NOISE);
      });
  }

  /** True at the first time that the broker is found behind. */
  tellBehind(symbol: string): boolean {
    const state = this.#unsettled.get(symbol);
    if (state === undefined || state.told) return false;
    state.told = true;
    return true;
  }

  book(symbol: string): void {
    const state = this.#unsettled.get(symbol);
    if (state !== undefined) state.booked = true;
  }

  isBooked(symbol: string): boolean {
    return this.#unsettled.get(symbol)?.booked === true;
  }

  settle(symbol: string): void {
    this.#unsettled.delete(symbol);
  }

  /** A person answers for what the broker shows. */
  trust(isCovered: (symbol: string) => boolean): void {
    for (const [symbol, state] of this.#unsettled) if (isCovered(symbol)) state.trusted = true;
  }

  save(): SavedSplits {
    return {
      known: this.#known.map(({ symbol, time, newShares, oldShares }) => ({
        ...{ symbol, time },
        ...{ newShares: text(newShares), oldShares: text(oldShares) },
      })),
      unsettled: [...this.#unsettled].map(([symbol, state]) => [symbol, { ...state }] as const),
    };
  }

  restore({ known, unsettled }: SavedSplits): void {
    for (const { symbol, time, newShares, oldShares } of known)
      this.#known.push({ symbol, time, newShares: decimal(newShares), oldShares: decimal(oldShares) });
    for (const [symbol, state] of unsettled) this.#unsettled.set(symbol, { ...state });
  }
}
