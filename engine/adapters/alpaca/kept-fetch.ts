/**
 * `fetch` over connections that stay open, for the requests of the trading API.
 *
 * Node's own `fetch` closes a connection after four idle seconds, so that nearly every order would begin with the handshakes of TCP
 * and TLS, and it takes the processor twice as long until a request is on the wire. Owns: the connections and the one kind of request that the
 * SDK makes: text there, text back. May not: follow a redirect, send anything twice, or unpack what is compressed (history
 * is, and comes by Node's `fetch`).
 */
import http from "node:http";
import https from "node:https";

/** Load balancers drop what is idle for a minute or longer; a server that says less in `Keep-Alive` is believed. */
const IDLE_MS = 30_000;
/** The largest answer, 500 orders with their legs, is a hundredth of it. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Answers that have no body, which `Response` insists on. */
const BODYLESS = new Set([204, 205, 304]);

const KEEP = { keepAlive: true, timeout: IDLE_MS };

/** One for everything that talks to the same account: connections are shared. */
export function keptFetch(): typeof fetch {
  const agents = { "http:": new http.Agent(KEEP), "https:": new https.Agent(KEEP) };
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const { body = null, signal, method = "GET", headers } = init;
    if (body !== null && typeof body !== "string") throw new TypeError("only text can be sent");
    const options = { method, headers: Object.fromEntries(new Headers(headers)), ...(signal ? { signal } : {}) };
    return await new Promise((resolve, reject) => {
      const request =
        url.protocol === "https:"
          ? https.request(url, { ...options, agent: agents["https:"] })
          : http.request(url, { ...options, agent: agents["http:"] });
      request.once("response", (answer) => void read(answer).then(resolve, reject));
      request.once("error", reject);
      request.end(body ?? undefined);
    });
  };
}

async function read(answer: http.IncomingMessage): Promise<Response> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_BYTES) throw new Error(`the answer is longer than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  const status = answer.statusCode ?? 0;
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  const body = BODYLESS.has(status) ? null : Buffer.concat(parts);
  return new Response(body, { status, statusText: answer.statusMessage ?? "", headers });
}
