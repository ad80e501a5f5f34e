/**
 * Which column is what.
 *
 * Owns: header names, the delimiter, and the headerless layouts of LEAN. May not parse rows.
 */
import { basename } from "node:path";
import { parseIsoDate } from "../../market/civil.ts";
import { CsvError } from "./types.ts";

export const SKIP = 0;
export const STAMP = 1;
export const CLOCK = 2;
/** Milliseconds after midnight of the date in the file name. */
export const MS_OF_DAY = 3;
export const SYMBOL = 4;
export const OPEN = 5;
export const HIGH = 6;
export const LOW = 7;
export const CLOSE = 8;
export const VOLUME = 9;

export interface Layout {
  readonly delimiter: number;
  /** Role per column. */
  readonly roles: readonly number[];
  readonly hasHeader: boolean;
  readonly hasVolume: boolean;
  /** Civil day of the file, for `MS_OF_DAY`. */
  readonly day: number;
}

const NAMES: Readonly<Record<string, number>> = {
  open: OPEN,
  o: OPEN,
  high: HIGH,
  h: HIGH,
  low: LOW,
  l: LOW,
  close: CLOSE,
  c: CLOSE,
  "close/last": CLOSE,
  volume: VOLUME,
  vol: VOLUME,
  v: VOLUME,
  symbol: SYMBOL,
  ticker: SYMBOL,
};
/** Best first: a full stamp wins over a bare date. */
const STAMPS = ["timestamp", "datetime", "date_time", "date time", "start", "open_time", "open time", "unix", "t"];
const BAR_ROLES = [OPEN, HIGH, LOW, CLOSE] as const;
const ROLE_NAMES: Readonly<Record<number, string>> = { [OPEN]: "open", [HIGH]: "high", [LOW]: "low", [CLOSE]: "close" };

/** The layout told by the first line, and by the file name where there is no header. */
export function layoutOf(file: string, firstLine: string): Layout {
  const { fields, delimiter } = fieldsOf(firstLine);
  const isNumber = (field: string): boolean => field !== "" && Number.isFinite(Number(field));
  // Two plain numbers mean data: no header names two columns `1.5` and `2`.
  return fields.filter(isNumber).length >= 2
    ? headerless(file, fields, delimiter)
    : fromHeader(file, fields, delimiter);
}

/** What the first line names, in lower case. */
export function fieldsOf(firstLine: string): { readonly fields: readonly string[]; readonly delimiter: number } {
  const delimiter = [",", ";", "\t"].reduce((best, each) =>
    firstLine.split(each).length > firstLine.split(best).length ? each : best,
  );
  const fields = firstLine.split(delimiter).map((field) =>
    field
      .trim()
      .replace(/^"(.*)"$/, "$1")
      .toLowerCase(),
  );
  return { fields, delimiter: delimiter.charCodeAt(0) };
}

/** Puts the columns of the time into the roles. */
export function placeTime(file: string, fields: readonly string[], roles: number[]): void {
  const stamp = STAMPS.map((name) => fields.indexOf(name)).find((index) => index >= 0);
  const date = fields.indexOf("date");
  const time = fields.indexOf("time");
  if (stamp !== undefined) roles[stamp] = STAMP;
  else if (date >= 0) {
    roles[date] = STAMP;
    if (time >= 0) roles[time] = CLOCK;
  } else if (time >= 0) roles[time] = STAMP;
  else throw new CsvError(`${file}:1: no time column; name one date, time, timestamp or datetime`);
  if (date >= 0 && time >= 0 && stamp === undefined && time < date) {
    throw new CsvError(`${file}:1: the date column must stand before the time column`);
  }
}

function fromHeader(file: string, fields: readonly string[], delimiter: number): Layout {
  const roles = fields.map((field) => NAMES[field] ?? SKIP);
  placeTime(file, fields, roles);
  const missing = BAR_ROLES.filter((role) => !roles.includes(role)).map((role) => ROLE_NAMES[role]);
  if (missing.length > 0) throw new CsvError(`${file}:1: no column ${missing.join(", ")} in the header`);
  const twice = BAR_ROLES.find((role) => roles.indexOf(role) !== roles.lastIndexOf(role));
  if (twice !== undefined) throw new CsvError(`${file}:1: column ${ROLE_NAMES[twice]} stands twice in the header`);
  return { delimiter, roles, hasHeader: true, hasVolume: roles.includes(VOLUME), day: NaN };
}

/** `time, open, high, low, close, volume`; a small integer first is LEAN's milliseconds of the day. */
function headerless(file: string, fields: readonly string[], delimiter: number): Layout {
  if (fields.length !== 6 && fields.length !== 5) {
    throw new CsvError(
      `${file}:1: no header and ${fields.length} columns; expected time, open, high, low, close, volume`,
    );
  }
  const rest = [OPEN, HIGH, LOW, CLOSE, VOLUME].slice(0, fields.length - 1);
  const first = fields[0] as string;
  const hasVolume = fields.length === 6;
  const day = dayOfName(file);
  if (/^\d{1,8}$/.test(first) && Number(first) < 86_400_000 && (day !== undefined || !/^(19|20)\d{6}$/.test(first))) {
    if (day === undefined) {
      throw new CsvError(`${file}:1: times are milliseconds of a day, but the file name does not start with YYYYMMDD_`);
    }
    return { delimiter, roles: [MS_OF_DAY, ...rest], hasHeader: false, hasVolume, day };
  }
  return { delimiter, roles: [STAMP, ...rest], hasHeader: false, hasVolume, day: NaN };
}

/** The civil day of a LEAN file name such as `20131007_trade.zip`. */
export function dayOfName(file: string): number | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})_/.exec(basename(file));
  return match === null ? undefined : parseIsoDate(`${match[1]}-${match[2]}-${match[3]}`);
}
