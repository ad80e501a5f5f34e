/**
 * The registry of indicators.
 *
 * Owns: which indicators a strategy may name. Everything that lists indicators (the language, the schema, the docs)
 * reads it from here. May not compute anything.
 */
import { adx } from "./indicators/adx.ts";
import { aroon } from "./indicators/aroon.ts";
import { atr, trueRangeIndicator } from "./indicators/atr.ts";
import { band } from "./indicators/band.ts";
import { bollinger } from "./indicators/bollinger.ts";
import { CANDLES } from "./indicators/candles/all.ts";
import { cci } from "./indicators/cci.ts";
import { beta, correlation } from "./indicators/correlation.ts";
import { dayRange, gap } from "./indicators/day.ts";
import { dema, tema } from "./indicators/dema.ts";
import { donchian, yearRange } from "./indicators/donchian.ts";
import { ema, rma } from "./indicators/ema.ts";
import { barsSinceHighest, barsSinceLowest, highest, lowest } from "./indicators/extremes.ts";
import { hma } from "./indicators/hma.ts";
import { ichimoku } from "./indicators/ichimoku.ts";
import { kama } from "./indicators/kama.ts";
import { keltner } from "./indicators/keltner.ts";
import { linreg } from "./indicators/linreg.ts";
import { macd } from "./indicators/macd.ts";
import { mfi } from "./indicators/mfi.ts";
import { ad, cmf } from "./indicators/money-flow.ts";
import { obv } from "./indicators/obv.ts";
import { percentRank } from "./indicators/percent-rank.ts";
import { camarilla, pivots } from "./indicators/pivots.ts";
import { ppo } from "./indicators/ppo.ts";
import { psar } from "./indicators/psar.ts";
import { relativeVolume } from "./indicators/relative-volume.ts";
import { momentum, roc } from "./indicators/roc.ts";
import { rsi } from "./indicators/rsi.ts";
import { sma } from "./indicators/sma.ts";
import { stddev, zscore } from "./indicators/stddev.ts";
import { stochastic, willr } from "./indicators/stochastic.ts";
import { stochrsi } from "./indicators/stochrsi.ts";
import { supertrend } from "./indicators/supertrend.ts";
import { trix } from "./indicators/trix.ts";
import { vwap } from "./indicators/vwap.ts";
import { vwma } from "./indicators/vwma.ts";
import { wma } from "./indicators/wma.ts";
import type { Indicator } from "./kernel.ts";
import { TECHNICALINDICATORS, TECHNICALINDICATORS_KERNELS } from "./sources/technicalindicators.ts";

const ALL: readonly Indicator[] = [
  [sma, ema, wma, rma, dema, tema, hma, kama, vwma],
  [rsi, stochastic, stochrsi, macd, ppo, roc, momentum, trix, willr, cci],
  [adx, aroon, psar, supertrend, ichimoku],
  [bollinger, donchian, keltner, band],
  [atr, trueRangeIndicator, stddev, zscore, linreg, percentRank, correlation, beta],
  [highest, lowest, barsSinceHighest, barsSinceLowest, dayRange, yearRange, gap, pivots, camarilla],
  [vwap, obv, ad, cmf, mfi, relativeVolume],
  CANDLES,
].flat();

function withSources(entry: Indicator): Indicator {
  const kernel = TECHNICALINDICATORS_KERNELS[entry.name];
  return kernel === undefined ? entry : { ...entry, sources: { [TECHNICALINDICATORS]: kernel } };
}

/** Every indicator by name, in the order of the docs. */
export const INDICATORS: ReadonlyMap<string, Indicator> = new Map(ALL.map((entry) => [entry.name, withSources(entry)]));

export function indicator(name: string): Indicator | undefined {
  return INDICATORS.get(name);
}
