import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { encode } from "../../engine/adapters/journal/encode.ts";
import { openJournal } from "../../engine/adapters/journal/open.ts";
import { MemoryJournal } from "../../engine/adapters/journal/memory-journal.ts";
import { readJournal } from "../../engine/adapters/journal/read.ts";
import { createSimBroker } from "../../engine/adapters/sim/broker.ts";
import { sp500Tape } from "../../engine/adapters/tape/file-tapes.ts";
import type { Input } from "../../engine/core/event.ts";
import { createCore, step } from "../../engine/core/step.ts";
import type { Program } from "../../engine/core/program.ts";
import { compile, envOf } from "../../engine/lang/compile.ts";
import type { CompileEnv } from "../../engine/lang/compile.ts";
import { DAY } from "../../engine/market/bar-size.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import type { JournalRecord } from "../../engine/ports/journal.ts";
import { backtest } from "../../engine/runtime/backtest.ts";
import { recordedMarket } from "../../engine/runtime/recorded-market.ts";
import { whatIf } from "../../engine/runtime/what-if.ts";
import { HEADER, newExchange, runOverSockets } from "./support.ts";

const FILES = ["rsi-dip", "band-breakout"].map((name) => `strategies/${name}.strategy.yaml`);

async function sources(): Promise<Record<string, string>> {
  return Object.fromEntries(
    await Promise.all(FILES.map(async (path) => [path, await readFile(path, "utf8")] as const)),
  );
}

function programOf(files: Readonly<Record<string, string>>, env: CompileEnv = {}): Program {
  const { program } = compile(files, env);
  if (program === null) throw new Error("the shipped strategies do not compile");
  return program;
}

/** Feeds the recorded inputs to a fresh core and writes what comes out in the journal's own form. */
function replay(records: readonly JournalRecord[]): { readonly expected: string[]; readonly actual: string[] } {
  const core = createCore({ account: HEADER.account, journal: HEADER.id, calendarOf });
  const expected: string[] = [];
  const actual: string[] = [];
  for (const record of records) {
    if (record.kind === "out") expected.push(encode({ seq: record.seq, outputs: record.outputs }));
    if (record.kind !== "in") continue;
    const outputs = step(core, inputOf(record.input));
    if (outputs.length > 0) actual.push(encode({ seq: record.input.seq, outputs }));
  }
  return { expected, actual };
}

function inputOf(input: Extract<JournalRecord, { kind: "in" }>["input"]): Input {
  if (input.kind !== "program.loaded") return input;
  const { sources: kept, ...rest } = input;
  const program = programOf(kept.files, kept.settings === null ? {} : envOf(kept.settings));
  expect(program.digest).toBe(kept.digest);
  return { ...rest, program };
}

async function* all(records: readonly JournalRecord[]): AsyncGenerator<JournalRecord> {
  for (const record of records) yield await Promise.resolve(record);
}

let folder: string | undefined;
afterEach(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true });
  folder = undefined;
});

describe("the journal of a run", () => {
  it("replays through a fresh core to the same bytes, from disk", async () => {
    folder = await mkdtemp(join(tmpdir(), "barwise-"));
    const files = await sources();
    const journal = await openJournal(folder, HEADER);
    const tape = await sp500Tape();
    await backtest({
      program: programOf(files),
      sources: files,
      items: [...tape.items()].slice(0, 1_500),
      broker: createSimBroker(newExchange(["SPX"])),
      calendarOf,
      account: HEADER.account,
      journalId: HEADER.id,
      confirm: { mode: "full" },
      journal,
    });
    await journal.close();
    const records: JournalRecord[] = [];
    for await (const record of readJournal(folder)) records.push(record);
    const { expected, actual } = replay(records);
    expect(expected.length).toBeGreaterThan(100);
    expect(actual).toEqual(expected);
  });

  it("of a run with replaced params, bars and symbols replays to the same bytes", async () => {
    const path = "strategies/sma-cross.strategy.yaml";
    const files = { [path]: await readFile(path, "utf8") };
    const journal = new MemoryJournal(HEADER);
    const tape = await sp500Tape();
    await backtest({
      program: programOf(files, { params: { quick: 5 }, override: { on: DAY, symbols: () => ["SPX"] } }),
      sources: files,
      items: [...tape.items()].slice(0, 600),
      broker: createSimBroker(newExchange(["SPX"])),
      calendarOf,
      account: HEADER.account,
      journalId: HEADER.id,
      confirm: { mode: "full" },
      journal,
    });
    const { expected, actual } = replay(journal.records);
    expect(expected.length).toBeGreaterThan(10);
    expect(actual).toEqual(expected);
  });

  it("of a live run over sockets replays to the same bytes", async () => {
    const files = await sources();
    const tape = await sp500Tape();
    const items = [...tape.items()].slice(0, 400);
    const { journal } = await runOverSockets(programOf(files), { symbols: ["SPX"], data: "daily", items }, files);
    const { expected, actual } = replay(journal.records);
    expect(expected.length).toBeGreaterThan(10);
    expect(actual).toEqual(expected);
  }, 60_000);

  it("of a live run over sockets is played again by its own rules, order by order", async () => {
    const files = await sources();
    const tape = await sp500Tape();
    const items = [...tape.items()].slice(0, 400);
    const { journal, orders } = await runOverSockets(
      programOf(files),
      { symbols: ["SPX"], data: "daily", items },
      files,
    );
    const market = await recordedMarket(all(journal.records), calendarOf);
    const { before, changes } = await whatIf({
      market,
      program: programOf(files),
      calendarOf,
      broker: () => createSimBroker(newExchange(["SPX"])),
      progress: () => {},
    });
    const done = before.deeds.flatMap((deed) => deed.orders).filter(({ role }) => role === "entry" || role === "exit");
    expect(orders.length).toBeGreaterThan(5);
    expect(done.map(({ side, qty, type }) => [side, qty, type])).toEqual(
      orders.map(({ side, qty, type }) => [side, qty, type]),
    );
    expect(changes).toEqual([]);
  }, 60_000);

  it("of two equal backtests has the same bytes", async () => {
    const files = await sources();
    const run = async (): Promise<string[]> => {
      const lines: string[] = [];
      const tape = await sp500Tape();
      await backtest({
        program: programOf(files),
        sources: files,
        items: [...tape.items()].slice(0, 800),
        broker: createSimBroker(newExchange(["SPX"])),
        calendarOf,
        account: "t",
        journalId: "t",
        confirm: { mode: "full" },
        observe: (input, outputs) =>
          lines.push(encode({ input: input.kind === "program.loaded" ? input.seq : input, outputs })),
      });
      return lines;
    };
    expect(await run()).toEqual(await run());
  });
});
