/** Accumulation/distribution line and Chaikin money flow: where closes lie in their bars, weighted by volume. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { StepKernel } from "../state/step-kernel.ts";
import { WindowKernel } from "../state/window-kernel.ts";

/** The volume times -1 for a close on the low to 1 on the high; nothing for a bar without a range. */
function flow(high: number, low: number, close: number, volume: number): number {
  const range = high - low;
  return range > 0 ? ((close - low - (high - close)) / range) * volume : 0;
}

class AdKernel extends StepKernel {
  constructor() {
    super(1);
  }

  protected step(x: Float64Array, out: Float64Array): void {
    const moved = flow(x[0] as number, x[1] as number, x[2] as number, x[3] as number);
    this.next[0] = this.cells.get(0) + moved;
    out[0] = this.next[0];
  }

  protected fresh(): AdKernel {
    return new AdKernel();
  }
}

class CmfKernel extends WindowKernel {
  constructor(period: number) {
    super(period, 2);
  }

  protected override take(x: Float64Array, taken: Float64Array): void {
    taken[0] = flow(x[0] as number, x[1] as number, x[2] as number, x[3] as number);
    taken[1] = x[3] as number;
  }

  protected write(_newest: Float64Array, out: Float64Array): void {
    const volume = this.second.sum();
    out[0] = volume > 0 ? Math.max(-1, Math.min(1, this.first.sum() / volume)) : 0;
  }

  protected fresh(): CmfKernel {
    return new CmfKernel(this.first.size);
  }
}

const FLOW = "((close - low) - (high - close)) / (high - low) * volume";

export const ad: Indicator = {
  name: "ad",
  title: "Accumulation/distribution line",
  doc:
    "Running total of volume, counted up the nearer the close is to the high and down the nearer to the low. Its level " +
    "depends on where the history starts; compare it with its own past only. A bar without a range adds nothing.",
  formula: `ad += ${FLOW}`,
  source: "TA-Lib AD; first value at index 0.",
  inputs: ["high", "low", "close", "volume"],
  params: [],
  outputs: [{ name: "ad", doc: "The running total.", unit: "volume", range: ANY }],
  warmup: () => 1,
  kernel: () => new AdKernel(),
};

export const cmf: Indicator = {
  name: "cmf",
  title: "Chaikin money flow",
  doc:
    "Where closes lay in their bars, weighted by volume: 1 when all were on the high, -1 on the low. 0 when `period` " +
    "bars had no volume.",
  formula: `sum(${FLOW}, n) / sum(volume, n)`,
  source: "Skender CMF, LEAN; first value at index n-1.",
  inputs: ["high", "low", "close", "volume"],
  params: [bars("period", "How many bars are summed.", 1, 20)],
  outputs: [{ name: "cmf", doc: "The flow.", unit: "ratio", range: [-1, 1] }],
  warmup: (params) => param(params, 0),
  kernel: (params) => new CmfKernel(param(params, 0)),
};
