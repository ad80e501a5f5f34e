/** Patterns of three candles. */
import type { Candles } from "./candles.ts";
import type { Found, Pattern } from "./pattern.ts";

function areBlack(c: Candles): boolean {
  return !c.isWhite(2) && !c.isWhite(1) && !c.isWhite(0);
}

function areWhiteRising(c: Candles): boolean {
  if (!c.isWhite(2) || !c.isWhite(1) || !c.isWhite(0)) return false;
  return c.close(0) > c.close(1) && c.close(1) > c.close(2);
}

/** Opens above the open before, inside or just above the body before. */
function opensWithin(c: Candles, k: number): boolean {
  return c.open(k) > c.open(k + 1) && c.open(k) <= c.close(k + 1) + c.near(k + 1);
}

/** A long candle, a smaller one beyond it, and a third that comes back into the first. */
function star(c: Candles, part: number, isMiddle: boolean, rising: boolean): boolean {
  if (!isMiddle || !c.isLong(2) || c.isWhite(2) === rising || c.isWhite(0) !== rising || c.isSmall(0)) return false;
  if (rising) return c.bodyGapsDown(1, 2) && c.close(0) > c.close(2) + c.body(2) * part;
  return c.bodyGapsUp(1, 2) && c.close(0) < c.close(2) - c.body(2) * part;
}

function abandoned(c: Candles, part: number): Found {
  if (!c.isLong(2) || !c.isDoji(1) || c.isSmall(0) || c.color(0) === c.color(2)) return 0;
  if (c.isWhite(0)) {
    return c.close(0) > c.close(2) + c.body(2) * part && c.gapsDown(1, 2) && c.gapsUp(0, 1) ? 1 : 0;
  }
  return c.close(0) < c.close(2) - c.body(2) * part && c.gapsUp(1, 2) && c.gapsDown(0, 1) ? -1 : 0;
}

function threeInside(c: Candles): Found {
  if (!c.isLong(2) || !c.isSmall(1) || c.top(1) >= c.top(2) || c.bottom(1) <= c.bottom(2)) return 0;
  if (c.color(0) === c.color(2)) return 0;
  return (c.isWhite(0) ? c.close(0) > c.open(2) : c.close(0) < c.open(2)) ? c.color(0) : 0;
}

function threeOutside(c: Candles): Found {
  if (c.color(1) === c.color(2)) return 0;
  if (c.isWhite(1)) return c.close(1) > c.open(2) && c.open(1) < c.close(2) && c.close(0) > c.close(1) ? 1 : 0;
  return c.open(1) > c.close(2) && c.close(1) < c.open(2) && c.close(0) < c.close(1) ? -1 : 0;
}

/** Gains that shrink: the buyers get tired. */
function advanceBlock(c: Candles): boolean {
  if (!areWhiteRising(c) || !opensWithin(c, 1) || !opensWithin(c, 0)) return false;
  if (!c.isLong(2) || c.upper(2) >= c.shortShadow(2)) return false;
  const [last, middle, first] = [c.body(0), c.body(1), c.body(2)];
  if (middle < first - c.far(2) && last < middle + c.near(1)) return true;
  if (last < middle - c.far(1)) return true;
  const hasShadow = c.upper(0) > c.shortShadow(0) || c.upper(1) > c.shortShadow(1);
  return last < middle && ((middle < first && hasShadow) || c.upper(0) > c.body(0));
}

function whiteSoldiers(c: Candles): boolean {
  if (!areWhiteRising(c) || !c.hasNoUpper(2) || !c.hasNoUpper(1) || !c.hasNoUpper(0)) return false;
  if (!opensWithin(c, 1) || !opensWithin(c, 0)) return false;
  return c.body(1) > c.body(2) - c.far(2) && c.body(0) > c.body(1) - c.far(1) && !c.isSmall(0);
}

