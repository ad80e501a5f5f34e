/**
 * Bars of activity by brute force: trades of one stretch are cut into the shortest pieces that are enough.
 *
 * Owns: the model that tests compare with; it shares nothing with the engine. A stretch is what no gap and no end of a
 * session interrupts.
 */
import type { Bar } from "../../engine/core/event.ts";

export interface ModelTrade {
  readonly time: number;
  readonly price: number;
  readonly size: number;
  readonly setsPrice: boolean;
}

export interface Stretch {
  readonly trades: readonly ModelTrade[];
  /** End of the session, or undefined when a gap ends it. */
  readonly end: number | undefined;
}

export interface ModelBar extends Bar {
  readonly end: number;
}

/** As it is told: without its end. */
export function told({ start, open, high, low, close, volume }: ModelBar): Bar {
  return { start, open, high, low, close, volume };
}

export type Kind = "ticks" | "volume" | "dollars";

const MEASURES: Readonly<Record<Kind, (trade: ModelTrade) => number>> = {
  ticks: ({ setsPrice }) => (setsPrice ? 1 : 0),
  volume: ({ size }) => size,
  dollars: ({ price, size }) => price * size,
};

export function activityBars(stretches: readonly Stretch[], kind: Kind, threshold: number): ModelBar[] {
  return stretches.flatMap(({ trades, end }) => {
    const bars: ModelBar[] = [];
    let rest = trades;
    for (;;) {
      const count = rest.findIndex((_, i) => isEnough(rest.slice(0, i + 1), kind, threshold)) + 1;
      if (count === 0) break;
      bars.push(barOf(rest.slice(0, count), (rest[count - 1] as ModelTrade).time));
      rest = rest.slice(count);
    }
    const isBar = end !== undefined && rest.some(({ setsPrice }) => setsPrice);
    return isBar ? [...bars, barOf(rest, end)] : bars;
  });
}

function isEnough(trades: readonly ModelTrade[], kind: Kind, threshold: number): boolean {
  const sum = trades.map(MEASURES[kind]).reduce((a, b) => a + b, 0);
  return sum >= threshold - 1e-6 && trades.some(({ setsPrice }) => setsPrice);
}

function barOf(trades: readonly ModelTrade[], end: number): ModelBar {
  const prices = trades.filter(({ setsPrice }) => setsPrice).map(({ price }) => price);
  return {
    start: (trades[0] as ModelTrade).time,
    open: prices[0] as number,
    high: Math.max(...prices),
    low: Math.min(...prices),
    close: prices.at(-1) as number,
    volume: trades.reduce((sum, { size }) => sum + size, 0),
    end,
  };
}
