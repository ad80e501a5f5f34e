/** What a feed of bars missed while it was down comes from history: facts follow, nothing fires, no bar is left out. */
import { describe, expect, it } from "vitest";
import type { Bar, MarketInput } from "../../engine/core/event.ts";
import { inspect } from "../../engine/core/view.ts";
import { parseBarSize } from "../../engine/market/bar-size.ts";
import type { BarSize } from "../../engine/market/bar-size.ts";
import { GapFill } from "../../engine/runtime/gap-fill.ts";
import { CoreDriver } from "../support/core-driver.ts";
import { FakeClock, FakeFeed, programOf, START } from "./support.ts";

const MINUTE = 60_000;
const SYMBOL = "ACME/USD";
const size = parseBarSize("1m") as BarSize;

const bar = (minute: number): Bar => {
  const close = 100 + minute;
  return { start: START + minute * MINUTE, open: close, high: close, low: close, close, volume: 1 };
};

function rig(answer: (before: number, count: number) => Promise<readonly Bar[]>) {
  const clock = new FakeClock();
  const feed = new FakeFeed();
  const fill = new GapFill(feed, {
    history: {
      bars: (_, __, before, count, session) => {
        // A gap is filled at every hour: each series takes what lies in its session.
        expect(session).toBe("always");
        return answer(before, count);
      },
    },
    symbols: [SYMBOL],
    size,
    clock,
  });
  const inputs: MarketInput[] = [];
  const say = (status: "live" | "down"): void => feed.send({ kind: "feed", feed: "fake", status, detail: status });
  const words = (): string[] =>
    inputs.map((input) =>
      input.kind === "feed" ? input.detail : input.kind === "history" ? `${input.bars.length} of history` : input.kind,
    );
  return {
    clock,
    feed,
    fill,
    inputs,
    say,
    words,
    start: () => fill.start({ market: (input) => void inputs.push(input), refused: () => {} }),
  };
}

describe("a gap", () => {
  it("is filled before the core hears that the feed is live, and what came meanwhile follows", async () => {
    const asked: number[] = [];
    const made = rig((before, count) => {
      asked.push((before - START) / MINUTE, count);
      return Promise.resolve([bar(0), bar(1), bar(2)]);
    });
    await made.start();
    made.clock.time = START + MINUTE;
    made.feed.bar(SYMBOL, START, 100);
    made.clock.time = START + 1.5 * MINUTE;
    made.say("down");
    made.clock.time = START + 3 * MINUTE;
    made.say("live");
    made.feed.bar(SYMBOL, START + 3 * MINUTE, 103);
    expect(made.words()).toEqual(["", "bar", "down"]);
    await made.clock.pass(2_000);
    expect(asked).toEqual([3 + 2 / 60, 6]);
    expect(made.words()).toEqual(["", "bar", "down", "live; 2 bars of the gap came from history", "bar"]);
    expect(made.inputs[3]).toMatchObject({
      gap: { since: START, history: [{ symbol: SYMBOL, size: "1m", bars: [bar(1), bar(2)] }] },
    });
    await made.clock.pass(60_000);
    expect(made.clock.pending).toBe(0);
  });

  it.each([
    ["history fails", () => Promise.reject(new Error("HTTP 500")), 2_000, "HTTP 500"],
    ["history never answers", () => new Promise<never>(() => {}), 22_000, "no answer within 20 s"],
  ])("stays one when %s, and that is said", async (_, answer, ms, why) => {
    const made = rig(answer);
    await made.start();
    made.say("down");
    made.say("live");
    await made.clock.pass(ms);
    expect(made.words().slice(2)).toEqual([`live; the gap was not filled: ${why}`]);
    expect(made.inputs[2]).not.toHaveProperty("gap");
  });

  it("that begins again while history is asked is one gap, from its first moment", async () => {
    const answers: ((bars: readonly Bar[]) => void)[] = [];
    const made = rig(() => new Promise((resolve) => answers.push(resolve)));
    await made.start();
    made.say("down");
    made.say("live");
    await made.clock.pass(2_000);
    made.say("down");
    made.feed.bar(SYMBOL, START, 100);
    made.say("live");
    await made.clock.pass(2_000);
    answers[0]?.([bar(0)]);
    answers[1]?.([bar(0), bar(1)]);
    await made.clock.pass(1);
    expect(made.words().slice(1)).toEqual(["down", "bar", "live; 1 bars of the gap came from history"]);
    expect(made.inputs[3]).toMatchObject({ gap: { since: START } });
  });

  it("begins when data ended, not when somebody noticed", async () => {
    const made = rig(() => Promise.resolve([bar(0), bar(1), bar(2)]));
    await made.start();
    made.clock.time = START + MINUTE;
    made.feed.bar(SYMBOL, START, 100);
    // The wire is cut before 02:00; a ping that nobody answers tells so at 02:13.
    made.clock.time = START + 2 * MINUTE + 13_000;
    made.say("down");
    made.clock.time += 1_000;
    made.say("live");
    await made.clock.pass(2_000);
    expect(made.inputs[3]).toMatchObject({ gap: { history: [{ bars: [bar(1), bar(2)] }] } });
  });

  it("does not reach back before one that was not filled", async () => {
    const answers = [() => Promise.reject(new Error("HTTP 500")), () => Promise.resolve([bar(0), bar(1), bar(2)])];
    const made = rig(() => (answers.shift() as () => Promise<readonly Bar[]>)());
    await made.start();
    made.clock.time = START + 1.5 * MINUTE;
    for (const minute of [0, 1]) {
      made.say("down");
      made.say("live");
      await made.clock.pass(2_000);
      made.clock.time += minute * MINUTE;
    }
    expect(made.inputs.at(-1)).toMatchObject({
      gap: { since: START + 1.5 * MINUTE + 2_000, history: [{ bars: [bar(1), bar(2)] }] },
    });
  });

  it("is nothing any more after a stop", async () => {
    const made = rig(() => Promise.resolve([bar(0)]));
    await made.start();
    made.say("down");
    made.say("live");
    await made.fill.stop();
    await made.clock.pass(60_000);
    expect([made.words(), made.clock.pending]).toEqual([["", "down"], 0]);
  });
});

