/**
 * Where bars from before now come from, for warm-up.
 */
import type { Bar } from "../core/event.ts";
import type { BarSize } from "../market/bar-size.ts";

export interface History {
  /** Up to `count` closed bars that end at or before `before`, oldest first; fewer when there are no more. */
  bars(symbol: string, size: BarSize, before: number, count: number): Promise<readonly Bar[]>;
}
