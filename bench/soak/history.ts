/**
 * The bars that a run has closed, for the warm-up of the next program.
 *
 * Owns: a few of each series, so that this grows no more after the first hours. May not: know more than the run told.
 */
import type { Bar, HistoryInput, Output } from "../../engine/core/event.ts";
import type { BarSize } from "../../engine/market/bar-size.ts";
import type { History } from "../../engine/ports/history.ts";

const KEPT = 100;

export class SoakHistory implements History {
  readonly #series = new Map<string, Bar[]>();

  /** What was before the run. */
  begin({ symbol, size, bars }: HistoryInput): void {
    for (const bar of bars) this.#add(symbol, size, bar);
  }

  learn(output: Output): void {
    if (output.kind === "bar" && output.revised !== true) this.#add(output.symbol, output.size, output.bar);
  }

  #add(symbol: string, size: string, bar: Bar): void {
    const key = `${symbol}@${size}`;
    const bars = this.#series.get(key) ?? [];
    this.#series.set(key, bars);
    bars.push(bar);
    if (bars.length > KEPT) bars.shift();
  }

  bars(symbol: string, size: BarSize, _before: number, count: number): Promise<readonly Bar[]> {
    return Promise.resolve((this.#series.get(`${symbol}@${size.label}`) ?? []).slice(-count));
  }
}
