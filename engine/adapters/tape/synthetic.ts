/**
 * A made-up market for the demo and for tests: one-minute bars on real NYSE sessions.
 *
 * Owns: the generator. Equal options give equal bars on every machine: a seeded generator and plain arithmetic, no
 * Math.random and no function whose bits differ between engines. May not look real: names, symbols and label say
 * SYNTHETIC.
 */
import type { BarInput } from "../../core/event.ts";
import { parseBarSize } from "../../market/bar-size.ts";
import type { Session } from "../../market/calendar.ts";
import { MS_PER_MINUTE } from "../../market/civil.ts";
import { NYSE } from "../../market/nyse.ts";
import { CsvError } from "../csv/types.ts";
import type { Tape } from "./tape.ts";

export interface SyntheticOptions {
  readonly seed?: number;
  /** Must start with `SYN-`. */
  readonly symbols?: readonly string[];
  /** First trading date; the next session when it is none. */
  readonly from?: string;
  readonly sessions?: number;
}

const MINUTE = parseBarSize("1m")!;

/** Drift and noise per minute as ratios, and how long a regime lasts in minutes. */
const REGIMES = [
  { name: "range", drift: 0, noise: 0.0004, min: 40, max: 120 },
  { name: "uptrend", drift: 0.00012, noise: 0.0004, min: 60, max: 150 },
  { name: "dip", drift: -0.0011, noise: 0.0006, min: 12, max: 30 },
  { name: "recovery", drift: 0.0007, noise: 0.0005, min: 15, max: 40 },
  { name: "squeeze", drift: 0, noise: 0.00012, min: 30, max: 60 },
  { name: "breakout", drift: 0.0009, noise: 0.0007, min: 10, max: 25 },
  { name: "downtrend", drift: -0.00014, noise: 0.0005, min: 50, max: 120 },
] as const;
/** A dip recovers and a squeeze breaks out; the rest is drawn. */
const FOLLOWS: Readonly<Record<string, number>> = { dip: 3, squeeze: 5 };

export function syntheticTape(options: SyntheticOptions = {}): Tape {
  const { seed = 1, symbols = ["SYN-A", "SYN-B"], from = "2024-03-04", sessions = 20 } = options;
  const wrong = symbols.find((symbol) => !symbol.startsWith("SYN-"));
  if (wrong !== undefined) throw new CsvError(`${wrong}: a synthetic symbol starts with SYN-`);
  const days = sessionsFrom(from, sessions);
  return {
    name: `SYNTHETIC ${symbols.join(", ")} (seed ${seed})`,
    label: "synthetic",
    symbols,
    size: MINUTE,
    items: () => generate(seed, symbols, days),
  };
}

function sessionsFrom(date: string, count: number): Session[] {
  const found: Session[] = [];
  let session = NYSE.sessionAtOrAfter(Date.parse(`${date}T12:00:00Z`));
  while (session !== undefined && found.length < count) {
    found.push(session);
    session = NYSE.sessionAtOrAfter(session.extendedClose);
  }
  if (found.length < count) throw new CsvError(`${date}: the calendar does not hold ${count} sessions from there`);
  return found;
}

function* generate(seed: number, symbols: readonly string[], days: readonly Session[]): Generator<BarInput> {
  const walks = symbols.map((symbol, i) => new Walk(symbol, seed * 1_000 + i, 100 + 50 * i));
  for (const day of days) {
    for (const walk of walks) walk.openSession();
    for (let start = day.open; start < day.close; start += MS_PER_MINUTE) {
      for (const walk of walks) yield walk.next(start, (start - day.open) / (day.close - day.open));
    }
  }
}

class Walk {
  readonly #symbol: string;
  readonly #random: () => number;
  readonly #anchor: number;
  #price: number;
  #regime = 0;
  #left = 60;

  constructor(symbol: string, seed: number, price: number) {
    this.#symbol = symbol;
    this.#random = mulberry32(seed);
    this.#anchor = price;
    this.#price = price;
  }

  /** A gap over night. */
  openSession(): void {
    this.#price *= 1 + 0.003 * this.#normal();
  }

  /** `progress` through the session shapes volume: busy at both ends. */
  next(start: number, progress: number): BarInput {
    if (this.#left-- <= 0) this.#change();
    const { drift, noise } = REGIMES[this.#regime] as (typeof REGIMES)[number];
    const pull = 0.0004 * (this.#anchor / this.#price - 1);
    const open = cents(this.#price);
    let high = open;
    let low = open;
    for (let step = 0; step < 4; step++) {
      this.#price *= 1 + (drift + pull) / 4 + (noise / 2) * this.#normal();
      const price = cents(this.#price);
      if (price > high) high = price;
      if (price < low) low = price;
    }
    const close = cents(this.#price);
    const edge = 2 * progress - 1;
    const busy = (0.6 + 1.4 * edge * edge) * (1 + 1_500 * Math.abs(drift));
    const volume = Math.floor(2_000 * busy * (0.5 + this.#random()));
    return { kind: "bar", symbol: this.#symbol, size: "1m", revised: false, start, open, high, low, close, volume };
  }

  #change(): void {
    const before = REGIMES[this.#regime] as (typeof REGIMES)[number];
    this.#regime = FOLLOWS[before.name] ?? Math.floor(this.#random() * REGIMES.length);
    const { min, max } = REGIMES[this.#regime] as (typeof REGIMES)[number];
    this.#left = min + Math.floor(this.#random() * (max - min));
  }

  /** Nearly normal with mean 0 and deviation 1: the sum of 12 uniform numbers, arithmetic only. */
  #normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.#random();
    return sum;
  }
}

function cents(price: number): number {
  return Math.round(price * 100) / 100;
}

/** Mulberry32 (Tommy Ettinger, public domain): 32-bit integer arithmetic, equal everywhere. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
