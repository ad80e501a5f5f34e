/** What `--data` finds: LEAN ticks are ticks wherever the command runs from, and bars are not. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTape } from "../../engine/cli/tapes.ts";
import { haveSharedData, SHARED_DATA_MISSING, sharedPath } from "../support/reference-data.ts";

const TRADES = "34200000,1000000,100,P,1,0\n34200500,1000100,200,P,1,0\n";
const QUOTES = "34199000,999900,300,0,0,P,1,0\n34199100,0,0,1000100,200,P,1,0\n";

let folder = "";
let here = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "barwise-tapes-"));
  here = process.cwd();
  mkdirSync(join(folder, "tick/abc"), { recursive: true });
  for (const day of ["20240304", "20240305"]) {
    writeFileSync(join(folder, `tick/abc/${day}_trade.csv`), TRADES);
    writeFileSync(join(folder, `tick/abc/${day}_quote.csv`), QUOTES);
  }
  process.chdir(folder);
});

afterEach(() => {
  process.chdir(here);
  rmSync(folder, { recursive: true, force: true });
});

async function kinds(source: string): Promise<string> {
  const { tape } = await openTape([source]);
  const all = [...tape.items()].map(({ kind }) => kind[0]);
  return `${tape.symbols.join()} ${tape.size === "ticks" ? "ticks" : tape.size.label} ${all.join("")}`;
}

describe("LEAN ticks", () => {
  it("are found by a relative path, an absolute one, and from inside, with their quotes", async () => {
    expect(await kinds("tick/abc")).toBe("ABC ticks qttqtt");
    expect(await kinds(join(folder, "tick/abc"))).toBe("ABC ticks qttqtt");
    process.chdir("tick/abc");
    expect(await kinds(".")).toBe("ABC ticks qttqtt");
    expect(await kinds("20240304_trade.csv")).toBe("ABC ticks tt");
  });

  it("are found by the beginning of their names", async () => {
    expect(await kinds("tick/abc/20240304")).toBe("ABC ticks qtt");
    await expect(kinds("tick/abc/2023")).rejects.toThrow("--data tick/abc/2023: no such file or folder");
  });

  it("stop at a row that cannot be believed, or leave it out and say so", async () => {
    writeFileSync("tick/abc/20240304_trade.csv", `${TRADES}34201000,-5,100,P,1,0\n`);
    await expect(openTape(["tick/abc"])).rejects.toThrow(/20240304_trade.csv:3: price -0.0005 is not positive/);
    const { notes } = await openTape(["tick/abc"], { skipBadRows: true, symbol: "XYZ" });
    expect(notes).toEqual([expect.stringContaining("1 rows left out, first: tick/abc/20240304_trade.csv:3")]);
  });

  it("are not seen in bars of the same names, whatever folder the project lies in", async () => {
    mkdirSync("tick/data/minute/abc", { recursive: true });
    writeFileSync("tick/data/minute/abc/20240304_trade.csv", "34200000,1000000,1000100,999900,1000000,500\n");
    process.chdir("tick/data");
    const { tape } = await openTape(["minute/abc"], { barSize: "1m" });
    expect(tape.size).toMatchObject({ label: "1m" });
  });

  it.skipIf(!haveSharedData())("are known by what is in the archive, in a folder of any name", async () => {
    mkdirSync("mine/ibm", { recursive: true });
    for (const kind of ["trade", "quote"])
      copyFileSync(sharedPath(`market/lean/equity/usa/tick/ibm/20131007_${kind}.zip`), `mine/ibm/20131007_${kind}.zip`);
    const { tape } = await openTape(["mine/ibm"]);
    expect([tape.size, ...tape.symbols]).toEqual(["ticks", "IBM"]);
    const { tape: bars } = await openTape([sharedPath("market/lean/equity/usa/minute/aapl")]);
    expect(bars.size).toMatchObject({ label: "1m" });
  });
});

it.skipIf(haveSharedData())(SHARED_DATA_MISSING, () => {});
