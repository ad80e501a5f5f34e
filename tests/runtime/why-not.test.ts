/** Why a rule did not fire, against what the core decided: the explanation never says anything else. */
import { describe, expect, it } from "vitest";
import { inspect } from "../../engine/core/view.ts";
import type { TruthWord } from "../../engine/core/judged-tree.ts";
import { createCore, step } from "../../engine/core/step.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import type { JournalRecord } from "../../engine/ports/journal.ts";
import { WhyError, whyNot } from "../../engine/runtime/why-not.ts";
import type { Evaluated } from "../../engine/runtime/why-not.ts";
import { HEADER } from "../e2e/support.ts";
import { randomProject } from "../support/random-strategies.ts";
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

function play(storm: Storm): Decided {
  const core = createCore(OPTIONS);
  const records: JournalRecord[] = [HEADER];
  const truths = new Map<string, Map<string, TruthWord>>();
  const fired = new Set<string>();
  const counts = new Map<string, number>();
  let n = 0;
  for (const input of storm.inputs) {
    const outputs = step(core, input);
    const { kind } = input;
    if (kind === "program.loaded") {
      const { program, ...rest } = input;
      const files = storm.filesOf.get(program) ?? {};
      records.push({
        kind: "in",
        n: n++,
        input: { ...rest, sources: { digest: program.digest, files, settings: null } },
      });
    } else records.push({ kind: "in", n: n++, input });
    if (outputs.length > 0) records.push({ kind: "out", n: n++, seq: input.seq, outputs });
    for (const output of outputs) if (output.kind === "confirm") fired.add(output.firing.id);
    const views = inspect(core);
    for (const [i, { facts }] of core.signals.instances.entries()) {
      const { key, moment, strategy, symbol } = facts;
      const isNew = counts.get(key) !== moment.index;
      counts.set(key, moment.index);
      // A reload and history evaluate nothing that is told; a correction changes facts after the decision.
      if (!isNew || kind === "program.loaded" || kind === "feed" || kind === "history") continue;
      for (const { rule, truth } of views[i]?.rules ?? []) {
        const name = `${strategy.name}/${rule} ${symbol}`;
        const own = truths.get(name) ?? new Map<string, TruthWord>();
        truths.set(name, own.set(`${input.seq}`, truth));
      }
    }
  }
  return { records, truths, fired };
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

describe("why a rule did not fire", () => {
  it("is what the core decided, at any instant of any run", async () => {
    const count = amount({ ci: 5, soak: 300 });
    let compared = 0;
    for (let i = 0; i < count; i++) compared += await holdsIn(SEED + i);
    expect(compared).toBeGreaterThan(count);
  }, 120_000);
});
