/**
 * The thread of the journal: takes records from the ring and writes them to the disk.
 *
 * Owns: group commit. Each round takes what has gathered, writes it, and syncs when somebody waits; whoever comes
 * meanwhile shares the next round. May not: parse a record, or go on after an error.
 */
import { RingReader, ASKED, CLOSING, CROWDED, NUMBERED, PROGRESS, SIGNAL, SIZE, SNAPSHOT } from "./ring.js";
import { SegmentWriter } from "./segment-writer.js";

/**
 * @typedef {object} Report What the thread tells after a round.
 * @property {number} taken bytes of the stream whose records are written
 * @property {number} durable and of those, how many are on the disk
 * @property {number} syncs
 * @property {number} bytes
 * @property {boolean} closed
 */
/** @typedef {{ readonly failed: { readonly code: string, readonly message: string } }} Failed */
/** @typedef {{ readonly ring: import("./ring.js").SharedRing, readonly segments: import("./segment-writer.js").SegmentOptions }} ThreadData */

/**
 * Runs until the journal is closed or the disk fails.
 * @param {ThreadData} data
 * @param {import("./segment-writer.js").Disk} disk
 * @param {(message: Report | Failed) => void} tell
 */
export function runWriter(data, disk, tell) {
  try {
    const thread = new WriterThread(data, disk, tell);
    while (thread.round());
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    tell({ failed: { code: code ?? "", message } });
  }
}

class WriterThread {
  #control;
  #reader;
  #segments;
  #tell;
  #asked = 0;
  #taken = 0;
  #durable = 0;

  /**
   * @param {ThreadData} data
   * @param {import("./segment-writer.js").Disk} disk
   * @param {(message: Report) => void} tell
   */
  constructor({ ring, segments }, disk, tell) {
    this.#control = new Int32Array(ring.control);
    this.#reader = new RingReader(ring);
    this.#segments = new SegmentWriter(segments, disk);
    this.#tell = tell;
  }

  /** False after the last one. */
  round() {
    const control = this.#control;
    // In this order: what is asked for, or was there before the end, is in the ring by then.
    const signal = Atomics.load(control, SIGNAL);
    const asked = Atomics.load(control, ASKED);
    const isClosing = Atomics.load(control, CLOSING) === 1;
    const isNew = this.#reader.take();
    if (isNew) this.#write();
    if (asked !== this.#asked || isClosing) {
      this.#segments.sync();
      Atomics.add(control, PROGRESS, 1);
      this.#durable = this.#taken;
    }
    if (asked !== this.#asked || Atomics.load(control, CROWDED) === 1) this.#report(false);
    this.#asked = asked;
    if (isNew) return true;
    if (!isClosing) {
      Atomics.wait(control, SIGNAL, signal);
      return true;
    }
    this.#segments.close();
    this.#report(true);
    return false;
  }

  #write() {
    const reader = this.#reader;
    const { bytes, length } = reader;
    let at = reader.from;
    while (length - at >= 4) {
      const word = bytes.readUInt32LE(at);
      const end = at + 4 + (word & SIZE);
      if (end > length) break;
      if ((word & SNAPSHOT) !== 0) this.#segments.rotate(true);
      this.#segments.addBytes(bytes, at + 4, end, (word & NUMBERED) !== 0);
      this.#taken += end - at;
      at = end;
    }
    reader.from = at;
    this.#segments.write();
    Atomics.add(this.#control, PROGRESS, 1);
  }

  /** @param {boolean} closed */
  #report(closed) {
    const { syncs, bytes } = this.#segments;
    this.#tell({ taken: this.#taken, durable: this.#durable, syncs, bytes, closed });
  }
}
