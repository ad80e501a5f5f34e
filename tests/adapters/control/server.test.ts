/** Every operation of the OpenAPI document is held to the same checks, so that a new one is covered by being there. */
import { connect } from "node:net";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { openApi } from "../../../engine/adapters/control/openapi.ts";
import { signedHeaders } from "../../../engine/adapters/notify/signature.ts";
import { signatureCheck } from "../../../engine/cli/signed-decisions.ts";
import { ControlError } from "../../../engine/ports/control.ts";
import { APPROVAL, FakeControl, TOKEN, ask, serve } from "./support.ts";
import type { Answer, Asked } from "./support.ts";

interface Documented {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: BodySchema } } };
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

interface BodySchema {
  readonly required?: readonly string[];
}

interface Row {
  readonly method: string;
  readonly path: string;
  readonly operation: Documented;
}

const DOCUMENT = openApi() as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
  readonly components: object;
};
const ROWS: readonly Row[] = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    ...{ method: method.toUpperCase(), path: path.replace("{id}", APPROVAL.id).replaceAll(/[{}]/g, ""), operation },
  })),
);
const CASES = ROWS.map((row) => [`${row.method} ${row.path}`, row] as const);
const WRITES = CASES.filter(([, { method }]) => method === "POST");
const JSON_READS = CASES.filter(
  ([, { operation }]) => operation.responses["200"]?.content["text/event-stream"] === undefined,
);

const methodsAt = (path: string): string =>
  ROWS.filter((row) => row.path === path)
    .map(({ method }) => method)
    .join(", ");

/** A request that is right in everything. */
function right({ method, path, operation }: Row): Asked {
  const required = operation.requestBody?.content["application/json"].schema.required ?? [];
  const values: Readonly<Record<string, unknown>> = {
    ...{ by: "ann", reason: "it is right", hash: APPROVAL.hash, decision: "approve" },
    approval: APPROVAL.id,
    ...{ limit: "max_order_qty", value: 500, for_ms: 60_000 },
  };
  if (method === "GET") return { method, path };
  return { method, path, body: JSON.stringify(Object.fromEntries(required.map((name) => [name, values[name]]))) };
}

function codeOf({ text }: Answer): string {
  return (JSON.parse(text) as { error: { code: string } }).error.code;
}

