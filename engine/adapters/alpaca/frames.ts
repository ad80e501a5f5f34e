/**
 * Frames of the market-data stream, decoded: JSON text or MessagePack.
 *
 * Owns: both decodings, without losing digits of ids above 2^53. Times stay as they came (text or milliseconds).
 * May not: interpret a message.
 */
import { EXT_TIMESTAMP, ExtensionCodec, decode, decodeTimestampToTimeSpec } from "@msgpack/msgpack";

export type StreamFormat = "json" | "msgpack";
export type Fields = Readonly<Record<string, unknown>>;

const codec = new ExtensionCodec();
codec.register({
  type: EXT_TIMESTAMP,
  encode: () => null,
  decode: (data: Uint8Array): number => {
    const { sec, nsec } = decodeTimestampToTimeSpec(data);
    return sec * 1000 + Math.floor(nsec / 1e6);
  },
});

/** Ids are the only integers that long; as text they keep all their digits. */
const LONG_ID = /"(i|oi|ci)":\s*(\d{16,20})(?=\s*[,}])/g;

export function decodeJson(text: string): unknown {
  return JSON.parse(text.replaceAll(LONG_ID, '"$1":"$2"'));
}

export function decodeMsgpack(data: Uint8Array): unknown {
  return decode(data, { extensionCodec: codec, useBigInt64: true });
}

export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** A finite number; MessagePack brings 64-bit integers as bigint. */
export function numberOf(value: unknown): number | undefined {
  const result = typeof value === "bigint" ? Number(value) : value;
  return typeof result === "number" && Number.isFinite(result) ? result : undefined;
}

export function timeOf(value: unknown): number | undefined {
  if (typeof value === "string") {
    const parsed = Date.parse(value);
    return Number.isNaN(parsed) ? undefined : parsed;
  }
  return numberOf(value);
}

export function idOf(value: unknown): string | undefined {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}
