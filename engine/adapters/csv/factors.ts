/**
 * Reads factor files in LEAN's format: what splits and dividends did to the prices of one symbol.
 *
 * Owns: `readFactors`. A row is `YYYYMMDD,priceFactor,splitFactor[,referencePrice]` and holds for dates up to and including its
 * own, oldest first; behind the last row nothing is adjusted. May not adjust anything.
 */
import { readFile } from "node:fs/promises";
import { isoDate, parseIsoDate } from "../../market/civil.ts";
import { symbolOfFile } from "./bars.ts";
import { CsvError } from "./types.ts";

export interface FactorRow {
  /** The last trading date it holds for, as days since 1970-01-01. */
  readonly day: number;
  /** Of dividends and spin-offs. */
  readonly price: number;
  readonly split: number;
  /** The close of that date as it was traded; NaN where the file does not say it. */
  readonly reference: number;
}

export interface FactorFile {
  readonly file: string;
  readonly symbol: string;
  readonly rows: readonly FactorRow[];
}

/** Rejects with a CsvError that names file and line. */
export async function readFactors(file: string, symbol = symbolOfFile(file)): Promise<FactorFile> {
  let source: string;
  try {
    source = await readFile(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CsvError(`${file}: cannot be read (${code ?? message})`, [], { cause: error });
  }
  const rows: FactorRow[] = [];
  for (const [index, line] of source
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === "") continue;
    const row = rowOf(line);
    const before = rows.at(-1);
    const fault =
      typeof row === "string"
        ? row
        : before !== undefined && row.day <= before.day
          ? `${isoDate(row.day)} does not come after ${isoDate(before.day)}`
          : undefined;
    if (fault !== undefined) throw new CsvError(`${file}:${index + 1}: ${fault}`);
    rows.push(row as FactorRow);
  }
  if (rows.length === 0) throw new CsvError(`${file}: no factors`);
  return { file, symbol, rows };
}

function rowOf(line: string): FactorRow | string {
  const fields = line.split(",").map((field) => field.trim());
  if (fields.length !== 3 && fields.length !== 4)
    return `${fields.length} columns; a factor file has date, price factor, split factor and reference price`;
  const [date = "", price = "", split = "", reference = ""] = fields;
  const match = /^(\d{4})(\d\d)(\d\d)$/.exec(date);
  const day = match === null ? undefined : parseIsoDate(`${match[1]}-${match[2]}-${match[3]}`);
  if (day === undefined) return `"${date}" is no date such as 20140606`;
  const factors = [price, split].map(number);
  if (!factors.every((factor) => factor > 0)) return `"${price},${split}" are no factors above 0`;
  const close = reference === "" ? Number.NaN : number(reference);
  if (reference !== "" && !(close >= 0)) return `"${reference}" is no price`;
  // The first and the last row of a file have no close of their own: 1 or 0 stands there.
  return { day, price: factors[0] as number, split: factors[1] as number, reference: close > 1 ? close : Number.NaN };
}

function number(field: string): number {
  return /^\d+(\.\d+)?(e-?\d+)?$/i.test(field) ? Number(field) : Number.NaN;
}
