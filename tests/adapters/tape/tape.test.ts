/**
 * Tapes are ordered by the moment at which an item becomes known, and the feed keeps that order and the pace.
 */
import { describe, expect, it } from "vitest";
import type { MarketInput, TradeInput } from "../../../engine/core/event.ts";
import { DAY, parseBarSize } from "../../../engine/market/bar-size.ts";
import { NYSE } from "../../../engine/market/nyse.ts";
import { sp500Tape, tickTape } from "../../../engine/adapters/tape/file-tapes.ts";
import { syntheticTape } from "../../../engine/adapters/tape/synthetic.ts";
import { mergeTapes, type Tape } from "../../../engine/adapters/tape/tape.ts";
import { barEnd, knownAt as momentOf } from "../../../engine/core/known-at.ts";
import { calendarOf } from "../../../engine/market/instruments.ts";
import { parseSpeed, TapeFeed } from "../../../engine/adapters/tape/tape-feed.ts";
import type { Clock } from "../../../engine/ports/clock.ts";

const trade = (time: number, symbol = "SPY"): TradeInput => ({
  kind: "trade",
  symbol,
  time,
  price: 1,
  size: 1,
  setsPrice: true,
});
const ticks = (...times: number[]): Tape => ({
  name: "ticks",
  label: "real",
  symbols: ["SPY"],
  size: "ticks",
  items: () => times.map((time) => trade(time)),
});

function knownAt(input: MarketInput): number {
  return momentOf(input, calendarOf) ?? NaN;
}

describe("tapes", () => {
  it("plays the S&P 500 of the package, every row on a session, in order", async () => {
    const tape = await sp500Tape();
    const items = [...tape.items()];
    expect([tape.label, tape.symbols, items.length]).toEqual(["real", ["SPX"], 5_105]);
    expect(items[0]).toMatchObject({ kind: "bar", symbol: "SPX", size: "1d", close: 1455.219971 });
    expect(items.every((item, i) => i === 0 || knownAt(item) > knownAt(items[i - 1] as MarketInput))).toBe(true);
  });

  it("knows a day at its close, half days included, and cuts the last hour", () => {
    const halfDay = NYSE.sessionOn("2023-11-24")!;
    expect(barEnd(halfDay.open, DAY, NYSE)).toBe(halfDay.close);
    const hour = parseBarSize("1h")!;
    expect(barEnd(halfDay.open + 3 * hour.ms, hour, NYSE)).toBe(halfDay.close);
    expect(barEnd(halfDay.open, hour, NYSE)).toBe(halfDay.open + hour.ms);
    expect(barEnd(halfDay.close, hour, NYSE)).toBe(halfDay.close + hour.ms);
  });

  it("puts quotes before trades of the same millisecond", () => {
    const quote = { kind: "quote", symbol: "SPY", time: 5, bid: 1, bidSize: 1, ask: 2, askSize: 1 } as const;
    const tape = tickTape("t", {
      symbol: "SPY",
      trades: [trade(4), trade(5)],
      quotes: [quote],
      suspicious: 0,
      refused: [],
      refusedCount: 0,
    });
    expect([...tape.items()].map((item) => item.kind)).toEqual(["trade", "quote", "trade"]);
  });

  it("calls a mix with synthetic data synthetic, and refuses to mix sizes", async () => {
    const made = syntheticTape({ sessions: 1 });
    expect(mergeTapes("mix", [made, { ...made, label: "real" }]).label).toBe("synthetic");
    expect(() => mergeTapes("mix", [made, ticks(1)])).toThrow("different sizes");
  });
});

