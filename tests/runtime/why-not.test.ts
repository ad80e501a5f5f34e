/** Why a rule did not fire, against what the core decided: the explanation never says anything else. */
import { describe, expect, it } from "vitest";
import { inspect } from "../../engine/core/view.ts";
import type { Input, Output } from "../../engine/core/event.ts";
import type { Program } from "../../engine/core/program.ts";
import type { TruthWord } from "../../engine/core/judged-tree.ts";
import { createCore, step } from "../../engine/core/step.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import type { JournalRecord } from "../../engine/ports/journal.ts";
import { WhyError, whyNot } from "../../engine/runtime/why-not.ts";
import type { Evaluated } from "../../engine/runtime/why-not.ts";
import { HEADER } from "../e2e/support.ts";
import { CoreDriver, openOf } from "../support/core-driver.ts";
import { compiled, randomProject } from "../support/random-strategies.ts";
import type { Files } from "../support/random-strategies.ts";
import { SEED, amount, one, picker } from "../support/runs.ts";
import { Storm } from "../support/storm.ts";

const OPTIONS = { account: HEADER.account, journal: HEADER.id, calendarOf };

async function* all(records: readonly JournalRecord[]): AsyncGenerator<JournalRecord> {
  for (const record of records) yield await Promise.resolve(record);
}

/** What was decided in a storm, seen from outside after each input. */
interface Decided {
  readonly records: readonly JournalRecord[];
  /** Per strategy, rule and symbol: the evaluations that were the last of their input. */
  readonly truths: ReadonlyMap<string, ReadonlyMap<string, TruthWord>>;
  readonly fired: ReadonlySet<string>;
}

function recordsOf(
  inputs: readonly Input[],
  outputsOf: readonly (readonly Output[])[],
  filesOf: (program: Program) => Files,
): readonly JournalRecord[] {
  const records: JournalRecord[] = [HEADER];
  let n = 0;
  for (const [at, input] of inputs.entries()) {
    const { kind } = input;
    if (kind === "program.loaded") {
      const { program, ...rest } = input;
      const sources = { digest: program.digest, files: filesOf(program), settings: null };
      records.push({ kind: "in", n: n++, input: { ...rest, sources } });
    } else records.push({ kind: "in", n: n++, input });
    const outputs = outputsOf[at] ?? [];
    if (outputs.length > 0) records.push({ kind: "out", n: n++, seq: input.seq, outputs });
  }
  return records;
}

function play(storm: Storm): Decided {
  const core = createCore(OPTIONS);
  const truths = new Map<string, Map<string, TruthWord>>();
  const fired = new Set<string>();
  const counts = new Map<string, number>();
  const outputsOf: (readonly Output[])[] = [];
  for (const input of storm.inputs) {
    const { kind } = input;
    const outputs = step(core, input);
    outputsOf.push(outputs);
    for (const output of outputs) if (output.kind === "confirm") fired.add(output.firing.id);
    const views = inspect(core);
    for (const [i, { facts }] of core.signals.instances.entries()) {
      const { key, moment, strategy, symbol } = facts;
      const isNew = counts.get(key) !== moment.index;
      counts.set(key, moment.index);
      // Of these the last evaluation may be one that nobody is told of, or facts moved after it.
      if (!isNew || kind === "program.loaded" || kind === "feed" || kind === "history") continue;
      for (const { rule, truth } of views[i]?.rules ?? []) {
        const name = `${strategy.name}/${rule} ${symbol}`;
        const own = truths.get(name) ?? new Map<string, TruthWord>();
        truths.set(name, own.set(String(input.seq), truth));
      }
    }
  }
  return { records: recordsOf(storm.inputs, outputsOf, (program) => storm.filesOf.get(program) ?? {}), truths, fired };
}

/** The last evaluation of each input: ticks may judge one strategy several times. */
function lastOfInputs(evaluations: readonly Evaluated[]): readonly Evaluated[] {
  return evaluations.filter(({ seq }, i) => evaluations[i + 1]?.seq !== seq);
}

