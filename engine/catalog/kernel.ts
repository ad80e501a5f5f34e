/**
 * The contract of an indicator kernel and of its catalogue entry.
 *
 * Owns: the shapes that every file of `indicators/` fills. May not know bars, symbols or strategies.
 */
import type { Anchor } from "../market/periods.ts";

/**
 * Incremental computation over closed bars. `x` holds the inputs in the entry's order; `out` receives the outputs in
 * the entry's order, NaN while warming. Inputs are always finite: the caller holds back a bar with an unknown input.
 * No allocation in `update` and `peek`.
 */
export interface Kernel {
  /** Commits a closed bar. */
  update(x: Float64Array, out: Float64Array): void;
  /** What `update` would give for a still forming bar; changes nothing. */
  peek(x: Float64Array, out: Float64Array): void;
  /** Forgets everything. */
  reset(): void;
  /** A period of `resetsOn` begins with the next bar. Without it, the kernel is reset. */
  begin?(): void;
  clone(): Kernel;
  /** It cannot peek, be copied or saved; those throw an UnsupportedError. */
  readonly onlyForward?: true;
  /** Complete state as plain numbers (NaN allowed); `restore` of the same entry and parameters continues bit for bit. */
  serialize(): number[];
  restore(state: readonly number[]): void;
}

/** `flag` is 1 or 0 and may stand alone as a condition. */
export type Unit = "price" | "ratio" | "percent" | "volume" | "count" | "number" | "seconds" | "bars" | "flag";
export type InputName = "open" | "high" | "low" | "close" | "volume";

export interface ParamDoc {
  readonly name: string;
  readonly doc: string;
  readonly integer: boolean;
  readonly min: number;
  readonly max: number;
  /** Undefined: must be given. */
  readonly default?: number;
  /** Words that stand for a number: their place in this list. Given by name only. */
  readonly choices?: readonly string[];
  /** Not part of the canonical form while it has its default. */
  readonly option?: true;
}

export interface OutputDoc {
  readonly name: string;
  readonly doc: string;
  readonly unit: Unit;
  /** Closed range of possible values. */
  readonly range: readonly [number, number];
  /** The unit is that of the `value` input; `unit` above then holds for its default, the close. */
  readonly unitOfValue?: true;
  /** It never leaves the range of the `value` input (an average, an extreme): a bound of the input bounds it too. */
  readonly rangeOfValue?: true;
}

/** One indicator: schema, documentation, range, warm-up and kernel. */
export interface Indicator {
  readonly name: string;
  /** Listed apart from the others. */
  readonly family?: "candlestick";
  readonly title: string;
  readonly doc: string;
  readonly formula: string;
  /** Whose definition it follows, with first index and differences. */
  readonly source: string;
  /**
   * What it reads. `value` stands for the one series that `of:` or a leading argument may replace (default close),
   * `other` for a second one that `with:` must give; bar inputs are fixed.
   */
  readonly inputs: readonly ("value" | "other" | InputName)[];
  /** Indicators that are further inputs, behind the ones above, on the same bars. */
  alsoReads?(params: readonly number[]): readonly { readonly entry: Indicator; readonly params: readonly number[] }[];
  readonly params: readonly ParamDoc[];
  readonly outputs: readonly OutputDoc[];
  /** Output names that never cross, smallest first, e.g. lower, middle, upper; for reasoning about contradictions. */
  readonly ascending?: readonly string[];
  /** A sentence when the parameters are each in range but make no sense together. */
  check?(params: readonly number[]): string | undefined;
  /** Bars needed before every output has a value (first index + 1). */
  warmup(params: readonly number[]): number;
  /** Starts over with each of these periods. */
  resetsOn?(params: readonly number[]): Anchor;
  kernel(params: readonly number[]): Kernel;
  /** Other implementations of the same definition, by label; never the default. */
  readonly sources?: Readonly<Record<string, (params: readonly number[]) => Kernel>>;
}

/** A kernel of another source cannot do what the contract asks; the message says why. */
export class UnsupportedError extends Error {
  override readonly name = "UnsupportedError";
}
