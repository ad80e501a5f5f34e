/**
 * Messages as bytes: JSON or MessagePack.
 *
 * Owns: both codings, without losing digits of 64-bit integers in MessagePack. Times stay as they came. May not:
 * interpret a message.
 */
import { decode, encode } from "@msgpack/msgpack";

export type WireFormat = "json" | "msgpack";

/** Text frames are JSON whatever the format: servers that speak MessagePack still say errors as text. */
export function decodeFrame(format: WireFormat, data: Buffer, isBinary: boolean): unknown {
  if (format === "msgpack" && isBinary) return decode(data, { useBigInt64: true });
  return JSON.parse(data.toString("utf8"));
}

/** A template that is text goes out as it stands. */
export function encodeFrame(format: WireFormat, message: unknown): string | Uint8Array {
  if (typeof message === "string") return message;
  return format === "msgpack" ? encode(message, { useBigInt64: true }) : JSON.stringify(message);
}
