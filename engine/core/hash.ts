/**
 * A small deterministic hash for identifiers.
 *
 * Owns: 128-bit FNV-1a over UTF-16 code units. Not for security: it makes ids short and equal on every run.
 */
const OFFSET = 0x6c62272e07bb014262b821756295c58dn;
const PRIME = 0x0000000001000000000000000000013bn;
const MASK = (1n << 128n) - 1n;

/** 32 hexadecimal digits. Parts are separated by a unit that no part contains. */
export function hash128(...parts: readonly string[]): string {
  let hash = OFFSET;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) {
      const unit = part.charCodeAt(i);
      hash = ((hash ^ BigInt(unit & 0xff)) * PRIME) & MASK;
      hash = ((hash ^ BigInt(unit >>> 8)) * PRIME) & MASK;
    }
    hash = ((hash ^ 0x1fn) * PRIME) & MASK;
  }
  return hash.toString(16).padStart(32, "0");
}
