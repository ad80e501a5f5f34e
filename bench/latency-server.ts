/**
 * The other side of the wire, on a thread of its own: sends trades at a steady rate and notes when the answer to a special
 * one comes back.
 *
 * Owns: its clock; every time is its own. May not: know what answers.
 */
import { parentPort, workerData } from "node:worker_threads";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";

export interface ServerOptions {
  readonly perSecond: number;
  readonly seconds: number;
  /** Between two special trades. */
  readonly everyMs: number;
}

export type FromServer =
  | { readonly kind: "port"; readonly port: number }
  | { readonly kind: "done"; readonly sent: number; readonly took: readonly number[] };

const { perSecond, seconds, everyMs } = workerData as ServerOptions;
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
const tell = (message: FromServer): void => parentPort?.postMessage(message);

const took: number[] = [];
let asked = Number.NaN;

function answered(): void {
  if (!Number.isNaN(asked)) took.push(performance.now() - asked);
  asked = Number.NaN;
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
    if (now >= nextSpecial) {
      nextSpecial = now + everyMs;
      asked = performance.now();
      send(specials++ % 2 === 0 ? 105 : 95);
    }
    if (now - begun < seconds * 1_000) return;
    clearInterval(timer);
    tell({ kind: "done", sent, took });
  }, 1);
}

server.on("connection", (socket) => {
  // Whoever connects says what for; what comes after that is an answer.
  socket.once("message", (data: Buffer) => {
    if (data.toString("utf8").includes("ready")) play(socket);
    socket.on("message", answered);
  });
});
server.on("listening", () => tell({ kind: "port", port: (server.address() as { port: number }).port }));
