/**
 * What `readBars` believes and what it refuses. Files are written to a temporary folder.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBars, symbolOfFile } from "../../../engine/adapters/csv/bars.ts";
import { barsOf, CsvError, type CsvOptions } from "../../../engine/adapters/csv/types.ts";
import { parseBarSize } from "../../../engine/market/bar-size.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "barwise-csv-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

let count = 0;
async function read(text: string | Buffer, options: CsvOptions = {}, name = "spy-1m.csv") {
  const path = join(folder, `${count++}-${name}`);
  await writeFile(path, text);
  return readBars(path, { symbol: "SPY", ...options });
}

async function refusals(text: string): Promise<string[]> {
  const file = await read(text, { policy: "skip" });
  return file.refused.map((row) => `${row.line}: ${row.reason}`);
}

const iso = (time: number | undefined): string => new Date(time ?? NaN).toISOString();
const DAILY =
  "Date,Open,High,Low,Close,Adj Close,Volume\n2024-03-04,10,12,9,11,10.5,100\n2024-03-05,11,12,10,12,11,200";

describe("columns", () => {
  it("finds columns by name in any case and ignores adjusted closes", async () => {
    const file = await read(DAILY);
    expect(barsOf(file)[0]).toEqual({
      start: Date.UTC(2024, 2, 4, 14, 30),
      open: 10,
      high: 12,
      low: 9,
      close: 11,
      volume: 100,
    });
    expect(file.size.label).toBe("1d");
    expect(file.columns.length).toBe(2);
  });

  it.each([
    ["a byte order mark", `\uFEFF${DAILY}`],
    ["CRLF line ends", DAILY.replaceAll("\n", "\r\n")],
    ["empty lines", `${DAILY.replaceAll("\n", "\n\n")}\n\n`],
    ["semicolons", DAILY.replaceAll(",", ";")],
    ["quotes", DAILY.replaceAll(/[^,\n]+/g, '"$&"')],
    ["a nameless first column", DAILY.replaceAll(/^/gm, "7,").replace("7,", ",")],
  ])("reads a file with %s", async (_, text) => {
    expect(barsOf(await read(text))).toEqual(barsOf(await read(DAILY)));
  });

  it("reads gzip", async () => {
    expect((await read(gzipSync(DAILY), {}, "spy.csv.gz")).columns.length).toBe(2);
  });

  it("names the column that is missing", async () => {
    await expect(read("date,open,high,close\n2024-03-04,1,2,3")).rejects.toThrow("no column low in the header");
    await expect(read("open,high,low,close\n1,2,3,4")).rejects.toThrow("no time column");
    await expect(read("")).rejects.toThrow("the file is empty");
  });

  it("reads a file without volume as zero and says so", async () => {
    const file = await read("date,open,high,low,close\n2024-03-04,10,12,9,11");
    expect([file.hasVolume, file.columns.volume[0]]).toEqual([false, 0]);
  });

  it("selects one symbol of a file with several, and refuses to mix them unasked", async () => {
    const text = "date,symbol,open,high,low,close,volume\n2024-03-04,QQQ,1,1,1,1,1\n2024-03-04,SPY,2,2,2,2,2";
    expect((await read(text)).columns.close[0]).toBe(2);
    const path = join(folder, "both.csv");
    await writeFile(path, text);
    await expect(readBars(path)).rejects.toThrow("symbol SPY among QQQ");
  });

  it("takes the symbol from the file name", () => {
    expect(symbolOfFile("data/spy-1m.csv")).toBe("SPY");
    expect(symbolOfFile("data/SPY_D.csv.gz")).toBe("SPY");
    expect(symbolOfFile("minute/spy/20131007_trade.zip")).toBe("SPY");
    expect(symbolOfFile("BRK.B.csv")).toBe("BRK.B");
  });
});

describe("time", () => {
  const row = (stamp: string): string => `${stamp},1,1,1,1,1`;
  const minutes = (...stamps: string[]): string => ["time,open,high,low,close,volume", ...stamps.map(row)].join("\n");

  it.each([
    ["New York wall clock", "2024-03-04 09:30", "2024-03-04 09:31"],
    ["seconds", "2024-03-04 09:30:00", "2024-03-04 09:31:00"],
    ["UTC", "2024-03-04T14:30:00Z", "2024-03-04T14:31:00.000Z"],
    ["an offset", "2024-03-04T09:30:00-05:00", "2024-03-04 09:31-0500"],
    ["epoch seconds", "1709562600", "1709562660"],
    ["epoch milliseconds", "1709562600000", "1709562660000"],
    ["compact dates", "20240304 09:30", "20240304 09:31"],
  ])("reads %s", async (_, first, second) => {
    const file = await read(minutes(first, second));
    expect([iso(file.columns.start[0]), file.size.label]).toEqual(["2024-03-04T14:30:00.000Z", "1m"]);
  });

  it("follows daylight saving in New York and elsewhere", async () => {
    const stamps = ["2024-03-08 12:00", "2024-03-11 12:00", "2024-03-11 12:05"];
    const newYork = await read(minutes(...stamps));
    expect(iso(newYork.columns.start[0])).toBe("2024-03-08T17:00:00.000Z");
    expect(iso(newYork.columns.start[1])).toBe("2024-03-11T16:00:00.000Z");
    const berlin = await read(minutes("2024-03-30 12:00", "2024-03-31 12:00", "2024-03-31 12:05"), {
      timeZone: "Europe/Berlin",
    });
    expect(iso(berlin.columns.start[0])).toBe("2024-03-30T11:00:00.000Z");
    expect(iso(berlin.columns.start[1])).toBe("2024-03-31T10:00:00.000Z");
  });

  it("reads date and time from two columns", async () => {
    const file = await read(
      "date,time,open,high,low,close,volume\n2024-03-04,09:30,1,1,1,1,1\n2024-03-04,09:35,1,1,1,1,1",
    );
    expect([iso(file.columns.start[0]), file.size.label]).toEqual(["2024-03-04T14:30:00.000Z", "5m"]);
  });

  it("finds the size although minutes are missing", async () => {
    expect((await read(minutes("2024-03-04 09:30", "2024-03-04 09:40", "2024-03-04 09:45"))).size.label).toBe("5m");
    await expect(read(minutes("2024-03-04 09:30", "2024-03-04 09:32", "2024-03-04 09:35"))).rejects.toThrow(
      "do not fit",
    );
    await expect(read(minutes("2024-03-04 09:30"))).rejects.toThrow("one row tells no bar size");
  });

  it("takes midnight stamps of daily files as dates", async () => {
    const file = await read(minutes("2024-03-04 00:00:00-05:00", "2024-03-05 00:00:00-05:00"));
    expect([file.size.label, iso(file.columns.start[1])]).toEqual(["1d", "2024-03-05T14:30:00.000Z"]);
  });

  it("uses UTC days for pairs", async () => {
    const file = await read(DAILY.replaceAll("2024-03-05", "2024-03-10"), { symbol: "BTC/USD" });
    expect(iso(file.columns.start[1])).toBe("2024-03-10T00:00:00.000Z");
  });

  it("refuses weekly rows rather than taking them for days", async () => {
    const weeks = ["2024-03-04", "2024-03-11", "2024-03-18", "2024-03-25"];
    await expect(read(minutes(...weeks))).rejects.toThrow("weekly bars are not supported");
  });
});

describe("rows", () => {
  const table = (...rows: string[]): string => ["date,open,high,low,close,volume", ...rows].join("\n");

  it("says file, line and reason of every row it refuses", async () => {
    expect(
      await refusals(
        table(
          "2024-03-04,10,12,9,11,1",
          "2024-03-05,10,9,9,9,1",
          "2024-03-05,10,12,11,11,1",
          "2024-03-05,x,12,9,11,1",
          "2024-03-05,,12,9,11,1",
          "2024-03-05,10,12,9,11,-1",
          "2024-03-05,10,12,9,11,NaN",
          "2024-03-05,10,12,9",
          "2024-03-05,10,12,9,11,1,1",
          "2024-03-04,10,12,9,11,1",
          "2024-03-01,10,12,9,11,1",
          "2024-03-09,10,12,9,11,1",
          "03/05/2024,10,12,9,11,1",
          "2024-02-30,10,12,9,11,1",
          "2024-03-05,0,0,0,0,1",
        ),
      ),
    ).toEqual([
      "3: high 9 is below open 10",
      "4: low 11 is above open 10",
      "5: open is missing or not a number",
      "6: open is missing or not a number",
      "7: volume -1 is negative",
      "8: volume is missing or not a number",
      "9: 4 columns instead of 6",
      "10: more than 6 columns",
      "11: same time as the row before",
      "12: earlier than the row before",
      "13: 2024-03-09 is not a session of the NYSE calendar",
      '14: "03/05/2024" is not a time; write YYYY-MM-DD [HH:MM[:SS]] or an epoch',
      '15: "2024-02-30" is not a time; write YYYY-MM-DD [HH:MM[:SS]] or an epoch',
      "16: low 0 is not a positive price",
    ]);
  });

  it("fails on the first policy by default and names the place", async () => {
    const error = await read(table("2024-03-04,10,12,9,11,1", "2024-03-05,10,9,9,9,1")).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(CsvError);
    expect((error as CsvError).message).toMatch(/^1 rows refused\n.*spy-1m\.csv:3: high 9 is below open 10$/);
    expect((error as CsvError).refused).toHaveLength(1);
  });

  it("refuses rows that overlap when the size is given", async () => {
    const text = "time,open,high,low,close,volume\n2024-03-04 09:30,1,1,1,1,1\n2024-03-04 09:33,1,1,1,1,1";
    await expect(read(text, { size: parseBarSize("5m")! })).rejects.toThrow("overlaps the 5m bar before");
  });

  it("reads numbers bit for bit like Number", async () => {
    const texts = [
      "0.1",
      "123.456789",
      "1e2",
      "1.7976931348623157",
      "123456789.123456789",
      "0.000001",
      "+5.5",
      "99999999999999.9",
    ];
    const rows = texts.map((text, i) => `2024-03-04 09:3${i},${text},${text},${text},${text},1`);
    const file = await read(["time,open,high,low,close,volume", ...rows].join("\n"));
    expect([...file.columns.close]).toEqual(texts.map(Number));
  });

  it("reads a folder in name order as one series", async () => {
    const many = await mkdtemp(join(folder, "many-"));
    await writeFile(join(many, "b.csv"), table("2024-03-06,1,1,1,1,1"));
    await writeFile(join(many, "a.csv"), table("2024-03-04,1,1,1,1,1", "2024-03-05,1,1,1,1,1"));
    await writeFile(join(many, "notes.md"), "no data");
    expect((await readBars(many, { symbol: "SPY" })).columns.length).toBe(3);
    await expect(readBars(join(folder, "none.csv"))).rejects.toThrow("cannot be read (ENOENT)");
  });

  it("reads a hundred thousand rows across chunk borders without losing one", async () => {
    const lines = ["t,open,high,low,close,volume"];
    for (let i = 0; i < 100_000; i++)
      lines.push(`${1_709_562_600 + i * 60},${i + 1}.25,${i + 2},${i + 1},${i + 1.5},${i}`);
    const { columns, size } = await read(lines.join("\n"));
    expect([columns.length, size.label, columns.open[99_999], columns.volume[77_777]]).toEqual([
      100_000,
      "1m",
      100_000.25,
      77_777,
    ]);
  });
});
