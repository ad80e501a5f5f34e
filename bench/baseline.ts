/**
 * The same work by hand: what a loop without any engine takes.
 *
 * Owns: plain loops with the same indicators and rules. May not: use the core. No journal, no risk, no orders.
 */
import type { BarInput } from "../engine/core/event.ts";

/** One indicator set, written the obvious way. */
export class HandMade {
  readonly #window = new Float64Array(64);
  #n = 0;
  #fastSum = 0;
  #slowSum = 0;
  #gain = 0;
  #loss = 0;
  #previous = Number.NaN;
  #ema = Number.NaN;
  rsi = Number.NaN;
  fast = Number.NaN;
  slow = Number.NaN;
  roc = Number.NaN;

  get ema(): number {
    return this.#ema;
  }

  update(close: number): void {
    const at = this.#n & 63;
    if (this.#n >= 20) this.#fastSum -= this.#window[(this.#n - 20) & 63] as number;
    if (this.#n >= 50) this.#slowSum -= this.#window[(this.#n - 50) & 63] as number;
    if (this.#n >= 10) {
      const old = this.#window[(this.#n - 10) & 63] as number;
      this.roc = ((close - old) / old) * 100;
    }
    this.#window[at] = close;
    this.#fastSum += close;
    this.#slowSum += close;
    this.#n++;
    if (this.#n >= 20) this.fast = this.#fastSum / 20;
    if (this.#n >= 50) this.slow = this.#slowSum / 50;
    this.#ema = Number.isNaN(this.#ema) ? close : this.#ema + (close - this.#ema) * (2 / 13);
    if (this.#n > 1) {
      const change = close - this.#previous;
      const up = change > 0 ? change : 0;
      const down = change < 0 ? -change : 0;
      if (this.#n <= 15) {
        this.#gain += up / 14;
        this.#loss += down / 14;
      } else {
        this.#gain = (this.#gain * 13 + up) / 14;
        this.#loss = (this.#loss * 13 + down) / 14;
      }
      if (this.#n >= 15) this.rsi = 100 - 100 / (1 + this.#gain / this.#loss);
    }
    this.#previous = close;
  }
}

/** Buys dips and sells strength at the next open; floats, one position. Gives the cash, so that nothing is optimised away. */
export function plainBacktest(bars: readonly BarInput[]): { readonly cash: number; readonly orders: number } {
  const facts = new HandMade();
  let cash = 100_000;
  let held = 0;
  let wanted = 0;
  let orders = 0;
  for (const bar of bars) {
    if (wanted !== 0) {
      cash -= wanted * bar.open;
      held += wanted;
      wanted = 0;
      orders++;
    }
    facts.update(bar.close);
    if (held === 0 && facts.rsi < 30 && facts.fast > facts.slow) wanted = 100;
    else if (held > 0 && facts.rsi > 60) wanted = -held;
  }
  return { cash: cash + held * (bars.at(-1)?.close ?? 0), orders };
}

/** A trade into a bar, facts and ten comparisons when the bar is over. */
export class PlainTicks {
  readonly #facts: HandMade[];
  readonly #close: Float64Array;
  readonly #end: Float64Array;
  fired = 0;

  constructor(symbols: number) {
    this.#facts = Array.from({ length: symbols }, () => new HandMade());
    this.#close = new Float64Array(symbols).fill(Number.NaN);
    this.#end = new Float64Array(symbols).fill(Number.NaN);
  }

  trade(symbol: number, time: number, price: number): void {
    if (time >= (this.#end[symbol] as number)) this.#judge(symbol);
    if (!(time < (this.#end[symbol] as number))) this.#end[symbol] = (Math.floor(time / 60_000) + 1) * 60_000;
    this.#close[symbol] = price;
  }

  #judge(symbol: number): void {
    const facts = this.#facts[symbol] as HandMade;
    facts.update(this.#close[symbol] as number);
    for (let i = 0; i < 10; i++) if (facts.rsi < -1_000 - i && facts.fast > facts.ema) this.fired++;
  }
}
