/** `barwise replay` as a person runs it. */
import { appendFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openFileJournal } from "../../engine/adapters/journal/open.ts";
import { readJournal } from "../../engine/adapters/journal/read.ts";
import { compact, planCompaction } from "../../engine/adapters/journal/compact.ts";
import { readSnapshot, writeSnapshot } from "../../engine/adapters/journal/snapshots.ts";
import { takeSnapshot } from "../../engine/cli/take-snapshot.ts";
import { addBacktest } from "../../engine/cli/backtest.ts";
import { addReplay } from "../../engine/cli/replay.ts";
import type { JournalHeader, JournalRecord, NumberedRecord } from "../../engine/ports/journal.ts";
import { barwiseWith, inFolderOfItsOwn } from "./in-process.ts";
import type { Run } from "./in-process.ts";

const DIP = `barwise: 1
name: dip
symbols: [SPX]
on: 1d
rules:
  - name: enter
    when: close > sma(5)
    then: { buy: { size: { qty: 10 }, time_in_force: gtc, bracket: { stop_loss: close * 0.4 } } }
  - name: leave
    when: close < sma(5) * 0.98
    then: { close: {} }
`;

inFolderOfItsOwn("replay");

beforeEach(() => {
  mkdirSync("strategies");
  writeFileSync("strategies/dip.strategy.yaml", DIP);
});

const barwise = barwiseWith(addReplay, addBacktest);

const replay = (...args: readonly string[]): Promise<Run> => barwise("replay", ...args);
const RUN = ".barwise/journal/2024-01-01";

async function ran(): Promise<void> {
  mkdirSync(".barwise/journal", { recursive: true });
  const { code, err } = await barwise(
    "backtest",
    "strategies",
    "--data",
    "sp500",
    "--to",
    "2000-06-01",
    "--journal",
    RUN,
  );
  expect({ code, err }).toMatchObject({ code: 0 });
}

/** The journal again with its records changed, in a folder of its own. */
async function altered(change: (records: NumberedRecord[]) => NumberedRecord[], header = {}): Promise<string> {
  const records: JournalRecord[] = [];
  for await (const record of readJournal(RUN)) records.push(record);
  const name = "altered";
  const journal = await openFileJournal(name, { ...(records[0] as JournalHeader), ...header });
  const numbered = records.filter((record): record is NumberedRecord => "n" in record);
  for (const [n, record] of change(numbered).entries()) journal.append({ ...record, n });
  await journal.close();
  return name;
}

