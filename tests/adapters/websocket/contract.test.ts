/**
 * What every live feed promises, over real sockets: both kinds are held to it.
 */
import { afterEach, describe, expect, it } from "vitest";
import type { MarketInput } from "../../../engine/core/event.ts";
import type { Feed } from "../../../engine/ports/feed.ts";
import { picker, SEED } from "../../support/runs.ts";
import { alpacaBackend, alpacaFeed } from "./alpaca-backend.ts";
import { type Backend, backend, closeAll, feedOf, statuses, until } from "./support.ts";

afterEach(closeAll);

interface Kind {
  readonly open: () => Promise<Backend>;
  readonly feed: (
    server: Backend,
    options?: { idleMs?: number },
  ) => { feed: Feed; inputs: MarketInput[]; refused: { reason: string }[]; start: () => Promise<void> };
  readonly trade: (price: number) => unknown;
}

const TIME = Date.parse("2024-03-05T15:00:00Z");

const KINDS: Readonly<Record<string, Kind>> = {
  "a backend of your own": {
    open: async () => {
      const server = await backend();
      server.onConnect = (socket) => socket.on("ping", () => socket.pong());
      return server;
    },
    feed: (server, { idleMs } = {}) =>
      feedOf(
        server,
        { send: [{ op: "sub" }], map: { symbol: "$.s", price: "$.p" } },
        idleMs === undefined ? {} : { dataIdleMs: idleMs, expectData: () => true },
      ),
    trade: (price) => ({ s: "SPY", p: price }),
  },
  Alpaca: {
    open: () => alpacaBackend(),
    feed: (server, { idleMs } = {}) =>
      alpacaFeed(server, idleMs === undefined ? {} : { idleMs, expectData: () => true }),
    trade: (price) => [
      { T: "t", S: "SPY", i: 1, x: "V", p: price, s: 1, c: ["@"], z: "B", t: new Date(TIME).toISOString() },
    ],
  },
};

const prices = (inputs: MarketInput[]): number[] =>
  inputs.flatMap((input) => (input.kind === "trade" ? [input.price] : []));

describe.each(Object.entries(KINDS))("%s", (_, kind) => {
  it("is live first, then tells each trade once and in order", async () => {
    const server = await kind.open();
    const { inputs, start } = kind.feed(server);
    await start();
    for (let price = 1; price <= 50; price++) server.send(kind.trade(price));
    await until(() => prices(inputs).length === 50);
    expect(inputs[0]).toMatchObject({ kind: "feed", status: "live" });
    expect(prices(inputs)).toEqual(Array.from({ length: 50 }, (__, i) => i + 1));
  });

  it("goes on after what it cannot read, and says why", async () => {
    const server = await kind.open();
    const { inputs, refused, start } = kind.feed(server);
    await start();
    for (const sent of ["{", "[]", "7", "null", '[{"T":"t"', kind.trade(-1), kind.trade(2)]) server.send(sent);
    await until(() => prices(inputs).length === 1);
    expect(prices(inputs)).toEqual([2]);
    expect(refused.length).toBeGreaterThan(2);
    expect(refused.every(({ reason }) => reason.length > 10)).toBe(true);
  });

  it("says down once for each loss, comes back for ever, and subscribes wholly each time", async () => {
    const server = await kind.open();
    const { inputs, start } = kind.feed(server);
    await start();
    await until(() => server.received.some((text) => text.includes("sub")));
    const said = server.received.length;
    const pick = picker(SEED);
    for (let loss = 1; loss <= 6; loss++) {
      const socket = server.sockets.at(-1);
      if (pick(2) === 0) socket?.terminate();
      else socket?.close(1001, "maintenance");
      await until(() => statuses(inputs).length === 1 + 2 * loss && server.received.length === said * (loss + 1));
    }
    expect(statuses(inputs).join()).toBe(`live${",down,live".repeat(6)}`);
    expect(new Set(server.received).size).toBe(said);
  }, 20_000);

  it("never hears an old connection again", async () => {
    const server = await kind.open();
    const { inputs, start } = kind.feed(server, { idleMs: 60 });
    await start();
    const old = server.sockets[0];
    await until(() => server.connections >= 2);
    if (old?.readyState === old?.OPEN) old?.send(JSON.stringify(kind.trade(666)));
    await until(() => server.connections >= 3);
    expect(prices(inputs)).not.toContain(666);
  });

  it("asks for no compression", async () => {
    const server = await kind.open();
    await kind.feed(server).start();
    expect(server.extensions).toEqual([undefined]);
  });

  it("says nothing after a stop, not even what is on its way", async () => {
    const server = await kind.open();
    const { feed, inputs, start } = kind.feed(server);
    await start();
    server.send(kind.trade(1));
    await until(() => prices(inputs).length === 1);
    for (let i = 0; i < 20; i++) server.send(kind.trade(2));
    await feed.stop();
    const { length } = inputs;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([inputs.length, prices(inputs)[0]]).toEqual([length, 1]);
  });
});
