/**
 * Values that neither JSON nor MessagePack of this language writes exactly by itself: instants with nanoseconds and
 * integers above 2^53.
 *
 * Owns: both encodings, for REST answers and for streams. May not: know messages.
 */
import { EXT_TIMESTAMP, ExtensionCodec, encode, encodeTimeSpecToTimestamp } from "@msgpack/msgpack";
import { wireTime } from "./times.ts";

/** A moment with the digits below its millisecond, as the real service sends them. */
export class Instant {
  readonly ms: number;
  /** 0 to 999,999. */
  readonly nanos: number;

  constructor(ms: number, nanos = 0) {
    this.ms = ms;
    this.nanos = nanos;
  }

  toJSON(): string {
    if (this.nanos === 0) return wireTime(this.ms);
    const digits = new Date(this.ms).toISOString().slice(0, -1) + String(this.nanos).padStart(6, "0");
    return `${digits.replace(/0+$/, "")}Z`;
  }
}

const BIG = "\u0000big:";

/** Integers above 2^53 are written as marked text and unmarked afterwards. */
export function exactJson(value: unknown): string {
  let marked = false;
  const source = JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== "bigint") return item;
    marked = true;
    return BIG + String(item);
  });
  return marked ? source.replaceAll(/"\\u0000big:(-?\d+)"/g, "$1") : source;
}

const CODEC = new ExtensionCodec();
CODEC.register({
  type: EXT_TIMESTAMP,
  encode: (value) => {
    if (!(value instanceof Instant)) return null;
    const sec = Math.floor(value.ms / 1000);
    return encodeTimeSpecToTimestamp({ sec, nsec: (value.ms - sec * 1000) * 1_000_000 + value.nanos });
  },
  decode: () => null,
});

export function exactMsgpack(value: unknown): Uint8Array {
  return encode(value, { useBigInt64: true, extensionCodec: CODEC });
}
