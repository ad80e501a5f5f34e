import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { ControlServer } from "../../../engine/adapters/control/server.ts";
import { FakeControl, TOKEN, ask, serve } from "./support.ts";

class Listener {
  text = "";
  isOver = false;
  readonly #response: IncomingMessage;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.on("data", (data: Buffer) => (this.text += data.toString()));
    response.on("close", () => (this.isOver = true));
    response.on("error", () => {});
  }

  static open({ url }: ControlServer, headers: Readonly<Record<string, string>> = {}): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const options = { agent: false, headers: { Authorization: `Bearer ${TOKEN}`, ...headers } } as const;
      get(`${url}/v1/events`, options, (response) => {
        const listener = new Listener(response);
        listeners.push(listener);
        resolve(listener);
      }).on("error", reject);
    });
  }

  get ids(): string[] {
    return [...this.text.matchAll(/^id: (.+)$/gm)].map((match) => match[1] as string);
  }

  get data(): string[] {
    return [...this.text.matchAll(/^data: (.+)$/gm)].map((match) => match[1] as string);
  }

  pause(): void {
    this.#response.pause();
  }

  close(): void {
    this.#response.destroy();
  }

  async until(what: string, done: () => boolean): Promise<void> {
    for (let i = 0; i < 1_000; i++) {
      if (done()) return;
      await sleep(5);
    }
    throw new Error(`never: ${what}\n${this.text}`);
  }
}

const listeners: Listener[] = [];
afterEach(() => {
  for (const listener of listeners.splice(0)) listener.close();
});

function tell(control: FakeControl, from: number, to: number): void {
  for (let n = from; n <= to; n++) control.tell({ kind: "alert", data: { n } });
}

describe("the stream of events", () => {
  it("tells each event with its id, and goes on after the last one that was seen", async () => {
    const control = new FakeControl();
    const server = await serve(control);
    const first = await Listener.open(server);
    tell(control, 1, 3);
    await first.until("three events", () => first.ids.length === 3);
    first.close();
    tell(control, 4, 5);
    const again = await Listener.open(server, { "Last-Event-ID": first.ids[1] as string });
    await again.until("what it missed", () => again.ids.length === 3);
    tell(control, 6, 6);
    await again.until("what came then", () => again.ids.length === 4);
    expect(again.data.map((text) => JSON.parse(text) as unknown)).toEqual([{ n: 3 }, { n: 4 }, { n: 5 }, { n: 6 }]);
    expect(again.text).not.toContain("event: gap");
    expect(again.text).toContain("event: alert\n");
  });

  it("says how much is lost when the last seen event is no longer kept", async () => {
    const control = new FakeControl();
    const server = await serve(control, { events: { ringSize: 10 } });
    const first = await Listener.open(server);
    tell(control, 1, 1);
    await first.until("an event", () => first.ids.length === 1);
    tell(control, 2, 50);
    const again = await Listener.open(server, { "Last-Event-ID": first.ids[0] as string });
    await again.until("the ring", () => again.ids.length === 10);
    expect(again.text).toContain('event: gap\ndata: {"reason":"39 events are no longer kept"}');
    expect(again.data.at(-1)).toBe('{"n":50}');
  });

  it.each(["00000000-1", "nonsense", "-", "1"])("says that the id %s is not from here", async (id) => {
    const server = await serve(new FakeControl());
    const listener = await Listener.open(server, { "Last-Event-ID": id });
    await listener.until("the gap", () => listener.text.includes("event: gap"));
    expect(listener.ids).toEqual([]);
  });

  it("beats, so that a dead connection is noticed", async () => {
    const server = await serve(new FakeControl(), { events: { heartbeatMs: 10 } });
    const listener = await Listener.open(server);
    await listener.until("two beats", () => listener.text.split(": beat\n\n").length > 2);
  });

  it("drops who does not read, and nobody else waits", async () => {
    const control = new FakeControl();
    const server = await serve(control, { events: { maxUnsentBytes: 10_000, ringSize: 10 } });
    const slow = await Listener.open(server);
    const fast = await Listener.open(server);
    slow.pause();
    const large = "x".repeat(100_000);
    for (let n = 1; n <= 400 && server.eventClients.dropped === 0; n++) {
      control.tell({ kind: "alert", data: { n, large } });
      await fast.until("it", () => fast.text.length >= n * 100_000);
    }
    expect(server.eventClients).toEqual({ now: 1, dropped: 1 });
    expect(fast.isOver).toBe(false);
  });

  it("lets only so many listen", async () => {
    const server = await serve(new FakeControl(), { events: { maxClients: 1 } });
    await Listener.open(server);
    const answer = await ask(server, { path: "/v1/events" });
    expect(answer.status).toBe(503);
  });

  it("ends with the server", async () => {
    const server = await serve(new FakeControl());
    const listener = await Listener.open(server);
    await server.stop();
    await listener.until("the end", () => listener.isOver);
  });
});