function starsInTheSouth(c: Candles): boolean {
  if (!areBlack(c) || !c.isLong(2) || c.lower(2) <= c.body(2) || c.body(1) >= c.body(2)) return false;
  if (c.open(1) <= c.close(2) || c.open(1) > c.high(2) || c.low(1) >= c.close(2) || c.low(1) < c.low(2)) return false;
  if (c.lower(1) <= c.hardly(1) || !c.isShort(0) || !c.hasNoLower(0) || !c.hasNoUpper(0)) return false;
  return c.low(0) > c.low(1) && c.high(0) < c.high(1);
}

function sideBySide(c: Candles): Found {
  const isUp = c.bodyGapsUp(1, 2) && c.bodyGapsUp(0, 2);
  if (!isUp && !(c.bodyGapsDown(1, 2) && c.bodyGapsDown(0, 2))) return 0;
  if (!c.isWhite(1) || !c.isWhite(0) || !c.areEqual(c.open(0), c.open(1), 1)) return 0;
  const near = c.near(1);
  if (c.body(0) < c.body(1) - near || c.body(0) > c.body(1) + near) return 0;
  return isUp ? 1 : -1;
}

function tasukiGap(c: Candles): Found {
  if (c.color(0) === c.color(1) || Math.abs(c.body(1) - c.body(0)) >= c.near(1)) return 0;
  if (c.open(0) >= c.top(1) || c.open(0) <= c.bottom(1)) return 0;
  if (c.isWhite(1)) return c.bodyGapsUp(1, 2) && c.close(0) < c.open(1) && c.close(0) > c.top(2) ? 1 : 0;
  return c.bodyGapsDown(1, 2) && c.close(0) > c.open(1) && c.close(0) < c.bottom(2) ? -1 : 0;
}

function tristar(c: Candles): Found {
  if (!c.isDoji(2) || !c.isDoji(1, 2) || !c.isDoji(0, 2)) return 0;
  if (c.bodyGapsDown(1, 2) && c.bottom(0) > c.bottom(1)) return 1;
  return c.bodyGapsUp(1, 2) && c.top(0) < c.top(1) ? -1 : 0;
}

function gapThreeMethods(c: Candles): Found {
  if (c.color(2) !== c.color(1) || c.color(1) === c.color(0)) return 0;
  if (c.open(0) >= c.top(1) || c.open(0) <= c.bottom(1) || c.close(0) >= c.top(2) || c.close(0) <= c.bottom(2))
    return 0;
  return (c.isWhite(2) ? c.bodyGapsUp(1, 2) : c.bodyGapsDown(1, 2)) ? c.color(2) : 0;
}

function stalled(c: Candles): boolean {
  if (!areWhiteRising(c) || !c.isLong(2) || !c.isLong(1) || !c.hasNoUpper(1) || !opensWithin(c, 1)) return false;
  return c.isShort(0) && c.open(0) >= c.close(1) - c.body(0) - c.near(1);
}

function uniqueRiver(c: Candles): boolean {
  if (!c.isLong(2) || c.isWhite(2) || c.isWhite(1) || !c.isWhite(0)) return false;
  if (c.close(1) <= c.close(2) || c.open(1) > c.open(2) || c.low(1) >= c.low(2)) return false;
  return c.isShort(0) && c.open(0) > c.low(1);
}

function hikkake(c: Candles): Found {
  if (c.high(1) >= c.high(2) || c.low(1) <= c.low(2)) return 0;
  if (c.high(0) < c.high(1) && c.low(0) < c.low(1)) return 1;
  return c.high(0) > c.high(1) && c.low(0) > c.low(1) ? -1 : 0;
}

const STAR = "long candle; body of the second gaps on; the third comes back by more than penetration of the first body";

