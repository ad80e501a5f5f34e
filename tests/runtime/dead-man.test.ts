/** The dead man's switch: it calls while all is well, and nothing calls for an engine that is not. */
import { beforeEach, describe, expect, it } from "vitest";
import { DeadMan } from "../../engine/runtime/dead-man.ts";
import { FakeClock, turns } from "./support.ts";

let clock: FakeClock;
let calls: string[];
let notes: string[];
let durable: () => Promise<void>;
let trouble: string | undefined;
let answer: string | undefined;

beforeEach(() => {
  clock = new FakeClock();
  [calls, notes, trouble, answer] = [[], [], undefined, undefined];
  durable = () => Promise.resolve();
});

function deadMan(): DeadMan {
  return new DeadMan({
    ...{ everyMs: 60_000, clock },
    call: (ping, detail) => {
      calls.push(`${ping}: ${detail}`);
      return Promise.resolve(answer);
    },
    durable: () => durable(),
    trouble: () => trouble,
    note: (line) => notes.push(line),
  });
}

async function started(): Promise<DeadMan> {
  const made = deadMan();
  made.start();
  await turns();
  return made;
}

describe("the dead man's switch", () => {
  it("calls at the start, then every minute, and says that it was stopped", async () => {
    const made = await started();
    await clock.pass(59_999);
    expect(calls).toEqual(["start: the engine starts"]);
    await clock.pass(60_001);
    expect(calls.slice(1)).toEqual(["well: the engine runs", "well: the engine runs"]);
    await made.stop();
    await clock.pass(600_000);
    expect(calls.slice(3)).toEqual(["stop: the engine was stopped"]);
    expect(clock.pending).toBe(0);
  });

  it("never says that all is well when the journal hangs or fails, or data is missing", async () => {
    await started();
    durable = () => new Promise(() => {});
    await clock.pass(60_000);
    await clock.pass(30_000);
    durable = () => Promise.reject(new Error("disk full"));
    await clock.pass(60_000);
    durable = () => Promise.resolve();
    trouble = "no data of iex";
    await clock.pass(60_000);
    trouble = undefined;
    await clock.pass(60_000);
    expect(calls.slice(1)).toEqual([
      "fail: the journal does not answer",
      "fail: the journal cannot be written",
      "fail: no data of iex",
      "well: the engine runs",
    ]);
  });

  it("does not call while the event loop is held up, and does not catch up afterwards", async () => {
    await started();
    // A held loop runs no timers: time passes and nothing is called back.
    clock.time += 600_000;
    await turns();
    expect(calls).toHaveLength(1);
    await clock.pass(1);
    expect(calls).toHaveLength(2);
  });

  it("says that the engine died, and nothing after it", async () => {
    const made = await started();
    await made.stop("the journal failed");
    await made.stop();
    await clock.pass(120_000);
    expect(calls.slice(1)).toEqual(["fail: the journal failed"]);
  });

  it("notes once that nobody answers, and goes on calling", async () => {
    answer = "HTTP 503";
    await started();
    await clock.pass(180_000);
    answer = undefined;
    await clock.pass(60_000);
    expect(calls).toHaveLength(5);
    expect(notes).toEqual(["dead_man was not reached: HTTP 503", "dead_man is reached again"]);
  });
});
