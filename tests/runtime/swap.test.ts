/** A reload around a running engine: what closes meanwhile is not lost, and what fails changes nothing. */
import { describe, expect, it } from "vitest";
import type { HistoryInput, ProgramLoadedInput } from "../../engine/core/event.ts";
import type { Program } from "../../engine/core/program.ts";
import type { Diagnostic } from "../../engine/lang/diagnostic.ts";
import type { FileSet } from "../../engine/ports/files.ts";
import { Reloader } from "../../engine/runtime/reload.ts";
import type { ReloaderOptions, ReloadResult } from "../../engine/runtime/reload.ts";
import { programOf, rig, START, threshold, turns } from "./support.ts";
import type { Rig } from "./support.ts";

const MINUTE = 60_000;
const SYMBOL = "ACME/USD";
const PATH = "strategies/a.strategy.yaml";

/** Says the mean of three closes at every bar. */
const MEAN = `barwise: 1
name: a
symbols: [ACME/USD]
on: 1m
rules:
  - name: mean
    when: sma(3) > 0
    fire: each
    then: {alert: {message: "mean {sma(3)}"}}
`;

const loads = ({ journal }: Rig): Omit<ProgramLoadedInput, "program">[] =>
  journal.records.flatMap((record) =>
    record.kind === "in" && record.input.kind === "program.loaded" ? [record.input] : [],
  ) as unknown as Omit<ProgramLoadedInput, "program">[];
const closesOf = (warmup: readonly HistoryInput[]): number[] =>
  warmup.flatMap(({ bars }) => bars.map(({ close }) => close));
const said = ({ outputs }: Rig): string[] =>
  outputs.flatMap((output) => (output.kind === "alert" && output.code === "rule/alert" ? [output.message] : []));
const history = (closes: readonly number[], from = 0): HistoryInput => ({
  kind: "history",
  symbol: SYMBOL,
  size: "1m",
  bars: closes.map((close, i) => {
    return { start: START + (from + i) * MINUTE, open: close, high: close, low: close, close, volume: 1 };
  }),
});

interface Setup extends Rig {
  readonly results: ReloadResult<Diagnostic>[];
  readonly reloader: Reloader<Diagnostic>;
}

/** A running engine, three bars in. */
async function setup(over: Partial<ReloaderOptions<Diagnostic>>, text = MEAN): Promise<Setup> {
  const first = programOf(threshold(1_000));
  const made = rig(first);
  await made.start();
  for (let i = 0; i < 3; i++) made.feed.bar(SYMBOL, START + i * MINUTE, 10 + i);
  const results: ReloadResult<Diagnostic>[] = [];
  const reloader = new Reloader<Diagnostic>(first, {
    files: {
      read: () => Promise.resolve({ files: { [PATH]: text }, refused: [] }),
      watch: () => Promise.resolve({ close: () => Promise.resolve() }),
    },
    engine: made.engine,
    clock: made.clock,
    compile: (files: FileSet) => Promise.resolve({ program: programOf(String(files[PATH])), diagnostics: [] }),
    warm: () => Promise.resolve([history([10, 11, 12])]),
    onResult: (result) => results.push(result),
    live: false,
    acceptances: { read: () => Promise.resolve([]), retire: () => Promise.resolve() },
    ...over,
  });
  return { ...made, results, reloader };
}

