/**
 * A server on a thread of its own that tells when it had read a request.
 *
 * Owns: that time. May not: know who asks.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort } from "node:worker_threads";
import { nowUs } from "./monotonic.ts";

const server = createServer((request, response) => {
  request.resume().once("end", () => {
    const at = nowUs();
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ at }));
  });
});
server.listen(0, "127.0.0.1", () => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage((server.address() as AddressInfo).port);
});
