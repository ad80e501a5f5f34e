/**
 * The same indicators in other libraries: trading-signals and technicalindicators.
 *
 * Owns: how each is built there and which number of its answer is ours. The first is a development dependency, so it is
 * loaded by name and may be missing; the other one's classes are reached through our catalogue or loaded the same way.
 */

/** What both libraries take. */
export interface Candle {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

type Instance = Readonly<Record<string, (x: unknown) => unknown>>;
type Library = Readonly<Record<string, new (...args: unknown[]) => Instance>>;

/** One bar in, the first output of our entry out; undefined while warming. */
export type Step = (candle: Candle) => number | undefined;

export interface Rival {
  /** Ours: name and parameters. */
  readonly entry: string;
  readonly params: readonly number[];
  readonly make: (library: Library) => Step;
}

/** Undefined when it is not installed. */
export async function libraryOf(name: "trading-signals" | "technicalindicators"): Promise<Library | undefined> {
  // A name that the compiler does not see: types and checks of the rest must not depend on it.
  const specifier: string = name;
  try {
    return (await import(specifier)) as Library;
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

type Input = "close" | "candle";

/** A class with `method`, fed closes or candles; `field` of the answer, times `scale`. */
function step(
  instance: Instance,
  method: "add" | "nextValue",
  from: { readonly input: Input; readonly field?: string; readonly scale?: number },
): Step {
  const { input, field, scale = 1 } = from;
  return (candle) => {
    const answer = instance[method]?.(input === "close" ? candle.close : candle);
    const value =
      field === undefined ? answer : (answer as Readonly<Record<string, unknown>> | null | undefined)?.[field];
    return typeof value === "number" ? value * scale : undefined;
  };
}

function added(
  entry: string,
  params: readonly number[],
  className: string,
  from: {
    readonly input: Input;
    readonly field?: string;
    readonly scale?: number;
    readonly args?: (library: Library) => unknown[];
  },
): Rival {
  return {
    entry,
    params,
    make: (library) => {
      const Class = library[className];
      if (Class === undefined) throw new Error(`trading-signals has no ${className}`);
      return step(new Class(...(from.args?.(library) ?? params)), "add", from);
    },
  };
}

function averages(...periods: number[]): (library: Library) => unknown[] {
  return (library) => periods.map((period) => new (library["EMA"] as Library[string])(period));
}

/** It seeds with the first price and counts high - low of the first bar: our options for that are the last parameters. */
const FIRST = 1;

export const TRADING_SIGNALS: readonly Rival[] = [
  added("sma", [20], "SMA", { input: "close" }),
  added("ema", [20, FIRST], "EMA", { input: "close", args: () => [20] }),
  added("wma", [20], "WMA", { input: "close" }),
  added("rma", [14], "WSMA", { input: "close" }),
  added("dema", [14, FIRST], "DEMA", { input: "close", args: () => [14] }),
  added("tema", [14, FIRST], "TEMA", { input: "close", args: () => [14] }),
  added("hma", [14], "HMA", { input: "close" }),
  added("kama", [10, 2, 30], "KAMA", { input: "close" }),
  added("vwma", [20], "VWMA", { input: "candle" }),
  added("rsi", [14], "RSI", { input: "close" }),
  added("macd", [12, 26, 9, 2], "MACD", { input: "close", field: "macd", args: averages(12, 26, 9) }),
  added("stochastic", [14, 3, 3], "StochasticOscillator", {
    input: "candle",
    field: "stochK",
    args: () => [{ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 }],
  }),
  added("roc", [10], "ROC", { input: "close", scale: 100 }),
  added("momentum", [10], "MOM", { input: "close" }),
  added("willr", [14], "WilliamsR", { input: "candle" }),
  added("cci", [20], "CCI", { input: "candle" }),
  added("adx", [14], "ADX", { input: "candle" }),
  added("aroon", [14], "Aroon", { input: "candle", field: "aroonUp" }),
  added("psar", [0.02, 0.2], "PSAR", {
    input: "candle",
    args: () => [{ accelerationStep: 0.02, accelerationMax: 0.2 }],
  }),
  added("supertrend", [10, 3, 1], "SuperTrend", {
    input: "candle",
    field: "supertrend",
    args: () => [{ interval: 10, multiplier: 3 }],
  }),
  added("ichimoku", [9, 26, 52, 26], "IchimokuCloud", {
    input: "candle",
    field: "conversion",
    args: () => [{ conversionInterval: 9, baseInterval: 26, spanBInterval: 52 }],
  }),
  added("bollinger", [20, 2], "BollingerBands", { input: "close", field: "upper" }),
  added("donchian", [20], "DonchianChannels", { input: "candle", field: "upper" }),
  added("atr", [14, 1], "ATR", { input: "candle", args: () => [14] }),
  added("linreg", [14], "LinearRegression", { input: "close", field: "prediction" }),
  added("obv", [1], "OBV", { input: "candle", args: () => [2] }),
  added("ad", [], "AD", { input: "candle" }),
  added("cmf", [20], "CMF", { input: "candle" }),
  added("mfi", [14], "MFI", { input: "candle" }),
];

function next(
  entry: string,
  params: readonly number[],
  className: string,
  args: object,
  from: Parameters<typeof step>[2],
): Rival {
  return {
    entry,
    params,
    make: (library) => {
      const Class = library[className];
      if (Class === undefined) throw new Error(`technicalindicators has no ${className}`);
      return step(new Class(args), "nextValue", from);
    },
  };
}

const CLOSES = { values: [] };
const CANDLES = { open: [], high: [], low: [], close: [], volume: [] };

export const TECHNICALINDICATORS_CLASSES: readonly Rival[] = [
  next("sma", [20], "SMA", { period: 20, ...CLOSES }, { input: "close" }),
  next("ema", [20], "EMA", { period: 20, ...CLOSES }, { input: "close" }),
  next("wma", [20], "WMA", { period: 20, ...CLOSES }, { input: "close" }),
  next("rsi", [14], "RSI", { period: 14, ...CLOSES }, { input: "close" }),
  next(
    "macd",
    [12, 26, 9],
    "MACD",
    { fastPeriod: 12, slowPeriod: 26, signalPeriod: 9, SimpleMAOscillator: false, SimpleMASignal: false, ...CLOSES },
    { input: "close", field: "MACD" },
  ),
  next(
    "stochastic",
    [14, 1, 3],
    "Stochastic",
    { period: 14, signalPeriod: 3, ...CANDLES },
    { input: "candle", field: "k" },
  ),
  next("roc", [10], "ROC", { period: 10, ...CLOSES }, { input: "close" }),
  next("trix", [15], "TRIX", { period: 15, ...CLOSES }, { input: "close" }),
  next("willr", [14], "WilliamsR", { period: 14, ...CANDLES }, { input: "candle" }),
  next("cci", [20], "CCI", { period: 20, ...CANDLES }, { input: "candle" }),
  next("adx", [14], "ADX", { period: 14, ...CANDLES }, { input: "candle", field: "adx" }),
  next("psar", [0.02, 0.2], "PSAR", { step: 0.02, max: 0.2, ...CANDLES }, { input: "candle" }),
  next(
    "bollinger",
    [20, 2],
    "BollingerBands",
    { period: 20, stdDev: 2, ...CLOSES },
    { input: "close", field: "upper" },
  ),
  next("atr", [14], "ATR", { period: 14, ...CANDLES }, { input: "candle" }),
  next(
    "keltner",
    [20, 2, 10],
    "KeltnerChannels",
    { maPeriod: 20, atrPeriod: 10, multiplier: 2, useSMA: false, ...CANDLES },
    { input: "candle", field: "upper" },
  ),
  next(
    "ichimoku",
    [9, 26, 52, 26],
    "IchimokuCloud",
    { conversionPeriod: 9, basePeriod: 26, spanPeriod: 52, displacement: 26, high: [], low: [] },
    { input: "candle", field: "conversion" },
  ),
  next("obv", [], "OBV", { close: [], volume: [] }, { input: "candle" }),
  next("ad", [], "ADL", CANDLES, { input: "candle" }),
  next("mfi", [14], "MFI", { period: 14, ...CANDLES }, { input: "candle" }),
  next("vwap", [], "VWAP", CANDLES, { input: "candle" }),
];
