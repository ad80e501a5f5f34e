/**
 * What a reload costs the thread that trades: a save that changes one of 1,000 rules.
 *
 * Owns: those figures, on the wall clock: what counts is how long data waits. May not: watch files; a save is a set of texts.
 */
import { deserialize, serialize } from "node:v8";
import { encodeAhead, encodeRecord } from "../engine/adapters/journal/encode-record.ts";
import { compileBeside } from "../engine/cli/compile-beside.ts";
import { piecesOf } from "../engine/cli/program-pieces.ts";
import { watchAhead } from "../engine/core/desk/watch.ts";
import type { BarInput, HistoryInput, InputBody } from "../engine/core/event.ts";
import type { Program } from "../engine/core/program.ts";
import { stamped } from "../engine/core/stamp.ts";
import { createCore, step } from "../engine/core/step.ts";
import { compile } from "../engine/lang/compile.ts";
import type { Compiled, FileTexts } from "../engine/lang/compile.ts";
import { planning } from "../engine/lang/plan/plan.ts";
import { calendarOf } from "../engine/market/instruments.ts";
import { planStateOf } from "../engine/runtime/plan-state.ts";
import { SLICE_MS } from "../engine/runtime/slices.ts";
import { needsAhead } from "../engine/runtime/warmup.ts";
import { minutes } from "./program.ts";
import type { Row } from "./row.ts";

const SYMBOL = "SPY";
const RULES = 1_000;
const MINUTE_MS = 60_000;
const WARMUP = 150;

function rule(at: number, level: number): string {
  const length = 5 + (at % 50);
  const entry = `close crosses above sma(${length}) or rsi(${length}) < ${30 + (at % 7)}`;
  const trend = `close > ema(${length + 20}) and volume > ${level + at}`;
  return `  - {name: r${at}, when: "(${entry}) and ${trend}", then: {alert: {message: "r${at}"}}}\n`;
}

/** The first rule of the first strategy waits for this volume. */
function textsOf(strategies: number, level: number): FileTexts {
  const each = RULES / strategies;
  const textOf = (i: number): string => {
    const rules = Array.from({ length: each }, (_, at) => rule(i * each + at, i + at === 0 ? level : 1_000_000));
    return `# as files have it\nbarwise: 1\nname: s${i}\nsymbols: [${SYMBOL}]\non: 1m\nrules:\n${rules.join("")}`;
  };
  return Object.fromEntries(Array.from({ length: strategies }, (_, i) => [`s${i}.strategy.yaml`, textOf(i)]));
}

function programOf(files: FileTexts): Program {
  const { program, diagnostics } = compile(files);
  if (program === null) throw new Error(diagnostics[0]?.message);
  return program;
}

/** A core that trades, and the bars that it is given. */
class Running {
  readonly core = createCore({ account: "bench", journal: "bench", calendarOf });
  readonly #bars: readonly BarInput[];
  #next = 0;
  #seq = 0;

  constructor(program: Program, bars: readonly BarInput[]) {
    this.#bars = bars;
    this.#next = WARMUP;
    this.step({ kind: "program.loaded", program, warmup: this.warmup });
    // A day that has begun has limits that are watched.
    const account = { cash: "100000", equity: "100000", lastEquity: "100000", multiplier: 2, shorting: true } as const;
    this.step({ kind: "reconciled", account, positions: [], openOrders: [] });
    this.step({ kind: "trading.started" });
  }

  get warmup(): readonly HistoryInput[] {
    const bars = this.#bars.slice(this.#next - WARMUP, this.#next);
    return [{ kind: "history", symbol: SYMBOL, size: "1m", bars }];
  }

