/**
 * A small price server: `node examples/05-your-own-stream/server.mjs [port]`.
 *
 * Owns: one made-up price that is 100 in even seconds and 102 in odd ones, sent 20 times a second to whoever connects.
 */
import { pathToFileURL } from "node:url";
import { WebSocketServer } from "ws";

export async function serve(port) {
  const server = new WebSocketServer({ host: "127.0.0.1", port });
  await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
  const clock = setInterval(() => {
    const now = Date.now();
    const price = Math.floor(now / 1000) % 2 === 0 ? 100 : 102;
    const message = JSON.stringify({ symbol: "ACME/USD", price, volume: 1, timestamp: now });
    for (const client of server.clients) client.send(message);
  }, 50);
  return {
    port: server.address().port,
    stop: async () => {
      clearInterval(clock);
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { port } = await serve(Number(process.argv[2] ?? 8765));
  process.stdout.write(`ws://127.0.0.1:${port}\n`);
}
