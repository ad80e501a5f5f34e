/**
 * A small deterministic hash for identifiers.
 *
 * Owns: 128-bit FNV-1a over UTF-16 code units. Not for security: it makes ids short and equal on every run.
 */

/** The state in words of 32 bits, the lowest first. One for all calls: nothing is kept between them. */
const words = new Uint32Array(4);
const OFFSET = [0x6295c58d, 0x62b82175, 0x07bb0142, 0x6c62272e] as const;
/** The prime is 2^88 + this. */
const PRIME_LOW = 0x13b;

/** 32 hexadecimal digits. Parts are separated by a unit that no part contains. */
export function hash128(...parts: readonly string[]): string {
  words.set(OFFSET);
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) {
      const unit = part.charCodeAt(i);
      absorb(unit & 0xff);
      absorb(unit >>> 8);
    }
    absorb(0x1f);
  }
  return hex32(words[3] as number) + hex32(words[2] as number) + hex32(words[1] as number) + hex32(words[0] as number);
}

const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Eight digits of a whole number below 2^32. `toString(16)` divides such numbers as floats, which takes ten times as long. */
export function hex32(value: number): string {
  const byte = (shift: number): string => BYTES[(value >>> shift) & 0xff] as string;
  return byte(24) + byte(16) + byte(8) + byte(0);
}

/** XOR of a byte, then the product with the prime modulo 2^128: that of its low part plus the words moved up by 88 bits. */
function absorb(byte: number): void {
  const a = ((words[0] as number) ^ byte) >>> 0;
  const b = words[1] as number;
  // Each sum is below 2^42, so a float holds it exactly.
  const low = a * PRIME_LOW;
  const second = b * PRIME_LOW + Math.floor(low / 0x1_0000_0000);
  const third = (words[2] as number) * PRIME_LOW + Math.floor(second / 0x1_0000_0000) + ((a << 24) >>> 0);
  const moved = ((b << 24) | (a >>> 8)) >>> 0;
  const fourth = (words[3] as number) * PRIME_LOW + Math.floor(third / 0x1_0000_0000) + moved;
  words[0] = low;
  words[1] = second;
  words[2] = third;
  words[3] = fourth;
}
