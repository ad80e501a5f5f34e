/**
 * How many closed bars of a series there were, as inputs and outputs tell of them.
 *
 * Owns: counting each once. May not: keep bars.
 */
import type { HistoryInput, Input, Output } from "../core/event.ts";

export class BarCounts {
  readonly #counts = new Map<string, { count: number; last: number }>();

  of(symbol: string, size: string): number {
    return this.#counts.get(`${symbol}@${size}`)?.count ?? 0;
  }

  learn(input: Input, outputs: readonly Output[]): void {
    if (input.kind === "history") this.#all(input);
    if (input.kind === "feed") input.gap?.history.forEach((history) => this.#all(history));
    if (input.kind === "program.loaded") input.warmup.forEach((history) => this.#all(history));
    if (input.kind === "bar") this.#add(input.symbol, input.size, input.start);
    for (const output of outputs) if (output.kind === "bar") this.#add(output.symbol, output.size, output.bar.start);
  }

  #all({ symbol, size, bars }: HistoryInput): void {
    for (const { start } of bars) this.#add(symbol, size, start);
  }

  /** A start that is not later is a bar told again; bars of activity are told once, and two may begin at one time. */
  #add(symbol: string, size: string, start: number): void {
    const key = `${symbol}@${size}`;
    const counted = this.#counts.get(key);
    if (counted === undefined) this.#counts.set(key, { count: 1, last: start });
    else if (start > counted.last) {
      counted.count++;
      counted.last = start;
    }
  }
}
