/**
 * Bar sizes: what `on:` may say, and how a size divides a session.
 *
 * Owns: parsing and ordering of sizes. May not know calendars (see calendar.ts).
 */

/** `intraday` sizes divide a session from its open in steps of `ms`; `1d` is one whole session. */
export interface BarSize {
  /** Canonical text, e.g. `5m`; 60s reads `1m`, 60m reads `1h`. Equal sizes have equal labels. */
  readonly label: string;
  /** Length in milliseconds; 86,400,000 for `1d`. */
  readonly ms: number;
  readonly kind: "intraday" | "session";
}

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
