/**
 * Trades of many symbols through the core, with its bar timer; nothing fires.
 *
 * Owns: what a tick costs, and how long garbage collection stops everything while ticks come as fast as they are taken.
 */
import { PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import type { Input, InputBody, Output } from "../engine/core/event.ts";
import type { Program } from "../engine/core/program.ts";
import { Stamper } from "../engine/core/stamp.ts";
import { KEPT_BARS } from "../engine/core/signals/past.ts";
import { createCore, step } from "../engine/core/step.ts";
import { calendarOf } from "../engine/market/instruments.ts";
import { NYSE } from "../engine/market/nyse.ts";
import { TimerQueue } from "../engine/runtime/timers.ts";
import { PlainTicks } from "./baseline.ts";
import { random, watchers } from "./program.ts";
import { fastest, stopwatch } from "./row.ts";
import type { Row } from "./row.ts";

/** About five trades of a symbol in each of its bars. */
const TICKS_PER_BAR = 5;
const MINUTE_MS = 60_000;

export function symbolsOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `S${i}`);
}

/** Times and prices of trades: sessions one after the other, every symbol in its turn. */
export class Tape {
  readonly #spacing: number;
  #session = NYSE.sessionOn("2024-03-05");
  #at = this.#session?.open ?? 0;
  readonly #prices: Float64Array;
  #i = 0;

  constructor(symbols: number) {
    this.#spacing = MINUTE_MS / (symbols * TICKS_PER_BAR);
    const next = random(11);
    this.#prices = Float64Array.from({ length: 65_536 }, () => 100 + Math.round(next() * 1_000) / 100);
  }

  time(): number {
    this.#at += this.#spacing;
    if (this.#session !== undefined && this.#at >= this.#session.close) {
      this.#session = NYSE.sessionAtOrAfter(this.#session.extendedClose);
      this.#at = this.#session?.open ?? this.#at;
    }
    return Math.floor(this.#at);
  }

  price(): number {
    return this.#prices[this.#i++ & 65_535] as number;
  }
}

export class EngineTicks {
  readonly core = createCore({ account: "bench", journal: "bench", calendarOf });
  readonly #names: readonly string[];
  readonly #tape: Tape;
  readonly #timers = new TimerQueue();
  readonly #stamper = new Stamper();
  #seq = 0;
  #next = 0;
  readonly #observe: (input: Input, outputs: readonly Output[]) => void;

  constructor(
    symbols: number,
    program: (names: readonly string[]) => Program = watchers,
    observe: (input: Input, outputs: readonly Output[]) => void = () => {},
  ) {
    this.#observe = observe;
    this.#names = symbolsOf(symbols);
    this.#tape = new Tape(symbols);
    const time = this.#tape.time();
    this.#feed({ kind: "program.loaded", program: program(this.#names), warmup: [] }, time);
    this.#feed({ kind: "trading.started" }, time);
  }

  run(count: number): void {
    for (let i = 0; i < count; i++) {
      const time = this.#tape.time();
      for (let timer = this.#timers.take(time); timer !== undefined; timer = this.#timers.take(time))
        this.#feed({ kind: "timer", id: timer.id, clock: "market", at: timer.at }, timer.at);
      const symbol = this.#names[this.#next] as string;
      this.#next = this.#next + 1 === this.#names.length ? 0 : this.#next + 1;
      this.#feed({ kind: "trade", symbol, time, price: this.#tape.price(), size: 100, setsPrice: true }, time);
    }
  }

  #feed(body: InputBody, marketTime: number): void {
    const input = this.#stamper.stamp(body, ++this.#seq, marketTime, marketTime);
    const outputs = step(this.core, input);
    this.#observe(input, outputs);
    for (const output of outputs) if (output.kind === "timer.set") this.#timers.set(output.id, output.at);
  }
}

export async function tickRow(symbols: number, count: number, rounds: number, target: Row["target"]): Promise<Row> {
  const engine = new EngineTicks(symbols);
  const [plain, tape] = [new PlainTicks(symbols), new Tape(symbols)];
  engine.run(Math.min(count, 200_000));
  const nsOf = (work: () => void): number => {
    const seconds = stopwatch();
    work();
    return (seconds() * 1e9) / count;
  };
  const least = await fastest(rounds, {
    engine: () => nsOf(() => engine.run(count)),
    plain: () =>
      nsOf(() => {
        for (let i = 0; i < count; i++) plain.trade(i % symbols, tape.time(), tape.price());
      }),
  });
  return {
    what: `tick, bar, 5 facts, 10 rules: ${symbols.toLocaleString("en-US")} symbol${symbols === 1 ? "" : "s"}`,
    unit: "ns",
    target,
    measured: least.engine,
    baseline: { what: "bare loop", value: least.plain },
    detail: `per tick; ${engine.core.signals.graph.nodeCount} fact nodes, ${plain.fired} fired`,
  };
}

/** Inputs as a feed makes them, and nobody to take them. */
class InputsAlone {
  readonly #names: readonly string[];
  readonly #tape: Tape;
  /** Where each goes, so that making it is not left out by the compiler. */
  readonly dropped: InputBody[] = [];

