/**
 * Columns that grow, and what every row must satisfy.
 *
 * Owns: the checks of a row and the collection of refusals. May not read bytes.
 */
import type { BarSize } from "../../market/bar-size.ts";
import { type BarColumns, MAX_REFUSED, type RefusedRow } from "./types.ts";

type Name = Exclude<keyof BarColumns, "length">;
const NAMES: readonly Name[] = ["start", "open", "high", "low", "close", "volume"];

/** One row on its way in; reused, so that a million rows allocate nothing. */
export interface Row {
  start: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/** What is wrong with the values of a row, or "". Time is checked against the row before by the table. */
export function faultOf(row: Row): string {
  const { open, high, low, close, volume } = row;
  // Written so that NaN fails every comparison and lands in the slow path.
  if (high >= open && high >= close && low <= open && low <= close && low > 0 && high < Infinity && volume >= 0) {
    return volume < Infinity ? "" : "volume is not finite";
  }
  for (const name of ["open", "high", "low", "close", "volume"] as const) {
    if (!Number.isFinite(row[name])) return `${name} is missing or not a number`;
  }
  if (high < low) return `high ${high} is below low ${low}`;
  if (high < open || high < close) return `high ${high} is below ${high < open ? `open ${open}` : `close ${close}`}`;
  if (low > open || low > close) return `low ${low} is above ${low > open ? `open ${open}` : `close ${close}`}`;
  if (low <= 0) return `low ${low} is not a positive price`;
  return `volume ${volume} is negative`;
}

export class BarTable {
  length = 0;
  readonly refused: RefusedRow[] = [];
  refusedCount = 0;
  #capacity = 4_096;
  #columns = allocate(this.#capacity);

  refuse(file: string, line: number, reason: string): void {
    this.refusedCount++;
    if (this.refused.length < MAX_REFUSED) this.refused.push({ file, line, reason });
  }

  /** Takes a checked row when its time follows the row before; returns what is wrong, or "". */
  add(row: Row, size: BarSize | undefined): string {
    const index = this.length;
    const columns = this.#columns;
    if (index > 0) {
      const last = columns.start[index - 1] as number;
      if (!(row.start > last))
        return row.start === last ? "same time as the row before" : "earlier than the row before";
      if (size !== undefined && size.kind === "intraday" && row.start < last + size.ms) {
        return `overlaps the ${size.label} bar before`;
      }
    }
    if (index === this.#capacity) this.#grow();
    const grown = this.#columns;
    grown.start[index] = row.start;
    grown.open[index] = row.open;
    grown.high[index] = row.high;
    grown.low[index] = row.low;
    grown.close[index] = row.close;
    grown.volume[index] = row.volume;
    this.length = index + 1;
    return "";
  }

  columns(): BarColumns {
    const { length } = this;
    const cut = (name: Name): Float64Array => this.#columns[name].slice(0, length);
    return {
      length,
      start: cut("start"),
      open: cut("open"),
      high: cut("high"),
      low: cut("low"),
      close: cut("close"),
      volume: cut("volume"),
    };
  }

  #grow(): void {
    this.#capacity *= 2;
    const grown = allocate(this.#capacity);
    for (const name of NAMES) grown[name].set(this.#columns[name]);
    this.#columns = grown;
  }
}

function allocate(capacity: number): Record<Name, Float64Array> {
  const make = (): Float64Array => new Float64Array(capacity);
  return { start: make(), open: make(), high: make(), low: make(), close: make(), volume: make() };
}
