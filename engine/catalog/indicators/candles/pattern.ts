/**
 * From a pattern, a pure question about the last candles, to an indicator.
 *
 * Owns: what is the same for all patterns. May not know any of them.
 */
import type { Indicator, OutputDoc, ParamDoc } from "../../kernel.ts";
import { PartsKernel } from "../../state/parts-kernel.ts";
import { Candles } from "./candles.ts";

/** 1 bullish, -1 bearish, 0 not there. A pattern of one side only answers 1. */
export type Found = 1 | -1 | 0;

/** Whether the last candles are the pattern; `part` is the parameter of those that have one. */
export type Test = (c: Candles, part: number) => Found | boolean;

export interface Pattern {
  readonly name: string;
  readonly title: string;
  readonly doc: string;
  /** The rule in short. */
  readonly formula: string;
  /** TA-Lib's name without CDL. */
  readonly taLib: string;
  /** Index of the first answer. */
  readonly first: number;
  /** Whether it comes in two directions; otherwise it is there or not. */
  readonly sides: "both" | "one";
  /** How far the last candle must reach into the first one, as a part of its body. */
  readonly penetration?: number;
  readonly test: Test;
}

class PatternKernel extends PartsKernel {
  readonly #pattern: Pattern;
  readonly #part: number;
  readonly #candles = new Candles();
  protected readonly parts = [this.#candles];

  constructor(pattern: Pattern, part: number) {
    super();
    this.#pattern = pattern;
    this.#part = part;
  }

  update(x: Float64Array, out: Float64Array): void {
    this.#candles.push(x);
    this.#write(out);
  }

  peek(x: Float64Array, out: Float64Array): void {
    this.#candles.tryOn(x);
    this.#write(out);
    this.#candles.takeBack();
  }

  #write(out: Float64Array): void {
    const { first, test, sides } = this.#pattern;
    if (this.#candles.count <= first) {
      out.fill(NaN);
      return;
    }
    const found = Number(test(this.#candles, this.#part));
    out[0] = found > 0 ? 1 : 0;
    if (sides === "both") out[1] = found < 0 ? 1 : 0;
  }

  protected fresh(): PatternKernel {
    return new PatternKernel(this.#pattern, this.#part);
  }
}

const BOTH: readonly OutputDoc[] = [
  { name: "bullish", doc: "1 when the bar completes the bullish form, otherwise 0.", unit: "flag", range: [0, 1] },
  { name: "bearish", doc: "1 when the bar completes the bearish form, otherwise 0.", unit: "flag", range: [0, 1] },
];

function penetrationParam(usual: number): ParamDoc {
  const doc = "How far the last candle must reach into the body of the first: 30% and 0.3 are the same.";
  return { name: "penetration", doc, integer: false, min: 0, max: 1, default: usual, option: true };
}

export function indicatorOf(pattern: Pattern): Indicator {
  const { name, title, doc, formula, taLib, first, sides, penetration } = pattern;
  const use =
    sides === "both"
      ? `\`${name}.bullish\` and \`${name}.bearish\` are conditions`
      : `\`${name}\` alone is a condition`;
  return {
    name,
    family: "candlestick",
    title,
    doc: `${doc} ${use}.`,
    formula,
    source: `TA-Lib CDL${taLib} with its usual candle settings; first value at index ${first}.`,
    inputs: ["open", "high", "low", "close"],
    params: penetration === undefined ? [] : [penetrationParam(penetration)],
    outputs:
      sides === "both"
        ? BOTH
        : [{ name, doc: "1 when the bar completes the pattern, otherwise 0.", unit: "flag", range: [0, 1] }],
    warmup: () => first + 1,
    kernel: (params) => new PatternKernel(pattern, params[0] ?? penetration ?? 0),
  };
}
