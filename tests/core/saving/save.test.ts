/** A core that is saved and restored, at any point and as often as one likes, goes on as if nothing had happened. */
import { describe, expect, it } from "vitest";
import { decode, encode } from "../../../engine/adapters/journal/encode.ts";
import type { Output } from "../../../engine/core/event.ts";
import type { Program } from "../../../engine/core/program.ts";
import { SAVED_FORMAT, restoreCore, saveCore, unsavedFacts } from "../../../engine/core/save.ts";
import type { SavedCore } from "../../../engine/core/save.ts";
import { RestoreError, packed, unpacked } from "../../../engine/core/saved.ts";
import { createCore, step } from "../../../engine/core/step.ts";
import type { CoreState } from "../../../engine/core/step.ts";
import { inspect } from "../../../engine/core/view.ts";
import { PairNode } from "../../../engine/core/signals/pair-nodes.ts";
import { TimeSeries } from "../../../engine/core/signals/time-series.ts";
import { barSizeOf } from "../../../engine/market/bar-size.ts";
import { calendarOf } from "../../../engine/market/instruments.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";
import { programOf } from "../../support/evaluations.ts";
import { compiled, randomProject } from "../../support/random-strategies.ts";
import { SEED, amount, picker } from "../../support/runs.ts";
import type { Pick } from "../../support/runs.ts";
import { Storm } from "../../support/storm.ts";

const MINUTE = 60_000;
const OPEN = openOf("2024-03-05");
const OPTIONS = { account: "test", journal: "j", calendarOf };

const textOf = (core: CoreState): string => encode(saveCore(core));

/** Through text, and into a program that was compiled anew. */
function restored(core: CoreState, again: ReadonlyMap<Program, Program>): CoreState {
  const { program } = core.signals;
  const twin = program === undefined ? undefined : again.get(program);
  if (twin === undefined) throw new Error("every program has a twin");
  return restoreCore(OPTIONS, decode(textOf(core)) as SavedCore, twin);
}

/** Programs both ways: from the one of the run to its twin, and back. */
function twinsOf(storm: Storm): ReadonlyMap<Program, Program> {
  const twins = new Map<Program, Program>();
  for (const [program, files] of storm.filesOf) {
    const twin = compiled(files);
    twins.set(program, twin).set(twin, program);
  }
  return twins;
}

/** What an output is, as far as a storm should have been there. */
function placeOf(output: Output): string {
  if (output.kind === "refused" || output.kind === "alert") return `${output.kind} ${output.code}`;
  return output.kind === "order" ? `${output.order.role} ${output.order.state}` : output.kind;
}

function stormOf(pick: Pick): Storm {
  const { before, after } = randomProject(pick);
  return new Storm(pick, [before, after]).go(140);
}

/** Plays a storm into one core, and into others that are restored on the way; everything must be equal all the time. */
function holdsIn(seed: number): void {
  const pick = picker(seed);
  const storm = stormOf(pick);
  const twins = twinsOf(storm);
  const straight = createCore(OPTIONS);
  // One core that is restored over and over, in some storms before every input, and one that is so at two places.
  let restless = createCore(OPTIONS);
  let twice = createCore(OPTIONS);
  const every = Math.max(1, storm.inputs.length >> (pick(10) === 0 ? 9 : 5));
  const cuts = [pick(storm.inputs.length), pick(storm.inputs.length)];
  for (const [at, input] of storm.inputs.entries()) {
    const where = `before input ${at} of BARWISE_SEED=${seed}: ${encode({ ...input, program: undefined })}`;
    if (at > 0 && pick(every) === 0) {
      restless = restored(restless, twins);
      expect(textOf(restless), where).toBe(textOf(straight));
    }
    if (at > 0 && cuts.includes(at)) twice = restored(twice, twins);
    const expected = encode(step(straight, input));
    expect(encode(step(restless, input)), where).toBe(expected);
    expect(encode(step(twice, input)), where).toBe(expected);
  }
  expect(textOf(twice), `BARWISE_SEED=${seed}`).toBe(textOf(straight));
}

