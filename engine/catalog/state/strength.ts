/**
 * Relative strength: how much of the movement went up.
 *
 * Owns: the Wilder averages of rises and falls, and the previous value.
 */
import { Cells, type State } from "./parts-kernel.ts";
import { Smooth } from "./smooth.ts";

export class Strength implements State {
  readonly #gain: Smooth;
  readonly #loss: Smooth;
  readonly #previous = new Cells(1);

  constructor(period: number) {
    this.#gain = Smooth.wilder(period);
    this.#loss = Smooth.wilder(period);
  }

  /** 0 to 100; NaN before n changes. The first value has none. */
  push(x: number): number {
    const change = x - this.#previous.get(0);
    this.#previous.set(0, x);
    if (Number.isNaN(change)) return NaN;
    return share(this.#gain.push(change > 0 ? change : 0), this.#loss.push(change < 0 ? -change : 0));
  }

  peek(x: number): number {
    const change = x - this.#previous.get(0);
    if (Number.isNaN(change)) return NaN;
    return share(this.#gain.peek(change > 0 ? change : 0), this.#loss.peek(change < 0 ? -change : 0));
  }

  clear(): void {
    this.#gain.clear();
    this.#loss.clear();
    this.#previous.clear();
  }

  save(to: number[]): void {
    this.#gain.save(to);
    this.#loss.save(to);
    this.#previous.save(to);
  }

  load(from: readonly number[], at: number): number {
    return this.#previous.load(from, this.#loss.load(from, this.#gain.load(from, at)));
  }
}

function share(gain: number, loss: number): number {
  const sum = gain + loss;
  return sum === 0 ? 0 : 100 * (gain / sum);
}
