import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBars } from "../../../engine/adapters/csv/bars.ts";
import { readFactors } from "../../../engine/adapters/csv/factors.ts";
import type { FactorFile } from "../../../engine/adapters/csv/factors.ts";
import { adjusted } from "../../../engine/adapters/tape/adjusted.ts";
import { barTape, tickTape } from "../../../engine/adapters/tape/file-tapes.ts";
import type { Tape } from "../../../engine/adapters/tape/tape.ts";
import { openTape } from "../../../engine/cli/tapes.ts";
import type { BarInput } from "../../../engine/core/event.ts";
import { haveSharedData, sharedPath } from "../../support/reference-data.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "barwise-factors-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, lines: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, lines.join("\n"));
  return path;
}

const DAYS = [
  "date,open,high,low,close,volume",
  "2024-03-04,100,104,98,102,1000",
  "2024-03-05,102,103,100,101,1100",
  "2024-03-06,50,52,49,51,2200",
  "2024-03-07,51,53,50,52,2000",
];
/** A split of 2 for 1 after March 5th, a dividend of 1 % of the price after March 6th, another split later. */
const FACTORS = [
  "20240301,0.99,0.25,1",
  "20240305,0.99,0.25,101",
  "20240306,0.99,0.5,51",
  "20240501,1,0.5,60",
  "20501231,1,1,0",
];

const barsOf = (tape: Tape): BarInput[] => [...tape.items()].filter((item) => item.kind === "bar");

async function days(lines: readonly string[] = DAYS): Promise<Tape> {
  return barTape("abc.csv", await readBars(await file("abc.csv", lines)));
}

async function factors(lines: readonly string[] = FACTORS, name = "abc.csv"): Promise<FactorFile> {
  return readFactors(await file(`factors-${name}`, lines), name.slice(0, -4).toUpperCase());
}

describe("a tape with factors", () => {
  it("has the prices of its last day: splits before it divide prices and multiply volume", async () => {
    const { tape, notes } = adjusted(await days(), [await factors()], "splits");
    expect(barsOf(tape).map(({ open, high, low, close, volume }) => [open, high, low, close, volume])).toEqual([
      [50, 52, 49, 51, 2000],
      [51, 51.5, 50, 50.5, 2200],
      [50, 52, 49, 51, 2200],
      [51, 53, 50, 52, 2000],
    ]);
    expect(tape.name).toBe("abc.csv, adjusted for splits");
    expect(notes).toEqual([
      "ABC: prices are adjusted for splits as of 2024-03-07, 1 change; the first are multiplied by 0.5, and orders fill at these prices",
    ]);
  });

  it("takes dividends out of prices, and not out of volume, when it is asked to", async () => {
    const { tape } = adjusted(await days(), [await factors()], "all");
    expect(barsOf(tape).map(({ close, volume }) => [close, volume])).toEqual([
      [50.49, 2000],
      [49.995, 2200],
      [50.49, 2200],
      [52, 2000],
    ]);
  });

  it("says when there is nothing to adjust, and for which symbol it has no factors", async () => {
    const { tape, notes } = adjusted(await days(), [await factors(["20501231,1,1,0"])], "all");
    expect(notes).toEqual(["ABC: no splits or dividends until 2024-03-07, prices are as traded"]);
    expect(barsOf(tape)).toEqual(barsOf(await days()));
    expect(adjusted(await days(), [], "splits").notes).toEqual(["ABC: prices are not adjusted"]);
  });

  it("adjusts trades and quotes by their date", () => {
    const at = (day: number): number => Date.UTC(2024, 2, day, 15);
    const trades = [5, 6].map((day) => ({
      kind: "trade" as const,
      symbol: "ABC",
      time: at(day),
      price: day === 5 ? 101 : 51,
      size: 10,
      setsPrice: true,
    }));
    const quotes = trades.map(({ symbol, time, price }) => ({
      kind: "quote" as const,
      symbol,
      time: time - 1,
      bid: price - 1,
      bidSize: 3,
      ask: price + 1,
      askSize: 4,
    }));
    const ticks = { symbol: "ABC", trades, quotes, suspicious: 0, refused: [], refusedCount: 0 };
    const split = { day: 19_787, price: 1, split: 0.5, reference: 101 };
    const source = { file: "abc.csv", symbol: "ABC", rows: [split, { ...split, day: 29_000, split: 1 }] };
    expect([...adjusted(tickTape("abc", ticks), [source], "splits").tape.items()]).toMatchObject([
      { bid: 50, bidSize: 6, ask: 51, askSize: 8 },
      { price: 50.5, size: 20 },
      { bid: 50, bidSize: 3, ask: 52, askSize: 4 },
      { price: 51, size: 10 },
    ]);
  });

  it("is refused when its prices are adjusted already, naming a date and both prices", async () => {
    const once = adjusted(await days(), [await factors()], "splits").tape;
    const again = await factors();
    expect(() => adjusted(once, [again], "splits")).toThrow(
      /the data of ABC is not as it was traded \(its close of 2024-03-05 is 50\.5, and 101 in the file\): it is adjusted already/,
    );
  });

  it("is refused when the file ends too early or is of another symbol", async () => {
    const tape = await days();
    const early = await factors(["20240305,1,0.5,101"]);
    expect(() => adjusted(tape, [early], "splits")).toThrow(/ends on 2024-03-05 with factors that are not 1/);
    const other = await factors(FACTORS, "xyz.csv");
    expect(() => adjusted(tape, [other], "splits")).toThrow(/factors of XYZ, and the data has ABC; write SYMBOL=FILE/);
  });
});