describe("a core that was saved and restored", { timeout: 3_600_000 }, () => {
  it("gives the same bytes from then on, wherever it was cut, and is itself saved as the same bytes", () => {
    const storms = amount({ ci: 4, soak: 2_000 });
    for (let i = 0; i < storms; i++) holdsIn(SEED + i);
    console.log(`saving: ${storms} storms; BARWISE_SEED=${SEED} repeats them`);
  });

  it("has been to the places that matter, as far as storms of known seeds have", () => {
    const places = new Set<string>();
    for (const seed of [2, 5, 8, 9, 22, 26, 43, 59])
      for (const output of stormOf(picker(seed)).run.outputs) places.add(placeOf(output));
    for (const place of [
      ...["entry filled", "entry partly_filled", "entry canceled", "exit filled", "exit partly_filled"],
      ...["stop_loss filled", "take_profit filled", "take_profit sent", "alert rule/quarantined", "state", "lookup"],
      ...["refused opening_canceled", "refused confirmation_late", "refused netting", "refused exit_working"],
      ...["alert plan/orphan", "alert reconcile/position", "alert execution/external"],
      ...["alert data/late-trade", "alert data/late-correction", "alert data/behind"],
      ...["alert data/halted", "alert data/resumed", "refused market_data"],
      ...["alert split/begun", "alert split/settled", "alert data/splits-unknown", "refused split"],
      ...["alert risk/max_drawdown", "alert risk/max_daily_loss", "alert risk/max_loss_streak", "alert risk/probation"],
      ...["alert risk/repeated_execution", "alert risk/max_reconnects", "alert risk/max_ack_latency"],
      ...["refused repeated_execution", "refused self_cross"],
    ])
      expect([...places]).toContain(place);
  });
});

const compiledOf = (facts: Record<string, string>, rules?: string): Program =>
  programOf(facts, { on: "1m", ...(rules === undefined ? {} : { rules }) });

describe("a saved core", () => {
  const program = compiledOf({ average: "ema(3)" });

  function saved(): SavedCore {
    const run = new CoreDriver(program, OPEN - MINUTE);
    for (let i = 0; i < 5; i++) run.bar("SPY", "1m", OPEN + i * MINUTE, 100 + i);
    return decode(textOf(run.core)) as SavedCore;
  }

  function refusal(options: typeof OPTIONS, of: SavedCore, by: Program): readonly [code: string, message: string] {
    try {
      restoreCore(options, of, by);
    } catch (error) {
      if (error instanceof RestoreError) return [error.code, error.message];
      throw error;
    }
    return ["", "it was restored"];
  }

  it("is refused by another program, account, journal or format", () => {
    const other = compiledOf({ average: "ema(4)" });
    expect(refusal(OPTIONS, saved(), program)).toEqual(["", "it was restored"]);
    expect(refusal(OPTIONS, saved(), other)).toEqual([
      "saved/program",
      "it was saved with another program; restore it with that one and load the changed one afterwards",
    ]);
    expect(refusal({ ...OPTIONS, account: "live" }, saved(), program)[0]).toBe("saved/account");
    expect(refusal({ ...OPTIONS, journal: "k" }, saved(), program)).toEqual([
      "saved/account",
      'it was saved for account "test" and journal j, not for "test" and k',
    ]);
    expect(refusal(OPTIONS, { ...saved(), format: 0 }, program)).toEqual([
      "saved/format",
      `it was saved in format 0, this version of barwise reads format ${SAVED_FORMAT}`,
    ]);
  });

  it("is refused when something is missing, left over or of another shape", () => {
    const whole = saved();
    const withNodes = (nodes: Record<string, string>): SavedCore => ({
      ...whole,
      signals: { ...whole.signals, graph: { ...whole.signals.graph, nodes } },
    });
    const { nodes } = whole.signals.graph;
    const [first = "", ...others] = Object.keys(nodes);
    const rest = Object.fromEntries(others.map((key) => [key, nodes[key] as string]));
    const of = (changed: Record<string, string>): readonly [string, string] =>
      refusal(OPTIONS, withNodes(changed), program);
    expect(of(rest)).toEqual(["saved/shape", `the fact "${first}" was not saved`]);
    expect(of({ ...nodes, more: "1" })).toEqual(["saved/shape", 'the program has no fact "more", which was saved']);
    const average = Object.keys(nodes).find((key) => key.startsWith("ema")) ?? "";
    expect(of({ ...nodes, [average]: "1 2 3" })[0]).toBe("saved/shape");
    expect(of({ ...nodes, [first]: `${nodes[first]} 1` })[0]).toBe("saved/shape");
  });

  it("keeps what JSON cannot hold", () => {
    expect(unpacked(packed([0, -0, 1.5, 1e300, Number.NaN, Infinity, -Infinity]))).toEqual([
      0,
      -0,
      1.5,
      1e300,
      NaN,
      Infinity,
      -Infinity,
    ]);
    expect(unpacked(packed([]))).toEqual([]);
  });
});