async function holdsIn(seed: number): Promise<number> {
  const pick = picker(seed);
  const { before, after } = randomProject(pick);
  const storm = new Storm(pick, [before, after]).go(80);
  const { records, truths, fired } = play(storm);
  let compared = 0;
  for (let question = 0; question < 4; question++) {
    const name = one(pick, [...truths.keys()]);
    const [rule = "", symbol = ""] = name.split(" ");
    const at = question === 0 ? undefined : one(pick, storm.inputs).marketTime;
    const where = `BARWISE_SEED=${seed} ${name} at ${at}`;
    let found;
    try {
      found = await whyNot(all(records), calendarOf, { rule, symbol, ...(at === undefined ? {} : { at }) });
    } catch (error) {
      // A reload may have taken the rule away again.
      if (error instanceof WhyError) continue;
      throw error;
    }
    for (const evaluated of lastOfInputs(found.reports[0]?.last ?? [])) {
      const { seq, time, truth, outcome, tree, miss, unknown, fate } = evaluated;
      expect(time, where).toBeLessThanOrEqual(at ?? Number.POSITIVE_INFINITY);
      const decided = truths.get(name)?.get(String(seq));
      if (decided === undefined || outcome === "split") continue;
      compared++;
      expect({ truth, tree: tree.truth }, `${where} input ${seq}`).toEqual({ truth: decided, tree: decided });
      expect(miss.distance === 0, where).toBe(truth === "true");
      expect(unknown.length > 0, where).toBe(truth === "unknown");
      if (truth !== "true") expect(outcome, where).toBe(truth);
      // A firing that another rule of the same evaluation displaced is not asked about, nor is an alert.
      if (typeof fate?.firing === "object" && fate.firing !== null) expect(fired.has(fate.id), where).toBe(true);
    }
    const asked = [...fired].filter((id) => id.startsWith(`${rule}/${symbol}/`)).length;
    if (at === undefined) expect(found.reports[0]?.counts.fires ?? 0, where).toBeGreaterThanOrEqual(asked);
  }
  return compared;
}

const MINUTE = 60_000;
const OPEN = openOf("2024-03-05");
const FILES = {
  "s.strategy.yaml":
    "barwise: 1\nname: s\nsymbols: [SPY]\non: 5m\nrules:\n" +
    "  - {name: enter, when: close > 100, then: {buy: {size: {qty: 1}, bracket: {stop_loss: 50}}}}\n",
};

/** What keeps the rule idle two minutes after the bar that ended at 9:35, when this has happened by then. */
async function idleAfter(change: (run: CoreDriver) => void): Promise<string | undefined> {
  const program = compiled(FILES);
  const run = new CoreDriver(program, OPEN, { live: true, account: HEADER.account, journal: HEADER.id });
  run.bar("SPY", "5m", OPEN, 90);
  change(run);
  run.passTo(OPEN + 7 * MINUTE);
  run.feed({ kind: "load", state: "current", lagMs: 0, waiting: 0 });
  run.bar("SPY", "5m", OPEN + 5 * MINUTE, 110);
  const records = recordsOf(run.inputs, run.outputsOf, () => FILES);
  const { reports } = await whyNot(all(records), calendarOf, { rule: "enter", at: OPEN + 7 * MINUTE - 1 });
  expect(reports[0]?.last.map(({ time, outcome }) => [time, outcome])).toEqual([[OPEN + 5 * MINUTE, "false"]]);
  return reports[0]?.idle;
}

describe("a rule that was not judged", () => {
  it("had no bar, or its symbol was halted, or the feed was down", async () => {
    expect(await idleAfter(() => {})).toBe("no_data");
    const halt = { kind: "halt", symbol: "SPY", time: OPEN, reason: "news" } as const;
    expect(await idleAfter((run) => run.feed({ ...halt, halted: true }))).toBe("halted");
    const resumed = idleAfter((run) => {
      run.feed({ ...halt, halted: true });
      run.feed({ ...halt, halted: false });
    });
    expect(await resumed).toBe("no_data");
    const down = { kind: "feed", feed: "f", status: "down", detail: "" } as const;
    expect(await idleAfter((run) => run.feed(down))).toBe("feed_down");
  });

  it("is told of a time before anything ran", async () => {
    const run = new CoreDriver(compiled(FILES), OPEN, { account: HEADER.account, journal: HEADER.id });
    const records = recordsOf(run.inputs, run.outputsOf, () => FILES);
    const asked = whyNot(all(records), calendarOf, { rule: "enter", at: OPEN - 86_400_000 });
    await expect(asked).rejects.toThrow("the run began later");
  });
});

describe("why a rule did not fire", () => {
  it("is what the core decided, at any instant of any run", async () => {
    const count = amount({ ci: 5, soak: 300 });
    let compared = 0;
    for (let i = 0; i < count; i++) compared += await holdsIn(SEED + i);
    expect(compared).toBeGreaterThan(count);
  }, 120_000);
});
