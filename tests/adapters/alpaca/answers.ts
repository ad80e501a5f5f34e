/**
 * A server that answers what a test says, byte for byte: for what Alpaca's own servers say and the venue does not.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes out as it is, anything else as JSON. */
  readonly body: unknown;
}

const servers: Server[] = [];

/** Lets everybody listen to trade updates, and tells none. */
function quietStream(server: Server): void {
  new WebSocketServer({ server, path: "/stream" }).on("connection", (socket) => {
    socket.on("message", (data: Buffer) => {
      const { action } = JSON.parse(data.toString()) as { readonly action: string };
      const [stream, answer] =
        action === "listen"
          ? ["listening", { streams: ["trade_updates"] }]
          : ["authorization", { status: "authorized", action }];
      socket.send(JSON.stringify({ stream, data: answer }));
    });
  });
}

/** The address of a server that answers by method and path; anything else is a 404. `asked` gets every request. */
export async function answering(
  answers: Readonly<Record<string, Answer | (() => Answer)>>,
  asked: string[] = [],
): Promise<string> {
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    asked.push(`${request.method} ${url}`);
    const found = answers[`${request.method} ${url.split("?")[0]}`] ?? {
      status: 404,
      body: { code: 40410000, message: "not found" },
    };
    const { status = 200, headers = {}, body } = typeof found === "function" ? found() : found;
    response.writeHead(status, { "Content-Type": "application/json; charset=UTF-8", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  quietStream(server);
  server.listen({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function stopAnswering(): Promise<void> {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
}
