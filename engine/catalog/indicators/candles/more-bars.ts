/** Patterns of four and five candles. */
import type { Candles } from "./candles.ts";
import type { Found, Pattern } from "./pattern.ts";

function blackCrows(c: Candles): boolean {
  if (!c.isWhite(3)) return false;
  for (let k = 2; k >= 0; k--) if (c.isWhite(k) || !c.hasNoLower(k)) return false;
  if (c.open(1) >= c.open(2) || c.open(1) <= c.close(2) || c.open(0) >= c.open(1) || c.open(0) <= c.close(1))
    return false;
  return c.high(3) > c.close(2) && c.close(2) > c.close(1) && c.close(1) > c.close(0);
}

/** Opens inside the body before, give or take what is near. */
function opensNear(c: Candles, k: number): boolean {
  const near = c.near(k + 1);
  return c.open(k) >= c.bottom(k + 1) - near && c.open(k) <= c.top(k + 1) + near;
}

function lineStrike(c: Candles): Found {
  const color = c.color(1);
  if (c.color(3) !== color || c.color(2) !== color || c.color(0) === color) return 0;
  if (!opensNear(c, 2) || !opensNear(c, 1)) return 0;
  const goesOn = color * c.close(1) > color * c.close(2) && color * c.close(2) > color * c.close(3);
  return goesOn && color * c.open(0) > color * c.close(1) && color * c.close(0) < color * c.open(3) ? color : 0;
}

function babySwallow(c: Candles): boolean {
  for (let k = 3; k >= 0; k--) if (c.isWhite(k)) return false;
  for (let k = 3; k >= 2; k--) if (!c.hasNoUpper(k) || !c.hasNoLower(k)) return false;
  if (!c.bodyGapsDown(1, 2) || c.upper(1) <= c.hardly(1) || c.high(1) <= c.close(2)) return false;
  return c.high(0) > c.high(1) && c.low(0) < c.low(1);
}

function breakaway(c: Candles): Found {
  const color = c.color(4);
  if (c.color(3) !== color || c.color(1) !== color || c.color(0) === color || !c.isLong(4)) return 0;
  if (!(color === 1 ? c.bodyGapsUp(3, 4) : c.bodyGapsDown(3, 4))) return 0;
  for (let k = 2; k >= 1; k--) {
    if (color * c.high(k) <= color * c.high(k + 1) || color * c.low(k) <= color * c.low(k + 1)) return 0;
  }
  const isInGap = color * c.close(0) < color * c.open(3) && color * c.close(0) > color * c.close(4);
  return isInGap ? c.color(0) : 0;
}

function ladderBottom(c: Candles): boolean {
  for (let k = 4; k >= 1; k--) if (c.isWhite(k)) return false;
  if (c.open(4) <= c.open(3) || c.open(3) <= c.open(2) || c.close(4) <= c.close(3) || c.close(3) <= c.close(2))
    return false;
  return c.upper(1) > c.hardly(1) && c.isWhite(0) && c.open(0) > c.open(1) && c.close(0) > c.high(1);
}

function areShort(c: Candles): boolean {
  return c.isShort(3) && c.isShort(2) && c.isShort(1);
}

function matHold(c: Candles, part: number): boolean {
  if (!c.isLong(4) || !areShort(c) || !c.isWhite(4) || c.isWhite(3) || !c.isWhite(0) || !c.bodyGapsUp(3, 4))
    return false;
  const floor = c.close(4) - c.body(4) * part;
  for (let k = 2; k >= 1; k--) if (c.bottom(k) >= c.close(4) || c.bottom(k) <= floor) return false;
  if (c.top(2) >= c.open(3) || c.top(1) >= c.top(2) || c.open(0) <= c.close(1)) return false;
  return c.close(0) > Math.max(c.high(3), c.high(2), c.high(1));
}

function threeMethods(c: Candles): Found {
  const color = c.color(4);
  if (!c.isLong(4) || !areShort(c) || !c.isLong(0) || c.color(0) !== color) return 0;
  for (let k = 3; k >= 1; k--) {
    if (c.color(k) === color || c.bottom(k) >= c.high(4) || c.top(k) <= c.low(4)) return 0;
  }
  if (color * c.close(2) >= color * c.close(3) || color * c.close(1) >= color * c.close(2)) return 0;
  return color * c.open(0) > color * c.close(1) && color * c.close(0) > color * c.close(4) ? color : 0;
}

export const MORE_BARS: readonly Pattern[] = [
  {
    name: "three_black_crows",
    title: "Three black crows",
    doc: "After a white candle three black ones, each opening in the body before and closing near its low: bearish.",
    formula: "white; three black without lower shadows, each opening within the body before; falling closes",
    taLib: "3BLACKCROWS",
    first: 13,
    sides: "one",
    test: blackCrows,
  },
  {
    name: "three_line_strike",
    title: "Three-line strike",
    doc: "Three candles of one color and an opposite one that takes it all back; the direction is that of the three.",
    formula: "three of one color going on; an opposite one opens beyond the third and closes beyond the first open",
    taLib: "3LINESTRIKE",
    first: 8,
    sides: "both",
    test: lineStrike,
  },
  {
    name: "concealing_baby_swallow",
    title: "Concealing baby swallow",
    doc: "Four black candles, the last one covering the one before with its shadows: bullish.",
    formula: "two black marubozu; black gaps down with an upper shadow into them; black covers it, shadows included",
    taLib: "CONCEALBABYSWALL",
    first: 13,
    sides: "one",
    test: babySwallow,
  },
  {
    name: "breakaway",
    title: "Breakaway",
    doc: "A move with a gap that fades, and an opposite candle that closes inside the gap.",
    formula: "long candle; a gap and three more in its direction; an opposite one closes in the gap",
    taLib: "BREAKAWAY",
    first: 14,
    sides: "both",
    test: breakaway,
  },
  {
    name: "ladder_bottom",
    title: "Ladder bottom",
    doc: "Four falling black candles, the last with an upper shadow, and a white one that closes above it: bullish.",
    formula: "three black with falling opens and closes; black with an upper shadow; white closing above its high",
    taLib: "LADDERBOTTOM",
    first: 14,
    sides: "one",
    test: ladderBottom,
  },
  {
    name: "mat_hold",
    title: "Mat hold",
    doc: "A long white candle, three small ones that give little back, and a new high: the rise goes on.",
    formula: "long white; three short ones stay above penetration of its body; white closes above their highs",
    taLib: "MATHOLD",
    first: 14,
    sides: "one",
    penetration: 0.5,
    test: matHold,
  },
  {
    name: "three_methods",
    title: "Rising and falling three methods",
    doc: "A long candle, three short opposite ones within its range, and a long one that goes on.",
    formula: "long; three short opposite ones within its range; long closing beyond the first",
    taLib: "RISEFALL3METHODS",
    first: 14,
    sides: "both",
    test: threeMethods,
  },
];
