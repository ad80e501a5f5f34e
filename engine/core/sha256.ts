/**
 * SHA-256 (FIPS 180-4) of a text.
 *
 * Owns: the digest that binds a person's word to an order, where a collision must not be found by anybody. Pure: the core may not
 * import node:crypto. Identifiers that nobody gains by forging use hash.ts.
 */
import { hex32 } from "./hash.ts";

const PRIMES: readonly number[] = Array.from({ length: 311 }, (_, n) => n + 2).filter((n) => {
  for (let by = 2; by * by <= n; by++) if (n % by === 0) return false;
  return true;
});

const MOD = 1n << 32n;

/** The first 32 bits of the fraction of a root of `of`: whole numbers only, so that every engine finds the same. */
function rootBits(of: number, degree: 2 | 3): number {
  // floor(root(of) * 2^32) is the largest x with x^degree <= of * 2^(32 * degree).
  const wanted = BigInt(of) << BigInt(32 * degree);
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    const power = degree === 2 ? middle * middle : middle * middle * middle;
    if (power <= wanted) low = middle;
    else high = middle;
  }
  return Number(low % MOD);
}

const START: readonly number[] = PRIMES.slice(0, 8).map((prime) => rootBits(prime, 2));
const ROUNDS: readonly number[] = PRIMES.slice(0, 64).map((prime) => rootBits(prime, 3));

/** 64 hexadecimal digits of the text's UTF-8 bytes. */
export function sha256(text: string): string {
  const bytes = padded(utf8(text));
  const hash = Uint32Array.from(START);
  const words = new Uint32Array(64);
  for (let at = 0; at < bytes.length; at += 64) block(hash, words, bytes, at);
  return [...hash].map(hex32).join("");
}

function block(hash: Uint32Array, words: Uint32Array, bytes: Uint8Array, at: number): void {
  const byte = (index: number): number => bytes[at + index] as number;
  const word = (index: number): number => words[index] as number;
  for (let i = 0; i < 16; i++)
    words[i] = (byte(4 * i) << 24) | (byte(4 * i + 1) << 16) | (byte(4 * i + 2) << 8) | byte(4 * i + 3);
  for (let i = 16; i < 64; i++) {
    const [a, b] = [word(i - 15), word(i - 2)];
    const small = turned(a, 7) ^ turned(a, 18) ^ (a >>> 3);
    const large = turned(b, 17) ^ turned(b, 19) ^ (b >>> 10);
    words[i] = word(i - 16) + small + word(i - 7) + large;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
  for (let i = 0; i < 64; i++) {
    const chosen = (e & f) ^ (~e & g);
    const first = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + chosen + (ROUNDS[i] as number) + word(i)) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + majority) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) hash[i] = (hash[i] as number) + value;
}

function turned(value: number, by: number): number {
  return (value >>> by) | (value << (32 - by));
}

/** A one bit, zeros, and the length in bits, to a whole number of blocks. */
function padded(bytes: readonly number[]): Uint8Array {
  const result = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  result.set(bytes);
  result[bytes.length] = 0x80;
  const view = new DataView(result.buffer);
  view.setBigUint64(result.length - 8, BigInt(bytes.length) * 8n);
  return result;
}

/** Half of a surrogate pair counts as U+FFFD, as in every encoder. */
function utf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    const more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    if (more === 0) bytes.push(code);
    else bytes.push(((0xff << (7 - more)) & 0xff) | (code >>> (6 * more)));
    for (let left = more - 1; left >= 0; left--) bytes.push(0x80 | ((code >>> (6 * left)) & 0x3f));
  }
  return bytes;
}
