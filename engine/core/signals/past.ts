/**
 * The past of a series, as far as it may still be corrected: its last bars, what smaller bars they were made of, and
 * what its facts remembered before them.
 *
 * Owns: how facts are computed anew after a correction: from a copy of their memory, over the kept bars. Bounded: between
 * `KEPT_BARS` and twice as many bars. May not: evaluate rules, or tell anybody.
 */
import { invariant } from "../assert.ts";
import type { Bar } from "../event.ts";
import { Named, exactly, packed, unpacked } from "../saved.ts";
import type { PackedNumbers } from "../saved.ts";
import type { Slots } from "./conditions.ts";
import { Forming } from "./forming.ts";
import type { FactNode } from "./nodes.ts";
import { Pieces } from "./pieces.ts";
import type { TimeSeries } from "./time-series.ts";

/** Each of the last bars of a series, this many, can still be corrected. */
export const KEPT_BARS = 64;
/** `older`: facts stay, because what is needed to compute them anew is not kept any more. `none`: nothing to correct. */
export type Correction = "corrected" | "older" | "none";

/** Where a bar came from: times of the first and last price of trades, NaN when no trade may change it; smaller bars in it. */
export interface Origin {
  firstAt: number;
  lastAt: number;
  pieces: number;
}

interface KeptBar extends Origin {
  start: number;
  end: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

const BAR_FIELDS = Object.keys(emptyBar()) as (keyof KeptBar)[];

/** What nodes remembered, by key. */
export type SavedMemory = Readonly<Record<string, PackedNumbers>>;

export interface SavedPast {
  /** One after the other, by `BAR_FIELDS`. */
  readonly bars: PackedNumbers;
  readonly pieces: PackedNumbers;
  readonly older: SavedMemory | null;
  readonly newer: SavedMemory | "older" | null;
  readonly newerAt: number;
  readonly isLost: boolean;
}

/** Copies of the nodes of a series, in their order; undefined where nothing is remembered. */
type Memory = readonly (FactNode | undefined)[];

const NO_MEMORY: Memory = [];

export class Past {
  readonly #series: TimeSeries;
  /** Since `#older`, oldest first. */
  readonly #bars: KeptBar[] = [];
  readonly #free: KeptBar[] = [];
  #pieces = new Pieces();
  #older: Memory = NO_MEMORY;
  /** Memory before the bar at `#newerAt`. */
  #newer: Memory = NO_MEMORY;
  #newerAt = 0;
  /** A kernel of another source cannot be copied: its series keeps no past. */
  #isLost = false;

  constructor(series: TimeSeries) {
    this.#series = series;
  }