describe("an operation", () => {
  it("is in the document at least twenty times", () => {
    expect(ROWS.length).toBeGreaterThanOrEqual(20);
  });

  it.each(CASES)("%s refuses a foreign Host", async (_, row) => {
    const control = new FakeControl();
    const server = await serve(control);
    const { port } = new URL(server.url);
    for (const host of [`evil.test:${port}`, `127.0.0.1.evil.test:${port}`, "127.0.0.1", `127.0.0.1:1${port}`]) {
      const answer = await ask(server, { ...right(row), headers: { Host: host } });
      expect([host, answer.status]).toEqual([host, 403]);
    }
    expect([...control.commands, ...control.decisions]).toEqual([]);
  });

  it.each(CASES)("%s refuses a foreign Origin and a page of another site", async (_, row) => {
    const control = new FakeControl();
    const server = await serve(control);
    const { port } = new URL(server.url);
    for (const Origin of ["http://evil.test", "null", `http://localhost:${port}`, `https://127.0.0.1:${port}`]) {
      const answer = await ask(server, { ...right(row), headers: { Origin } });
      expect([Origin, answer.status, codeOf(answer)]).toEqual([Origin, 403, "origin"]);
    }
    for (const site of ["cross-site", "same-site"]) {
      const answer = await ask(server, { ...right(row), headers: { "Sec-Fetch-Site": site } });
      expect([site, answer.status, codeOf(answer)]).toEqual([site, 403, "site"]);
    }
    expect([...control.commands, ...control.decisions]).toEqual([]);
  });

  it.each(CASES)("%s refuses a missing and a wrong token", async (_, row) => {
    const control = new FakeControl();
    const server = await serve(control);
    const isOpen = row.operation.security.some((one) => Object.keys(one).length === 0);
    const wrong = ["Bearer wrong", `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN, `Bearer  ${TOKEN}`, "Bearer "];
    for (const Authorization of [undefined, ...wrong]) {
      const headers: Record<string, string> = Authorization === undefined ? {} : { Authorization };
      const answer = await ask(server, { ...right(row), headers, bare: true });
      expect([Authorization, answer.status]).toEqual([Authorization, isOpen ? 200 : 401]);
      if (isOpen) expect(JSON.parse(answer.text)).toEqual({ ok: true });
      else expect(answer.headers["www-authenticate"]).toBe("Bearer");
    }
    expect([...control.commands, ...control.decisions]).toEqual([]);
  });

  it.each(WRITES)("%s refuses every content type but JSON", async (_, row) => {
    const control = new FakeControl();
    const server = await serve(control);
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data",
      "application/jsonx",
      "",
    ]) {
      const answer = await ask(server, { ...right(row), headers: { "Content-Type": type } });
      expect([type, answer.status]).toEqual([type, 415]);
    }
    expect([...control.commands, ...control.decisions]).toEqual([]);
  });

  it.each(CASES)("%s refuses an oversized body, declared or not", async (_, row) => {
    const control = new FakeControl();
    const server = await serve(control, { maxBodyBytes: 1_000 });
    const asked = { ...right(row), body: JSON.stringify({ by: "ann", reason: "x".repeat(2_000) }) };
    const declared = await ask(server, { ...asked, headers: { "Content-Length": String(asked.body.length) } });
    expect(declared.status).toBe(413);
    const undeclared = await ask(server, { ...asked, headers: { "Transfer-Encoding": "chunked" } });
    expect(undeclared.status).toBe(413);
    expect([...control.commands, ...control.decisions]).toEqual([]);
  });

  it.each(WRITES)("%s refuses what is no JSON, no object, or has a field too many", async (_, row) => {
    const control = new FakeControl();
    const server = await serve(control);
    expect((await ask(server, { ...right(row), body: "{" })).status).toBe(400);
    for (const body of ["[]", "7", "null", '"text"']) {
      const answer = await ask(server, { ...right(row), body });
      expect([body, answer.status, codeOf(answer)]).toEqual([body, 422, "invalid"]);
    }
    const more = { ...(JSON.parse(right(row).body ?? "{}") as object), force: true };
    const answer = await ask(server, { ...right(row), body: JSON.stringify(more) });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain("unknown field force");
    expect([...control.commands, ...control.decisions]).toEqual([]);
  });

  it.each(JSON_READS)(
    "%s answers as its schema says, with the headers of a server that no page may call",
    async (_, row) => {
      const server = await serve(new FakeControl());
      const answer = await ask(server, right(row));
      expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
      const content = row.operation.responses["200"]?.content ?? {};
      const schema = content["application/json"]?.schema;
      if (schema !== undefined) {
        const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false });
        ajv.addKeyword("components");
        const validate = ajv.compile({ ...schema, components: DOCUMENT.components });
        expect([validate(JSON.parse(answer.text)), validate.errors]).toEqual([true, null]);
      }
      expect(answer.headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "cross-origin-resource-policy": "same-origin",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      });
      for (const name of ["access-control-allow-origin", "set-cookie"]) expect(answer.headers[name]).toBeUndefined();
    },
  );

  it.each(CASES)("%s answers another method with 405 and what it takes", async (_, row) => {
    const server = await serve(new FakeControl());
    for (const method of ["OPTIONS", "PUT", "DELETE"]) {
      const answer = await ask(server, { method, path: row.path });
      expect([method, answer.status, answer.headers["allow"]]).toEqual([method, 405, methodsAt(row.path)]);
    }
  });
});

describe("the server", () => {
  it("listens on loopback alone", async () => {
    const server = await serve(new FakeControl());
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it("takes its own names as Host, and its own Origin", async () => {
    const server = await serve(new FakeControl());
    const { port } = new URL(server.url);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`]) {
      const answer = await ask(server, { path: "/v1/status", headers: { Host: host, Origin: `http://${host}` } });
      expect([host, answer.status]).toEqual([host, 200]);
    }
  });

  it("says 404 to who has the token, and 401 to who has not", async () => {
    const server = await serve(new FakeControl());
    expect((await ask(server, { path: "/v1/nothing" })).status).toBe(404);
    expect((await ask(server, { path: "//" })).status).toBe(404);
    expect((await ask(server, { path: "/v1/nothing", bare: true })).status).toBe(401);
  });

  it("checks parameters of the address", async () => {
    const server = await serve(new FakeControl());
    for (const query of ["count=0", "count=x", "count=501", "count=1&count=2", "other=1"]) {
      const answer = await ask(server, { path: `/v1/alerts?${query}` });
      expect([query, answer.status]).toEqual([query, 422]);
    }
    expect((await ask(server, { path: "/v1/alerts?count=500" })).status).toBe(200);
  });

  it("wants a reason of three letters to resume, and none to halt", async () => {
    const control = new FakeControl();
    const server = await serve(control);
    const post = (path: string, body: object): Promise<Answer> =>
      ask(server, { method: "POST", path, body: JSON.stringify(body) });
    expect((await post("/v1/resume", { by: "ann" })).status).toBe(422);
    expect((await post("/v1/resume", { by: "ann", reason: "ok" })).status).toBe(422);
    expect((await post("/v1/halt", {})).status).toBe(422);
    expect((await post("/v1/halt", { by: "ann", scope: "strategy" })).status).toBe(422);
    expect((await post("/v1/halt", { by: "ann\u0007" })).status).toBe(422);
    expect((await post("/v1/halt", { by: "ann" })).status).toBe(200);
    expect((await post("/v1/resume", { by: "ann", reason: "all is well", scope: "strategy:a b" })).status).toBe(200);
    expect(control.commands).toEqual([
      { command: "halt", scope: "account", by: "ann", reason: "" },
      { command: "resume", scope: "strategy:a b", by: "ann", reason: "all is well" },
    ]);
  });

  it("takes a decision with the whole hash and the path's id, and says in which channel it was spoken", async () => {
    const control = new FakeControl();
    const server = await serve(control);
    const word = { by: "ann", hash: APPROVAL.hash, decision: "approve" };
    const decide = (body: object, id = "bw-1"): Promise<Answer> =>
      ask(server, { method: "POST", path: `/v1/approvals/${id}/decision`, body: JSON.stringify(body) });
    for (const wrong of [
      { hash: APPROVAL.hash.slice(0, 8) },
      { hash: APPROVAL.hash.toUpperCase() },
      { decision: "maybe" },
      { channel: "telegram" },
      { edit: {} },
      { edit: { qty: "1e3" } },
      { edit: { qty: "-1" } },
      { edit: { symbol: "B" } },
      { edit: { side: "sell" } },
    ])
      expect([wrong, (await decide({ ...word, ...wrong })).status]).toEqual([wrong, 422]);
    expect(control.decisions).toEqual([]);
    expect((await decide({ ...word, edit: { qty: "5" }, channel: "cli", reason: "half" })).status).toBe(200);
    expect((await decide(word, "bw%2D1")).status).toBe(200);
    expect(control.decisions).toEqual([
      { ...word, edit: { qty: "5" }, channel: "cli", reason: "half", approval: "bw-1" },
      { ...word, channel: "api", reason: "", approval: "bw-1" },
    ]);
    control.failure = new ControlError("refused", "already approved by bob via cli", { detail: "already_decided" });
    const answer = await decide(word);
    expect([answer.status, codeOf(answer)]).toEqual([409, "already_decided"]);
  });

  it("takes a signed decision without the token, once, and none that somebody else signed", async () => {
    const control = new FakeControl();
    const secret = "a secret of the webhook";
    const webhook = {
      kind: "webhook",
      name: "webhook 1",
      url: "http://127.0.0.1",
      secret,
      levels: [],
      events: [],
    } as const;
    const clock = { now: 1_700_000_000_000 };
    const unsigned = signatureCheck([webhook], {}, () => clock.now);
    if (unsigned === undefined) throw new Error("a webhook has a secret");
    const server = await serve(control, { unsigned });
    const body = JSON.stringify({ approval: "bw-1", by: "ann", hash: APPROVAL.hash, decision: "approve" });
    const decide = async (
      headers: Readonly<Record<string, string>>,
      sent = body,
    ): Promise<readonly [number, string]> => {
      const answer = await ask(server, { method: "POST", path: "/v1/decisions", body: sent, headers, bare: true });
      return [answer.status, answer.status === 200 ? "" : codeOf(answer)];
    };
    const signed = signedHeaders(secret, body, clock.now);
    expect(await decide({})).toEqual([401, "signature_unsigned"]);
    expect(await decide(signedHeaders("the secret of another", body, clock.now))).toEqual([401, "signature_wrong"]);
    expect(await decide(signed, body.replace("ann", "bob"))).toEqual([401, "signature_wrong"]);
    expect(await decide(signedHeaders(secret, body, clock.now - 400_000))).toEqual([401, "signature_late"]);
    expect(control.decisions).toEqual([]);
    expect(await decide(signed)).toEqual([200, ""]);
    expect(await decide(signed)).toEqual([401, "signature_used"]);
    expect(control.decisions).toEqual([
      { approval: "bw-1", by: "ann", hash: APPROVAL.hash, decision: "approve", channel: "webhook", reason: "" },
    ]);
    const elsewhere = await ask(server, {
      path: "/v1/status",
      headers: signedHeaders(secret, "", clock.now),
      bare: true,
    });
    expect(elsewhere.status).toBe(401);
    expect(signatureCheck([], {}, () => clock.now)).toBeUndefined();
  });

  it("finds one request by its id, and says 404 for another", async () => {
    const server = await serve(new FakeControl());
    expect(JSON.parse((await ask(server, { path: "/v1/approvals/bw-1" })).text)).toMatchObject({ id: "bw-1" });
    for (const id of ["bw-2", "%", "%2e%2e", "a%2Fb"]) {
      const answer = await ask(server, { path: `/v1/approvals/${id}` });
      expect([id, answer.status]).toEqual([id, 404]);
    }
  });

  it("turns what the run refuses into a status, and tells nothing of a bug", async () => {
    const control = new FakeControl();
    const server = await serve(control);
    const halt = { method: "POST", path: "/v1/halt", body: '{"by":"ann"}' };
    const rows = [
      ["unknown_scope", 404],
      ["refused", 409],
      ["late", 503],
      ["stopped", 503],
    ] as const;
    for (const [code, status] of rows) {
      control.failure = new ControlError(code, "why not");
      const answer = await ask(server, halt);
      expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    }
    control.failure = new Error("secret-inside");
    const answer = await ask(server, halt);
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain("secret-inside");
  });

  it("counts requests by class: reading does not use up halting, and strangers nothing of either", async () => {
    const control = new FakeControl();
    const slow = { perMinute: 1, burst: 2 };
    const server = await serve(control, { rates: { read: slow, write: slow, stranger: slow } });
    const read = (): Promise<Answer> => ask(server, { path: "/v1/status" });
    const halt = (): Promise<Answer> => ask(server, { method: "POST", path: "/v1/halt", body: '{"by":"ann"}' });
    const stranger = (): Promise<Answer> => ask(server, { path: "/v1/status", bare: true });
    const statuses = async (one: () => Promise<Answer>): Promise<number[]> => [
      (await one()).status,
      (await one()).status,
      (await one()).status,
    ];
    expect(await statuses(stranger)).toEqual([401, 401, 429]);
    expect(await statuses(read)).toEqual([200, 200, 429]);
    expect(await statuses(halt)).toEqual([200, 200, 429]);
    expect((await read()).headers["retry-after"]).toMatch(/^\d+$/);
    expect(control.commands).toHaveLength(2);
  });

  it("refuses a request without a Host", async () => {
    const server = await serve(new FakeControl());
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    const text = await new Promise<string>((resolve) => {
      let all = "";
      socket.on("data", (data) => (all += data.toString()));
      socket.on("close", () => resolve(all));
      socket.end(`GET /v1/status HTTP/1.0\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
    });
    expect(text).toMatch(/^HTTP\/1\.1 403 /);
  });

  it("gives up on headers that are too large", async () => {
    const server = await serve(new FakeControl());
    const answer = await ask(server, { path: "/v1/status", headers: { "X-Large": "x".repeat(9_000) } });
    expect(answer.status).toBe(431);
  });
});
