/** Patterns of two candles. */
import type { Candles } from "./candles.ts";
import type { Found, Pattern } from "./pattern.ts";

function engulfing(c: Candles): Found {
  const color = c.color(0);
  if (color === c.color(1)) return 0;
  const covers = c.top(0) >= c.top(1) && c.bottom(0) <= c.bottom(1);
  return covers && (c.top(0) > c.top(1) || c.bottom(0) < c.bottom(1)) ? color : 0;
}

/** Opposite to the long candle that holds the small one. */
function held(c: Candles): Found {
  return c.top(0) <= c.top(1) && c.bottom(0) >= c.bottom(1) ? (-c.color(1) as Found) : 0;
}

/** A long black candle, then a white one that opens below its low. */
function rebounds(c: Candles): boolean {
  return !c.isWhite(1) && c.isWhite(0) && c.open(0) < c.low(1) && c.isLong(1);
}

function kicks(c: Candles): boolean {
  if (c.color(0) === c.color(1) || !c.isMarubozu(1) || !c.isMarubozu(0)) return false;
  return c.isWhite(0) ? c.gapsUp(0, 1) : c.gapsDown(0, 1);
}

export const TWO_BARS: readonly Pattern[] = [
  {
    name: "engulfing",
    title: "Engulfing",
    doc: "A body that covers the opposite one before it: the other side took over.",
    formula: "colors differ; the body covers the one before; at most one end is equal",
    taLib: "ENGULFING",
    first: 2,
    sides: "both",
    test: engulfing,
  },
  {
    name: "harami",
    title: "Harami",
    doc: "A small body inside the long one before it: the move lost its force.",
    formula: "long body, then a small one within it; the direction is against the long candle",
    taLib: "HARAMI",
    first: 11,
    sides: "both",
    test: (c) => (c.isLong(1) && c.isSmall(0) ? held(c) : 0),
  },
  {
    name: "harami_cross",
    title: "Harami cross",
    doc: "A doji inside the long body before it.",
    formula: "long body, then a doji within it; the direction is against the long candle",
    taLib: "HARAMICROSS",
    first: 11,
    sides: "both",
    test: (c) => (c.isLong(1) && c.isDoji(0) ? held(c) : 0),
  },
  {
    name: "doji_star",
    title: "Doji star",
    doc: "A doji beyond the long body before it: a warning that the move may end.",
    formula: "long body, then a doji that gaps on in its direction; the direction is against the long candle",
    taLib: "DOJISTAR",
    first: 11,
    sides: "both",
    test: (c) => {
      if (!c.isLong(1) || !c.isDoji(0)) return 0;
      return (c.isWhite(1) ? c.bodyGapsUp(0, 1) : c.bodyGapsDown(0, 1)) ? (-c.color(1) as Found) : 0;
    },
  },
  {
    name: "piercing",
    title: "Piercing line",
    doc: "A long white candle that opens below the low of a long black one and closes in its upper half: bullish.",
    formula: "long black, long white; open < low[1]; close within the upper half of the body before",
    taLib: "PIERCING",
    first: 11,
    sides: "one",
    test: (c) => rebounds(c) && c.isLong(0) && c.close(0) < c.open(1) && c.close(0) > c.close(1) + c.body(1) * 0.5,
  },
  {
    name: "dark_cloud_cover",
    title: "Dark cloud cover",
    doc: "A black candle that opens above the high of a long white one and closes deep in its body: bearish.",
    formula: "long white, black; open > high[1]; close within the body before, below close[1] - penetration * body[1]",
    taLib: "DARKCLOUDCOVER",
    first: 11,
    sides: "one",
    penetration: 0.5,
    test: (c, part) =>
      c.isWhite(1) &&
      c.isLong(1) &&
      !c.isWhite(0) &&
      c.open(0) > c.high(1) &&
      c.close(0) > c.open(1) &&
      c.close(0) < c.close(1) - c.body(1) * part,
  },
  {
    name: "counterattack",
    title: "Counterattack",
    doc: "Two long candles of opposite colors that close at the same price.",
    formula: "colors differ; both long; closes equal; the direction is that of the second",
    taLib: "COUNTERATTACK",
    first: 11,
    sides: "both",
    test: (c) =>
      c.color(0) !== c.color(1) && c.isLong(1) && c.isLong(0) && c.areEqual(c.close(0), c.close(1), 1) ? c.color(0) : 0,
  },
  {
    name: "separating_lines",
    title: "Separating lines",
    doc: "A long belt hold that opens where the opposite candle before it opened: the trend goes on.",
    formula: "colors differ; opens equal; the second is a belt hold and gives the direction",
    taLib: "SEPARATINGLINES",
    first: 11,
    sides: "both",
    test: (c) => {
      if (c.color(0) === c.color(1) || !c.isLong(0) || !c.areEqual(c.open(0), c.open(1), 1)) return 0;
      return (c.isWhite(0) ? c.hasNoLower(0) : c.hasNoUpper(0)) ? c.color(0) : 0;
    },
  },
  {
    name: "kicking",
    title: "Kicking",
    doc: "Two marubozu of opposite colors with a gap between them.",
    formula: "marubozu, opposite marubozu, gap between the candles; the direction is that of the second",
    taLib: "KICKING",
    first: 11,
    sides: "both",
    test: (c) => (kicks(c) ? c.color(0) : 0),
  },
  {
    name: "kicking_by_length",
    title: "Kicking, by the longer candle",
    doc: "As `kicking`, but the longer of both candles gives the direction.",
    formula: "kicking; the direction is that of the longer body",
    taLib: "KICKINGBYLENGTH",
    first: 11,
    sides: "both",
    test: (c) => (kicks(c) ? c.color(c.body(0) > c.body(1) ? 0 : 1) : 0),
  },
  {
    name: "homing_pigeon",
    title: "Homing pigeon",
    doc: "A small black candle inside a long black one: selling dries up, bullish.",
    formula: "long black, small black within its body",
    taLib: "HOMINGPIGEON",
    first: 11,
    sides: "one",
    test: (c) =>
      !c.isWhite(1) && !c.isWhite(0) && c.isLong(1) && c.isSmall(0) && c.open(0) < c.open(1) && c.close(0) > c.close(1),
  },
  {
    name: "matching_low",
    title: "Matching low",
    doc: "Two black candles that close at the same price: a floor, bullish.",
    formula: "black, black; closes equal",
    taLib: "MATCHINGLOW",
    first: 6,
    sides: "one",
    test: (c) => !c.isWhite(1) && !c.isWhite(0) && c.areEqual(c.close(0), c.close(1), 1),
  },
  {
    name: "in_neck",
    title: "In-neck",
    doc: "A white candle from below that closes just at the close of a long black one: the decline goes on.",
    formula: "long black, white; open < low[1]; close[1] <= close <= close[1] + equal",
    taLib: "INNECK",
    first: 11,
    sides: "one",
    test: (c) => rebounds(c) && c.close(0) <= c.close(1) + c.equal(1) && c.close(0) >= c.close(1),
  },
  {
    name: "on_neck",
    title: "On-neck",
    doc: "A white candle from below that closes just at the low of a long black one: the decline goes on.",
    formula: "long black, white; open < low[1]; close equal to low[1]",
    taLib: "ONNECK",
    first: 11,
    sides: "one",
    test: (c) => rebounds(c) && c.areEqual(c.close(0), c.low(1), 1),
  },
  {
    name: "thrusting",
    title: "Thrusting",
    doc: "A white candle from below that stays in the lower half of a long black one: the decline goes on.",
    formula: "long black, white; open < low[1]; close[1] + equal < close <= middle of the body before",
    taLib: "THRUSTING",
    first: 11,
    sides: "one",
    test: (c) => rebounds(c) && c.close(0) > c.close(1) + c.equal(1) && c.close(0) <= c.close(1) + c.body(1) * 0.5,
  },
];
