/** Tables of a journal: they say what the records said, and a file that does not fit is made again. */
import { mkdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openFileJournal } from "../../../engine/adapters/journal/open.ts";
import { PROJECTION_FILE, openProjection, sealed } from "../../../engine/adapters/journal/projection-file.ts";
import type { SqlValue } from "../../../engine/adapters/journal/sqlite.ts";
import { Sqlite } from "../../../engine/adapters/journal/sqlite.ts";
import { createSimBroker } from "../../../engine/adapters/sim/broker.ts";
import { sp500Tape } from "../../../engine/adapters/tape/file-tapes.ts";
import type { ApprovalView } from "../../../engine/core/approval.ts";
import { CONTROLS } from "../../../engine/core/desk/risk/catalogue.ts";
import { compile } from "../../../engine/lang/compile.ts";
import { calendarOf } from "../../../engine/market/instruments.ts";
import type { NumberedRecord } from "../../../engine/ports/journal.ts";
import { backtest } from "../../../engine/runtime/backtest.ts";
import { StatementWriter } from "../../../engine/runtime/statement.ts";
import { newExchange } from "../../e2e/support.ts";
import { Folders, HEADER, first, record, writeFormatOne, written } from "./support.ts";

const folders = new Folders();
afterAll(() => folders.remove());

async function asked(
  dir: string,
  sql: string,
  values: readonly SqlValue[] = [],
): Promise<readonly (readonly SqlValue[])[]> {
  const { db } = await openProjection(dir);
  const { rows } = db.query(sql, values);
  db.close();
  return rows;
}

const RULES = `barwise: 1
name: s
symbols: [SPX]
on: 1d
risk: { max_position: 10% }
rules:
  - { name: enter, when: close > sma(5), then: { buy: { size: { equity: 50% }, bracket: { stop_loss: close * 0.97 } } } }
  - { name: leave, when: close < sma(5), then: { close: {} } }
  - { name: tell, when: close > sma(20), then: { alert: { message: high } } }
`;

async function ran(dir: string): Promise<StatementWriter> {
  const sources = { "s.strategy.yaml": RULES };
  const { program } = compile(sources);
  if (program === null) throw new Error("does not compile");
  const journal = await openFileJournal(dir, HEADER);
  const writer = new StatementWriter();
  const tape = await sp500Tape();
  await backtest({
    program,
    sources,
    items: [...tape.items()].slice(0, 300),
    broker: createSimBroker(newExchange(["SPX"])),
    calendarOf,
    account: HEADER.account,
    journalId: HEADER.id,
    confirm: { mode: "full" },
    journal,
    observe: (input, outputs) => writer.observe(input, outputs),
  });
  await journal.close();
  return writer;
}

