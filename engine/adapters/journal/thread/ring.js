/**
 * The ring between the thread that trades and the thread that writes: one producer, one consumer, shared memory.
 *
 * Owns: its layout, and taking bytes out. What goes in is a stream of records: a word with the size of the payload and
 * two flags, then the payload. May not: wait; see writer.js.
 */

/** Words of the control block. Positions count bytes modulo 2^32. */
export const WORDS = 8;
/** Where the producer writes next. */
export const PUT = 0;
/** Where the consumer reads next. */
export const TAKEN = 1;
/** Raised and notified when there is something to do. */
export const SIGNAL = 2;
/** How often somebody asked for everything so far to be durable. */
export const ASKED = 3;
/** 1: finish and end. */
export const CLOSING = 4;
/** Raised after each step, so that a stalled disk can be told from a busy one. */
export const PROGRESS = 5;
/** 1: the producer waits for room and wants to be told. */
export const CROWDED = 6;

/** The record has a number of its own. */
export const NUMBERED = 0x8000_0000;
/** The record begins a new file, which holds a snapshot. */
export const SNAPSHOT = 0x4000_0000;
export const SIZE = 0x3fff_ffff;

/** @typedef {{ readonly control: SharedArrayBuffer, readonly bytes: SharedArrayBuffer }} SharedRing */

/**
 * @param {number} size a power of two
 * @returns {SharedRing}
 */
export function createRing(size) {
  return { control: new SharedArrayBuffer(WORDS * 4), bytes: new SharedArrayBuffer(size) };
}

/** Bytes taken out of the ring, in a buffer of the consumer's own. */
export class RingReader {
  bytes = Buffer.allocUnsafe(64 * 1024);
  /** What is not used up yet lies in [from, length). */
  from = 0;
  length = 0;
  #control;
  #ring;
  #taken = 0;

  /** @param {SharedRing} ring */
  constructor({ control, bytes }) {
    this.#control = new Int32Array(control);
    this.#ring = Buffer.from(bytes);
  }

  /** Takes all there is; false when there is nothing. */
  take() {
    const more = (Atomics.load(this.#control, PUT) - this.#taken) >>> 0;
    if (more === 0) return false;
    this.#reserve(more);
    const size = this.#ring.length;
    const at = (this.#taken & (size - 1)) >>> 0;
    const first = Math.min(more, size - at);
    this.#ring.copy(this.bytes, this.length, at, at + first);
    this.#ring.copy(this.bytes, this.length + first, 0, more - first);
    this.length += more;
    this.#taken = (this.#taken + more) >>> 0;
    Atomics.store(this.#control, TAKEN, this.#taken | 0);
    return true;
  }

  /** @param {number} more */
  #reserve(more) {
    const left = this.length - this.from;
    if (this.length + more <= this.bytes.length) return;
    const wanted = left + more;
    const target = wanted > this.bytes.length ? Buffer.allocUnsafe(wanted * 2) : this.bytes;
    this.bytes.copy(target, 0, this.from, this.length);
    this.bytes = target;
    this.from = 0;
    this.length = left;
  }
}
