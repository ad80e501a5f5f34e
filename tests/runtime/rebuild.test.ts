/** A journal back to the core that wrote it, and a new program beside it. */
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryJournal } from "../../engine/adapters/journal/memory-journal.ts";
import { createSimBroker } from "../../engine/adapters/sim/broker.ts";
import { sp500Tape } from "../../engine/adapters/tape/file-tapes.ts";
import type { BarInput, MarketInput } from "../../engine/core/event.ts";
import type { Program } from "../../engine/core/program.ts";
import { foresee } from "../../engine/core/foresee.ts";
import { step } from "../../engine/core/step.ts";
import type { CoreState } from "../../engine/core/step.ts";
import { inspect } from "../../engine/core/view.ts";
import { compile } from "../../engine/lang/compile.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import type { JournalRecord } from "../../engine/ports/journal.ts";
import { backtest } from "../../engine/runtime/backtest.ts";
import { foresight } from "../../engine/runtime/foresight.ts";
import { planStateOf } from "../../engine/runtime/plan-state.ts";
import { rebuild } from "../../engine/runtime/rebuild.ts";
import { HEADER, newExchange } from "../e2e/support.ts";

const MINUTE = 60_000;
const START = Date.parse("2024-01-08T12:00:00Z");

function programOf(files: Readonly<Record<string, string>>): Program {
  const { program, diagnostics } = compile(files);
  if (program === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return program;
}

interface Ran {
  readonly records: readonly JournalRecord[];
  readonly core: CoreState;
}

async function run(
  files: Readonly<Record<string, string>>,
  symbol: string,
  items: Iterable<MarketInput>,
): Promise<Ran> {
  const journal = new MemoryJournal(HEADER);
  const { core } = await backtest({
    program: programOf(files),
    sources: files,
    items,
    broker: createSimBroker(newExchange([symbol])),
    calendarOf,
    account: HEADER.account,
    journalId: HEADER.id,
    confirm: { mode: "full" },
    journal,
  });
  return { records: journal.records, core };
}

async function* all(records: readonly JournalRecord[]): AsyncGenerator<JournalRecord> {
  for (const record of records) yield await Promise.resolve(record);
}

/** One-minute bars of these closes, around the clock. */
function bars(closes: readonly number[]): BarInput[] {
  return closes.map((close, i) => {
    const prices = { open: close, high: close, low: close, close };
    return {
      kind: "bar",
      symbol: "X/USD",
      size: "1m",
      revised: false,
      start: START + i * MINUTE,
      ...prices,
      volume: 1,
    };
  });
}

const strategy = (rules: string, on = "1m", more = ""): Readonly<Record<string, string>> => ({
  "s.strategy.yaml": `barwise: 1\nname: s\nsymbols: [X/USD]\non: ${on}\n${more}rules:\n${rules}`,
});
const ENTER = "  - {name: enter, when: close > 100, then: {buy: {size: {qty: 1}, time_in_force: gtc}}}\n";
const LEAVE = "  - {name: leave, when: close < 50, then: {close: {time_in_force: gtc}}}\n";

/** Rises above 100 after three bars: the strategy holds one unit from then on. */
const RISE = [90, 90, 90, 110, 111, 112, 113, 114, 115, 116];

async function firesOf(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  closes = RISE,
) {
  const { records } = await run(before, "X/USD", bars(closes));
  const rebuilt = await rebuild(all(records), calendarOf);
  const { fires } = await foresight(rebuilt, programOf(after), () => all(records), calendarOf);
  return fires.map(({ rule, action, refused }) => `${rule} ${action}${refused === null ? "" : ` (${refused.code})`}`);
}

describe("a rebuilt core", () => {
  it("has the facts, phases, positions and orders of the one that ran", async () => {
    const names = ["rsi-dip", "band-breakout"].map((name) => `strategies/${name}.strategy.yaml`);
    const files = Object.fromEntries(
      await Promise.all(names.map(async (path) => [path, await readFile(path, "utf8")] as const)),
    );
    const tape = await sp500Tape();
    const { records, core } = await run(files, "SPX", [...tape.items()].slice(0, 1_234));
    const rebuilt = await rebuild(all(records), calendarOf);
    expect(inspect(rebuilt.core)).toEqual(inspect(core));
    expect(planStateOf(rebuilt.core)).toEqual(planStateOf(core));
    expect(rebuilt.files).toEqual(files);
    expect(rebuilt.header.id).toBe(HEADER.id);
  });

  it("knows what is held", async () => {
    const { records } = await run(strategy(ENTER + LEAVE), "X/USD", bars(RISE));
    const { core } = await rebuild(all(records), calendarOf);
    expect(planStateOf(core)).toEqual({
      positions: [{ strategy: "s", symbol: "X/USD", qty: "1", avgPrice: "111" }],
      orders: [],
    });
  });

  it("is refused when the journal says something else than what comes out", async () => {
    const { records } = await run(strategy(ENTER + LEAVE), "X/USD", bars(RISE));
    const at = records.findIndex(
      (record) => record.kind === "out" && record.outputs.some(({ kind }) => kind === "submit"),
    );
    const changed = records.map((record, i) =>
      i === at && record.kind === "out" ? { ...record, outputs: record.outputs.slice(1) } : record,
    );
    await expect(rebuild(all(changed), calendarOf)).rejects.toThrow(
      /does not arrive at what the journal says.*version test/,
    );
    const missing = records.filter((_, i) => i !== at);
    await expect(rebuild(all(missing), calendarOf)).rejects.toThrow("no outputs, where");
  });

  it("is refused when the strategies mean something else in this version, or nothing ran", async () => {
    const { records } = await run(strategy(ENTER + LEAVE), "X/USD", bars(RISE));
    const older = records.map((record) =>
      record.kind === "in" && record.input.kind === "program.loaded"
        ? { ...record, input: { ...record.input, sources: { ...record.input.sources, digest: "0" } } }
        : record,
    );
    await expect(rebuild(all(older), calendarOf)).rejects.toThrow(
      "its strategies mean something else in this version of barwise; the journal was written by version test",
    );
    await expect(rebuild(all(records.slice(0, 1)), calendarOf)).rejects.toThrow("nothing has run");
    // The outputs of the last input may still be on their way to the disk.
    const last = records.findLastIndex(({ kind }) => kind === "out");
    await expect(rebuild(all(records.slice(0, last)), calendarOf)).resolves.toMatchObject({
      header: { id: HEADER.id },
    });
  });
});

describe("what would fire at once", () => {
  it("is an exit that is true now, new or changed", async () => {
    const before = strategy(ENTER + LEAVE);
    expect(await firesOf(before, before)).toEqual([]);
    expect(await firesOf(before, strategy(ENTER + LEAVE.replace("< 50", "< 200")))).toEqual(["leave close"]);
    expect(await firesOf(before, strategy(ENTER + LEAVE.replace("< 50", "< 60")))).toEqual([]);
    const more = "  - {name: strong, when: close > sma(5), then: {close: {time_in_force: gtc}}}\n";
    expect(await firesOf(before, strategy(ENTER + LEAVE + more))).toEqual(["strong close"]);
  });

  it("is no exit of a strategy that holds nothing", async () => {
    const flat = strategy(ENTER.replace("> 100", "> 1000") + LEAVE);
    expect(await firesOf(flat, strategy(ENTER.replace("> 100", "> 1000") + LEAVE.replace("< 50", "< 200")))).toEqual(
      [],
    );
  });

  it("is an entry only with start: fire, as a rule that is true already waits for false", async () => {
    const flat = strategy(ENTER.replace("> 100", "> 1000") + LEAVE);
    const now = (start: string): Readonly<Record<string, string>> =>
      strategy(ENTER.replace("then:", `${start}then:`) + LEAVE);
    expect(await firesOf(flat, now(""))).toEqual([]);
    expect(await firesOf(flat, now("start: fire, "))).toEqual(["enter buy"]);
  });

  it("tells what the desk would refuse, and what another rule takes away", async () => {
    const before = strategy(ENTER + LEAVE);
    const again = "  - {name: again, when: close > 90, start: fire, then: {buy: {size: {qty: 1}}}}\n";
    expect(await firesOf(before, strategy(ENTER + again + LEAVE))).toEqual(["again buy (max_entries)"]);
    expect(await firesOf(before, strategy(ENTER + again + LEAVE.replace("< 50", "< 200")))).toEqual([
      "leave close",
      "again buy (exit_first)",
    ]);
  });

  it("uses bars of a size that the running program did not build", async () => {
    const closes = Array.from({ length: 40 }, (_, i) => 90 + i / 10);
    const flat = strategy(ENTER.replace("> 100", "> 1000") + LEAVE);
    const slow = "  - {name: slow, when: close > sma(3), start: fire, then: {buy: {size: {qty: 1}}}}\n";
    expect(await firesOf(flat, strategy(slow + LEAVE, "5m"), closes)).toEqual(["slow buy"]);
    expect(await firesOf(flat, strategy(slow.replace("sma(3)", "sma(30)") + LEAVE, "5m"), closes)).toEqual([]);
  });

  it("follows the cooldown of a rule that only changed", async () => {
    const alert = (more: string): string =>
      `  - {name: tell, when: close > 100${more}, fire: each, cooldown: 5 bars, then: {alert: {message: high}}}\n`;
    const closes = [90, 110, 111, 112];
    expect(await firesOf(strategy(alert("")), strategy(alert(" and open > 1")), closes)).toEqual([]);
    const over = [...closes, 113, 114];
    expect(await firesOf(strategy(alert("")), strategy(alert(" and open > 1")), over)).toEqual(["tell alert"]);
  });

  it("is what the next bar brings when it repeats the last one", async () => {
    const when = fc.constantFrom(
      "close > 100",
      "close < 100",
      "close > 95 and close < 105",
      "position.qty > 0",
      "position.unrealized < -1",
    );
    const then = fc.constantFrom(
      "{buy: {size: {qty: 1}, time_in_force: gtc}}",
      "{close: {time_in_force: gtc}}",
      "{alert: {message: m}}",
    );
    const more = fc.constantFrom("", ", start: fire", ", fire: each", ", cooldown: 3 bars", ", limit: 1/day");
    const rules = fc.array(fc.tuple(when, then, more), { minLength: 1, maxLength: 4 });
    const closes = fc.array(fc.constantFrom(90, 97, 103, 110), { minLength: 2, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(rules, closes, async (chosen, path) => {
        const files = strategy(
          chosen.map(([a, b, c], i) => `  - {name: r${i}, when: "${a}", then: ${b}${c}}\n`).join(""),
          "1m",
          "max_entries: 2\n",
        );
        const { records } = await run(files, "X/USD", bars(path));
        // The last bar is known and its orders are on their way; the next one only lets time pass.
        const foreseen = foresee((await rebuild(all(records), calendarOf)).core);
        const { core } = await rebuild(all(records), calendarOf);
        const last = bars([...path, path.at(-1) as number]).at(-1) as BarInput;
        const outputs = step(core, {
          ...last,
          seq: 9_999,
          marketTime: last.start + MINUTE,
          arrivalTime: last.start + MINUTE,
        });
        const fired = outputs.flatMap((output) => {
          if (output.kind === "confirm") return [output.firing.rule];
          if (output.kind === "refused") return [`${output.rule} ${output.code}`];
          return output.kind === "alert" && output.code === "rule/alert" ? ["alert"] : [];
        });
        const expected = foreseen.map(({ rule, action, refused }) =>
          refused !== null ? `${rule} ${refused.code}` : action === "alert" ? "alert" : rule,
        );
        expect(fired.sort()).toEqual(expected.sort());
      }),
      { numRuns: process.env["BARWISE_SOAK"] === "1" ? 3_000 : 80 },
    );
  });
});
