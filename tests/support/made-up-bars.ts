/**
 * Bars that a seed makes, the same in TypeScript and in tests/catalog/talib/make-reference.py.
 *
 * Owns: the generator. Prices are multiples of 1/64, which floats hold exactly; all shapes of candles occur.
 */
import type { Bar } from "../../engine/core/event.ts";
import { randomOf } from "../catalog/kernel-contract.ts";

const rounded = (x: number): number => Math.floor(x + 0.5);

export function madeUpBars(seed: number, count: number): Bar[] {
  const random = randomOf(seed);
  let close = 6_400;
  return Array.from({ length: count }, (_, i) => {
    const gap = random() < 0.3 ? rounded((random() - 0.5) * 256) : 0;
    const open = Math.max(640, close + gap);
    const kind = random();
    const size = kind < 0.25 ? 8 : kind < 0.6 ? 128 : 384;
    const drift = open < 5_000 ? 0.1 : open > 8_000 ? -0.1 : 0;
    close = Math.max(640, open + rounded((random() - 0.5 + drift) * size));
    const shadow = (): number => {
      const pick = random();
      return pick < 0.35 ? 0 : rounded(random() * (pick < 0.7 ? 40 : 200));
    };
    const high = Math.max(open, close) + shadow();
    const low = Math.max(64, Math.min(open, close) - shadow());
    const volume = random() < 0.05 ? 0 : rounded(random() * 1_000_000);
    return { start: i * 60_000, open: open / 64, high: high / 64, low: low / 64, close: close / 64, volume };
  });
}
