/**
 * The npm package technicalindicators as a second, labelled source of kernels, where its numbers are right.
 *
 * Owns: every contact with that package (nothing else imports it), the list of what it is refused for, and the repairs
 * that make the rest fit the kernel contract. May not become the default of anything.
 *
 * The package only moves forward: no peek, no copy, no saved state, and its windows leak what leaves them.
 * - Windowed indicators (sma, wma, roc, bollinger, willr, true_range) depend on the last bars alone. We keep those, replay them into a
 *   fresh instance for peek, clone and restore, and replace the instance every `REBUILD_AFTER` bars, which frees the leak.
 * - Recursive ones (ema, trix, atr, keltner, macd) depend on all bars ever. They do not leak, but peek, clone, serialize and restore
 *   throw an UnsupportedError: use our own kernel where those are needed.
 */
import {
  ATR,
  BollingerBands,
  EMA,
  KeltnerChannels,
  MACD,
  ROC,
  SMA,
  TRIX,
  TrueRange,
  WilliamsR,
  WMA,
} from "technicalindicators";
import { type Kernel, UnsupportedError } from "../kernel.ts";
import { param } from "../params.ts";

export const TECHNICALINDICATORS = "technicalindicators";

/** What the package is not used for, and why. */
export const REFUSED: Readonly<Record<string, string>> = {
  rsi: "It rounds RSI to two decimals on every bar, and a flat series reads 100.",
  mfi: "It counts an unchanged price as outflow (up to 15 points off), rounds to two decimals and starts one bar late.",
  psar: "It always starts long, one bar early, and does not reverse when the price touches the stop.",
  stochrsi: "It is computed from the rounded RSI: wrong in the second digit on most bars.",
  candles: "Its patterns compare arrays as text, and its thresholds call nearly every one-minute bar a doji.",
  highest: "It starts at 0, so an all-negative series reads 0.",
  stddev: "Its loop ends at the first exact zero in the window, which makes the result wrong.",
  adx: "A series that starts without direction makes it NaN for the rest of the process.",
  cci: "In a flat window it divides one rounding error by another.",
  stochastic: "It has no slow variant: its k is never smoothed.",
  ad: "It rounds the line to whole shares on every bar.",
  obv: "It starts one bar late and at another level.",
  ichimoku: "It gives the spans without their displacement.",
  donchian: "It has none, and its highest value starts at 0.",
  vwap: "It never starts over at the session, and stays NaN when the first bar has no volume.",
};

/** One step of an instance of the package: the inputs of a bar to our outputs, NaN while it has no answer. */
type Step = (x: Float64Array, out: Float64Array) => void;

const REBUILD_AFTER = 10_000;

function write(out: Float64Array, value: number | undefined): void {
  out[0] = value ?? NaN;
}

class WindowedKernel implements Kernel {
  readonly #make: () => Step;
  /** How many bars determine the next value, the new one not counted. */
  readonly #memory: number;
  /** How many inputs a bar has. */
  readonly #width: number;
  readonly #past: number[] = [];
  #step: Step;
  #age = 0;

  constructor(make: () => Step, memory: number, width = 1) {
    this.#make = make;
    this.#memory = memory;
    this.#width = width;
    this.#step = make();
  }

