/**
 * What every HTTP server of this program on loopback shares.
 *
 * Owns: comparing secrets, telling loopback names, reading a body within a limit. May not: know what is served.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Compares digests, so neither length nor content of a secret shows in the time it takes. */
export function sameSecret(given: string | undefined, expected: string): boolean {
  const digest = (value: string): Buffer => createHash("sha256").update(value).digest();
  return timingSafeEqual(digest(given ?? ""), digest(expected));
}

/** A page that resolves its own name to 127.0.0.1 must not reach a server: only loopback names are served. */
export function isLoopbackHost(host: string | undefined): boolean {
  const name = /^(\[[0-9a-f:]+\]|[^:]+)(?::\d{1,5})?$/i.exec(host ?? "")?.[1]?.toLowerCase();
  return name === "127.0.0.1" || name === "localhost" || name === "[::1]";
}

export function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Undefined when it is too large; then it was read to its end and forgotten, so that the client hears the answer. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
  }
  return size > maxBytes ? undefined : Buffer.concat(chunks);
}
