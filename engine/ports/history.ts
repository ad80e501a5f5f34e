/**
 * Where bars from before now come from, for warm-up.
 */
import type { Bar } from "../core/event.ts";
import type { SessionKind } from "../core/program.ts";
import type { BarSize } from "../market/bar-size.ts";

export interface History {
  /**
   * Up to `count` closed bars that end at or before `before`, oldest first; fewer when there are no more. `session`: the hours
   * that have bars, and where those that are shorter than a day count from; regular when nobody says.
   */
  bars(symbol: string, size: BarSize, before: number, count: number, session?: SessionKind): Promise<readonly Bar[]>;
}