  update(x: Float64Array, out: Float64Array): void {
    if (++this.#age > REBUILD_AFTER) this.#rebuild();
    this.#step(x, out);
    this.#past.push(...x);
    if (this.#past.length > this.#memory * this.#width) this.#past.splice(0, this.#width);
  }

  peek(x: Float64Array, out: Float64Array): void {
    this.#replayed(out)(x, out);
  }

  reset(): void {
    this.#past.length = 0;
    this.#rebuild();
  }

  clone(): Kernel {
    const copy = new WindowedKernel(this.#make, this.#memory, this.#width);
    copy.restore(this.serialize());
    return copy;
  }

  serialize(): number[] {
    return [...this.#past];
  }

  restore(state: readonly number[]): void {
    if (state.length > this.#memory * this.#width) throw new RangeError("kernel state does not fit: it is too long");
    this.#past.length = 0;
    this.#past.push(...state);
    this.#rebuild();
  }

  #rebuild(): void {
    this.#step = this.#replayed(new Float64Array(8));
    this.#age = 0;
  }

  #replayed(scratch: Float64Array): Step {
    const step = this.#make();
    for (let at = 0; at < this.#past.length; at += this.#width) {
      step(Float64Array.from(this.#past.slice(at, at + this.#width)), scratch);
    }
    return step;
  }
}

class RecursiveKernel implements Kernel {
  readonly onlyForward = true;
  readonly #make: () => Step;
  readonly #name: string;
  #step: Step;

  constructor(name: string, make: () => Step) {
    this.#name = name;
    this.#make = make;
    this.#step = make();
  }

  update(x: Float64Array, out: Float64Array): void {
    this.#step(x, out);
  }

  reset(): void {
    this.#step = this.#make();
  }

  peek(): never {
    throw this.#unsupported("show a forming bar");
  }

  clone(): never {
    throw this.#unsupported("be copied");
  }

  serialize(): never {
    throw this.#unsupported("be saved");
  }

  restore(): never {
    throw this.#unsupported("be restored");
  }

  #unsupported(what: string): UnsupportedError {
    return new UnsupportedError(
      `${this.#name} of technicalindicators cannot ${what}: the package keeps its state to itself. ` +
        "Use the built-in source.",
    );
  }
}

/** It takes a zero for "no value": once one came, the answer is unknown for good. */
function pricesOnly(step: Step): Step {
  let spoiled = false;
  return (x, out) => {
    spoiled ||= x[0] === 0;
    if (spoiled) out.fill(NaN);
    else step(x, out);
  };
}

function bollinger(period: number, stdDev: number): Step {
  const bands = new BollingerBands({ period, stdDev, values: [] });
  // A zero in the window gives a wrong deviation; after one, the answer is unknown until it left the window.
  let sinceZero = period;
  return (x, out) => {
    const value = x[0] as number;
    const result = bands.nextValue(value);
    sinceZero = value === 0 ? 0 : sinceZero + 1;
    if (result === undefined || sinceZero < period) {
      out.fill(NaN);
      return;
    }
    const height = result.upper - result.lower;
    out[0] = result.upper;
    out[1] = result.middle;
    out[2] = result.lower;
    out[3] = height / result.middle;
    out[4] = height === 0 ? 0.5 : result.pb;
  };
}

function macd(fastPeriod: number, slowPeriod: number, signalPeriod: number): Step {
  const averages = { SimpleMAOscillator: false, SimpleMASignal: false };
  const lines = new MACD({ fastPeriod, slowPeriod, signalPeriod, ...averages, values: [] });
  return (x, out) => {
    // Its types promise a result that warm-up does not give.
    const result: ReturnType<typeof lines.nextValue> | undefined = lines.nextValue(x[0] as number);
    const signal = result?.signal ?? NaN;
    out[0] = Number.isNaN(signal) ? NaN : (result?.MACD ?? NaN);
    out[1] = signal;
    out[2] = result?.histogram ?? NaN;
  };
}

interface Candle {
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

function candle(x: Float64Array): Candle {
  return { high: x[0] as number, low: x[1] as number, close: x[2] as number };
}

const NO_CANDLES = { high: [], low: [], close: [] };

type Make = (params: readonly number[]) => Kernel;

/** Catalogue name -> kernel of the package. */
export const TECHNICALINDICATORS_KERNELS: Readonly<Record<string, Make>> = {
  sma: (params) => {
    const period = param(params, 0);
    return new WindowedKernel(() => {
      const average = new SMA({ period, values: [] });
      return (x, out) => {
        write(out, average.nextValue(x[0] as number));
      };
    }, period - 1);
  },
  wma: (params) => {
    const period = param(params, 0);
    return new WindowedKernel(() => {
      const average = new WMA({ period, values: [] });
      return (x, out) => {
        write(out, average.nextValue(x[0] as number));
      };
    }, period - 1);
  },
  roc: (params) => {
    const period = param(params, 0);
    return new WindowedKernel(() => {
      const rate = new ROC({ period, values: [] });
      return (x, out) => {
        write(out, rate.nextValue(x[0] as number));
      };
    }, period);
  },
  bollinger: (params) => {
    const period = param(params, 0);
    return new WindowedKernel(() => bollinger(period, param(params, 1)), period - 1);
  },
  ema: (params) =>
    new RecursiveKernel("ema", () => {
      const average = new EMA({ period: param(params, 0), values: [] });
      return pricesOnly((x, out) => {
        write(out, average.nextValue(x[0] as number));
      });
    }),
  atr: (params) =>
    new RecursiveKernel("atr", () => {
      const average = new ATR({ period: param(params, 0), high: [], low: [], close: [] });
      return (x, out) => {
        write(out, average.nextValue(candle(x)));
      };
    }),
  willr: (params) => {
    const period = param(params, 0);
    return new WindowedKernel(
      () => {
        const range = new WilliamsR({ period, ...NO_CANDLES });
        return (x, out) => {
          // Its types ask for the arrays of the constructor.
          write(out, range.nextValue(candle(x) as never));
        };
      },
      period - 1,
      3,
    );
  },
  true_range: () =>
    new WindowedKernel(
      () => {
        const range = new TrueRange(NO_CANDLES);
        return (x, out) => {
          write(out, range.nextValue(candle(x)));
        };
      },
      1,
      3,
    ),
  trix: (params) =>
    new RecursiveKernel("trix", () => {
      const rate = new TRIX({ period: param(params, 0), values: [] });
      return pricesOnly((x, out) => {
        write(out, rate.nextValue(x[0] as number));
      });
    }),
  keltner: (params) =>
    new RecursiveKernel("keltner", () => {
      const lengths = { maPeriod: param(params, 0), multiplier: param(params, 1), atrPeriod: param(params, 2) };
      const channel = new KeltnerChannels({ ...lengths, useSMA: false, ...NO_CANDLES });
      return (x, out) => {
        const lines = channel.nextValue(candle(x) as never);
        out[0] = lines?.upper ?? NaN;
        out[1] = lines?.middle ?? NaN;
        out[2] = lines?.lower ?? NaN;
      };
    }),
  macd: (params) =>
    new RecursiveKernel("macd", () => pricesOnly(macd(param(params, 0), param(params, 1), param(params, 2)))),
};
