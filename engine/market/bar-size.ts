/**
 * Bar sizes: what `on:` may say, and how a size divides a session.
 *
 * Owns: parsing and ordering of sizes. May not know calendars (see calendar.ts).
 *
 * Providers, tapes and history know bars of time alone (`BarSize`). Bars of activity are built here, from trades.
 */

/** `intraday` sizes divide a session from its open in steps of `ms`; `1d` is one whole session. */
export interface BarSize {
  /** Canonical text, e.g. `5m`; 60s reads `1m`, 60m reads `1h`. Equal sizes have equal labels. */
  readonly label: string;
  /** Length in milliseconds; 86,400,000 for `1d`. */
  readonly ms: number;
  readonly kind: "intraday" | "session";
}

/** A bar is complete when so much has been traded, however long that takes: trades, shares, or price times size. */
export interface ActivitySize {
  /** Canonical text without separators, e.g. `500 ticks`, `50000 volume`. Equal sizes have equal labels. */
  readonly label: string;
  readonly kind: "ticks" | "volume" | "dollars";
  /** At least 1 and whole. */
  readonly threshold: number;
}

/** What rules and facts are computed on. */
export type SeriesSize = BarSize | ActivitySize;

export const MOST_ACTIVITY = 100_000_000_000;

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
const MAX_INTRADAY_MS = 12 * 3_600_000;

export const DAY: BarSize = { label: "1d", ms: 86_400_000, kind: "session" };

/** Parses `1s` … `12h` or `1d`. Returns undefined for anything else (the caller owns the message). */
export function parseBarSize(source: string): BarSize | undefined {
  const match = /^([1-9]\d{0,4})(s|m|h|d)$/.exec(source);
  if (match === null) return undefined;
  const count = Number(match[1]);
  const unit = match[2] as string;
  if (unit === "d") return count === 1 ? DAY : undefined;
  const ms = count * (UNIT_MS[unit] as number);
  if (ms > MAX_INTRADAY_MS) return undefined;
  return { label: labelOf(ms), ms, kind: "intraday" };
}

/** `500 ticks`, `50_000 volume`, `2_000_000 dollars`; undefined for anything else. */
export function parseActivity(source: string): ActivitySize | undefined {
  const match = /^([1-9]\d*(?:_\d+)*)\s+(ticks|volume|dollars)$/.exec(source);
  if (match === null) return undefined;
  const threshold = Number((match[1] as string).replaceAll("_", ""));
  if (threshold > MOST_ACTIVITY) return undefined;
  const kind = match[2] as ActivitySize["kind"];
  return { label: `${threshold} ${kind}`, kind, threshold };
}

/** Any size that rules and facts may be computed on. */
export function parseSeriesSize(source: string): SeriesSize | undefined {
  return parseBarSize(source) ?? parseActivity(source);
}

export function isOfTime(size: SeriesSize): size is BarSize {
  return size.kind === "intraday" || size.kind === "session";
}

/** How long a bar takes; 0 for bars of activity, of which nobody knows. */
export function lengthOf(size: SeriesSize): number {
  return isOfTime(size) ? size.ms : 0;
}

/** Whether bars of the first size are smaller ones of the same kind; of time and activity neither is. */
export function isSmaller(a: SeriesSize, b: SeriesSize): boolean {
  if (isOfTime(a)) return isOfTime(b) && a.ms < b.ms;
  return a.kind === b.kind && a.threshold < b.threshold;
}

const known = new Map<string, BarSize>();
/** The last answer: a tape asks for the same size at every bar, several times. */
let last: BarSize = DAY;

/** The size of a label that was checked before, as a tape or the core writes it. Throws RangeError for any other. */
export function barSizeOf(label: string): BarSize {
  if (label === last.label) return last;
  let size = known.get(label);
  if (size === undefined) {
    size = parseBarSize(label);
    if (size === undefined) throw new RangeError(`not a bar size: ${label}`);
    known.set(label, size);
  }
  last = size;
  return size;
}

function labelOf(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return `${ms / 1_000}s`;
}