  /** A bar has closed: called before its facts are updated. */
  follow(): void {
    if (this.#isLost) return;
    const bars = this.#bars;
    if (bars.length === 0) this.#older = this.#newer = this.#remember(NO_MEMORY);
    else if (bars.length - this.#newerAt >= KEPT_BARS) {
      this.#free.push(...bars.splice(0, this.#newerAt));
      const given = this.#older;
      this.#older = this.#newer;
      this.#newer = this.#remember(given === this.#older ? NO_MEMORY : given);
      this.#newerAt = bars.length;
    }
    if (this.#isLost) return;
    const kept = this.#free.pop() ?? emptyBar();
    const { bar, barEnd, origin } = this.#series;
    copyPrices(bar, kept);
    kept.start = bar.start;
    kept.end = barEnd;
    kept.firstAt = origin.firstAt;
    kept.lastAt = origin.lastAt;
    kept.pieces = origin.pieces;
    bars.push(kept);
  }

  /** A smaller bar has become part of the bar that is being built. */
  addPiece(piece: Bar): void {
    this.#pieces.add(piece);
  }

  /**
   * A trade that belongs to a closed bar. Bars that were given whole hold it already, or know better; and a feed that came
   * back may repeat what it told before it went down.
   */
  trade(time: number, price: number, size: number, setsPrice: boolean, slots: Slots): Correction {
    const at = this.#indexAt(time);
    const bar = this.#bars[at];
    if (bar === undefined || Number.isNaN(bar.firstAt) || !this.#series.isLiveAt(time)) return "none";
    bar.volume += size;
    if (setsPrice) {
      if (price > bar.high) bar.high = price;
      if (price < bar.low) bar.low = price;
      if (time < bar.firstAt) {
        bar.open = price;
        bar.firstAt = time;
      }
      if (time >= bar.lastAt) {
        bar.close = price;
        bar.lastAt = time;
      }
    }
    this.#replay(at, slots);
    return "corrected";
  }

  /** Another word of a provider on a bar of this size that it has told before, or that never came. */
  whole(bar: Bar, end: number, slots: Slots): Correction {
    const { lastEnd, prompt } = this.#series;
    if (bar.start >= lastEnd) return "none";
    const bars = this.#bars;
    const first = bars[0];
    if (first === undefined || bar.start < first.start) return "older";
    let at = bars.length;
    while (at > 0 && (bars[at - 1] as KeptBar).start >= bar.start) at--;
    let kept = bars[at];
    if (kept?.start === bar.start) {
      // What trades have built at ticks is not given up for the bars of a provider.
      if (areEqual(kept, bar) || (prompt && !Number.isNaN(kept.firstAt))) return "none";
    } else {
      kept = emptyBar();
      bars.splice(at, 0, kept);
      if (at < this.#newerAt) this.#newerAt++;
    }
    Object.assign(kept, pricesOf(bar), { end, firstAt: Number.NaN, lastAt: Number.NaN, pieces: 0 });
    this.#replay(at, slots);
    return "corrected";
  }

  /** Another word on a smaller bar. Bars that were not made of such bars stay. */
  piece(bar: Bar, slots: Slots): Correction {
    const target = this.#series.openAt(bar.start) ?? this.#bars[this.#indexAt(bar.start)];
    if (target === undefined) return this.#isBeforeAll(bar.start) && !this.#pieces.isEmpty ? "older" : "none";
    const isOpen = target instanceof Forming;
    if (target.pieces === 0 || (isOpen && (target.hasTicks || bar.start >= target.until))) return "none";
    // Unless everything from the beginning of the bar on is kept, it cannot be put together again.
    if (this.#pieces.countIn(target.start, target.end) !== target.pieces) return "older";
    const change = this.#pieces.set(bar);
    if (change === "same") return "none";
    if (change === "added") {
      // The oldest may have been given up for it.
      if (this.#pieces.countIn(target.start, target.end) !== target.pieces + 1) return "older";
      target.pieces++;
    }
    copyPrices(this.#pieces.whole(target.start, target.end), target);
    if (!isOpen) this.#replay(this.#indexAt(bar.start), slots);
    return isOpen ? "none" : "corrected";
  }

  /** The bar that holds this time as it is now known, for those who tell it. */
  barAt(time: number): Bar | undefined {
    const bar = this.#bars[this.#indexAt(time)];
    return bar === undefined ? undefined : pricesOf(bar);
  }

  /** Continues after a reload. With other facts than before, bars that closed before it are out of reach. */
  adopt(old: Past): void {
    this.#pieces = old.#pieces;
    this.#bars.length = 0;
    this.#newerAt = 0;
    const { nodes } = this.#series;
    const before = old.#series.nodes;
    if (nodes.length !== before.length || nodes.some(({ key }, i) => key !== before[i]?.key)) return;
    this.#bars.push(...old.#bars);
    this.#older = old.#older;
    this.#newer = old.#newer;
    this.#newerAt = old.#newerAt;
    this.#isLost = old.#isLost;
  }

  /** Nothing of it is corrected any more: it is of other shares. */
  forget(): void {
    this.#free.push(...this.#bars.splice(0));
    this.#older = this.#newer = NO_MEMORY;
    this.#newerAt = 0;
  }

  /** Smaller bars of what is being built go on; closed bars were made anew from history. */
  continue(old: Past): void {
    this.#pieces = old.#pieces;
  }

  save(): SavedPast {
    const memory = (of: Memory): SavedMemory | null =>
      of.length === 0 ? null : Object.fromEntries(of.flatMap((copy) => (copy === undefined ? [] : [memoryOf(copy)])));
    return {
      bars: packed(this.#bars.flatMap(numbersOf)),
      pieces: this.#pieces.save(),
      older: memory(this.#older),
      // Until there are enough bars, both are the same.
      newer: this.#newer === this.#older ? "older" : memory(this.#newer),
      newerAt: this.#newerAt,
      isLost: this.#isLost,
    };
  }

  restore({ bars, pieces, older, newer, newerAt, isLost }: SavedPast): void {
    this.#bars.splice(0, this.#bars.length, ...barsOf(unpacked(bars)));
    this.#pieces.restore(pieces);
    this.#older = this.#memoryFrom(older);
    this.#newer = newer === "older" ? this.#older : this.#memoryFrom(newer);
    this.#newerAt = newerAt;
    this.#isLost = isLost;
  }

  #memoryFrom(saved: SavedMemory | null): Memory {
    if (saved === null) return [];
    const named = new Named(`memory of ${this.#series.key}`, saved);
    const memory = this.#series.nodes.map((node) => {
      const copy = node.copy?.();
      copy?.restore?.(unpacked(named.take(copy.key)));
      return copy;
    });
    named.end();
    return memory;
  }

  /** `given`: memory that nobody needs any more. It is written over: copies that come and go would cost the collector dear. */
  #remember(given: Memory): Memory {
    return this.#series.nodes.map((node, i) => {
      const copy = node.copy?.(given[i]);
      if (copy === undefined && node.copy !== undefined) this.#isLost = true;
      return copy;
    });
  }

  /** Computes the facts anew, from the bar at `from` on. */
  #replay(from: number, slots: Slots): void {
    const { nodes } = this.#series;
    const isNew = from >= this.#newerAt;
    const memory = isNew ? this.#newer : this.#older;
    // A copy of the copy: it may be needed again.
    for (const [i, node] of nodes.entries()) {
      const copy = memory[i]?.copy?.();
      if (copy !== undefined) node.adopt?.(copy, slots, slots);
    }
    for (let at = isNew ? this.#newerAt : 0; at < this.#bars.length; at++) {
      if (!isNew && at === this.#newerAt) this.#newer = this.#remember(this.#newer);
      const bar = this.#bars[at] as KeptBar;
      this.#series.show(bar, bar.end);
      for (const node of nodes) node.update(slots);
    }
  }

  #indexAt(time: number): number {
    for (let at = this.#bars.length - 1; at >= 0; at--) {
      const { start, end } = this.#bars[at] as KeptBar;
      if (time >= start) return time < end ? at : -1;
    }
    return -1;
  }

  #isBeforeAll(time: number): boolean {
    const first = this.#bars[0];
    return time < this.#series.lastEnd && (first === undefined || time < first.start);
  }
}

function memoryOf(copy: FactNode): readonly [key: string, memory: PackedNumbers] {
  const memory = copy.save?.();
  invariant(memory !== undefined, "what can be copied can be saved");
  return [copy.key, packed(memory)];
}

function numbersOf(bar: KeptBar): number[] {
  return BAR_FIELDS.map((field) => bar[field]);
}

function barsOf(numbers: readonly number[]): KeptBar[] {
  const width = BAR_FIELDS.length;
  const bars = Array.from({ length: Math.ceil(numbers.length / width) }, emptyBar);
  exactly(numbers, bars.length * width, "kept bars");
  for (const [i, bar] of bars.entries())
    for (const [at, field] of BAR_FIELDS.entries()) bar[field] = numbers[i * width + at] as number;
  return bars;
}

function emptyBar(): KeptBar {
  return {
    start: Number.NaN,
    end: Number.NaN,
    open: Number.NaN,
    high: Number.NaN,
    low: Number.NaN,
    close: Number.NaN,
    volume: 0,
    firstAt: Number.NaN,
    lastAt: Number.NaN,
    pieces: 0,
  };
}

type Prices = Omit<Bar, "start">;

function copyPrices(from: Prices, to: { -readonly [K in keyof Prices]: number }): void {
  to.open = from.open;
  to.high = from.high;
  to.low = from.low;
  to.close = from.close;
  to.volume = from.volume;
}

function pricesOf({ start, open, high, low, close, volume }: Bar): Bar {
  return { start, open, high, low, close, volume };
}

function areEqual(a: Prices, b: Prices): boolean {
  return a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close && a.volume === b.volume;
}
