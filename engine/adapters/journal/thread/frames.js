/**
 * The bytes of a journal file of format 2: `magic`, then per record `length u32 LE | crc32 u32 LE | chain | payload`.
 *
 * Owns: framing what is written. `crc32` covers chain and payload and finds a write that was cut short; `chain` is the
 * first 16 bytes of SHA-256 over the chain before and the payload, and finds a record that was changed, taken out or put
 * in. May not: know files, or what a payload says.
 *
 * Plain JavaScript, as all of this folder: a worker thread loads it as it is, from the sources and from the build, and
 * Node 20 reads no types. The compiler checks the types in the comments.
 */
import { hash } from "node:crypto";
import { crc32 } from "node:zlib";

export const MAGIC = Buffer.from("BARWISE2", "latin1");
export const CHAIN = 16;
export const HEAD = 8 + CHAIN;
/** A loaded program with its warm-up bars is the largest record there is. */
export const PAYLOAD_MAX = 64 * 1024 * 1024;
/** What the first record of a journal follows, as bytes in a text of latin1. */
export const FIRST_CHAIN = "\0".repeat(CHAIN);

const KEPT_BYTES = 8 * 1024 * 1024;

/**
 * The chain of a record whose payload ends at `end` and stands behind the chain before it, which begins at `from`.
 * @param {Buffer} bytes
 * @param {number} from
 * @param {number} end
 * @returns {string}
 */
export function chainOf(bytes, from, end) {
  // A text of latin1 costs half of what a buffer does.
  return hash("sha256", bytes.subarray(from, end), "binary").slice(0, CHAIN);
}

/** Framed records in one buffer that is used again. */
export class Frames {
  bytes = Buffer.allocUnsafe(64 * 1024);
  length = 0;
  /** @type {string} of the record added last */
  chain;

  /** @param {string} chain */
  constructor(chain) {
    this.chain = chain;
  }

  /**
   * @param {string} payload
   * @returns {boolean} false when the payload is too large; nothing is added then
   */
  addText(payload) {
    // UTF-8 takes at most three bytes per UTF-16 unit.
    this.#reserve(HEAD + payload.length * 3);
    const size = this.bytes.write(payload, this.length + HEAD, "utf8");
    if (size > PAYLOAD_MAX) return false;
    this.#seal(size);
    return true;
  }

  /**
   * @param {Buffer} source
   * @param {number} from
   * @param {number} end
   */
  addBytes(source, from, end) {
    this.#reserve(HEAD + end - from);
    source.copy(this.bytes, this.length + HEAD, from, end);
    this.#seal(end - from);
  }

  /** @param {Buffer} bytes outside any record */
  addPlain(bytes) {
    this.#reserve(bytes.length);
    bytes.copy(this.bytes, this.length);
    this.length += bytes.length;
  }

  clear() {
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = Buffer.allocUnsafe(64 * 1024);
  }

  /** @param {number} size */
  #seal(size) {
    const { bytes, length } = this;
    const end = length + HEAD + size;
    bytes.write(this.chain, length + 8, "latin1");
    this.chain = chainOf(bytes, length + 8, end);
    bytes.write(this.chain, length + 8, "latin1");
    bytes.writeUInt32LE(size, length);
    bytes.writeUInt32LE(crc32(bytes.subarray(length + 8, end)), length + 4);
    this.length = end;
  }

  /** @param {number} more */
  #reserve(more) {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}