describe("a journal computed again", () => {
  it("is the same to the byte, and says how much that was", async () => {
    await ran();
    const { out, err, code } = await replay();
    expect(out).toMatch(
      /^\.barwise\/journal\/2024-01-01: the same to the byte\n\d+ inputs up to 2000-05-31 16:00:00 New York gave \d+ outputs again \(\d+\.\d s\)\.\n$/,
    );
    expect({ err, code }).toEqual({ err: "", code: 0 });
    const json = JSON.parse((await replay(RUN, "--format", "json")).out) as object;
    expect(json).toMatchObject({ format_version: 1, same: true, unwritten_outputs: 0, difference: null });
    expect(json).toMatchObject({ market_time: "2000-05-31T20:00:00Z", journal: { folder: RUN, id: "backtest" } });
  });

  it("differs at an order that the journal has otherwise: input, exchange time and path, exit code 1", async () => {
    await ran();
    const name = await altered(
      (records) => {
        const at = records.findIndex(
          (record) => record.kind === "out" && record.outputs.some(({ kind }) => kind === "submit"),
        );
        return records.map((record, i) =>
          i === at
            ? (JSON.parse(JSON.stringify(record).replaceAll('"qty":"10"', '"qty":"11"')) as NumberedRecord)
            : record,
        );
      },
      { barwise: "0.0.9" },
    );
    const { out, code } = await replay(name);
    expect(out.split("\n")).toEqual([
      expect.stringMatching(/^altered: differs after input \d+ \(confirmation\)$/),
      expect.stringMatching(/^ {2}at 2000-01-\d\d 16:00:00 New York$/),
      expect.stringMatching(/^ {2}outputs\[\d\]\.order\.qty: recorded "11", now "10"$/),
      expect.stringMatching(/^\d+ outputs? of \d+ inputs before it are the same\.$/),
      "The journal was written by version 0.0.9; this is version 0.1.0.",
      "",
    ]);
    expect(code).toBe(1);
    const json = await replay(name, "--format", "json");
    expect(JSON.parse(json.out)).toMatchObject({ same: false, difference: { recorded: '"11"', now: '"10"' } });
    expect(json.code).toBe(1);
  });

  it("differs where outputs are missing, and where there were none", async () => {
    await ran();
    const missing = await altered((records) => {
      const at = records.findIndex(
        (record) => record.kind === "out" && record.outputs.some(({ kind }) => kind === "submit"),
      );
      return records.filter((_, i) => i !== at);
    });
    expect((await replay(missing)).out).toMatch(/outputs\[0\]: recorded nothing, now \{"kind":/);
    rmSync(missing, { recursive: true });
    const more = await altered((records) => {
      const at = records.findIndex((record, i) => record.kind === "in" && records[i + 1]?.kind === "in");
      const { seq } = (records[at] as Extract<NumberedRecord, { kind: "in" }>).input;
      return records.toSpliced(at + 1, 0, { kind: "out", n: 0, seq, outputs: [{ kind: "timer.cancel", id: "x" }] });
    });
    const { out, code } = await replay(more);
    expect(out).toContain('outputs[0]: recorded {"kind":"timer.cancel","id":"x"}, now nothing');
    expect(code).toBe(1);
  });

  it("says when the end was cut short, by a crash or before the last outputs", async () => {
    await ran();
    const name = await altered((records) =>
      records.slice(
        0,
        records.findLastIndex(({ kind }) => kind === "out"),
      ),
    );
    expect((await replay(name)).out).toMatch(/The last input gives \d+ outputs? that the journal does not hold/);
    const file = join(
      name,
      readdirSync(name)
        .filter((each) => each.endsWith(".journal"))
        .at(-1) as string,
    );
    appendFileSync(file, Buffer.from([9, 0, 0]));
    const torn = await replay(name);
    expect(torn.err).toContain("altered: the last 3 bytes are a write that a crash cut short");
    expect(torn.code).toBe(0);
    writeFileSync(join(name, "LOCK"), JSON.stringify({ pid: process.ppid, started: null }));
    expect((await replay(name)).err).toBe(`altered: process ${process.ppid} is writing it; compared up to now\n`);
  });

  it("cannot be read or computed: exit code 2, and why", async () => {
    expect(await replay()).toMatchObject({ code: 2, err: "error: .barwise/journal: no journal here\n" });
    await ran();
    const newer = await altered((records) =>
      records.map((record) =>
        record.kind === "in" && record.input.kind === "program.loaded"
          ? { ...record, input: { ...record.input, sources: { ...record.input.sources, digest: "0" } } }
          : record,
      ),
    );
    expect(await replay(newer)).toMatchObject({
      code: 2,
      err: expect.stringContaining("altered: its strategies mean something else in this version of barwise") as string,
    });
    const file = join(RUN, "000001.journal");
    const bytes = readFileSync(file);
    bytes[400]! ^= 1;
    writeFileSync(file, bytes);
    expect(await replay(RUN)).toMatchObject({ code: 2, err: expect.stringContaining("damaged at byte") as string });
    expect((await replay(RUN, "--format", "xml")).err).toBe("error: --format xml: expected pretty or json\n");
    expect((await replay("nowhere")).err).toBe("error: nowhere: no journal here\n");
  });
});

/** The journal again in small files, with snapshots taken on the way and what is before the last but one removed. */
async function shortened(): Promise<string> {
  const name = "shortened";
  const records: JournalRecord[] = [];
  for await (const record of readJournal(RUN)) records.push(record);
  const journal = await openFileJournal(name, records[0] as JournalHeader, { segmentBytes: 5_000 });
  const numbered = records.filter((record): record is NumberedRecord => "n" in record);
  for (const [i, record] of numbered.entries()) {
    journal.append(record);
    if (i % 20 === 0) await journal.sync();
    if (i === numbered.length >> 1 || i === (numbered.length * 3) >> 2) await takeSnapshot(name);
  }
  await journal.close();
  await compact(name, await planCompaction(name));
  expect(readdirSync(name)).not.toContain("000001.journal");
  return name;
}

describe("a journal that was made shorter", () => {
  it("is computed again from its first snapshot, and the next one holds what comes out", async () => {
    await ran();
    const name = await shortened();
    const { out, err, code } = await replay(name);
    expect(out).toMatch(/^shortened: the same to the byte\n/);
    expect(out).toContain("1 snapshot on the way holds just that state.");
    expect(out).toMatch(/They are those after input \d+: what was before was removed/);
    expect({ err, code }).toEqual({ err: "", code: 0 });
  });

  it("is given to other rules with the account that its snapshot tells of", async () => {
    await ran();
    const name = await shortened();
    const same = await replay(name, "--with", "strategies");
    expect(same.out).toContain("Nothing: every firing, order and alert is the same.");
    expect(same.err).toMatch(/the simulated exchange with cash \d+/);
    expect(same.err).not.toContain("with cash 100000,");
    expect(same.err).toMatch(/recorded rules and new rules: SPX 1d: 0 of \d+ bars are known/);
    expect(same.code).toBe(0);
    mkdirSync("other");
    writeFileSync("other/dip.strategy.yaml", DIP.replace("qty: 10", "qty: 20"));
    expect((await replay(name, "--with", "other")).out).toMatch(/buy 10 market, filled 10 .* buy 20 market, filled 20/);
    const [snapshot = ""] = readdirSync(name).filter((each) => each.endsWith(".snapshot"));
    rmSync(join(name, snapshot));
    const gone = await replay(name, "--with", "other");
    expect(gone).toMatchObject({ code: 2, err: expect.stringContaining(`${snapshot} is missing`) as string });
  });

  it("is not computed from a snapshot that another version wrote: exit code 2, with or without other rules", async () => {
    await ran();
    const name = await shortened();
    const [file = ""] = readdirSync(name).filter((each) => each.endsWith(".snapshot"));
    const { at, header, snapshot } = await readSnapshot(name, Number(file.slice(0, 6)));
    await writeSnapshot(name, at, header, { ...snapshot, core: 99 });
    for (const args of [[], ["--with", "strategies"]])
      expect(await replay(name, ...args)).toMatchObject({
        code: 2,
        err: expect.stringContaining("it was saved in format 99") as string,
      });
  });
});

describe("other rules", () => {
  it("are the same when nothing changed, and a table when something did", async () => {
    await ran();
    const same = await replay("--with", "strategies");
    expect(same.out).toContain("Nothing: every firing, order and alert is the same.");
    expect(same.err).toContain("both sides play on the simulated exchange with cash 100000, no fees and no slippage");
    expect(same.code).toBe(0);
    mkdirSync("other");
    writeFileSync(
      "other/dip.strategy.yaml",
      DIP.replace("sma(5) * 0.98", "sma(5) * 0.97").replace("qty: 10", "qty: 20"),
    );
    const { out, code } = await replay("--with", "other");
    expect(out).toMatch(
      /~ {2}2000-01-\d\d 16:00:00 New York {2}dip +enter +SPX +buy 10 market, filled 10 at \S+ +buy 20 market, filled 20 at/,
    );
    expect(out).toMatch(/- {2}2000-\S+ 16:00:00 New York {2}dip +leave/);
    expect(out).toMatch(/\n\d+ added, \d+ missing, \d+ changed, \d+ the same\.\n/);
    expect(code).toBe(0);
    const json = JSON.parse((await replay("--with", "other", "--format", "json")).out) as {
      readonly changes: readonly { readonly what: string }[];
      readonly recorded: { readonly firings: number };
    };
    expect(json.recorded.firings).toBeGreaterThan(3);
    expect(json.changes[0]).toMatchObject({
      what: "changed",
      recorded: { rule: "enter", orders: [{ qty: "10" }, { role: "stop_loss" }] },
      new: { rule: "enter", orders: [{ qty: "20" }, { role: "stop_loss" }] },
    });
  });

  it("with errors in their files end with 1", async () => {
    await ran();
    mkdirSync("other");
    writeFileSync("other/dip.strategy.yaml", DIP.replace("close > sma(5)", "clos > sma(5)"));
    const { err, code } = await replay("--with", "other");
    expect(err).toContain('Unknown name "clos"');
    expect(code).toBe(1);
  });
});
