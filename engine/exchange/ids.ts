/**
 * Deterministic identifiers and draws.
 *
 * Owns: UUID-shaped ids from a seed and a counter, and numbers that look random from a seed and a key; the same seed
 * gives the same on every machine. Not for
 * security. May not: use crypto, the clock or randomness.
 */
import { hex32 } from "../core/hash.ts";

const FNV_PRIME = 0x01000193;
const LANES = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35] as const;

export interface IdMint {
  next(kind: string): string;
}

export function createIdMint(seed: string): IdMint {
  const bases = LANES.map((lane) => absorb(lane, seed));
  let count = 0;
  return {
    next(kind) {
      count += 1;
      const tail = `${kind}\u001f${count}`;
      const hex = bases.map((base) => hex32(mix(absorb(base, tail)))).join("");
      return shape(hex);
    },
  };
}

/** A number in [0, 1) that is the same for the same seed and key: chance that a run repeats. */
export function draw(seed: string, key: string): number {
  return mix(absorb(absorb(LANES[0], seed), `\u001f${key}`)) / 0x1_0000_0000;
}

/** FNV-1a over UTF-16 code units. */
function absorb(from: number, text: string): number {
  let hash = from;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), FNV_PRIME);
    hash = Math.imul(hash ^ (unit >>> 8), FNV_PRIME);
  }
  return hash;
}

/** MurmurHash3's finaliser: FNV alone leaves neighbouring counters alike in their high bits. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Version 8 ("custom") and the RFC variant, so that strict UUID parsers take it. */
function shape(hex: string): string {
  const variant = ((parseInt(hex[16] as string, 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
