/**
 * Finding records in the bytes of a file.
 *
 * Owns: telling a whole record from a torn tail and from damage in the middle, for both formats of files. Format 1, which
 * is read and no longer written, has no magic at its start and no chain in its frames. May not know what a payload says.
 */
import { crc32 } from "node:zlib";
import { CHAIN, HEAD, MAGIC, PAYLOAD_MAX, chainOf } from "./thread/frames.js";

export type Format = 1 | 2;

/** How files of every format but the first begin, up to its number. */
const FAMILY = MAGIC.subarray(0, -1);

/** Bytes before a payload. */
const HEADS: Readonly<Record<Format, number>> = { 1: 8, 2: HEAD };
const OBJECT = 0x7b;

/** The records of a file by their offset. */
export class FrameReader {
  readonly format: Format;
  /** Begins as a file of barwise, of a format that is not known here. */
  readonly isForeign: boolean;
  /** Offset of the record that is due. */
  at: number;
  readonly #bytes: Buffer;
  readonly #head: number;
  readonly #isReadable: boolean;

  /** `isInside`: the bytes are from the middle of a file of today, from the beginning of a record on. */
  constructor(bytes: Buffer, isInside = false) {
    this.#bytes = bytes;
    const hasMagic = bytes.subarray(0, MAGIC.length).equals(MAGIC);
    // A file that is of neither format is damaged, or cut short, at its first byte.
    this.format = !hasMagic && wholeAt(bytes, 0, HEADS[1]) > 0 ? 1 : 2;
    this.#head = HEADS[this.format];
    const isOurs = bytes.length >= MAGIC.length && bytes.subarray(0, FAMILY.length).equals(FAMILY);
    this.isForeign = !isInside && isOurs && !hasMagic;
    this.at = hasMagic ? MAGIC.length : 0;
    this.#isReadable = isInside || hasMagic || this.format === 1;
  }

  /** Size of the payload of the whole record that is due, or 0. */
  size(): number {
    return !this.#isReadable ? 0 : wholeAt(this.#bytes, this.at, this.#head);
  }

  textAt(at: number, size: number): string {
    const from = at + this.#head;
    return this.#bytes.toString("utf8", from, from + size);
  }

  /** What the record says of its place: its chain, or in format 1 its checksum. */
  markAt(at: number): string {
    const bytes = this.#bytes;
    return this.format === 1 ? String(bytes.readUInt32LE(at + 4)) : bytes.toString("latin1", at + 8, at + 8 + CHAIN);
  }

  /** Whether the record follows the one with this mark; format 1 cannot tell within a file. */
  follows(at: number, size: number, mark: string): boolean {
    if (this.format === 1) return true;
    const bytes = this.#bytes;
    const own = this.markAt(at);
    // In place of its own, the mark before stands right in front of the payload: nothing is copied.
    bytes.write(mark, at + 8, "latin1");
    const chain = chainOf(bytes, at + 8, at + HEAD + size);
    bytes.write(own, at + 8, "latin1");
    return chain === own;
  }

  next(size: number): void {
    this.at += this.#head + size;
  }

  /** Bytes behind the last whole record. */
  get left(): number {
    return this.#bytes.length - this.at;
  }

  /**
   * Offset of a whole record anywhere after a bad one, or -1: of either format, for what says which may be what is damaged.
   * JSON text read as a length is far too large, so this is quick.
   */
  nextWhole(): number {
    for (let at = this.at + 1; at < this.#bytes.length; at++)
      for (const head of Object.values(HEADS)) if (wholeAt(this.#bytes, at, head) > 0) return at;
    return -1;
  }
}

/** Size of the payload of the whole record at an offset, or 0: a zero-filled tail would read as endless empty records. */
function wholeAt(bytes: Buffer, at: number, head: number): number {
  const from = at + head;
  if (from > bytes.length) return 0;
  const size = bytes.readUInt32LE(at);
  if (size === 0 || size > PAYLOAD_MAX || from + size > bytes.length || bytes[from] !== OBJECT) return 0;
  return crc32(bytes.subarray(at + 8, from + size)) === bytes.readUInt32LE(at + 4) ? size : 0;
}
