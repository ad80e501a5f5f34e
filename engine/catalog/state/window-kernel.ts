/**
 * A kernel whose answer follows from the last n values of its inputs alone.
 *
 * Owns: the windows, and looking at them with a bar that is still forming. May not know formulas.
 */
import { PartsKernel } from "./parts-kernel.ts";
import { Window } from "./window.ts";

export abstract class WindowKernel extends PartsKernel {
  protected readonly windows: readonly Window[];
  protected readonly parts;
  readonly #taken: Float64Array;
  readonly #saved: Float64Array;

  constructor(period: number, inputs = 1) {
    super();
    this.windows = Array.from({ length: inputs }, () => new Window(period));
    this.parts = this.windows;
    this.#taken = new Float64Array(inputs);
    this.#saved = new Float64Array(inputs);
  }

  /** What of a bar the windows hold; the inputs themselves, in their order, unless a formula says otherwise. */
  protected take(x: Float64Array, taken: Float64Array): void {
    for (let i = 0; i < taken.length; i++) taken[i] = x[i] as number;
  }

  /** With full windows, of which `newest` came in last. */
  protected abstract write(newest: Float64Array, out: Float64Array): void;

  protected get first(): Window {
    return this.windows[0] as Window;
  }

  protected get second(): Window {
    return this.windows[1] as Window;
  }

  update(x: Float64Array, out: Float64Array): void {
    this.take(x, this.#taken);
    for (let i = 0; i < this.windows.length; i++) this.windows[i]?.push(this.#taken[i] as number);
    if (this.first.full) this.write(this.#taken, out);
    else out.fill(NaN);
  }

  peek(x: Float64Array, out: Float64Array): void {
    if (!this.first.fullWithOne) {
      out.fill(NaN);
      return;
    }
    this.take(x, this.#taken);
    for (let i = 0; i < this.windows.length; i++) {
      this.#saved[i] = this.windows[i]?.tryOn(this.#taken[i] as number) ?? NaN;
    }
    this.write(this.#taken, out);
    for (let i = 0; i < this.windows.length; i++) this.windows[i]?.takeBack(this.#saved[i] as number);
  }
}
