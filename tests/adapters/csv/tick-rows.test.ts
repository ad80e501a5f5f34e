/** Trades and quotes from CSV files of one's own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readTicks } from "../../../engine/adapters/csv/tick-rows.ts";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "barwise-ticks-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function read(content: string | Buffer, kind: "trade" | "quote", name = "ticks.csv"): ReturnType<typeof readTicks> {
  const path = join(folder, name);
  writeFileSync(path, content);
  return readTicks(path, "SPY", kind);
}

const OPEN = Date.parse("2024-03-04T14:30:00Z");

describe("readTicks", () => {
  it("reads trades: New York's time, or the one that a row says", async () => {
    const text =
      "time,price,size\n2024-03-04 09:30:00.250,100.01,200\n2024-03-04T14:30:01Z,100.02,5\n1709562602000,100.03,7";
    const trade = { kind: "trade", symbol: "SPY", setsPrice: true };
    expect(await read(text, "trade")).toEqual([
      { ...trade, time: OPEN + 250, price: 100.01, size: 200 },
      { ...trade, time: OPEN + 1_000, price: 100.02, size: 5 },
      { ...trade, time: OPEN + 2_000, price: 100.03, size: 7 },
    ]);
  });

  it("reads quotes, packed, with columns in any order and more than it needs", async () => {
    const text = '\ufeffdate;time;venue;ask;bid;ask_size;bid_size\r\n2024-03-04;09:30:00;"a;b";100.02;100;3;4\r\n\r\n';
    expect(await read(gzipSync(text), "quote", "q.csv.gz")).toEqual([
      { kind: "quote", symbol: "SPY", time: OPEN, bid: 100, bidSize: 4, ask: 100.02, askSize: 3 },
    ]);
  });

  it("takes the rows of its symbol, and 100 where no size is told", async () => {
    const text = "timestamp,symbol,price\n2024-03-04 09:30:00,QQQ,5\n2024-03-04 09:30:01,SPY,100\n";
    expect(await read(text, "trade")).toMatchObject([{ price: 100, size: 100 }]);
  });

  it.each([
    ["time,size\n2024-03-04 09:30,5\n", "ticks.csv:1: no column price in the header; trades need them"],
    ["price,size\n1,5\n", "no time column"],
    ["", "the file is empty"],
    ["time,price\n2024-03-04 09:30:01,1\n2024-03-04 09:30:00,1\n", "ticks.csv:3: earlier than the row before"],
    ["time,price\n2024-03-04,1\n", "ticks.csv:2: a date without a time of day"],
    ["time,price\nnoon,1\n", 'ticks.csv:2: "noon" is not a time'],
    ["time,price\n2024-03-04 09:30,0\n", "ticks.csv:2: price 0 is not above 0"],
    ["time,price,size\n2024-03-04 09:30,1,\n", "ticks.csv:2: size is missing or not a number"],
    ["time,price,size\n2024-03-04 09:30,1,-1\n", "ticks.csv:2: size -1 is not at least 0"],
    ["time,price\n2024-03-04 09:30,1,5\n", "ticks.csv:2: more than 2 columns"],
    ["time,price,size\n2024-03-04 09:30,1\n", "ticks.csv:2: 2 columns instead of 3"],
  ])("refuses %j", async (text, message) => {
    await expect(read(text, "trade")).rejects.toThrow(message);
  });
});
