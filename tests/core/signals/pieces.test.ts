import { describe, expect, it } from "vitest";
import type { Bar } from "../../../engine/core/event.ts";
import { KEPT_PIECES, Pieces } from "../../../engine/core/signals/pieces.ts";

const piece = (start: number, price: number): Bar => ({
  start,
  open: price,
  high: price + 1,
  low: price - 1,
  close: price,
  volume: 10,
});

describe("the smaller bars of a series", () => {
  it("keep the newest, between one and two times as many as promised", () => {
    const pieces = new Pieces();
    for (let i = 0; i < 5 * KEPT_PIECES + 3; i++) {
      pieces.add(piece(i, 100));
      const kept = pieces.countIn(0, i + 1);
      expect(kept).toBeGreaterThanOrEqual(Math.min(i + 1, KEPT_PIECES));
      expect(kept).toBeLessThanOrEqual(2 * KEPT_PIECES);
      expect(pieces.countIn(i + 1 - kept, i + 1)).toBe(kept);
    }
  });

  it("take another word on one, or one that was missing, in its place", () => {
    const pieces = new Pieces();
    for (const start of [0, 1, 3, 4]) pieces.add(piece(start, 100 + start));
    expect(pieces.set(piece(1, 101))).toBe("same");
    expect(pieces.set(piece(1, 90))).toBe("changed");
    expect(pieces.set(piece(2, 120))).toBe("added");
    expect(pieces.whole(0, 4)).toMatchObject({ open: 100, high: 121, low: 89, close: 103, volume: 40 });
    expect(pieces.whole(4, 5)).toMatchObject({ open: 104, close: 104, volume: 10 });
  });

  it("give up the oldest for one that was missing, and do not keep one that is older still", () => {
    const full = (): Pieces => {
      const pieces = new Pieces();
      for (let i = 0; i < 2 * KEPT_PIECES; i++) pieces.add(piece(10 * i, 100));
      return pieces;
    };
    const [late, early] = [full(), full()];
    expect(late.set(piece(10 * KEPT_PIECES + 5, 120))).toBe("added");
    expect(late.countIn(0, Number.POSITIVE_INFINITY)).toBe(KEPT_PIECES + 1);
    expect(late.whole(10 * KEPT_PIECES, 10 * KEPT_PIECES + 6)).toMatchObject({ open: 100, close: 120, volume: 20 });
    early.set(piece(5, 120));
    expect(early.countIn(0, Number.POSITIVE_INFINITY)).toBe(KEPT_PIECES);
  });
});