describe("a factor file", () => {
  it.each([
    [["date,factor", "x"], /factors-abc\.csv:1: 2 columns/],
    [["2024-03-05,1,1,1"], /:1: "2024-03-05" is no date such as 20140606/],
    [["20240231,1,1,1"], /:1: "20240231" is no date/],
    [["20240305,1,0,1"], /:1: "1,0" are no factors above 0/],
    [["20240305,1,,1"], /:1: "1," are no factors above 0/],
    [["20240305,1,1,abc"], /:1: "abc" is no price/],
    [["20240305,1,1,1", "", "20240304,1,1,1"], /:3: 2024-03-04 does not come after 2024-03-05/],
    [[""], /factors-abc\.csv: no factors/],
  ])("that cannot be believed is refused with its line: %j", async (lines, message) => {
    await expect(factors(lines)).rejects.toThrow(message);
  });

  it("that is not there is refused", async () => {
    await expect(readFactors(join(folder, "none.csv"))).rejects.toThrow(/none\.csv: cannot be read \(ENOENT\)/);
  });
});

describe("--factors and --adjust", () => {
  it("take a file, SYMBOL=FILE or a folder, and refuse what does not fit", async () => {
    const data = [await file("abc.csv", DAYS)];
    const path = await file("whatever.csv", FACTORS);
    const { tape, notes } = await openTape(data, { factors: [`ABC=${path}`], adjust: "all" });
    expect(tape.name).toBe("abc.csv, adjusted for splits and dividends");
    expect(notes.join()).toContain("ABC: prices are adjusted for splits and dividends");
    await expect(openTape(data, { factors: [path] })).rejects.toThrow(/--factors .*factors of WHATEVER/);
    await expect(openTape(data, { adjust: "all" })).rejects.toThrow("--adjust needs --factors");
    await expect(openTape(data, { factors: [path], adjust: "some" })).rejects.toThrow(
      "--adjust some: expected splits or all",
    );
    await expect(openTape(["sp500"], { factors: [folder] })).rejects.toThrow(/no factor file of SPX in this folder/);
  });
});

describe.skipIf(!haveSharedData())("the factor files of real symbols", () => {
  const lean = (path: string): string => sharedPath(`market/lean/equity/usa/${path}`);
  const folderOfFactors = (): string => lean("factor_files");
  const closes = async (symbol: string, adjust?: string): Promise<BarInput[]> => {
    const options = adjust === undefined ? {} : { factors: [folderOfFactors()], adjust };
    return barsOf((await openTape([lean(`daily/${symbol}.zip`)], options)).tape);
  };
  const leaps = (bars: readonly BarInput[]): number =>
    bars.filter(({ open }, i) => Math.abs(Math.log(open / (bars[i - 1]?.close ?? open))) > Math.log(1.8)).length;

  it("take the leaps of splits out of daily prices", async () => {
    // Apple: 2 for 1 in 2000 and 2005, 7 for 1 in 2014, 4 for 1 in 2020; on 2000-09-29 it fell by half by itself.
    expect(leaps(await closes("aapl"))).toBe(5);
    const after = await closes("aapl", "splits");
    expect(leaps(after)).toBe(1);
    expect(after.at(-1)?.close).toBe((await closes("aapl")).at(-1)?.close);
    for (const symbol of ["ibm", "bac", "qqq", "iwm"])
      expect([symbol, leaps(await closes(symbol, "splits"))]).toEqual([symbol, leaps(await closes(symbol)) - 1]);
  });

  it("join the minutes before and after the split of Apple in 2014", async () => {
    const { tape } = await openTape([lean("minute/aapl")], { factors: [folderOfFactors()] });
    const at = (day: number, hour: number, minute: number): BarInput | undefined =>
      barsOf(tape).find(({ start }) => start === Date.UTC(2014, 5, day, hour + 4, minute));
    const [before, after] = [at(6, 15, 59), at(9, 9, 30)];
    expect(before?.close).toBeGreaterThan(92);
    expect((after?.open ?? 0) / (before?.close ?? 1)).toBeCloseTo(1, 1);
  });

  it("give the returns of another provider's prices, adjusted for dividends", async () => {
    const other = await readBars(sharedPath("market/skender/default.csv.gz"), { symbol: "SPY" });
    const own = new Map((await closes("spy", "all")).map(({ start, close }) => [start, close]));
    const ratios = Array.from(other.columns.close.subarray(0, other.columns.length), (close, i) => {
      const price = own.get(other.columns.start[i] as number);
      return price === undefined ? Number.NaN : close / price;
    }).filter((ratio) => !Number.isNaN(ratio));
    expect(ratios.length).toBeGreaterThan(490);
    expect(Math.max(...ratios) / Math.min(...ratios)).toBeLessThan(1.002);
  });

  it("are refused on prices that they have adjusted, whatever the symbol", async () => {
    for (const symbol of ["aapl", "ibm", "bac", "qqq", "iwm", "spy"]) {
      const { tape } = await openTape([lean(`daily/${symbol}.zip`)], { factors: [folderOfFactors()], adjust: "all" });
      const again = await readFactors(join(folderOfFactors(), `${symbol}.csv`));
      expect(() => adjusted(tape, [again], "splits"), symbol).toThrow(/is not as it was traded/);
    }
  });
});