describe("the synthetic market", () => {
  const bars = (seed: number): MarketInput[] => [...syntheticTape({ seed, sessions: 10 }).items()];

  it("says SYNTHETIC in its name and takes no symbol that could be real", () => {
    const tape = syntheticTape();
    expect([tape.label, tape.name]).toEqual(["synthetic", "SYNTHETIC SYN-A, SYN-B (seed 1)"]);
    expect(() => syntheticTape({ symbols: ["SPY"] })).toThrow("starts with SYN-");
  });

  it("is the same for the same seed and differs for another", () => {
    expect(bars(7)).toEqual(bars(7));
    expect(bars(7)).not.toEqual(bars(8));
  });

  it("is well formed: whole sessions, believable bars, strictly ordered", () => {
    const items = bars(3);
    expect(items).toHaveLength(10 * 390 * 2);
    items.forEach((bar, i) => {
      if (bar.kind !== "bar") throw new Error(bar.kind);
      expect(bar.high >= Math.max(bar.open, bar.close) && bar.low <= Math.min(bar.open, bar.close)).toBe(true);
      expect(bar.symbol).toBe(i % 2 === 0 ? "SYN-A" : "SYN-B");
    });
    expect(items.every((item, i) => i === 0 || knownAt(item) >= knownAt(items[i - 1] as MarketInput))).toBe(true);
  });

  it("holds dips and breakouts for every seed", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const closes = bars(seed).flatMap((bar) => (bar.kind === "bar" && bar.symbol === "SYN-A" ? [bar.close] : []));
      const moves = closes.slice(30).map((close, i) => close / (closes[i] as number) - 1);
      expect(Math.min(...moves)).toBeLessThan(-0.01);
      expect(Math.max(...moves)).toBeGreaterThan(0.01);
    }
  });
});

/** A clock that a test moves. */
class Hand implements Clock {
  time = 0;
  readonly waiting: { at: number; run: () => void }[] = [];
  now(): number {
    return this.time;
  }
  after(ms: number, run: () => void): () => void {
    const entry = { at: this.time + ms, run };
    this.waiting.push(entry);
    return () => {
      const index = this.waiting.indexOf(entry);
      if (index >= 0) this.waiting.splice(index, 1);
    };
  }
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = this.waiting.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.waiting.splice(this.waiting.indexOf(due), 1);
      this.time = due.at;
      due.run();
    }
    this.time = end;
  }
}

describe("the tape feed", () => {
  const play = async (tape: Tape, options: ConstructorParameters<typeof TapeFeed>[1]) => {
    const hand = new Hand();
    const seen: MarketInput[] = [];
    const feed = new TapeFeed(tape, { timers: hand, ...options });
    await feed.start({ market: (input) => seen.push(input), refused: () => {} });
    return { hand, seen, feed };
  };
  const kinds = (seen: MarketInput[]): string[] => seen.map((item) => (item.kind === "feed" ? item.status : item.kind));

  it("says live, plays everything and says ended", async () => {
    const { hand, seen } = await play(ticks(1, 2, 3), { speed: "max" });
    hand.advance(0);
    expect(kinds(seen)).toEqual(["live", "trade", "trade", "trade", "ended"]);
    expect(seen[0]).toMatchObject({ detail: "real tape at max" });
  });

  it("keeps the pace", async () => {
    const { hand, seen } = await play(ticks(0, 60_000, 180_000), { speed: "60x" });
    hand.advance(999);
    expect(kinds(seen)).toEqual(["live", "trade"]);
    hand.advance(1);
    expect(kinds(seen)).toEqual(["live", "trade", "trade"]);
    hand.advance(2_000);
    expect(kinds(seen)).toEqual(["live", "trade", "trade", "trade", "ended"]);
  });

  it("shortens gaps when asked", async () => {
    const { hand, seen } = await play(ticks(0, 86_400_000), { speed: "1x", gapMaxMs: 1_000 });
    hand.advance(1_000);
    expect(kinds(seen)).toEqual(["live", "trade", "trade", "ended"]);
  });

  it("waits while the receiver is full", async () => {
    let room = false;
    const { hand, seen } = await play(ticks(1, 2), { ready: () => room });
    hand.advance(100);
    expect(kinds(seen)).toEqual(["live"]);
    room = true;
    hand.advance(100);
    expect(kinds(seen)).toEqual(["live", "trade", "trade", "ended"]);
  });

  it("gives the event loop back between batches and calls nothing after stop", async () => {
    const { hand, seen, feed } = await play(ticks(1, 2, 3, 4), { batch: 2 });
    (hand.waiting.shift() as { run: () => void }).run();
    expect(kinds(seen)).toEqual(["live", "trade", "trade"]);
    await feed.stop();
    await feed.stop();
    hand.advance(1_000);
    expect(seen).toHaveLength(3);
  });

  it("refuses a speed it does not understand", () => {
    expect(parseSpeed("60x")).toBe(60);
    expect(() => parseSpeed("fast")).toThrow("write max or a factor");
    expect(() => parseSpeed("0x")).toThrow("write max or a factor");
  });
});
