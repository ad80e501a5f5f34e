/**
 * A kernel whose state is a few numbers, all of which may change with every bar.
 *
 * Owns: the numbers before and after a bar; `update` keeps the latter, `peek` does not. May not know formulas.
 */
import { Cells, PartsKernel } from "./parts-kernel.ts";

export abstract class StepKernel extends PartsKernel {
  protected readonly cells: Cells;
  /** Where a step writes the state after the bar; it begins as a copy of the state before. */
  protected readonly next: Float64Array;
  protected readonly parts;

  constructor(size: number) {
    super();
    this.cells = new Cells(size);
    this.next = new Float64Array(size);
    this.parts = [this.cells];
    this.reset();
  }

  protected abstract step(x: Float64Array, out: Float64Array): void;

  override reset(): void {
    this.cells.values.fill(0);
  }

  update(x: Float64Array, out: Float64Array): void {
    this.peek(x, out);
    this.cells.values.set(this.next);
  }

  peek(x: Float64Array, out: Float64Array): void {
    this.next.set(this.cells.values);
    this.step(x, out);
  }
}
