/** The outbox with a clock moved by hand: order, floods, retries, dead channels, what is dropped. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ApprovalView } from "../../engine/core/approval.ts";
import type { Delivery, Message, Notifier } from "../../engine/ports/notifier.ts";
import { Outbox } from "../../engine/runtime/outbox.ts";
import { SEED, runs } from "../support/runs.ts";
import { FakeClock, turns } from "./support.ts";

const OK: Delivery = { ok: true, answer: "ok" };
const BUSY: Delivery = { ok: false, reason: "HTTP 500", retry: true };

class FakeChannel implements Notifier {
  readonly pace: Notifier["pace"];
  readonly sent: Message[] = [];
  /** Answers in order; then it arrives. */
  answers: (Delivery | Promise<Delivery>)[] = [];
  always: Delivery = OK;
  stopped = false;
  readonly name: string;

  constructor(name: string, pace = { burst: 1_000, everyMs: 1 }) {
    this.name = name;
    this.pace = pace;
  }

  async notify(message: Message): Promise<Delivery> {
    this.sent.push(message);
    return await (this.answers.shift() ?? this.always);
  }

  async stop(): Promise<void> {
    this.stopped = true;
  }

  get titles(): string[] {
    return this.sent.map(({ title }) => title);
  }
}

function outboxOf(channels: readonly FakeChannel[], more: Partial<ConstructorParameters<typeof Outbox>[0]> = {}) {
  const clock = new FakeClock();
  const notes: string[] = [];
  const dead: string[] = [];
  const outbox = new Outbox({
    channels: channels.map((notifier) => ({ notifier, wants: () => true })),
    clock,
    random: () => 1,
    durable: () => Promise.resolve(),
    note: (line) => notes.push(line),
    dead: (name) => dead.push(name),
    ...more,
  });
  return { outbox, clock, notes, dead };
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((done, failed) => {
    [resolve, reject] = [done, failed];
  });
  return { promise, resolve, reject };
}

let count = 0;
function alert(title: string, more: Partial<Message> = {}): Message {
  const id = `m-${++count}`;
  return { id, kind: "alert", level: "info", title, text: "", time: 0, alike: title, count: 1, ...more };
}

function request(state: ApprovalView["state"], id = "a-1"): Message {
  const approval = { id, state } as ApprovalView;
  return alert(`${id} ${state}`, { kind: "approval", level: "warning", alike: `approval ${id}`, approval });
}