describe("a reload around a running engine", () => {
  it("gives new facts the bars that closed while history was fetched and everything was made ready", async () => {
    let fetched: (warmup: readonly HistoryInput[]) => void = () => {};
    const made = await setup({ warm: () => new Promise((resolve) => (fetched = resolve)) });
    const reloading = made.reloader.reload();
    await turns(20);
    made.feed.bar(SYMBOL, START + 3 * MINUTE, 13);
    fetched([history([10, 11, 12])]);
    await Promise.resolve();
    made.feed.bar(SYMBOL, START + 4 * MINUTE, 14);
    await reloading;
    expect(made.results.map(({ kind }) => kind)).toEqual(["loaded"]);
    expect(closesOf(loads(made)[1]?.warmup ?? [])).toEqual([10, 11, 12, 13, 14]);
    made.feed.bar(SYMBOL, START + 5 * MINUTE, 15);
    expect(said(made)).toEqual(["mean 14"]);
  });

  it("adds what closed before its turn came, while it waited among other inputs", async () => {
    const made = await setup({});
    const program = programOf(MEAN);
    const swap = made.engine.swap(program);
    await swap.prepare([history([10, 11, 12])]);
    expect(made.engine.core.signals.isPrepared(program, swap.warmup)).toBe(true);
    made.feed.bar(SYMBOL, START + 3 * MINUTE, 13);
    made.engine.load({ program, sources: {}, warmup: swap.warmup });
    expect(closesOf(loads(made)[1]?.warmup ?? [])).toEqual([10, 11, 12, 13]);
    made.feed.bar(SYMBOL, START + 4 * MINUTE, 14);
    expect(said(made)).toEqual(["mean 13"]);
  });

  it("adds to each of two programs that are on their way, and nothing after one was forgotten", async () => {
    const made = await setup({});
    const swap = made.engine.swap(programOf(MEAN));
    await swap.prepare([]);
    made.engine.forget(swap);
    made.feed.bar(SYMBOL, START + 3 * MINUTE, 13);
    expect(swap.warmup).toEqual([]);
    const [first, second] = [made.engine.swap(programOf(MEAN)), made.engine.swap(programOf(MEAN))];
    await first.prepare([]);
    made.feed.bar(SYMBOL, START + 4 * MINUTE, 14);
    first.finish();
    expect(closesOf(first.warmup)).toEqual([14]);
    expect(closesOf(second.warmup)).toEqual([14]);
  });

  it("is made ready again when a position changes meanwhile, and is good at the end", async () => {
    const made = await setup({});
    const program = programOf(MEAN);
    const swap = made.engine.swap(program);
    const prepared = swap.prepare([history([10, 11, 12])]);
    const { warmup } = swap;
    const book = { strategy: "a", symbol: SYMBOL, qty: 1, openQty: 1, avgPrice: 1, openedAt: START };
    const flags = { entryOpen: false, exitOpen: false, closing: false, waiting: false, guarded: false };
    made.engine.core.signals.setBook({ ...book, ...flags });
    await prepared;
    expect(swap.warmup).not.toBe(warmup);
    expect(swap.warmup).toEqual(warmup);
    expect(made.engine.core.signals.isPrepared(program, swap.warmup)).toBe(true);
  });

  it("keeps the old program when compiling or history fails, and loads the next save", async () => {
    let fails = "compile";
    const program = programOf(MEAN);
    const made = await setup({
      compile: () => (fails === "compile" ? Promise.reject(new Error("no thread")) : ok(program)),
      warm: () => (fails === "warm" ? Promise.reject(new Error("no history")) : Promise.resolve([])),
    });
    await made.reloader.reload();
    fails = "warm";
    await made.reloader.reload();
    expect(made.results).toMatchObject([
      { kind: "rejected", reason: "no thread" },
      { kind: "rejected", reason: "no history; it is tried again in 5 s" },
    ]);
    expect(made.engine.core.signals.program).not.toBe(program);
    await made.clock.pass(5_000);
    await expect.poll(() => made.results.length).toBe(3);
    expect(made.results[2]).toMatchObject({ reason: "no history; it is tried again in 10 s" });
    fails = "";
    // Nobody saves anything.
    await made.clock.pass(10_000);
    await expect.poll(() => made.results.length).toBe(4);
    expect(made.results[3]).toMatchObject({ kind: "loaded", digest: program.digest });
    expect(made.engine.core.signals.program).toBe(program);
    await made.clock.pass(1_000_000);
    expect(made.results).toHaveLength(4);
  });

  it("never loads what was saved over while its history was fetched", async () => {
    let text = threshold(5);
    let fetched: () => void = () => {};
    const made = await setup({
      files: {
        read: () => Promise.resolve({ files: { [PATH]: text }, refused: [] }),
        watch: () => Promise.resolve({ close: () => Promise.resolve() }),
      },
      warm: () => new Promise((resolve) => (fetched = () => resolve([]))),
    });
    void made.reloader.reload();
    await turns(5);
    const early = fetched;
    text = MEAN;
    const last = made.reloader.reload();
    early();
    await expect.poll(() => fetched === early).toBe(false);
    fetched();
    await last;
    const { digest } = programOf(MEAN);
    expect(made.results).toMatchObject([{ kind: "loaded", digest }]);
    expect(loads(made)).toHaveLength(2);
  });
});

function ok(program: Program): Promise<{ readonly program: Program; readonly diagnostics: readonly Diagnostic[] }> {
  return Promise.resolve({ program, diagnostics: [] });
}