  step(body: InputBody): void {
    const time = (this.#bars[this.#next - 1] as BarInput).start + MINUTE_MS;
    step(this.core, stamped(body, ++this.#seq, time, time));
  }

  bar(): void {
    this.step(this.#bars[this.#next++] as BarInput);
  }
}

function ms(work: () => unknown): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

/** How long each step of some work took. */
function stepsOf(step: () => boolean): number[] {
  const steps: number[] = [];
  for (let isMore = true; isMore;) steps.push(ms(() => (isMore = step())));
  return steps;
}

/** Of steps that each round repeats: the longest, each as long as in its least disturbed round. */
function longestOf(rounds: readonly (readonly number[])[]): number {
  const [first = []] = rounds;
  return Math.max(...first.map((_, at) => Math.min(...rounds.map((steps) => steps[at] ?? Number.POSITIVE_INFINITY))));
}

/** Reading what the thread that compiles has sent. */
function reading(compiled: Compiled): number[] {
  return [...piecesOf(compiled)].map((piece) => {
    const bytes = serialize(piece);
    return ms(() => deserialize(bytes));
  });
}

interface Measured {
  readonly bar: number;
  readonly compiling: number;
  readonly pieces: readonly number[];
  readonly planning: readonly number[];
  readonly preparing: readonly number[];
  readonly writing: readonly number[];
  readonly encoding: number;
  readonly swapping: number;
  readonly atOnce: number;
  readonly after: number;
}

async function measured(strategies: number, level: number): Promise<Measured> {
  const bars = minutes(SYMBOL, 2 * WARMUP, 1);
  const before = programOf(textsOf(strategies, level));
  const [running, other] = [new Running(before, bars), new Running(before, bars)];
  for (let i = 0; i < 100; i++) for (const one of [running, other]) one.bar();
  const bar = ms(() => running.bar());
  other.bar();
  const files = textsOf(strategies, level + 1);
  const began = performance.now();
  // The thread keeps no process alive.
  const alive = setInterval(() => undefined, 1_000);
  const compiled = await compileBeside({ files, override: {} });
  clearInterval(alive);
  const compiling = performance.now() - began;
  const { program } = compiled;
  if (program === null) throw new Error("nothing was compiled");
  const plan = planning(before, program, planStateOf(running.core));
  const planned = stepsOf(() => plan.next().done !== true);
  const preparation = running.core.signals.prepare(program, running.warmup);
  const prepared = stepsOf(() => preparation.advance());
  const { warmup } = preparation;
  if (!running.core.signals.isPrepared(program, warmup)) throw new Error("what was prepared is not used");
  const limits = watchAhead(program);
  prepared.push(...stepsOf(() => limits.next().done !== true));
  const needs = needsAhead(program);
  prepared.push(...stepsOf(() => needs.next().done !== true));
  const ahead = encodeAhead(files, warmup);
  const writing = stepsOf(() => ahead.next().done !== true);
  const input = { ...stamped({ kind: "trading.started" }, 1, 0, 0), kind: "program.loaded", warmup } as const;
  const sources = { digest: program.digest, files, settings: null };
  const encoding = ms(() => encodeRecord({ kind: "in", n: 1, input: { ...input, sources } }));
  const swapping = ms(() => running.step({ kind: "program.loaded", program, warmup }));
  const after = ms(() => running.bar());
  const atOnce = ms(() => other.step({ kind: "program.loaded", program, warmup: [...warmup] }));
  const work = { pieces: reading(compiled), planning: planned, preparing: prepared, writing };
  return { bar, compiling, ...work, encoding, swapping, atOnce, after };
}

export async function reloadRows(rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const strategies of [100, 1]) {
    const all: Measured[] = [];
    for (let round = 0; round < rounds; round++) all.push(await measured(strategies, 2_000_000 + 10 * round));
    const least = (of: (one: Measured) => number): number => Math.min(...all.map(of));
    const longest = (of: (one: Measured) => readonly number[]): number => longestOf(all.map(of));
    const total = (of: (one: Measured) => readonly number[]): string =>
      text(least((one) => of(one).reduce((sum, step) => sum + step, 0)));
    const swap = least(({ swapping }) => swapping) + least(({ encoding }) => encoding);
    const slice =
      SLICE_MS +
      Math.max(
        longest(({ preparing }) => preparing),
        longest(({ planning: steps }) => steps),
        longest(({ writing }) => writing),
      );
    const piece = longest(({ pieces }) => pieces);
    const parts = [
      `swap ${text(least((one) => one.swapping))} and journal text ${text(least((one) => one.encoding))}`,
      `slices of ${text(slice)} at most make ready (${total((one) => one.preparing)}), write (${total((one) => one.writing)}) and plan (${total((one) => one.planning)})`,
      `compiled beside in ${text(least((one) => one.compiling))}, read in pieces of ${text(piece)} at most`,
      `first bar after ${text(least((one) => one.after))}, a bar ${text(least((one) => one.bar))}`,
    ];
    const where = strategies === 1 ? "one strategy" : `${strategies} strategies`;
    rows.push({
      what: `reload of 1,000 rules in ${where}, longest pause`,
      unit: "ms",
      target: { value: 1 },
      measured: Math.max(swap, slice, piece),
      baseline: { what: "all at once", value: least(({ atOnce }) => atOnce) },
      detail: `wall clock, ms: ${parts.join("; ")}`,
    });
  }
  return rows;
}

function text(value: number): string {
  return value.toPrecision(2);
}
