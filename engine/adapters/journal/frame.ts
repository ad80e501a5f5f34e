/**
 * The bytes of a record: `length u32 LE | crc32(payload) u32 LE | payload`.
 *
 * Owns: framing, and telling a torn tail from corruption in the middle. May not know what a payload says.
 */
import { crc32 } from "node:zlib";

export const HEAD = 8;
/** A loaded program with its warm-up bars is the largest record there is. */
export const PAYLOAD_MAX = 64 * 1024 * 1024;
const OBJECT = 0x7b;

/** A batch of framed records in one buffer that is reused. */
export class Batch {
  bytes = Buffer.allocUnsafe(64 * 1024);
  length = 0;
  /** Checksum of the record added last. */
  crc = 0;

  /** False when the payload is too large; nothing is added then. */
  add(payload: string): boolean {
    // UTF-8 takes at most three bytes per UTF-16 unit.
    this.#reserve(HEAD + payload.length * 3);
    const from = this.length + HEAD;
    const size = this.bytes.write(payload, from, "utf8");
    if (size > PAYLOAD_MAX) return false;
    this.crc = crc32(this.bytes.subarray(from, from + size));
    this.bytes.writeUInt32LE(size, this.length);
    this.bytes.writeUInt32LE(this.crc, this.length + 4);
    this.length = from + size;
    return true;
  }

  clear(): void {
    this.length = 0;
    if (this.bytes.length > 8 * 1024 * 1024) this.bytes = Buffer.allocUnsafe(64 * 1024);
  }

  #reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

/** Size of the payload of the valid record at `at`, or 0: a zero-filled tail would read as endless empty records. */
export function payloadAt(bytes: Buffer, at: number): number {
  if (at + HEAD > bytes.length) return 0;
  const size = bytes.readUInt32LE(at);
  if (size === 0 || size > PAYLOAD_MAX || at + HEAD + size > bytes.length) return 0;
  if (bytes[at + HEAD] !== OBJECT) return 0;
  return crc32(bytes.subarray(at + HEAD, at + HEAD + size)) === bytes.readUInt32LE(at + 4) ? size : 0;
}

/** Offset of a valid record anywhere after a bad one, or -1. JSON text read as a length is far too large, so this is quick. */
export function nextValid(bytes: Buffer, after: number): number {
  for (let at = after + 1; at + HEAD < bytes.length; at++) {
    if (payloadAt(bytes, at) > 0) return at;
  }
  return -1;
}
