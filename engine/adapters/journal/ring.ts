/**
 * Putting records into the ring of the journal's thread.
 *
 * Owns: the producer's side of thread/ring.js. Never waits: what does not fit is kept here and poured in when there is
 * room. May not: know what a record says.
 */
import { CROWDED, NUMBERED, PUT, SIGNAL, SIZE, SNAPSHOT, TAKEN } from "./thread/ring.js";
import type { SharedRing } from "./thread/ring.js";
import type { Place } from "./ordered-journal.ts";

/** The thread is woken when this much is new, even when nobody waits for it. */
const WAKE_BYTES = 64 * 1024;

const FLAGS: Readonly<Record<Place, number>> = { next: 0, numbered: NUMBERED, snapshot: SNAPSHOT };

export class RingWriter {
  /** Bytes of all records so far, in the ring or not. */
  total = 0;
  /** Bytes that wait for room. */
  waitingBytes = 0;
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #ring: Buffer;
  /** Position modulo 2^32, and the last known one of the reader. */
  #put = 0;
  #taken = 0;
  #unannounced = 0;
  #waiting: Buffer[] = [];
  /** Before this one all have been moved. */
  #first = 0;

  constructor({ control, bytes }: SharedRing) {
    this.#control = new Int32Array(control);
    this.#ring = Buffer.from(bytes);
  }

  add(text: string, place: Place): void {
    const most = 4 + text.length * 3;
    const at = (this.#put & (this.#ring.length - 1)) >>> 0;
    if (this.#waiting.length === 0 && at + most <= this.#ring.length && this.#hasRoom(most)) {
      const size = this.#ring.write(text, at + 4, "utf8");
      this.#ring.writeUInt32LE((size | FLAGS[place]) >>> 0, at);
      this.total += 4 + size;
      this.#publish(4 + size);
      return;
    }
    const size = Buffer.byteLength(text, "utf8");
    const record = Buffer.allocUnsafe(4 + size);
    record.writeUInt32LE(((size & SIZE) | FLAGS[place]) >>> 0, 0);
    record.write(text, 4, "utf8");
    this.total += record.length;
    this.waitingBytes += record.length;
    this.#waiting.push(record);
    this.pour();
  }

  /** Moves what waits into the ring, as far as there is room, and has the thread say when there is more. */
  pour(): void {
    for (; this.#first < this.#waiting.length; this.#first++) {
      const record = this.#waiting[this.#first] as Buffer;
      const moved = this.#copy(record);
      this.waitingBytes -= moved;
      if (moved < record.length) {
        this.#waiting[this.#first] = record.subarray(moved);
        break;
      }
    }
    if (this.#first * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    Atomics.store(this.#control, CROWDED, this.waitingBytes > 0 ? 1 : 0);
    this.wake();
  }

  wake(): void {
    this.#unannounced = 0;
    Atomics.add(this.#control, SIGNAL, 1);
    Atomics.notify(this.#control, SIGNAL);
  }

  #copy(record: Buffer): number {
    const { length } = this.#ring;
    const count = Math.min(record.length, this.#room());
    const at = (this.#put & (length - 1)) >>> 0;
    const first = Math.min(count, length - at);
    record.copy(this.#ring, at, 0, first);
    record.copy(this.#ring, 0, first, count);
    this.#publish(count);
    return count;
  }

  #hasRoom(bytes: number): boolean {
    if (this.#ring.length - ((this.#put - this.#taken) >>> 0) >= bytes) return true;
    return this.#room() >= bytes;
  }

  #room(): number {
    this.#taken = Atomics.load(this.#control, TAKEN) >>> 0;
    return this.#ring.length - ((this.#put - this.#taken) >>> 0);
  }

  #publish(count: number): void {
    this.#put = (this.#put + count) >>> 0;
    Atomics.store(this.#control, PUT, this.#put | 0);
    this.#unannounced += count;
    if (this.#unannounced > WAKE_BYTES) this.wake();
  }
}