describe("the tables", () => {
  it("hold the fills, orders and alerts that the statement of the run has", async () => {
    const dir = await folders.make();
    const { fills, orders, alerts } = await ran(dir);
    expect(fills.length).toBeGreaterThan(20);
    expect(await asked(dir, "SELECT strategy, rule, symbol, side, qty, price, fee FROM fills ORDER BY n")).toEqual(
      fills.map(({ strategy, rule, symbol, side, qty, price, fee }) => [strategy, rule, symbol, side, qty, price, fee]),
    );
    expect(await asked(dir, "SELECT count(*) FROM orders WHERE role IN ('entry', 'exit')")).toEqual([[orders]]);
    expect(await asked(dir, "SELECT code, message FROM alerts ORDER BY n")).toEqual(
      alerts.map(({ code, message }) => [code, message]),
    );
    const [[firings, agreed, clamped]] = (await asked(
      dir,
      "SELECT count(*), sum(confirmation = 'agreed'), sum(outcome = 'clamped') FROM firings WHERE refused IS NULL",
    )) as [[number, number, number]];
    expect([firings, agreed]).toEqual([agreed, firings]);
    expect(clamped).toBeGreaterThan(5);
    const filled =
      "SELECT count(*) FROM orders o WHERE state = 'filled' AND CAST(filled_qty AS REAL) != (SELECT sum(CAST(qty AS REAL)) FROM fills f WHERE f.client_order_id = o.client_order_id)";
    expect(await asked(dir, filled)).toEqual([[0]]);
    expect(await asked(dir, "SELECT strategies, accepted_by FROM programs")).toEqual([["s", null]]);
    expect(await asked(dir, "SELECT n, id, account FROM runs")).toEqual([[0, "J1", "A1"]]);
    const times = (await asked(dir, "SELECT time FROM fills ORDER BY n")).map(([time]) => time as string);
    expect(times).toEqual([...times].sort());
    expect(times[0]).toMatch(/^2000-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
  });

  it("hold what every control said, a row for each", async () => {
    const dir = await folders.make();
    await ran(dir);
    const [[verdicts, controls]] = (await asked(
      dir,
      "SELECT count(DISTINCT client_order_id), count(*) FROM verdicts WHERE strategy = 's'",
    )) as [[number, number]];
    expect(verdicts).toBeGreaterThan(20);
    expect(controls).toBe(verdicts * CONTROLS.length);
    const differing =
      "SELECT count(*) FROM verdicts v JOIN firings f USING (firing) WHERE v.control = 'max_position' AND v.outcome = 'clamp' AND f.outcome != 'clamped'";
    expect(await asked(dir, differing)).toEqual([[0]]);
    const [[value, limit, headroom]] = (await asked(
      dir,
      "SELECT value, \"limit\", headroom FROM verdicts WHERE control = 'max_position' AND outcome = 'clamp' LIMIT 1",
    )) as [[number, number, number]];
    expect(headroom).toBe(limit - value);
    expect(headroom).toBeLessThan(0);
  });

  it("hold requests for approval with their last state, and every word of a person", async () => {
    const dir = await folders.make();
    const said = {
      kind: "decision",
      approval: "bw-1",
      hash: "h",
      channel: "cli",
      decision: "approve",
      reason: "ok",
    } as const;
    const stamp = (seq: number) => ({ seq, marketTime: 1_000 * seq, arrivalTime: 1_000 * seq });
    const order = { side: "buy", qty: "10" } as ApprovalView["order"];
    const approval = {
      ...{ id: "bw-1", hash: "h", state: "pending", order, strategy: "s", rule: "r", symbol: "X", firing: "f" },
      ...{ notional: "1000", reference: "100", requestedAt: 0, expiresAt: 60_000, sessionEndsAt: null, why: "large" },
      ...{ needed: 1, edits: "any", approvers: null, decisions: [], reason: null },
    } as const satisfies ApprovalView;
    const done = { ...approval, state: "approved", order: { ...order, qty: "5" } } as const;
    const records: readonly NumberedRecord[] = [
      { kind: "in", n: 0, input: { kind: "trading.started", ...stamp(1) } },
      { kind: "out", n: 1, seq: 1, outputs: [{ kind: "approval", approval }] },
      { kind: "in", n: 2, input: { ...said, by: "eve", ...stamp(2) } },
      {
        kind: "out",
        n: 3,
        seq: 2,
        outputs: [
          {
            kind: "decision.refused",
            approval: "bw-1",
            by: "eve",
            channel: "cli",
            code: "not_an_approver",
            reason: "no",
          },
        ],
      },
      { kind: "in", n: 4, input: { ...said, by: "ann", edit: { qty: "5" }, ...stamp(3) } },
      { kind: "out", n: 5, seq: 3, outputs: [{ kind: "approval", approval: done }] },
    ];
    const journal = await openFileJournal(dir, HEADER);
    for (const one of records) journal.append(one);
    await journal.close();
    expect(await asked(dir, "SELECT n, approval, state, qty, expires, changed FROM approvals")).toEqual([
      [1, "bw-1", "approved", "5", "1970-01-01T00:01:00.000Z", "1970-01-01T00:00:03.000Z"],
    ]);
    expect(
      await asked(dir, "SELECT seq, by, decision, edit, refused, refused_reason FROM decisions ORDER BY n"),
    ).toEqual([
      [2, "eve", "approve", null, "not_an_approver", "no"],
      [3, "ann", "approve", '{"qty":"5"}', null, null],
    ]);
  });

  it("are of a journal of an older version, too", async () => {
    const dir = await folders.make();
    await writeFormatOne(dir, [
      HEADER,
      record(0),
      { kind: "out", n: 1, seq: 0, outputs: [{ kind: "state", scope: "all", state: "HALTED", reason: "x" }] },
    ]);
    expect(await asked(dir, "SELECT state, reason FROM states")).toEqual([["HALTED", "x"]]);
  });
});

describe("the file of the tables", () => {
  const statesOf = (dir: string): Promise<unknown> => asked(dir, "SELECT count(*) FROM states");
  const file = (dir: string): string => join(dir, PROJECTION_FILE);
  /** Ten records, with one state among them. */
  async function journal(): Promise<string> {
    const dir = await written(await folders.make(), 10);
    const more = await openFileJournal(dir, HEADER);
    more.append({
      kind: "out",
      n: 10,
      seq: 9,
      outputs: [{ kind: "state", scope: "all", state: "ACTIVE", reason: "" }],
    });
    await more.close();
    return dir;
  }

  it("is used again while nothing came, and made again when something did", async () => {
    const dir = await journal();
    expect(await statesOf(dir)).toEqual([[1]]);
    const made = await stat(file(dir));
    expect(await statesOf(dir)).toEqual([[1]]);
    // A file that is made again is another one.
    expect((await stat(file(dir))).ino).toBe(made.ino);
    const more = await openFileJournal(dir, HEADER);
    more.append({
      kind: "out",
      n: 11,
      seq: 9,
      outputs: [{ kind: "state", scope: "all", state: "HALTED", reason: "" }],
    });
    await more.close();
    expect(await statesOf(dir)).toEqual([[2]]);
  });

  it("is made again when it is damaged, of another version, of another journal or gone", async () => {
    const dir = await journal();
    const other = await written(await folders.make(), 11, undefined, 7);
    await statesOf(other);
    await statesOf(dir);
    const { size } = await stat(file(dir));
    const spoil: (() => Promise<void>)[] = [
      () => rm(file(dir)),
      () => truncate(file(dir), Math.floor(size / 2)),
      () => writeFile(file(dir), "no database"),
      () => writeFile(file(dir), ""),
      async () => writeFile(file(dir), await readFile(file(other))),
      // SQLite notices neither.
      async () => writeFile(file(dir), (await readFile(file(dir), "latin1")).replace("ACTIVE", "HALTED"), "latin1"),
      async () => {
        const db = await Sqlite.open(await readFile(file(dir)));
        db.run("DELETE FROM states", []);
        await writeFile(file(dir), db.bytes());
      },
      async () => {
        const db = await Sqlite.open(await readFile(file(dir)));
        db.run("UPDATE projection SET version = 0", []);
        db.run("DELETE FROM states", []);
        await writeFile(file(dir), sealed(db.bytes()));
      },
    ];
    for (const each of spoil) {
      await each();
      expect(await asked(dir, "SELECT state FROM states")).toEqual([["ACTIVE"]]);
    }
  });

  it("never hides damage of the journal itself", async () => {
    const dir = await written(await folders.make(), 10);
    await statesOf(dir);
    const bytes = await readFile(first(dir));
    bytes[600]! ^= 1;
    await writeFile(first(dir), bytes);
    await expect(statesOf(dir)).rejects.toThrow("damaged at byte");
  });

  it("that cannot be written is said, and the tables are there", async () => {
    const dir = await journal();
    await mkdir(file(dir));
    const { db, notKept } = await openProjection(dir);
    expect(db.query("SELECT count(*) FROM states").rows).toEqual([[1]]);
    expect(notKept).toMatch(/EISDIR|ENOTEMPTY/);
    db.close();
  });

  it("answers questions and takes no orders", async () => {
    const { db } = await openProjection(await journal());
    expect(() => db.query("DELETE FROM states")).toThrow("readonly");
    expect(() => db.query("SELECT 1; DELETE FROM states")).toThrow("one statement at a time");
    expect(() => db.query("PRAGMA query_only = 0; DELETE FROM states")).toThrow("one statement at a time");
    expect(() => db.query("SELECT nowhere")).toThrow("no such column: nowhere");
    expect(() => db.query("")).toThrow("no statement");
    expect(db.query("SELECT count(*) AS c FROM states")).toEqual({ columns: ["c"], rows: [[1]] });
    db.close();
  });
});
