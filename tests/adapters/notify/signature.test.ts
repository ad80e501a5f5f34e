/** Signed webhooks: what is taken, what is refused, and that each is taken once. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
  Verifier,
  WINDOW_MS,
  signedHeaders,
} from "../../../engine/adapters/notify/signature.ts";
import type { Signed } from "../../../engine/adapters/notify/signature.ts";
import { SEED, runs } from "../../support/runs.ts";

const SECRET = "a secret of the test";
const NOW = Date.parse("2026-01-05T15:00:00Z");

function signed(body: string, { now = NOW, secret = SECRET } = {}): Signed {
  const headers = signedHeaders(secret, body, now);
  return { timestamp: headers[TIMESTAMP_HEADER], signature: headers[SIGNATURE_HEADER], body };
}

describe("a signature", () => {
  it("is the one that anybody can compute with openssl", () => {
    // printf '1767625200.{"a":1}' | openssl dgst -sha256 -hmac 'a secret of the test'
    expect(signedHeaders(SECRET, '{"a":1}', NOW)).toEqual({
      "barwise-timestamp": "1767625200",
      "barwise-signature": "v1=60cdca1273ddfc4bb04638f018f3e0def1ce0da98ea6d1b13f77c0e935be66bc",
    });
  });

  it("is taken once, as bytes or as text", () => {
    const verifier = new Verifier({ secret: SECRET });
    const request = signed('{"decision":"approve"}');
    expect(verifier.verify({ ...request, body: Buffer.from('{"decision":"approve"}') }, NOW)).toEqual({ ok: true });
    expect(verifier.verify(request, NOW + 1)).toMatchObject({ ok: false, code: "used" });
    // The same signature under another spelling is the same request.
    expect(verifier.verify({ ...request, signature: `v1=${"0".repeat(64)}, ${request.signature}` }, NOW)).toMatchObject(
      {
        code: "used",
      },
    );
  });

  it("is refused without its headers, for another body, time or secret, and outside the window", () => {
    const verifier = new Verifier({ secret: SECRET });
    const request = signed("{}");
    const refused = (changed: Partial<Signed>, now = NOW): unknown => {
      const verified = verifier.verify({ ...request, ...changed }, now);
      return verified.ok ? "taken" : verified.code;
    };
    expect(refused({ signature: undefined })).toBe("unsigned");
    expect(refused({ timestamp: undefined })).toBe("unsigned");
    expect(refused({ timestamp: "yesterday" })).toBe("unsigned");
    expect(refused({ body: "{ }" })).toBe("wrong");
    expect(refused({ timestamp: String(Number(request.timestamp) + 1) })).toBe("wrong");
    expect(refused({ signature: request.signature?.replace("v1=", "v0=") })).toBe("wrong");
    expect(refused({ signature: "v1=" })).toBe("wrong");
    expect(refused(signed("{}", { secret: "another secret here" }))).toBe("wrong");
    expect(refused({}, NOW + WINDOW_MS + 1)).toBe("late");
    expect(refused({}, NOW - WINDOW_MS - 1_000)).toBe("late");
    expect(refused({}, NOW + WINDOW_MS)).toBe("taken");
  });

  it("is refused when more came within the window than are remembered, and taken when they are old", () => {
    const verifier = new Verifier({ secret: SECRET, most: 3 });
    for (const body of ["1", "2", "3"]) expect(verifier.verify(signed(body), NOW)).toEqual({ ok: true });
    expect(verifier.verify(signed("4"), NOW)).toMatchObject({ code: "busy" });
    const later = NOW + WINDOW_MS + 1_000;
    expect(verifier.verify(signed("4", { now: later }), later)).toEqual({ ok: true });
    // What was forgotten is too old to be taken.
    expect(verifier.verify(signed("1"), later)).toMatchObject({ code: "late" });
  });

  it("needs a secret that nobody guesses", () => {
    expect(() => new Verifier({ secret: "short" })).toThrow("16 characters");
  });

  it("never passes for a body that was not signed, and no request passes twice", () => {
    const requests = fc.array(fc.record({ body: fc.string(), at: fc.integer({ min: 0, max: 2 * WINDOW_MS }) }));
    fc.assert(
      fc.property(requests, fc.string(), (list, forged) => {
        const verifier = new Verifier({ secret: SECRET });
        const taken = new Set<string>();
        let now = NOW;
        for (const { body, at } of list) {
          now += at;
          const request = signed(body, { now });
          const key = `${request.timestamp}.${body}`;
          expect(verifier.verify(request, now).ok).toBe(!taken.has(key));
          taken.add(key);
          for (const again of [now, now + WINDOW_MS, now + 3 * WINDOW_MS])
            expect(verifier.verify(request, again).ok).toBe(false);
          if (forged !== body) expect(verifier.verify({ ...request, body: forged }, now).ok).toBe(false);
        }
      }),
      { numRuns: runs(100), seed: SEED },
    );
  });
});
