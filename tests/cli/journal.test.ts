/** `barwise journal` as a person runs it. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFileJournal } from "../../engine/adapters/journal/open.ts";
import { addBacktest } from "../../engine/cli/backtest.ts";
import { addJournal } from "../../engine/cli/journal.ts";
import { loadProject } from "../../engine/cli/program.ts";
import { HEADER, record, snapshot } from "../adapters/journal/support.ts";
import { withSnapshots } from "./support-snapshots.ts";
import { Process, build } from "./support.ts";
import type { Built } from "./support.ts";
import { barwiseWith, inFolderOfItsOwn } from "./in-process.ts";
import type { Run } from "./in-process.ts";

const DIP = `barwise: 1
name: dip
symbols: [SPX]
on: 1d
rules:
  - { name: enter, when: close > sma(5), then: { buy: { size: { qty: 10 }, bracket: { stop_loss: close * 0.4 } } } }
  - { name: leave, when: close < sma(5) * 0.98, then: { close: {} } }
  - { name: tell, when: close > sma(20), then: { alert: { message: "high \\u001b[31m" } } }
`;

const folder = inFolderOfItsOwn("journal");

const barwise = barwiseWith(addJournal, addBacktest);

const journal = (...args: readonly string[]): Promise<Run> => barwise("journal", ...args);
const RUN = ".barwise/journal/2024-01-01";

async function ran(): Promise<void> {
  mkdirSync("strategies");
  writeFileSync("strategies/dip.strategy.yaml", DIP);
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

const lines = (text: string): string[] => text.trimEnd().split("\n");
const rowsOf = (text: string): Record<string, unknown>[] => JSON.parse(text) as Record<string, unknown>[];

describe("journal list", () => {
  it("has the runs, newest first, and who is writing", async () => {
    for (const [name, createdAt] of [
      ["2024-01-01", 0],
      ["2024-01-02", 1_704_186_000_000],
    ] as const)
      await (await openFileJournal(join("runs", name), { ...HEADER, createdAt })).close();
    writeFileSync("runs/2024-01-01/LOCK", JSON.stringify({ pid: process.ppid, started: null }));
    mkdirSync("runs/2024-01-03");
    const { out } = await journal("list", "runs");
    expect(lines(out).map((line) => line.split(/ {2,}/)[0])).toEqual(["Run", "2024-01-02", "2024-01-01"]);
    expect(out).toContain(`process ${process.ppid} is writing`);
    expect(rowsOf((await journal("list", "runs", "--format", "json")).out)).toMatchObject([
      { run: "2024-01-02", id: "J1", account: "A1", started: "2024-01-02T09:00:00Z", files: 1, writer: null },
      { run: "2024-01-01", started: null, writer: process.ppid },
    ]);
    expect((await journal("list", "nowhere")).err).toBe("nowhere: no journal here\n");
  });

  it("looks where the project says, at a path from the root of the system too", async () => {
    await (await openFileJournal("elsewhere/2024-01-01", HEADER)).close();
    for (const place of ["elsewhere", "./elsewhere", join(folder.path, "elsewhere")]) {
      writeFileSync("barwise.yaml", `barwise: 1\njournal: ${place}\n`);
      expect(rowsOf((await journal("list", "--format", "json")).out)).toMatchObject([{ run: "2024-01-01" }]);
      expect((await loadProject(".", { demo: false })).journal).toBe(join(process.cwd(), "elsewhere"));
    }
  });

  it("names the file that the system does not let it read", async () => {
    await (await openFileJournal("j", HEADER)).close();
    mkdirSync("j/000002.journal");
    const { err, code } = await journal("query", "j");
    expect(err).toMatch(/^error: j\/000002\.journal: cannot be read \(EISDIR/);
    expect(code).toBe(2);
  });
});

describe("entries", () => {
  it("are the last ones with their input, in time of the exchange", async () => {
    await ran();
    const { out } = await journal("tail", "-n", "3");
    expect(lines(out).at(-1)).toMatch(/^ +\d+ {2}2000-05-31 16:00:00 New York +(<|>) +\S+/);
    const json = rowsOf((await journal("tail", "-n", "3", "--format", "json")).out);
    expect(json[0]).toMatchObject({ direction: "in" });
    expect((await journal("tail", "--lines", "x")).err).toBe(
      "error: --lines x: expected a whole number up to 999999\n",
    );
    expect((await journal("tail", "-f", "--format", "json")).err).toContain("--follow never ends");
  });

  it("of one input are shown in full", async () => {
    await ran();
    const [fill] = rowsOf((await journal("query", "--kind", "execution", "--format", "json")).out);
    const { out } = await journal("show", String(fill?.["seq"]));
    expect(out).toContain('"executionId":');
    expect(out).toContain('"kind": "position"');
    expect(await journal("show", "999999")).toMatchObject({
      code: 1,
      err: `error: ${RUN}: no input has the number 999999\n`,
    });
    expect((await journal("show", "x")).err).toBe("error: x: expected the number of an input\n");
  });

  it("are found by kind, strategy, symbol, order and time", async () => {
    await ran();
    const query = async (...args: readonly string[]): Promise<Record<string, unknown>[]> =>
      lines((await journal("query", RUN, ...args, "--format", "ndjson")).out)
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const all = await query();
    const fills = await query("--kind", "execution");
    expect(fills.length).toBeGreaterThan(4);
    expect(fills.length).toBe(all.filter(({ kind }) => kind === "execution").length);
    expect((await query("--kind", "execution,alert")).length).toBe(
      fills.length + all.filter(({ kind }) => kind === "alert").length,
    );
    // What a broker says names the order alone; its strategy is known from the journal.
    expect(await query("--kind", "execution", "--strategy", "dip", "--symbol", "SPX")).toEqual(fills);
    expect(await query("--strategy", "other")).toEqual([]);
    expect(await query("--kind", "bar", "--symbol", "OTHER")).toEqual([]);
    const { clientOrderId, brokerOrderId } = (fills[0] as { body: Record<string, string> }).body;
    const order = await query("--order", clientOrderId as string);
    expect(order.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["verdict", "submit", "order.accepted", "order", "execution"]),
    );
    expect((await query("--order", brokerOrderId as string)).length).toBeGreaterThan(2);
    const march = await query("--since", "2000-03-01", "--until", "2000-04-01");
    expect(march.length).toBe(all.filter(({ market_time: time }) => String(time).startsWith("2000-03")).length);
    expect(march.length).toBeGreaterThan(20);
    const strange = await journal("query", RUN, "--kind", "fills");
    expect(strange.err).toContain("--kind fills: expected some of account, alert, approval, bar,");
    expect(strange.code).toBe(2);
    expect((await journal("query", RUN, "--strategy", "other", "--format", "json")).out).toBe("[]\n");
  });

  it("send no control characters to a terminal", async () => {
    await ran();
    const { out } = await journal("query", RUN, "--kind", "alert");
    expect(out).toContain("rule/alert: high");
    expect(out).not.toContain("\u001b");
    expect((await journal("alerts")).out).not.toContain("\u001b");
  });
});

describe("tables", () => {
  it("have orders, fills, positions, firings, alerts and runs, filtered", async () => {
    await ran();
    const orders = await journal("orders", RUN);
    expect(lines(orders.out)[0]).toMatch(/^time +strategy +rule +symbol +side +role +qty +type +state +filled_qty/);
    expect(orders.err).toMatch(/^\d+ rows\n$/);
    expect(lines((await journal("orders", RUN, "--strategy", "other")).out)).toHaveLength(1);
    const fills = rowsOf(
      (await journal("fills", "--since", "2000-03-01", "--until", "2000-04-01", "--format", "json")).out,
    );
    expect(fills.length).toBeGreaterThan(0);
    for (const fill of fills) expect(fill["time"]).toMatch(/^2000-03/);
    for (const name of ["positions", "firings", "alerts", "runs"])
      expect(rowsOf((await journal(name, "--format", "json")).out).length).toBeGreaterThan(0);
  });

  it("answer SQL, and say what is wrong with it", async () => {
    await ran();
    const sql = "SELECT role, count(*) AS orders FROM orders GROUP BY role ORDER BY role";
    expect(
      lines((await journal("sql", sql, "--format", "ndjson")).out).map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { role: "entry", orders: expect.any(Number) as number },
      { role: "exit", orders: expect.any(Number) as number },
      { role: "stop_loss", orders: expect.any(Number) as number },
    ]);
    expect(await journal("sql", "DROP TABLE orders")).toMatchObject({
      code: 1,
      err: "error: the query failed: attempt to write a readonly database\n",
    });
    expect((await journal("sql", "SELECT x FROM orders")).err).toBe("error: the query failed: no such column: x\n");
  });
});

describe("verify and compact", () => {
  it("say that all records follow one another, or where they do not", async () => {
    await ran();
    const { out, code } = await journal("verify");
    expect(lines(out)).toEqual([
      `${RUN}: whole`,
      expect.stringMatching(/^\d+ records and 0 snapshots follow one another\.$/) as string,
      expect.stringMatching(/^Chain of the last: [0-9a-f]{32}$/) as string,
    ]);
    expect(code).toBe(0);
    const file = join(RUN, "000001.journal");
    const bytes = readFileSync(file);
    bytes[bytes.length - 3_000]! ^= 1;
    writeFileSync(file, bytes);
    const damaged = await journal("verify", RUN);
    expect(damaged.out).toMatch(
      /damaged at byte \d+, but good records follow[\s\S]*\n\d+ records and 0 snapshots before it are whole\./,
    );
    expect(damaged.code).toBe(1);
    expect(JSON.parse((await journal("verify", "--format", "json")).out)).toMatchObject({ whole: false, chain: null });
    expect((await journal("orders")).code).toBe(2);
  });

  it("remove the files before the last snapshot but one, and say which", async () => {
    const dir = "j";
    const writer = await openFileJournal(dir, HEADER);
    for (let i = 0; i < 3; i++) {
      for (let n = 0; n < 10; n++) writer.append(record(writer.nextN));
      await writer.snapshot(snapshot(writer.nextN - 1));
    }
    await writer.close();
    const dry = await journal("compact", dir, "--dry-run");
    expect(lines(dry.out)).toEqual([
      "would remove j/000001.journal",
      "would remove j/000002.journal",
      expect.stringMatching(/^20 records, 0\.0 MB; file 3 and later ones stay$/) as string,
    ]);
    expect(readdirSync(dir)).toHaveLength(4);
    expect(lines((await journal("compact", dir)).out)[0]).toBe("removes j/000001.journal");
    expect(readdirSync(dir).sort()).toEqual(["000003.journal", "000004.journal", "COMPACTED"]);
    expect((await journal("verify", dir)).out).toContain("10 records and 2 snapshots follow one another.");
    expect((await journal("compact", dir)).out).toBe("j: nothing to remove: nothing is older\n");
  });
});

describe("snapshots", () => {
  it("are listed newest first, with where they lie and why one is of no use, and a run goes on beside them", async () => {
    const dir = "j";
    mkdirSync(dir);
    await withSnapshots(dir);
    const before = await journal("snapshots", dir);
    const [, newest = "", second = "", ...others] = lines(before.out);
    expect(newest).toMatch(/^ *\d+ +\d{6}\.snapshot +taken while it ran +\d+\.\d MB +20\S+Z/);
    expect(others).toHaveLength(1);
    expect(Number(/\d+/.exec(newest)?.[0])).toBeGreaterThan(Number(/\d+/.exec(second)?.[0]));
    expect((await journal("verify", dir)).out).toMatch(/ records and 3 snapshots follow one another\./);

    const [file = ""] = /\d{6}\.snapshot/.exec(newest) ?? [];
    writeFileSync(join(dir, file), readFileSync(join(dir, file)).subarray(0, -1));
    const rows = JSON.parse((await journal("snapshots", dir, "--format", "json")).out) as object[];
    const reason = expect.stringContaining("it is cut short") as string;
    expect(rows[0]).toMatchObject({ file, place: "beside", after_input: null, usable: false, problem: reason });
    expect(rows[1]).toMatchObject({ place: "beside", usable: true, problem: null });
    const verified = await journal("verify", dir);
    expect(verified.out).toMatch(
      /: whole\n.* and 2 snapshots [\s\S]*A snapshot is of no use, a start passes over it: /,
    );
    expect(verified.code).toBe(0);
    const json = await journal("verify", dir, "--format", "json");
    expect(JSON.parse(json.out)).toMatchObject({ whole: true, snapshots: 2, unusable_snapshots: [reason] });

    const runs = await journal("compact", ".");
    expect(runs).toMatchObject({ err: "error: .: no journal here; name the folder of the run itself\n", code: 2 });

    // The process that writes it is another one.
    writeFileSync(join(dir, "LOCK"), JSON.stringify({ pid: process.ppid, started: null }));
    expect((await journal("compact", dir)).out).toMatch(/^removes j\/000001\.journal\n[\s\S]* and later ones stay\n$/);
    expect((await journal("verify", dir)).out).toMatch(/: whole\n/);
    expect(lines((await journal("snapshots", dir)).out)).toHaveLength(4);
    expect((await journal("list")).out).toBe("");
    expect((await journal("list", ".")).out).toMatch(/^j +test /m);
  });

  it("are none in a journal of a backtest", async () => {
    await ran();
    expect(await journal("snapshots")).toMatchObject({ code: 0, out: "", err: `${RUN}: no snapshot yet\n` });
  });
});

describe("journal tail --follow", () => {
  let built: Built;
  beforeAll(async () => {
    built = await build();
  });
  afterAll(() => built.remove());

  it("shows what is written, as it is written", async () => {
    const writer = await openFileJournal(join(folder.path, "j"), HEADER, { segmentBytes: 700 });
    writer.append(record(0));
    await writer.sync();
    const tail = new Process(built.main, ["journal", "tail", "j", "-f", "--format", "ndjson"], folder.path);
    await tail.until("the first", () => tail.out.includes('"n":0'));
    for (let n = 1; n < 12; n++) {
      writer.append(record(n));
      await writer.sync();
    }
    await tail.until("the last", () => tail.out.includes('"n":11'));
    tail.child.kill();
    await tail.ended;
    await writer.close();
    expect(lines(tail.out).map((line) => (JSON.parse(line) as { n: number }).n)).toEqual(
      Array.from({ length: 12 }, (_, n) => n),
    );
  });
});
