/**
 * A tape: recorded or made market data as an ordered source of inputs.
 *
 * Owns: the type, and merging. Items come in the order in which a live
 * feed could have told them: a bar at its end, a tick at its time. May not wait or schedule (see tape-feed.ts).
 */
import type { BarInput, MarketInput } from "../../core/event.ts";
import { knownAt } from "../../core/known-at.ts";
import type { BarSize } from "../../market/bar-size.ts";
import { calendarOf } from "../../market/instruments.ts";
import { type BarColumns, CsvError } from "../csv/types.ts";

export interface Tape {
  readonly name: string;
  /** `synthetic` data was made by a program; it must be shown as such wherever it appears. */
  readonly label: "real" | "synthetic";
  readonly symbols: readonly string[];
  /** Size of its bars, or `ticks`. */
  readonly size: BarSize | "ticks";
  /** Fresh from the start at every call; strictly ordered by `knownAt`, then by symbol in the order of `symbols`. */
  items(): Iterable<MarketInput>;
}

export function* barInputs(symbol: string, size: BarSize, columns: BarColumns): Generator<BarInput> {
  for (let i = 0; i < columns.length; i++) {
    yield {
      kind: "bar",
      symbol,
      size: size.label,
      revised: false,
      start: columns.start[i] as number,
      open: columns.open[i] as number,
      high: columns.high[i] as number,
      low: columns.low[i] as number,
      close: columns.close[i] as number,
      volume: columns.volume[i] as number,
    };
  }
}

/**
 * Merges sources that are each in order. At the same moment the earlier source goes first: symbols in their declared
 * order, and quotes before the trades that they explain.
 */
export function* mergeInOrder(sources: readonly Iterable<MarketInput>[]): Generator<MarketInput> {
  const heads = sources.map((source) => ({
    iterator: source[Symbol.iterator](),
    item: null as MarketInput | null,
    at: 0,
  }));
  const advance = (head: (typeof heads)[number]): void => {
    const next = head.iterator.next();
    head.item = next.done === true ? null : next.value;
    head.at = head.item === null ? Infinity : (knownAt(head.item, calendarOf) ?? NaN);
  };
  try {
    for (const head of heads) advance(head);
    for (;;) {
      let best = heads[0];
      for (const head of heads) if (best !== undefined && head.at < best.at) best = head;
      if (best === undefined || best.item === null) return;
      yield best.item;
      advance(best);
    }
  } finally {
    for (const head of heads) head.iterator.return?.();
  }
}

/** Several tapes as one. A mix with anything synthetic is synthetic. */
export function mergeTapes(name: string, tapes: readonly Tape[]): Tape {
  const first = tapes[0];
  if (first === undefined) throw new CsvError("no tape to merge");
  const symbols = [...new Set(tapes.flatMap((tape) => tape.symbols))];
  const sameSize = tapes.every((tape) => sizeLabel(tape) === sizeLabel(first));
  if (!sameSize) throw new CsvError(`${name}: tapes of different sizes cannot be merged`);
  return {
    name,
    label: tapes.every((tape) => tape.label === "real") ? "real" : "synthetic",
    symbols,
    size: first.size,
    items: () => mergeInOrder(tapes.map((tape) => tape.items())),
  };
}

function sizeLabel(tape: Tape): string {
  return tape.size === "ticks" ? "ticks" : tape.size.label;
}
