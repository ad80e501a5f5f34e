/** The core hears of a split before the first price of the new shares, and entries pause while nobody can say. */
import { describe, expect, it } from "vitest";
import type { MarketInput } from "../../engine/core/event.ts";
import type { SplitInput } from "../../engine/core/feed-event.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { SplitWatch } from "../../engine/runtime/split-watch.ts";
import { FakeClock, FakeFeed, turns } from "./support.ts";

const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(`${text}-05:00`);
const split = (time: number): SplitInput => {
  return { kind: "split", symbol: "SPY", time, newShares: "4", oldShares: "1" };
};

interface Rig {
  readonly clock: FakeClock;
  readonly heard: string[];
  readonly asked: string[];
  trade(time: number): void;
  passed(time: number): void;
  busy: boolean;
  answer: () => Promise<readonly SplitInput[]>;
  stop(): Promise<void>;
}

const ANSWERS = async (splits: readonly SplitInput[]): Promise<readonly SplitInput[]> => Promise.resolve(splits);

async function rig(
  wall: boolean,
  since: number,
  splits: readonly SplitInput[] = [],
  answer: Rig["answer"] = () => ANSWERS(splits),
): Promise<Rig> {
  const clock = new FakeClock();
  clock.time = since;
  const feed = new FakeFeed();
  const [heard, asked]: [string[], string[]] = [[], []];
  const watch = new SplitWatch(feed, {
    splits: {
      between: async (symbols, from, until) => {
        asked.push(symbols.join());
        const found = await made.answer();
        return found.filter(({ time }) => time > from && time <= until);
      },
    },
    symbols: () => ["SPY"],
    calendarOf,
    clock,
    wall,
    since,
    isBusy: () => made.busy,
  });
  const made: Rig = {
    clock,
    heard,
    asked,
    trade: (time) => feed.send({ kind: "trade", symbol: "SPY", time, price: 1, size: 1, setsPrice: true }),
    passed: (time) => watch.passed(time),
    busy: false,
    answer,
    stop: () => watch.stop(),
  };
  const hear = (input: MarketInput): void => {
    if (input.kind !== "feed")
      heard.push(input.kind === "splits" ? `splits ${input.known ? "known" : "unknown"}` : input.kind);
  };
  await watch.start({ market: hear, refused: () => {} });
  await turns();
  return made;
}

describe("on real markets", () => {
  it("a split is told when it takes effect, and data of the day before comes before it", async () => {
    const made = await rig(true, at("2024-03-05T15:00"), [split(at("2024-03-06T00:00"))]);
    made.trade(made.clock.time);
    expect(made.heard).toEqual(["trade"]);
    await made.clock.pass(8 * HOUR);
    expect(made.heard).toEqual(["trade"]);
    await made.clock.pass(HOUR);
    expect(made.heard).toEqual(["trade", "split"]);
    await made.stop();
  });

  it("one that is announced after its day has begun is told within half an hour, once", async () => {
    const made = await rig(true, at("2024-03-05T20:00"));
    await made.clock.pass(14 * HOUR);
    made.trade(made.clock.time);
    await turns();
    made.answer = () => Promise.resolve([split(at("2024-03-06T00:00"))]);
    await made.clock.pass(HOUR / 2);
    expect(made.heard).toEqual(["trade", "split"]);
    await made.clock.pass(3 * HOUR);
    expect(made.heard).toEqual(["trade", "split"]);
    await made.stop();
  });

  it("what took effect before the start is not told: positions and history have it", async () => {
    const made = await rig(true, at("2024-03-06T10:00"), [split(at("2024-03-06T00:00"))]);
    made.trade(made.clock.time);
    await made.clock.pass(HOUR);
    expect(made.heard).toEqual(["trade"]);
    await made.stop();
  });

  it("when nobody answers data goes on after twenty seconds, entries pause, and it is asked until somebody does", async () => {
    const made = await rig(true, at("2024-03-06T10:00"), [], () => Promise.reject(new Error("no answer")));
    made.trade(made.clock.time);
    await made.clock.pass(19_000);
    expect(made.heard).toEqual([]);
    await made.clock.pass(2_000);
    expect(made.heard).toEqual(["splits unknown", "trade"]);
    made.trade(made.clock.time);
    expect(made.heard).toEqual(["splits unknown", "trade", "trade"]);
    await made.clock.pass(120_000);
    made.answer = () => Promise.resolve([]);
    await made.clock.pass(60_000);
    expect(made.heard.slice(3)).toEqual(["splits known"]);
    await made.stop();
  });

  it("data waits no longer than that for an answer that never comes, and is not held again for a late one", async () => {
    const answers: ((splits: readonly SplitInput[]) => void)[] = [];
    const made = await rig(true, at("2024-03-06T10:00"), [], () => new Promise((done) => answers.push(done)));
    made.trade(made.clock.time);
    await made.clock.pass(19_000);
    expect(made.heard).toEqual([]);
    await made.clock.pass(2_000);
    made.trade(made.clock.time);
    expect(made.heard).toEqual(["splits unknown", "trade", "trade"]);
    answers[0]?.([]);
    await turns();
    made.trade(made.clock.time);
    expect(made.heard.slice(3)).toEqual(["splits known", "trade"]);
    await made.stop();
    expect(made.clock.pending).toBe(0);
  });
});

describe("on a tape", () => {
  const [first, second] = [at("2024-03-05T10:00"), at("2024-03-06T10:00")];

  it("a split comes before the first item of its day, and the tape waits until it is dealt with", async () => {
    const made = await rig(false, first - 1, [split(at("2024-03-06T00:00"))]);
    for (const time of [first, first + 1]) made.trade(time);
    await turns();
    made.busy = true;
    for (const time of [second, second + 1]) made.trade(time);
    await made.clock.pass(40);
    expect(made.heard).toEqual(["trade", "trade", "split"]);
    made.busy = false;
    await made.clock.pass(20);
    expect(made.heard).toEqual(["trade", "trade", "split", "trade", "trade"]);
    expect(made.asked).toHaveLength(1);
    await made.stop();
  });

  it("a split comes before what a broker says happened after it", async () => {
    const made = await rig(false, first - 1, [split(at("2024-03-06T00:00"))]);
    made.trade(first);
    await turns();
    made.passed(at("2024-03-05T23:59"));
    expect(made.heard).toEqual(["trade"]);
    made.busy = true;
    made.passed(at("2024-03-06T00:00"));
    expect(made.heard).toEqual(["trade", "split"]);
    made.trade(second);
    await made.clock.pass(40);
    expect(made.heard).toEqual(["trade", "split"]);
    made.busy = false;
    await made.clock.pass(20);
    expect(made.heard).toEqual(["trade", "split", "trade"]);
    await made.stop();
  });

  it("does not wait for ever", async () => {
    const made = await rig(false, first - 1, [split(at("2024-03-06T00:00"))]);
    made.trade(first);
    await turns();
    made.busy = true;
    made.trade(second);
    await made.clock.pass(21_000);
    expect(made.heard).toEqual(["trade", "split", "trade"]);
    await made.stop();
  });

  it("is asked for a month at once", async () => {
    const made = await rig(false, first - 1);
    for (let day = 0; day < 60; day++) {
      made.trade(first + day * 24 * HOUR);
      await turns();
    }
    expect(made.heard).toHaveLength(60);
    expect(made.asked).toHaveLength(2);
    await made.stop();
  });
});
