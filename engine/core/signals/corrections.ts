/**
 * Corrections: what is said of bars after they were closed.
 *
 * Owns: to which series a correction goes, and what people are told of it. A correction changes what facts say from now
 * on; it evaluates nothing, so no past decision changes and nothing fires by it. May not: compute facts (past.ts).
 */
import type { BarSize } from "../../market/bar-size.ts";
import type { BarInput, Output } from "../event.ts";
import { lateCorrection, lateTrade } from "./announcements.ts";
import type { Slots } from "./conditions.ts";
import type { Series } from "./series.ts";
import { divides } from "./time-series.ts";
import type { TimeSeries } from "./time-series.ts";

export interface LateTrade {
  readonly time: number;
  readonly price: number;
  /** Undefined: the middle of a quote. */
  readonly size: number | undefined;
  readonly setsPrice: boolean;
}

export type CountedTrade = LateTrade & { readonly size: number };

export class Corrections {
  readonly #output: (output: Output) => void;

  constructor(output: (output: Output) => void) {
    this.#output = output;
  }

  /** `isTold`: trading has begun, and people hear of it. */
  trade(series: TimeSeries, { time, price, size, setsPrice }: LateTrade, slots: Slots, isTold: boolean): void {
    const outcome = size === undefined ? "none" : series.past.trade(time, price, size, setsPrice, slots);
    if (!isTold) return;
    if (outcome === "corrected") return this.#tell(series, time);
    this.leftOut(series, true);
  }

  /** Bars of activity follow no correction: a trade of a session that is over is told once. */
  leftOut(series: Series, isTold: boolean): void {
    if (!isTold || series.lateWasTold) return;
    series.lateWasTold = true;
    this.#output(lateTrade(series));
  }

  bar(all: readonly TimeSeries[], bar: BarInput, size: BarSize, slots: Slots, isTold: boolean): void {
    for (const series of all) {
      const isOwn = series.size.label === size.label;
      if (!isOwn && (size.ms >= series.size.ms || !divides(size, series.size))) continue;
      const end = isOwn ? series.endAt(bar.start) : bar.start + size.ms;
      if (Number.isNaN(end)) continue;
      const outcome = isOwn ? series.past.whole(bar, end, slots) : series.past.piece(bar, slots);
      if (!isTold) continue;
      if (outcome === "corrected") this.#tell(series, bar.start);
      if (outcome !== "older" || series.lateCorrectionWasTold) continue;
      series.lateCorrectionWasTold = true;
      this.#output(lateCorrection(series, bar.start));
    }
  }

  #tell(series: TimeSeries, time: number): void {
    const bar = series.past.barAt(time);
    if (bar === undefined) return;
    this.#output({ kind: "bar", symbol: series.symbol, size: series.size.label, bar, revised: true });
  }
}
