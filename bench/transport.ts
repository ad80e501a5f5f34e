/**
 * How long an order takes to the server that reads it, by our kept connections and by Node's `fetch`.
 *
 * Owns: taking them in turn, each after an idle time as between two orders.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { keptFetch } from "../engine/adapters/alpaca/kept-fetch.ts";
import { nowUs } from "./monotonic.ts";
import type { Row } from "./row.ts";

const IDLE_MS = 40;
const ORDERS = 150;
/** Until everything is compiled and connected. */
const FIRST = 10;
const BODY = JSON.stringify({ symbol: "SPY", qty: "1", side: "buy", type: "market", time_in_force: "day" });

export async function transportRow(): Promise<Row> {
  const server = new Worker(new URL("./transport-server.js", import.meta.url));
  const port = await new Promise<number>((resolve, reject) => server.once("message", resolve).once("error", reject));
  const ways = { kept: keptFetch(), plain: fetch };
  const took = { kept: [] as number[], plain: [] as number[] };
  for (let order = 0; order < ORDERS + FIRST; order++) {
    for (const way of ["kept", "plain"] as const) {
      await sleep(IDLE_MS);
      const asked = nowUs();
      const headers = { "content-type": "application/json", "apca-api-key-id": "k", "apca-api-secret-key": "s" };
      const init: RequestInit = { method: "POST", headers, body: BODY, signal: AbortSignal.timeout(10_000) };
      const answer = await ways[way](`http://127.0.0.1:${port}/v2/orders`, init);
      const { at } = (await answer.json()) as { readonly at: number };
      if (order >= FIRST) took[way].push(at - asked);
    }
  }
  await server.terminate();
  return {
    what: "a POST until the server has read it, p50",
    unit: "us",
    target: null,
    measured: median(took.kept),
    baseline: { what: "fetch", value: median(took.plain) },
    detail: `on the clock; ${ORDERS} each in turn, ${IDLE_MS} ms apart, kept connections on both sides`,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