export const THREE_BARS: readonly Pattern[] = [
  {
    name: "morning_star",
    title: "Morning star",
    doc: "A long black candle, a small one below it, a white one that comes back: bullish after a decline.",
    formula: STAR,
    taLib: "MORNINGSTAR",
    first: 12,
    sides: "one",
    penetration: 0.3,
    test: (c, part) => star(c, part, c.isSmall(1), true),
  },
  {
    name: "evening_star",
    title: "Evening star",
    doc: "A long white candle, a small one above it, a black one that comes back: bearish after a rise.",
    formula: STAR,
    taLib: "EVENINGSTAR",
    first: 12,
    sides: "one",
    penetration: 0.3,
    test: (c, part) => star(c, part, c.isSmall(1), false),
  },
  {
    name: "morning_doji_star",
    title: "Morning doji star",
    doc: "A morning star with a doji in the middle: bullish.",
    formula: `${STAR}; the second is a doji`,
    taLib: "MORNINGDOJISTAR",
    first: 12,
    sides: "one",
    penetration: 0.3,
    test: (c, part) => star(c, part, c.isDoji(1), true),
  },
  {
    name: "evening_doji_star",
    title: "Evening doji star",
    doc: "An evening star with a doji in the middle: bearish.",
    formula: `${STAR}; the second is a doji`,
    taLib: "EVENINGDOJISTAR",
    first: 12,
    sides: "one",
    penetration: 0.3,
    test: (c, part) => star(c, part, c.isDoji(1), false),
  },
  {
    name: "abandoned_baby",
    title: "Abandoned baby",
    doc: "A star whose doji stands alone, with gaps between whole candles on both sides.",
    formula: `${STAR}; the second is a doji that touches neither neighbour`,
    taLib: "ABANDONEDBABY",
    first: 12,
    sides: "both",
    penetration: 0.3,
    test: abandoned,
  },
  {
    name: "three_white_soldiers",
    title: "Three white soldiers",
    doc: "Three white candles of similar size, each closing higher and near its high: bullish.",
    formula: "three white, rising closes, no upper shadows, each opens within or near the body before",
    taLib: "3WHITESOLDIERS",
    first: 12,
    sides: "one",
    test: whiteSoldiers,
  },
  {
    name: "identical_three_crows",
    title: "Identical three crows",
    doc: "Three black candles, each opening where the one before closed: bearish.",
    formula: "three black without lower shadows, falling closes, opens equal to the closes before",
    taLib: "IDENTICAL3CROWS",
    first: 12,
    sides: "one",
    test: (c) =>
      areBlack(c) &&
      c.hasNoLower(2) &&
      c.hasNoLower(1) &&
      c.hasNoLower(0) &&
      c.close(2) > c.close(1) &&
      c.close(1) > c.close(0) &&
      c.areEqual(c.open(1), c.close(2), 2) &&
      c.areEqual(c.open(0), c.close(1), 1),
  },
  {
    name: "three_inside",
    title: "Three inside up or down",
    doc: "A harami that the third candle confirms.",
    formula: "long body, small body inside it, then an opposite candle that closes beyond the first open",
    taLib: "3INSIDE",
    first: 12,
    sides: "both",
    test: threeInside,
  },
  {
    name: "three_outside",
    title: "Three outside up or down",
    doc: "An engulfing that the third candle confirms.",
    formula: "engulfing, then a close further in its direction",
    taLib: "3OUTSIDE",
    first: 3,
    sides: "both",
    test: threeOutside,
  },
  {
    name: "three_stars_in_the_south",
    title: "Three stars in the south",
    doc: "Three black candles, each inside the one before, that lose their force: bullish.",
    formula: "long black with a long lower shadow, smaller black above its low, short black without shadows inside it",
    taLib: "3STARSINSOUTH",
    first: 12,
    sides: "one",
    test: starsInTheSouth,
  },
  {
    name: "advance_block",
    title: "Advance block",
    doc: "Three rising white candles whose gains shrink: bearish.",
    formula: "as three white soldiers, with shrinking bodies or growing upper shadows",
    taLib: "ADVANCEBLOCK",
    first: 12,
    sides: "one",
    test: advanceBlock,
  },
  {
    name: "stalled_pattern",
    title: "Stalled pattern",
    doc: "Two long white candles and a small one at their top: bearish.",
    formula: "long white, long white without an upper shadow, short white near its close",
    taLib: "STALLEDPATTERN",
    first: 12,
    sides: "one",
    test: stalled,
  },
  {
    name: "two_crows",
    title: "Two crows",
    doc: "A long white candle, a black one above it, and a black one that closes back inside the first: bearish.",
    formula: "long white; black gaps up; black opens in the second body and closes in the first",
    taLib: "2CROWS",
    first: 12,
    sides: "one",
    test: (c) =>
      c.isWhite(2) &&
      c.isLong(2) &&
      !c.isWhite(1) &&
      c.bodyGapsUp(1, 2) &&
      !c.isWhite(0) &&
      c.open(0) < c.open(1) &&
      c.open(0) > c.close(1) &&
      c.close(0) > c.open(2) &&
      c.close(0) < c.close(2),
  },
  {
    name: "upside_gap_two_crows",
    title: "Upside gap two crows",
    doc: "Two black candles above a long white one, the second covering the first: bearish.",
    formula: "long white; small black gaps up; black covers it and closes above the first",
    taLib: "UPSIDEGAP2CROWS",
    first: 12,
    sides: "one",
    test: (c) =>
      c.isWhite(2) &&
      c.isLong(2) &&
      !c.isWhite(1) &&
      c.isSmall(1) &&
      c.bodyGapsUp(1, 2) &&
      !c.isWhite(0) &&
      c.open(0) > c.open(1) &&
      c.close(0) < c.close(1) &&
      c.close(0) > c.close(2),
  },
  {
    name: "gap_side_by_side_white",
    title: "Side-by-side white lines",
    doc: "Two white candles of the same size and open beyond a gap: the trend goes on.",
    formula: "two white bodies gap away from the first candle; opens equal; bodies near each other",
    taLib: "GAPSIDESIDEWHITE",
    first: 7,
    sides: "both",
    test: sideBySide,
  },
  {
    name: "tasuki_gap",
    title: "Tasuki gap",
    doc: "An opposite candle that enters a gap without closing it: the trend goes on.",
    formula: "body gaps; an opposite one of similar size opens in it and closes in the gap",
    taLib: "TASUKIGAP",
    first: 7,
    sides: "both",
    test: tasukiGap,
  },
  {
    name: "gap_three_methods",
    title: "Gap three methods",
    doc: "An opposite candle that closes the gap between two candles of one color: the trend goes on.",
    formula: "two candles of one color with a gap; an opposite one opens in the second body and closes in the first",
    taLib: "XSIDEGAP3METHODS",
    first: 2,
    sides: "both",
    test: gapThreeMethods,
  },
  {
    name: "tristar",
    title: "Tristar",
    doc: "Three doji, the middle one beyond the others.",
    formula: "three doji; the second gaps away, the third comes back",
    taLib: "TRISTAR",
    first: 12,
    sides: "both",
    test: tristar,
  },
  {
    name: "unique_three_river",
    title: "Unique three river",
    doc: "A long black candle, a black one inside it with a new low, a short white one above that low: bullish.",
    formula: "long black; black within it with a lower low; short white opening above that low",
    taLib: "UNIQUE3RIVER",
    first: 12,
    sides: "one",
    test: uniqueRiver,
  },
  {
    name: "stick_sandwich",
    title: "Stick sandwich",
    doc: "Two black candles that close at one price with a white one between them: a floor, bullish.",
    formula: "black, white above its close, black; closes of the black ones equal",
    taLib: "STICKSANDWICH",
    first: 7,
    sides: "one",
    test: (c) =>
      !c.isWhite(2) && c.isWhite(1) && !c.isWhite(0) && c.low(1) > c.close(2) && c.areEqual(c.close(0), c.close(2), 2),
  },
  {
    name: "hikkake",
    title: "Hikkake",
    doc:
      "An inside bar and a false break out of it: bullish when it broke down. TA-Lib also marks the bar that confirms it " +
      "within three bars; a rule says that as `hikkake.bullish then close > high[2] within 3 bars`.",
    formula: "inside bar; then both extremes lower (bullish) or higher (bearish)",
    taLib: "HIKKAKE",
    first: 5,
    sides: "both",
    test: hikkake,
  },
];
