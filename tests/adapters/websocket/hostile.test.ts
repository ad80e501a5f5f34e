/** A backend that is broken or hostile: nothing it sends ends the process, and each message is judged by itself. */
import { afterEach, describe, expect, it } from "vitest";
import type { MarketInput } from "../../../engine/core/event.ts";
import { NOW, PLAIN, backend, closeAll, feedOf, until } from "./support.ts";

afterEach(closeAll);

const prices = (inputs: readonly MarketInput[]): number[] =>
  inputs.flatMap((input) => (input.kind === "trade" ? [input.price] : []));
const DEEP = `${"[".repeat(300_000)}${"]".repeat(300_000)}`;
const plainWith = (field: string, json: string): string =>
  JSON.stringify({ ...PLAIN, [field]: "HERE" }).replace('"HERE"', json);

describe("a message that is made to do harm", () => {
  it.each([
    ["a price that is nested 300,000 times", plainWith("price", DEEP)],
    ["a symbol that is nested 300,000 times", plainWith("symbol", DEEP)],
    ["a time that is nested 300,000 times", plainWith("timestamp", DEEP)],
    ["nothing but brackets", DEEP],
    ["a symbol that is an object with its own toString", plainWith("symbol", '{"toString":1,"valueOf":2}')],
    ["a number for a message", "7"],
    ["an empty message", ""],
  ])("is refused or ignored, and the next one counts: %s", async (_, text) => {
    const server = await backend();
    const { inputs, start } = feedOf(server, {});
    await start();
    server.send(text);
    server.send({ ...PLAIN, price: 9 });
    await until(() => prices(inputs).length === 1);
    expect(server.connections).toBe(1);
  });

  it.each([
    ["an object with its own toString", '{"toString":1,"valueOf":2}'],
    ["nested 300,000 times", DEEP],
  ])("does not end the process where numbers are counted by what is %s", async (_, json) => {
    const server = await backend();
    const { inputs, start } = feedOf(server, { sequence: { path: "$.seq", by: "$.symbol" } });
    await start();
    server.send(plainWith("symbol", json).replace("{", '{"seq":1,'));
    server.send({ ...PLAIN, seq: 1, price: 9 });
    await until(() => prices(inputs).length === 1);
    expect(server.connections).toBe(1);
  });

  it.each([
    ["__proto__ as a key", Buffer.from([0x81, 0xa9, ...Buffer.from("__proto__"), 0x80])],
    ["a key that is a list", Buffer.from([0x81, 0x90, 0x01])],
    ["an extension nobody knows", Buffer.from([0xd4, 0x05, 0x01])],
    ["a list that says it has 4 billion items", Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff])],
    ["a time that is none", Buffer.from([0xd7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ["JSON", Buffer.from(JSON.stringify(PLAIN))],
    ["lists within lists", Buffer.concat([Buffer.alloc(300_000, 0x91), Buffer.from([0x90])])],
    ["nothing", Buffer.alloc(0)],
  ])("in MessagePack is refused or ignored, and the next one counts: %s", async (_, bytes) => {
    const server = await backend();
    const { inputs, start } = feedOf(server, { format: "msgpack" });
    await start();
    server.sockets[0]?.send(bytes);
    server.pack({ ...PLAIN, price: 9 });
    await until(() => prices(inputs).includes(9));
    expect([server.connections, prices(inputs)]).toEqual([1, [9]]);
  });

  it("among 10,000 of one frame is refused alone", async () => {
    const server = await backend();
    const { inputs, refused, start } = feedOf(server);
    await start();
    const frame = Array.from({ length: 10_000 }, (_, i) => (i === 5_000 ? { ...PLAIN, price: -1 } : PLAIN));
    server.send(frame);
    await until(() => prices(inputs).length === 9_999);
    expect(refused.map(({ reason }) => reason)).toEqual(["price is not a positive number"]);
    expect(NOW).toBeGreaterThan(0);
  });
});
