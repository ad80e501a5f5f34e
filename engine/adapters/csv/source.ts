/**
 * Bytes of a data file, whatever it is packed in.
 *
 * Owns: finding the files of a path, unpacking .gz and single-member .zip, and cutting the stream at line ends.
 * May not know columns, dates or prices.
 */
import { crc32, createGunzip, inflateRawSync } from "node:zlib";
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { CsvError } from "./types.ts";

const CHUNK = 1 << 20;
const LINE_MAX = 1 << 20;
const MEMBER_MAX = 1 << 30;
const NEWLINE = 10;

const READABLE = /\.(csv|txt)(\.gz)?$|\.zip$/i;

/** Files of a path: itself, or the readable files of a directory in name order (quote files of LEAN left out). */
export async function filesOf(path: string | readonly string[]): Promise<string[]> {
  if (typeof path !== "string") return (await Promise.all(path.map((each) => filesOf(each)))).flat();
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(path)).isDirectory();
  } catch (error) {
    throw new CsvError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`, [], {
      cause: error,
    });
  }
  if (!isDirectory) return [path];
  const names = (await readdir(path)).filter(
    (name) => READABLE.test(name) && !/_(quote|openinterest)\.zip$/i.test(name),
  );
  if (names.length === 0) throw new CsvError(`${path}: no .csv, .csv.gz or .zip file in this folder`);
  return names.sort().map((name) => join(path, name));
}

/** The content in pieces that end at a line end, so that no row is ever split. */
export async function* linesOf(file: string): AsyncGenerator<Buffer> {
  let carry: Buffer | undefined;
  // One piece is held back, so that a last line without a line end travels with the lines before it.
  let held: Buffer | undefined;
  for await (const chunk of bytesOf(file)) {
    const joined = carry === undefined ? chunk : Buffer.concat([carry, chunk]);
    const end = joined.lastIndexOf(NEWLINE) + 1;
    carry = end === joined.length ? undefined : joined.subarray(end);
    if (carry !== undefined && carry.length > LINE_MAX) {
      throw new CsvError(`${file}: a line is longer than ${LINE_MAX} bytes; this is not a CSV file`);
    }
    if (end === 0) continue;
    if (held !== undefined) yield held;
    held = joined.subarray(0, end);
  }
  const rest = [held, carry].filter((piece) => piece !== undefined);
  if (rest.length > 0) yield rest.length === 1 ? (rest[0] as Buffer) : Buffer.concat(rest);
}

async function* bytesOf(file: string): AsyncGenerator<Buffer> {
  try {
    if (/\.zip$/i.test(file)) {
      yield unzip(file, await readFile(file)).bytes;
      return;
    }
    const raw = createReadStream(file, { highWaterMark: CHUNK });
    if (!/\.gz$/i.test(file)) {
      yield* raw as AsyncIterable<Buffer>;
      return;
    }
    const unpacked = createGunzip({ chunkSize: CHUNK });
    raw.on("error", (error) => unpacked.destroy(error));
    yield* raw.pipe(unpacked) as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof CsvError) throw error;
    throw new CsvError(`${file}: cannot be read: ${(error as Error).message}`, [], { cause: error });
  }
}

/** The one member of a zip archive. The central directory is read: streaming writers leave the local sizes zero. */
export function unzip(file: string, data: Buffer): { readonly name: string; readonly bytes: Buffer } {
  const end = data.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || end + 22 > data.length) throw new CsvError(`${file}: not a zip archive, or cut short`);
  const central = data.readUInt32LE(end + 16);
  if (central + 46 > data.length) throw new CsvError(`${file}: damaged zip directory`);
  // One entry fills the whole directory; the entry count itself is no witness, zip64 writes 65535 there.
  const lengths = data.readUInt16LE(central + 28) + data.readUInt16LE(central + 30) + data.readUInt16LE(central + 32);
  if (data.readUInt32LE(end + 12) !== 46 + lengths) {
    throw new CsvError(`${file}: a data archive holds exactly one file`);
  }
  const method = data.readUInt16LE(central + 10);
  const check = data.readUInt32LE(central + 16);
  const extra = central + 46 + data.readUInt16LE(central + 28);
  const name = data.toString("utf8", central + 46, extra);
  const { packed, size, local } = placeOf(data, central, extra);
  if (!(size <= MEMBER_MAX && local + 30 <= data.length)) throw new CsvError(`${file}: damaged zip, or over 1 GiB`);
  const from = local + 30 + data.readUInt16LE(local + 26) + data.readUInt16LE(local + 28);
  const body = data.subarray(from, from + packed);
  if (method !== 0 && method !== 8) throw new CsvError(`${file}: unknown zip compression ${method}`);
  const bytes = method === 0 ? body : inflateRawSync(body, { maxOutputLength: Math.max(size, 1) });
  if (crc32(bytes) !== check) throw new CsvError(`${file}: damaged zip: the checksum does not match`);
  return { name, bytes };
}

interface Place {
  readonly packed: number;
  readonly size: number;
  readonly local: number;
}

/**
 * Sizes and position of the member. LEAN writes zip64: a value that is all ones stands in an extra field with id 1
 * instead, eight bytes each, in the order size, packed, position.
 */
function placeOf(data: Buffer, central: number, extra: number): Place {
  const end = Math.min(extra + data.readUInt16LE(central + 30), data.length);
  let at = extra;
  while (at + 4 <= end && data.readUInt16LE(at) !== 1) at += 4 + data.readUInt16LE(at + 2);
  at += 4;
  const value = (position: number): number => {
    const short = data.readUInt32LE(position);
    if (short !== 0xffffffff) return short;
    at += 8;
    return at <= end ? Number(data.readBigUInt64LE(at - 8)) : NaN;
  };
  const size = value(central + 24);
  const packed = value(central + 20);
  return { size, packed, local: value(central + 42) };
}
