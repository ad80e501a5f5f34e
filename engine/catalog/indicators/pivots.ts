/** Pivot points: levels that follow from one bar, for the bars after it. */
import type { Indicator, OutputDoc } from "../kernel.ts";
import { ANY, choice, chosen } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";

/** Places among the words of `method`. */
const FIBONACCI = 1;
const WOODIE = 2;

abstract class LevelsKernel extends PartsKernel {
  protected readonly parts = [];

  abstract override update(x: Float64Array, out: Float64Array): void;

  peek(x: Float64Array, out: Float64Array): void {
    this.update(x, out);
  }
}

class PivotsKernel extends LevelsKernel {
  readonly #method: number;

  constructor(method: number) {
    super();
    this.#method = method;
  }

  /** Written as steps away from the low and from the pivot, so that levels never cross by a rounding. */
  update(x: Float64Array, out: Float64Array): void {
    const high = x[0] as number;
    const low = x[1] as number;
    const close = x[2] as number;
    const range = high - low;
    const pivot = this.#method === WOODIE ? low + (range + 2 * (close - low)) / 4 : low + (range + (close - low)) / 3;
    const isFibonacci = this.#method === FIBONACCI;
    const up = pivot - low;
    const down = high - pivot;
    out[0] = pivot;
    out[1] = pivot + (isFibonacci ? 0.382 * range : up);
    out[2] = pivot + (isFibonacci ? 0.618 * range : range);
    out[3] = pivot + (isFibonacci ? range : range + up);
    out[4] = pivot - (isFibonacci ? 0.382 * range : down);
    out[5] = pivot - (isFibonacci ? 0.618 * range : range);
    out[6] = pivot - (isFibonacci ? range : range + down);
  }

  protected fresh(): PivotsKernel {
    return new PivotsKernel(this.#method);
  }
}

class CamarillaKernel extends LevelsKernel {
  update(x: Float64Array, out: Float64Array): void {
    const close = x[2] as number;
    const range = 1.1 * ((x[0] as number) - (x[1] as number));
    for (let level = 0; level < 4; level++) {
      const step = range / (PARTS[level] as number);
      out[level] = close + step;
      out[level + 4] = close - step;
    }
  }

  protected fresh(): CamarillaKernel {
    return new CamarillaKernel();
  }
}

const PARTS = [12, 6, 4, 2] as const;

const USE =
  "Known when their bar has closed, and meant for the bars after it: in a strategy on 5m write " +
  "`prior(NAME.r1, on: 1d)` for the levels of the previous day.";

function levels(prefix: "r" | "s", count: number, what: string): OutputDoc[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `${prefix}${i + 1}`,
    doc: `${what} ${i + 1}.`,
    unit: "price",
    range: ANY,
  }));
}

export const pivots: Indicator = {
  name: "pivots",
  title: "Pivot points",
  doc: `The pivot of a bar with three levels of resistance above and of support below. ${USE.replace("NAME", "pivots")}`,
  formula:
    "pp = (high + low + close) / 3; r1 = 2pp - low; r2 = pp + (high - low); r3 = high + 2(pp - low); s1 … s3 mirrored. " +
    "fibonacci: pp ± 0.382, 0.618, 1 of the range. woodie: pp = (high + low + 2close) / 4",
  source: "Skender PivotPoints, standard and fibonacci; first value at index 0.",
  inputs: ["high", "low", "close"],
  params: [choice("method", "How the levels are computed.", ["standard", "fibonacci", "woodie"])],
  outputs: [
    { name: "pp", doc: "The pivot.", unit: "price", range: ANY },
    ...levels("r", 3, "Resistance"),
    ...levels("s", 3, "Support"),
  ],
  ascending: ["s3", "s2", "s1", "pp", "r1", "r2", "r3"],
  warmup: () => 1,
  kernel: (params) => new PivotsKernel(chosen(params, 0)),
};

export const camarilla: Indicator = {
  name: "camarilla",
  title: "Camarilla levels",
  doc: `Four levels above and below the close of a bar. ${USE.replace("NAME", "camarilla")}`,
  formula: "close ± 1.1 * (high - low) / 12, 6, 4, 2",
  source: "Skender PivotPoints, camarilla; first value at index 0.",
  inputs: ["high", "low", "close"],
  params: [],
  outputs: [...levels("r", 4, "Resistance"), ...levels("s", 4, "Support")],
  ascending: ["s4", "s3", "s2", "s1", "r1", "r2", "r3", "r4"],
  warmup: () => 1,
  kernel: () => new CamarillaKernel(),
};
