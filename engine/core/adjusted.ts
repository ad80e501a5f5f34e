/**
 * Market data of before a split in the shares of after it.
 *
 * Owns: that arithmetic. Facts are float64, and so are prices here. May not: know which splits there are.
 */
import type { Bar } from "./event.ts";
import type { SplitInput } from "./feed-event.ts";

/** New shares for each old one. */
export function sharesOf({ newShares, oldShares }: Pick<SplitInput, "newShares" | "oldShares">): number {
  return Number(newShares) / Number(oldShares);
}

/** A bar that began before the split; any other stays what it is. */
export function adjustedBar<B extends Bar>(bar: B, split: SplitInput): B {
  if (bar.start >= split.time) return bar;
  const shares = sharesOf(split);
  return {
    ...bar,
    open: bar.open / shares,
    high: bar.high / shares,
    low: bar.low / shares,
    close: bar.close / shares,
    volume: bar.volume * shares,
  };
}