describe("a fact whose kernel cannot be saved", () => {
  const program = compiledOf({ theirs: "ema(3, source: technicalindicators)", ours: "ema(3)" });
  const value = (core: CoreState, name: string): number => inspect(core)[0]?.facts[name] ?? 0;

  it("is named, and unknown until a reload with its bars brings it back", () => {
    const run = new CoreDriver(program, OPEN - MINUTE);
    for (let i = 0; i < 10; i++) run.bar("SPY", "1m", OPEN + i * MINUTE, 100 + (i % 4));
    const text = textOf(run.core);
    expect(unsavedFacts(decode(text) as SavedCore)).toMatchObject([{ symbol: "SPY", size: "1m" }]);
    const core = restoreCore(OPTIONS, decode(text) as SavedCore, program);
    expect(value(core, "theirs")).toBeNaN();
    expect(value(core, "ours")).toBe(value(run.core, "ours"));
    expect(textOf(core)).toBe(text);

    const bars = run.inputs.filter((input) => input.kind === "bar");
    const history = { kind: "history", symbol: "SPY", size: "1m", bars } as const;
    const stamp = { seq: 99, marketTime: run.now, arrivalTime: run.now };
    step(core, { kind: "program.loaded", program, warmup: [history], ...stamp });
    expect(value(core, "theirs")).toBe(value(run.core, "theirs"));
    const next = { kind: "bar", symbol: "SPY", size: "1m", revised: false, start: OPEN + 10 * MINUTE } as const;
    const prices = { open: 104, high: 105, low: 103, close: 104, volume: 1 };
    step(core, { ...next, ...prices, seq: 100, marketTime: run.now + MINUTE, arrivalTime: run.now + MINUTE });
    run.market({ ...next, ...prices });
    expect(value(core, "theirs")).toBe(value(run.core, "theirs"));
    expect(value(core, "ours")).toBe(value(run.core, "ours"));
  });
});

describe("a fact of two symbols on larger bars", () => {
  const program = compiledOf({
    c: '"correlation(3, with: close(symbol: QQQ), on: 5m)"',
    b: '"beta(2, with: close(symbol: QQQ), on: 5m)"',
  });

  it("goes on from any place, also where bars of one symbol wait for the other one", () => {
    const run = new CoreDriver(program, OPEN - MINUTE);
    const pick = picker(7);
    for (let i = 0; i < 90; i++) {
      for (const symbol of ["SPY", "QQQ"])
        if (Math.floor(i / 5) % 4 !== 2 || symbol === "SPY") run.bar(symbol, "1m", OPEN + i * MINUTE, 100 + pick(9));
    }
    const straight = createCore(OPTIONS);
    let restless = createCore(OPTIONS);
    let known = 0;
    for (const [at, input] of run.inputs.entries()) {
      if (at > 0) restless = restoreCore(OPTIONS, decode(textOf(restless)) as SavedCore, program);
      expect(encode(step(restless, input))).toBe(encode(step(straight, input)));
      if (at > 0) expect(textOf(restless)).toBe(textOf(straight));
      if (Number.isFinite(inspect(restless)[0]?.facts["c"])) known++;
    }
    expect(known).toBeGreaterThan(20);
  });

  it("is refused when what waits was saved otherwise", () => {
    const run = new CoreDriver(program, OPEN - MINUTE);
    for (let i = 0; i < 12; i++) run.bar("SPY", "1m", OPEN + i * MINUTE, 100);
    const whole = decode(textOf(run.core)) as SavedCore;
    const { nodes } = whole.signals.graph;
    const [key = ""] = Object.keys(nodes).filter((name) => name.startsWith("pair correlation"));
    for (const wrong of ["NaN", "NaN 1", "NaN 1 65 2", "NaN 1 -1 2", "NaN 1 2 3 4"]) {
      const graph = { ...whole.signals.graph, nodes: { ...nodes, [key]: wrong } };
      const of = { ...whole, signals: { ...whole.signals, graph } };
      expect(() => restoreCore(OPTIONS, of, program), wrong).toThrow(RestoreError);
    }
  });

  it("is unsaved where its kernel is, and a forgotten one leaves it to the warm-up of a reload", () => {
    const size = barSizeOf("5m");
    const session = "regular" as const;
    const [first, second] = ["SPY", "QQQ"].map(
      (symbol) => new TimeSeries({ symbol, size, session, calendar: calendarOf(symbol) }),
    ) as [TimeSeries, TimeSeries];
    let sum = 0;
    const kernel = {
      update: (x: Float64Array, out: Float64Array) => void (out[0] = sum += (x[0] as number) + (x[1] as number)),
      onlyForward: true as const,
      ...{ peek: never, reset: never, clone: never, serialize: never, restore: never },
    };
    const pair = (): PairNode => new PairNode("pair", 2, [first, second], [0, 1], { kernel, outputs: 1 });
    const old = pair();
    expect(old.save()).toBeUndefined();
    expect(old.sources.map(({ symbol }) => symbol)).toEqual(["SPY", "QQQ"]);
    const slots = Float64Array.of(1, 2, 5);
    const next = Float64Array.of(1, 2, 9);
    pair().adopt(old, next, slots);
    expect(next[2]).toBe(5);
    next[2] = 9;
    old.forget();
    pair().adopt(old, next, slots);
    expect(next[2]).toBe(9);
  });
});

function never(): never {
  throw new Error("it keeps its memory to itself");
}
