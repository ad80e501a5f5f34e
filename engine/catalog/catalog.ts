/**
 * The registry of indicators.
 *
 * Owns: which indicators a strategy may name. Everything that lists indicators (the language, the schema, the docs)
 * reads it from here. May not compute anything.
 */
import { adx } from "./indicators/adx.ts";
import { atr, trueRangeIndicator } from "./indicators/atr.ts";
import { band } from "./indicators/band.ts";
import { bollinger } from "./indicators/bollinger.ts";
import { cci } from "./indicators/cci.ts";
import { donchian } from "./indicators/donchian.ts";
import { ema, rma } from "./indicators/ema.ts";
import { highest, lowest } from "./indicators/extremes.ts";
import { keltner } from "./indicators/keltner.ts";
import { macd } from "./indicators/macd.ts";
import { mfi } from "./indicators/mfi.ts";
import { obv } from "./indicators/obv.ts";
import { roc } from "./indicators/roc.ts";
import { rsi } from "./indicators/rsi.ts";
import { sma } from "./indicators/sma.ts";
import { stddev } from "./indicators/stddev.ts";
import { stochastic, willr } from "./indicators/stochastic.ts";
import { vwap } from "./indicators/vwap.ts";
import { wma } from "./indicators/wma.ts";
import type { Indicator } from "./kernel.ts";
import { TECHNICALINDICATORS, TECHNICALINDICATORS_KERNELS } from "./sources/technicalindicators.ts";

const ALL: readonly Indicator[] = [
  [sma, ema, wma, rma],
  [rsi, macd, roc, stochastic, willr, cci, adx],
  [bollinger, donchian, keltner, band],
  [atr, trueRangeIndicator, stddev],
  [highest, lowest],
  [vwap, obv, mfi],
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
