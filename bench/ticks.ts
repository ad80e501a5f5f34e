/**
 * Trades of many symbols through the core, with its bar timer; nothing fires.
 *
 * Owns: what a tick costs, and how long garbage collection stops everything while ticks come as fast as they are taken.
 */
import { PerformanceObserver } from "node:perf_hooks";
import type { InputBody } from "../engine/core/event.ts";
import type { Program } from "../engine/core/program.ts";
import { Stamper } from "../engine/core/stamp.ts";
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
class Tape {
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

  constructor(symbols: number, program: (names: readonly string[]) => Program = watchers) {
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
    const outputs = step(this.core, this.#stamper.stamp(body, ++this.#seq, marketTime, marketTime));
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
  const [names, tape] = [symbolsOf(symbols), new Tape(symbols)];
  /** Where each input goes, so that making it is not left out by the compiler. */
  const dropped: InputBody[] = [];
  let ticks = 0;
  const chunk = 20_000;
  engine.run(10 * chunk);
  const pauses = await pausesDuring(seconds, () => {
    engine.run(chunk);
    ticks += chunk;
  });
  const plain = await pausesDuring(Math.min(seconds, 5), () => {
    for (let i = 0; i < chunk; i++) {
      const time = tape.time();
      const symbol = names[i % symbols] as string;
      const body = { kind: "trade", symbol, time, price: tape.price(), size: 100, setsPrice: true } as const;
      dropped[0] = body;
    }
  });
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
