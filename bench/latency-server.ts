/**
 * The other side of the wire, on a thread of its own: sends trades at a steady rate and notes when the answer to a special
 * one comes back, as a frame or as a POST of an order.
 *
 * Owns: both ends of every time. May not: know what answers.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { nowUs } from "./monotonic.ts";

export interface ServerOptions {
  readonly perSecond: number;
  readonly seconds: number;
  /** Between two special trades. */
  readonly everyMs: number;
}

/** When a special trade was sent and its answer was here, in microseconds. */
export interface Answer {
  readonly asked: number;
  readonly answered: number;
}

export type FromServer =
  | { readonly kind: "port"; readonly port: number }
  | { readonly kind: "done"; readonly sent: number; readonly answers: readonly Answer[] };

/** What has no answer after this time gets none; until then no other special trade is sent, so that no two are mixed up. */
const PATIENCE_US = 500_000;

const { perSecond, seconds, everyMs } = workerData as ServerOptions;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
const tell = (message: FromServer): void => parentPort?.postMessage(message);

const answers: Answer[] = [];
let asked = Number.NEGATIVE_INFINITY;
let isAsked = false;

function answered(): void {
  if (isAsked) answers.push({ asked, answered: nowUs() });
  isAsked = false;
}

/** A quiet price, then alternately one far above and one far below. */
function play(socket: WebSocket): void {
  let [sent, specials] = [0, 0];
  const begun = performance.now();
  let nextSpecial = begun + everyMs;
  const send = (price: number): void => {
    sent++;
    socket.send(`{"symbol":"X/USD","price":${price},"volume":1,"timestamp":${Date.now()}}`);
  };
  const timer = setInterval(() => {
    const now = performance.now();
    for (const due = ((now - begun) * perSecond) / 1_000; sent < due;) send(sent % 2 === 0 ? 100 : 100.01);
    if (now >= nextSpecial && (!isAsked || nowUs() - asked > PATIENCE_US)) {
      nextSpecial = now + everyMs;
      isAsked = true;
      asked = nowUs();
      send(specials++ % 2 === 0 ? 105 : 95);
    }
    if (now - begun < seconds * 1_000) return;
    clearInterval(timer);
    tell({ kind: "done", sent, answers });
  }, 1);
}

/** An order as Alpaca would answer it, as far as the SDK reads it. */
function accepted(request: string): string {
  const order = JSON.parse(request) as Readonly<Record<string, unknown>>;
  return JSON.stringify({ id: String(answers.length), status: "accepted", filled_qty: "0", ...order });
}

const http = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (text: string) => (body += text));
  request.on("end", () => {
    answered();
    response.setHeader("content-type", "application/json");
    response.end(accepted(body));
  });
});
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
server.on("connection", (socket) => {
  // Whoever connects says what for; what comes after that is an answer.
  socket.once("message", (data: Buffer) => {
    if (data.toString("utf8").includes("ready")) play(socket);
    socket.on("message", answered);
  });
});
http.listen(0, "127.0.0.1", () => tell({ kind: "port", port: (http.address() as AddressInfo).port }));
