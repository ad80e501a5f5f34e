/**
 * A kernel made of small parts of state.
 *
 * Owns: what is the same for every kernel: forgetting, saving, loading and cloning its parts. May not know formulas.
 */
import type { Kernel } from "../kernel.ts";

/** One piece of state. `save` appends plain numbers, `load` takes as many from `at` and returns where it stopped. */
export interface State {
  clear(): void;
  save(to: number[]): void;
  load(from: readonly number[], at: number): number;
}

/** Reads one number of a saved state; a state that is too short belongs to another entry or other parameters. */
export function savedAt(from: readonly number[], at: number): number {
  const value = from[at];
  if (value === undefined) throw new RangeError("kernel state does not fit: it ends too early");
  return value;
}

export abstract class PartsKernel implements Kernel {
  /** In a fixed order: it is the order of the saved state. */
  protected abstract readonly parts: readonly State[];
  protected abstract fresh(): PartsKernel;
  abstract update(x: Float64Array, out: Float64Array): void;
  abstract peek(x: Float64Array, out: Float64Array): void;

  reset(): void {
    for (const part of this.parts) part.clear();
  }

  clone(): Kernel {
    const copy = this.fresh();
    copy.restore(this.serialize());
    return copy;
  }

  serialize(): number[] {
    const to: number[] = [];
    for (const part of this.parts) part.save(to);
    return to;
  }

  restore(state: readonly number[]): void {
    let at = 0;
    for (const part of this.parts) at = part.load(state, at);
    if (at !== state.length) throw new RangeError("kernel state does not fit: it is too long");
  }
}

/** A few plain numbers, NaN at the start. */
export class Cells implements State {
  readonly values: Float64Array;

  constructor(count: number) {
    this.values = new Float64Array(count).fill(NaN);
  }

  get(index: number): number {
    return this.values[index] as number;
  }

  set(index: number, value: number): void {
    this.values[index] = value;
  }

  clear(): void {
    this.values.fill(NaN);
  }

  save(to: number[]): void {
    for (const value of this.values) to.push(value);
  }

  load(from: readonly number[], at: number): number {
    for (let i = 0; i < this.values.length; i++) this.values[i] = savedAt(from, at + i);
    return at + this.values.length;
  }
}