describe("the outbox", () => {
  it("sends in order, and what is urgent before what is not", async () => {
    const channel = new FakeChannel("one");
    const { outbox } = outboxOf([channel]);
    outbox.tell(alert("first"));
    for (const title of ["second", "third"]) outbox.tell(alert(title));
    outbox.tell(alert("fire", { level: "critical" }));
    outbox.tell(request("pending"));
    outbox.tell(alert("more fire", { level: "critical" }));
    await turns();
    // The first was on its way already.
    expect(channel.titles).toEqual(["first", "fire", "a-1 pending", "more fire", "second", "third"]);
  });

  it("tells a flood of 10,000 as a few, with their number, and stays small", async () => {
    const channel = new FakeChannel("one");
    const { outbox, clock } = outboxOf([channel]);
    for (let i = 0; i < 10_000; i++) {
      outbox.tell(alert(`price is ${i}`, { alike: "price" }));
      if (i % 1_000 === 0) await clock.pass(1_000);
    }
    await clock.pass(60_000);
    expect(channel.sent.reduce((sum, message) => sum + message.count, 0)).toBe(10_000);
    expect(channel.sent.length).toBeLessThanOrEqual(3);
    expect(channel.sent[0]?.count).toBe(1);
    expect(channel.sent[1]?.text).toBe(`(${channel.sent[1]?.count} like this)`);
    expect(outbox.counts()["one"]).toMatchObject({ waiting: 0, dropped: 0 });
  });

  it("bounds 10,000 messages of which none is like another, drops the oldest, and says how many", async () => {
    const channel = new FakeChannel("one", { burst: 1, everyMs: 1_000 });
    const { outbox, clock } = outboxOf([channel]);
    for (let i = 0; i < 10_000; i++) outbox.tell(alert(`no ${i}`));
    expect(outbox.counts()["one"]).toEqual({ sent: 0, waiting: 200, dropped: 9_799, merged: 0 });
    outbox.tell(request("pending"));
    await turns();
    await clock.pass(300_000);
    expect(channel.titles.slice(0, 3)).toEqual(["no 0", "a-1 pending", "no 9800"]);
    expect(channel.sent[0]?.text).toBe("(9799 earlier messages were dropped)");
    expect(channel.sent[1]?.text).toBe("");
    expect(channel.sent).toHaveLength(202);
  });

  it("keeps to the pace of the channel", async () => {
    const channel = new FakeChannel("one", { burst: 3, everyMs: 1_000 });
    const { outbox, clock } = outboxOf([channel]);
    for (let i = 0; i < 6; i++) outbox.tell(alert(`no ${i}`));
    await turns();
    expect(channel.sent).toHaveLength(3);
    await clock.pass(999);
    expect(channel.sent).toHaveLength(3);
    await clock.pass(1);
    expect(channel.sent).toHaveLength(4);
    await clock.pass(2_000);
    expect(channel.sent).toHaveLength(6);
  });

  it("tries again after growing pauses with full jitter, and in order", async () => {
    const channel = new FakeChannel("one");
    channel.answers = [BUSY, BUSY, BUSY, OK];
    const { outbox, clock, notes } = outboxOf([channel], { random: () => 0.5 });
    outbox.tell(alert("first"));
    outbox.tell(alert("second"));
    await turns();
    expect(channel.titles).toEqual(["first"]);
    for (const pause of [500, 1_000, 2_000]) {
      await clock.pass(pause - 1);
      const before = channel.sent.length;
      await clock.pass(1);
      expect(channel.sent.length).toBeGreaterThan(before);
    }
    expect(channel.titles).toEqual(["first", "first", "first", "first", "second"]);
    expect(new Set(channel.sent.slice(0, 4).map(({ id }) => id)).size).toBe(1);
    expect(notes).toEqual(["one was not reached: HTTP 500", "one is reached again"]);
  });

  it("obeys a service that asks for patience", async () => {
    const channel = new FakeChannel("one");
    channel.answers = [{ ...BUSY, afterMs: 30_000 } as Delivery];
    const { outbox, clock } = outboxOf([channel], { random: () => 0 });
    outbox.tell(alert("first"));
    await turns();
    await clock.pass(29_999);
    expect(channel.sent).toHaveLength(1);
    await clock.pass(1);
    expect(channel.sent).toHaveLength(2);
  });

  it("gives up what cannot arrive, goes on with the next, and tells the drop once it can", async () => {
    const channel = new FakeChannel("one");
    channel.answers = [{ ok: false, reason: "HTTP 400", retry: false }];
    const { outbox, clock, notes, dead } = outboxOf([channel]);
    outbox.tell(alert("bad"));
    outbox.tell(alert("good"));
    await clock.pass(0);
    expect(channel.titles).toEqual(["bad", "good"]);
    expect(channel.sent[1]?.text).toBe("(1 earlier messages were dropped)");
    expect(notes).toEqual(["one was not reached: HTTP 400", "one is reached again"]);
    expect(dead).toEqual(["one"]);
  });

  it("leaves a dead or hanging channel alone: the others are told at once, of it too", async () => {
    const broken = new FakeChannel("broken");
    broken.always = BUSY;
    const hanging = new FakeChannel("hanging");
    hanging.answers = [new Promise(() => {})];
    const well = new FakeChannel("well");
    const { outbox, clock, dead } = outboxOf([broken, hanging, well]);
    outbox.tell(alert("one"));
    outbox.tell(alert("two"));
    await turns();
    expect(well.titles).toEqual(["one", "two"]);
    expect([broken.titles, hanging.titles]).toEqual([["one"], ["one"]]);
    await clock.pass(600_000);
    expect(broken.titles.filter((title) => title === "one")).toHaveLength(8);
    expect(dead).toEqual(["broken"]);
    const stopping = outbox.stop(5_000);
    await clock.pass(5_000);
    await stopping;
    expect([broken.stopped, hanging.stopped, well.stopped]).toEqual([true, true, true]);
  });

  it("does not end the run when an adapter throws, and does not show what it threw", async () => {
    const channel = new FakeChannel("one");
    channel.answers = [Promise.reject(new TypeError("https://secret.example"))];
    const { outbox, notes } = outboxOf([channel]);
    outbox.tell(alert("one"));
    await turns();
    expect(notes).toEqual(["one was not reached: TypeError"]);
  });

  it("sends nothing of the journal before it is on disk, and nothing that never will be", async () => {
    const channel = new FakeChannel("one");
    const disk = deferred<void>();
    const { outbox } = outboxOf([channel], { durable: () => disk.promise });
    outbox.tell(request("pending"));
    await turns();
    expect(channel.sent).toEqual([]);
    disk.reject(new Error("disk full"));
    outbox.tell(alert("TRADING STOPPED", { kind: "run", level: "critical" }));
    await turns();
    expect(channel.titles).toEqual(["TRADING STOPPED"]);
    expect(channel.sent[0]?.text).toBe("(1 earlier messages were dropped)");
  });

  it("lets the newest word on a request replace one that has not left, and never sends an older one after it", async () => {
    const channel = new FakeChannel("one");
    const first = deferred<Delivery>();
    channel.answers = [first.promise];
    const { outbox, clock } = outboxOf([channel]);
    outbox.tell(request("pending"));
    await turns();
    outbox.tell(request("approved"));
    first.resolve(BUSY);
    await turns();
    await clock.pass(10_000);
    expect(channel.titles).toEqual(["a-1 pending", "a-1 approved"]);
    expect(channel.sent[1]?.count).toBe(1);
  });

  it("gives what waits a moment at the end, held back or not, and says what was lost", async () => {
    const channel = new FakeChannel("one");
    const { outbox, clock, notes } = outboxOf([channel]);
    outbox.tell(alert("one", { alike: "same" }));
    await turns();
    outbox.tell(alert("two", { alike: "same" }));
    await turns();
    expect(channel.titles).toEqual(["one"]);
    await outbox.stop(5_000);
    expect(channel.titles).toEqual(["one", "two"]);
    outbox.tell(alert("three"));
    expect(channel.titles).toHaveLength(2);
    expect(clock.pending).toBe(0);
    expect(notes).toEqual([]);

    const dead = new FakeChannel("dead");
    dead.always = BUSY;
    const other = outboxOf([dead]);
    for (const title of ["a", "b", "c"]) other.outbox.tell(alert(title));
    const stopping = other.outbox.stop(5_000);
    await other.clock.pass(5_000);
    await stopping;
    expect(other.notes).toContain("dead: 3 messages were not delivered");
  });

  it("tells at the end that trading stopped, whatever pace and pauses say", async () => {
    const channel = new FakeChannel("mail", { burst: 1, everyMs: 60_000 });
    channel.answers = [OK, BUSY];
    const { outbox, clock } = outboxOf([channel]);
    outbox.tell(alert("one"));
    await turns();
    for (const title of ["two", "three"]) outbox.tell(alert(title));
    await clock.pass(60_000);
    expect(channel.titles).toEqual(["one", "two"]);
    outbox.tell(alert("TRADING STOPPED", { kind: "run", level: "critical" }));
    await turns();
    expect(channel.sent).toHaveLength(2);
    const stopping = outbox.stop(5_000);
    await clock.pass(5_000);
    await stopping;
    expect(channel.titles).toEqual(["one", "two", "TRADING STOPPED"]);
  });

  it("neither loses nor doubles one whatever fails, as long as what fails may pass", async () => {
    const told = fc.record({ alike: fc.integer({ min: 0, max: 5 }), urgent: fc.boolean(), wait: fc.nat(20_000) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(told, { maxLength: 60 }),
        fc.array(fc.boolean(), { maxLength: 40 }),
        async (all, fails) => {
          const channel = new FakeChannel("one", { burst: 2, everyMs: 500 });
          channel.answers = fails.map((fail, i) => (fail && i % 7 < 6 ? BUSY : OK));
          const { outbox, clock } = outboxOf([channel]);
          for (const { alike, urgent, wait } of all) {
            outbox.tell(alert(`kind ${alike}`, { level: urgent ? "critical" : "info", alike: `${alike}${urgent}` }));
            await turns();
            await clock.pass(wait);
          }
          await clock.pass(3_600_000);
          const { waiting, dropped, sent, merged } = outbox.counts()["one"] ?? {};
          expect(waiting).toBe(0);
          expect((sent ?? 0) + (merged ?? 0) + (dropped ?? 0)).toBe(all.length);
          expect(dropped).toBe(0);
        },
      ),
      { numRuns: runs(40), seed: SEED },
    );
  });
});
