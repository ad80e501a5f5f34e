/**
 * Signatures of webhooks, both ways.
 *
 * Owns: making one, and saying whether a request that came in was made by somebody who has the secret, lately, and for the
 * first time. May not: read sockets. `barwise-signature: v1=HEX` is HMAC-SHA256 over `TIMESTAMP.BODY`, and
 * `barwise-timestamp` holds the seconds since 1970.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export const SIGNATURE_HEADER = "barwise-signature";
export const TIMESTAMP_HEADER = "barwise-timestamp";
export const ID_HEADER = "barwise-id";

/** How far the clocks of both sides may be apart, and how long a request stays good. */
export const WINDOW_MS = 300_000;

/** Anything shorter is guessed or a word. */
export const SHORTEST_SECRET = 16;

function digest(secret: string, timestamp: string, body: string | Uint8Array): Buffer {
  return createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest();
}

/** The headers of a request with this body. */
export function signedHeaders(secret: string, body: string, now: number): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1_000));
  return {
    [TIMESTAMP_HEADER]: timestamp,
    [SIGNATURE_HEADER]: `v1=${digest(secret, timestamp, body).toString("hex")}`,
  };
}

export type Verified =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: "unsigned" | "wrong" | "late" | "used" | "busy"; readonly reason: string };

export interface Signed {
  /** Values of the two headers. */
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  /** The bytes as they came: parsing and printing JSON again makes others. */
  readonly body: string | Uint8Array;
}

export interface VerifierOptions {
  readonly secret: string;
  readonly windowMs?: number;
  /** Requests that are remembered within the window; when they are more, none is taken. */
  readonly most?: number;
}

/** Takes each signed request once. */
export class Verifier {
  readonly #secret: string;
  readonly #windowMs: number;
  readonly #most: number;
  /** Signature -> until when it could be used again. What is remembered is what is signed: an id beside it could be another. */
  readonly #used = new Map<string, number>();

  constructor({ secret, windowMs = WINDOW_MS, most = 10_000 }: VerifierOptions) {
    if (secret.length < SHORTEST_SECRET)
      throw new RangeError(`a secret to sign with needs ${SHORTEST_SECRET} characters at least`);
    this.#secret = secret;
    this.#windowMs = windowMs;
    this.#most = most;
  }

  verify({ timestamp, signature, body }: Signed, now: number): Verified {
    if (timestamp === undefined || signature === undefined || !/^\d{1,12}$/.test(timestamp))
      return no("unsigned", `${TIMESTAMP_HEADER} and ${SIGNATURE_HEADER} are needed`);
    const right = digest(this.#secret, timestamp, body);
    // While a secret is changed the other side may sign with both.
    const given = signature.split(",", 4).map((one) => /^v1=([0-9a-f]{64})$/.exec(one.trim())?.[1]);
    const matches = given.map((one) => one !== undefined && timingSafeEqual(Buffer.from(one, "hex"), right));
    if (!matches.includes(true)) return no("wrong", "the signature is not that of this body and time");
    const at = Number(timestamp) * 1_000;
    if (Math.abs(now - at) > this.#windowMs) return no("late", "it was signed too long ago, or the clocks differ");
    const key = right.toString("hex");
    if (this.#used.has(key)) return no("used", "it was taken before");
    if (this.#used.size >= this.#most) this.#forget(now);
    if (this.#used.size >= this.#most) return no("busy", "too many requests within the window");
    this.#used.set(key, at + this.#windowMs);
    return { ok: true };
  }

  #forget(now: number): void {
    for (const [key, until] of this.#used) if (until < now) this.#used.delete(key);
  }
}

function no(code: Extract<Verified, { ok: false }>["code"], reason: string): Verified {
  return { ok: false, code, reason };
}
