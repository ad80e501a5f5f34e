/**
 * Writing the files of a journal, one call after the other.
 *
 * Owns: creating a file with its first record, writing, syncing, and going on in a new file. Every call blocks: it runs
 * on the thread of the journal, or in a backtest, which has nothing to wait for. May not: know rings, or retry: what a
 * call throws is final, because after a failed fsync nobody knows what the disk holds.
 */
import { closeSync, fdatasyncSync, fstatSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Frames, MAGIC } from "./frames.js";

/**
 * @typedef {object} Disk The calls that reach the disk; tests put a failing one here.
 * @property {(path: string, flags: string) => number} openSync
 * @property {(fd: number, bytes: Buffer, offset: number, length: number) => number} writeSync
 * @property {(fd: number) => void} fdatasyncSync
 * @property {(fd: number) => void} fsyncSync
 * @property {(fd: number) => { readonly size: number, readonly nlink: number }} fstatSync
 * @property {(fd: number) => void} closeSync
 */

/** @type {Disk} */
export const DISK = { openSync, writeSync, fdatasyncSync, fsyncSync, fstatSync, closeSync };

/**
 * @typedef {object} SegmentOptions
 * @property {string} dir
 * @property {number} segment number of the first file; the one before it is there already, unless this is 1
 * @property {number} nextN of the first numbered record
 * @property {string} chain of the last record, latin1
 * @property {number} segmentBytes a file larger than this is followed by a new one
 */

/** Names have six digits: whoever reads would not see another one. */
const SEGMENTS_MAX = 999_999;

/** @param {number} segment */
export function segmentName(segment) {
  return `${String(segment).padStart(6, "0")}.journal`;
}

export class SegmentWriter {
  /** Bytes written since opening, and rounds of fdatasync. */
  bytes = 0;
  syncs = 0;
  #options;
  #disk;
  #frames;
  #segment;
  #nextN;
  #fd = -1;
  #size = 0;
  #unsynced = false;
  /** A snapshot is in one file, however large: whoever reads it puts it together from that. */
  #inSnapshot = false;

  /**
   * @param {SegmentOptions} options
   * @param {Disk} disk
   */
  constructor(options, disk) {
    this.#options = options;
    this.#disk = disk;
    this.#frames = new Frames(options.chain);
    this.#segment = options.segment;
    this.#nextN = options.nextN;
    // A process that was killed may have left the end of its last file unsynced, and the cut of a torn tail is new: what is
    // chained to it must not be on the disk before it.
    if (options.segment > 1) this.#syncAt(join(options.dir, segmentName(options.segment - 1)));
    this.#create(false);
  }

  /** Bytes that were added and not written. */
  get pending() {
    return this.#frames.length;
  }

  /**
   * @param {string} payload
   * @param {boolean} isNumbered
   * @returns {boolean} false when it is too large
   */
  addText(payload, isNumbered) {
    if (!this.#frames.addText(payload)) return false;
    if (isNumbered) this.#count();
    return true;
  }

  /**
   * @param {Buffer} source
   * @param {number} from
   * @param {number} end
   * @param {boolean} isNumbered
   */
  addBytes(source, from, end, isNumbered) {
    this.#frames.addBytes(source, from, end);
    if (isNumbered) this.#count();
  }

  /** Hands what was added to the operating system, and begins a new file when this one is large. */
  write() {
    this.#flush();
    if (this.#size > this.#options.segmentBytes && !this.#inSnapshot) this.rotate(false);
  }

  /** Everything that was added is on the disk when this returns. */
  sync() {
    this.write();
    if (!this.#unsynced) return;
    this.#disk.fdatasyncSync(this.#fd);
    this.#unsynced = false;
    this.syncs++;
  }

  /** @param {boolean} isSnapshot whether what follows is a header and a snapshot */
  rotate(isSnapshot) {
    this.#flush();
    if (this.#unsynced) this.#disk.fdatasyncSync(this.#fd);
    this.close();
    this.#segment++;
    this.#create(isSnapshot);
    this.#inSnapshot = isSnapshot;
  }

  close() {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd >= 0) this.#disk.closeSync(fd);
  }

  #count() {
    this.#nextN++;
    this.#inSnapshot = false;
  }

  #flush() {
    const { bytes, length } = this.#frames;
    if (length > 0) this.#mustBeOurs();
    for (let at = 0; at < length;) {
      const written = this.#disk.writeSync(this.#fd, bytes, at, length - at);
      if (written === 0) throw new Error("the disk took no bytes");
      at += written;
      this.#unsynced = true;
    }
    this.#frames.clear();
    this.#size += length;
    this.bytes += length;
  }

  /** What is written into a file without a name, or over what somebody else wrote there, nobody will read again. */
  #mustBeOurs() {
    const { size, nlink } = this.#disk.fstatSync(this.#fd);
    const name = segmentName(this.#segment);
    if (nlink === 0) throw new Error(`somebody removed ${name} while it was written`);
    if (size !== this.#size) throw new Error(`somebody else changed ${name} while it was written`);
  }

  /** @param {boolean} isSnapshot */
  #create(isSnapshot) {
    const { dir } = this.#options;
    if (this.#segment > SEGMENTS_MAX) throw new Error(`it has ${SEGMENTS_MAX} files, begin a new one`);
    this.#fd = this.#disk.openSync(join(dir, segmentName(this.#segment)), "wx");
    this.#size = 0;
    this.#frames.addPlain(MAGIC);
    const chain = Buffer.from(this.#frames.chain, "latin1").toString("hex");
    const first = { kind: "segment", format: 2, segment: this.#segment, firstN: this.#nextN, chain };
    this.#frames.addText(JSON.stringify(isSnapshot ? { ...first, snapshot: true } : first));
    this.#flush();
    // The whole file once, so that its length and name are there too.
    this.#disk.fsyncSync(this.#fd);
    this.#unsynced = false;
    this.#syncAt(dir);
  }

  /** @param {string} path of a file or a folder */
  #syncAt(path) {
    const fd = this.#disk.openSync(path, "r");
    try {
      this.#disk.fsyncSync(fd);
    } finally {
      this.#disk.closeSync(fd);
    }
  }
}