  constructor(symbols: number) {
    this.#names = symbolsOf(symbols);
    this.#tape = new Tape(symbols);
  }

  run(count: number): void {
    for (let i = 0; i < count; i++) {
      const time = this.#tape.time();
      const symbol = this.#names[i % this.#names.length] as string;
      this.dropped[0] = { kind: "trade", symbol, time, price: this.#tape.price(), size: 100, setsPrice: true };
    }
  }
}

/** Ticks after which each symbol keeps as many bars for corrections as it ever will, so that memory grows no more. */
const ticksUntilFull = (symbols: number): number => (2 * KEPT_BARS + 12) * TICKS_PER_BAR * symbols;

/** Bytes per tick: the median of many short goes, of which those with a collection in them are left out. */
function bytesPerTick(run: (count: number) => void): number {
  const count = 5_000;
  const used = (): number => getHeapStatistics().used_heap_size;
  const goes = Array.from({ length: 101 }, () => {
    const before = used();
    run(count);
    return (used() - before) / count;
  });
  const whole = goes.filter((bytes) => bytes > 0).sort((a, b) => a - b);
  return whole[whole.length >> 1] ?? Number.NaN;
}

/** What a tick allocates, with its share of the bar it is in. */
export function bytesRow(symbols: number): Row {
  const engine = new EngineTicks(symbols);
  const inputs = new InputsAlone(symbols);
  engine.run(ticksUntilFull(symbols));
  inputs.run(200_000);
  const measured = bytesPerTick((count) => engine.run(count));
  const alone = bytesPerTick((count) => inputs.run(count));
  return {
    what: `allocated per tick, ${symbols.toLocaleString("en-US")} symbols`,
    unit: "B",
    target: null,
    measured,
    baseline: { what: "inputs alone", value: alone },
    detail: `${Math.round(measured - alone)} B beside the input, most of it for the bar that every fifth tick closes`,
  };
}

/** Pauses in milliseconds while `work` runs over and over, letting the observer speak in between. */
async function pausesDuring(seconds: number, work: () => void): Promise<number[]> {
  const pauses: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pauses.push(duration);
  });
  observer.observe({ entryTypes: ["gc"] });
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    work();
    await new Promise(setImmediate);
  }
  observer.disconnect();
  return pauses;
}

/** Garbage collection at 1,000 symbols, beside a loop that makes the same inputs and drops them. */
export async function pauseRow(symbols: number, seconds: number): Promise<Row> {
  const engine = new EngineTicks(symbols);
  const inputs = new InputsAlone(symbols);
  let ticks = 0;
  const chunk = 20_000;
  engine.run(ticksUntilFull(symbols));
  const pauses = await pausesDuring(seconds, () => {
    engine.run(chunk);
    ticks += chunk;
  });
  const plain = await pausesDuring(Math.min(seconds, 5), () => inputs.run(chunk));
  const sorted = pauses.toSorted((a, b) => a - b);
  const over = sorted.filter((ms) => ms > 2).length;
  const median = sorted[sorted.length >> 1] ?? 0;
  const perSecond = Math.round(ticks / seconds / 1_000).toLocaleString("en-US");
  return {
    what: `longest garbage collection, ${symbols.toLocaleString("en-US")} symbols`,
    unit: "ms",
    target: { value: 2 },
    measured: sorted.at(-1) ?? 0,
    baseline: { what: "inputs alone", value: Math.max(0, ...plain) },
    detail: `${seconds} s at ${perSecond},000 ticks/s; ${pauses.length} pauses, median ${median.toFixed(2)} ms, ${over} over 2 ms`,
  };
}