describe("the core over a gap that was filled", () => {
  const RULES = `barwise: 1
name: a
symbols: [${SYMBOL}]
on: 1m
facts: {average: sma(3), long: close(on: 5m), volume_long: volume(on: 5m)}
rules:
  - name: enter
    when: close > 101.5
    then: {buy: {size: {qty: 1}, time_in_force: gtc}}
`;
  const told = (core: CoreDriver, minute: number): void =>
    void core.bar(SYMBOL, "1m", START + minute * MINUTE, 100 + minute, { volume: 1 });
  const status = (core: CoreDriver, state: "live" | "down", bars?: readonly Bar[]): void => {
    const since = START + 1.5 * MINUTE;
    const gap = bars && { gap: { since, history: [{ kind: "history", symbol: SYMBOL, size: "1m", bars }] as const } };
    core.feed({ kind: "feed", feed: "f", status: state, detail: "", ...gap });
  };

  function run(gap?: "filled" | "open"): CoreDriver {
    const core = new CoreDriver(programOf(RULES), START, { live: true });
    told(core, 0);
    if (gap !== undefined) {
      core.passTo(START + 1.5 * MINUTE);
      status(core, "down");
      core.passTo(START + 6.1 * MINUTE);
      status(core, "live", gap === "filled" ? [1, 2, 4, 5].map(bar) : undefined);
    } else for (const minute of [1, 2, 4, 5]) told(core, minute);
    for (const minute of [6, 7, 8, 9, 10]) told(core, minute);
    return core;
  }

  it("has the facts of a run without a gap, longer bars included, and leaves no bar out", () => {
    const [whole, filled] = [run(), run("filled")];
    expect(inspect(filled.core)[0]?.facts).toEqual(inspect(whole.core)[0]?.facts);
    expect(inspect(filled.core)[0]?.facts).toMatchObject({ average: 109, long: 109, volume_long: 5 });
    expect(filled.alerts).toEqual([]);
  });

  it("sends no order for what turned true in the gap", () => {
    expect(run().submits).toHaveLength(1);
    expect(run("filled").submits).toHaveLength(0);
  });

  it("leaves the bar out, once and aloud, when nothing came from history", () => {
    const open = run("open");
    expect(open.alerts).toEqual(["data/incomplete-bar"]);
    expect(inspect(open.core)[0]?.facts).toMatchObject({ volume_long: Number.NaN });
  });
});
