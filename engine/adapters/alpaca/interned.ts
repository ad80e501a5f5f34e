/**
 * Short texts in a buffer, each made into a value once.
 *
 * Owns: finding the value by its bytes without making a string. Texts are compared byte by byte: equal hashes are not
 * equal texts. May not: grow without bound.
 */
interface Entry<T> {
  readonly text: string;
  readonly value: T;
}

/** Slots; a quarter of them may be used. */
const SLOTS = 1 << 16;
const MOST = SLOTS >> 2;

export class Interned<T> {
  readonly #slots: (Entry<T> | undefined)[] = Array.from({ length: SLOTS });
  readonly #make: (text: string) => T | undefined;
  #count = 0;

  /** `make` answers undefined to what is no such text. */
  constructor(make: (text: string) => T | undefined) {
    this.#make = make;
  }

  /** The value of bytes `start` to `end`; `hash` is that of `hashStep` over them. Undefined when there is none. */
  at(bytes: Buffer, start: number, end: number, hash: number): T | undefined {
    let slot = Math.imul(hash, 0x9e3779b1) >>> 16;
    for (let entry = this.#slots[slot]; entry !== undefined; entry = this.#slots[slot]) {
      if (isText(entry.text, bytes, start, end)) return entry.value;
      slot = (slot + 1) & (SLOTS - 1);
    }
    return this.#add(slot, bytes.toString("latin1", start, end));
  }

  #add(slot: number, text: string): T | undefined {
    if (this.#count >= MOST) return undefined;
    const value = this.#make(text);
    if (value === undefined) return undefined;
    this.#count++;
    this.#slots[slot] = { text, value };
    return value;
  }
}

function isText(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}
