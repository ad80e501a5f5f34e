/**
 * From a journal back to the core that wrote it.
 *
 * Owns: what comes out of a recomputation that met no difference: the state of that run exactly, the bars that the records tell of
 * and the timers that were running. May not: read files.
 */
import { adjustedBar } from "../core/adjusted.ts";
import type { Bar, HistoryInput, Input, Output } from "../core/event.ts";
import type { SplitInput } from "../core/feed-event.ts";
import { barEnd } from "../core/known-at.ts";
import type { SessionKind } from "../core/program.ts";
import type { CoreState } from "../core/step.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { Calendar } from "../market/calendar.ts";
import { barInterval } from "../market/sessions.ts";
import type { History } from "../ports/history.ts";
import type { JournalHeader, JournalRecord, Snapshot } from "../ports/journal.ts";
import { RebuildError, Recompute } from "./recompute.ts";
import type { Begun, LoadedSources, Watch } from "./recompute.ts";
import { snapshotOf } from "./saved-run.ts";
import type { RunningTimer } from "./timers.ts";

/** A run as its records have it at their end. */
export interface Recalled extends LoadedSources {
  readonly core: CoreState;
  readonly header: JournalHeader;
  /** Number of the last input. */
  readonly seq: number;
  readonly marketTime: number;
  readonly arrivalTime: number;
  /** The number of the record that would follow. */
  readonly nextN: number;
  /** What the core asked for and has not got yet. */
  readonly timers: readonly RunningTimer[];
  /** Outputs of the last input that the records do not hold: they are in those that follow, or a crash kept them from the journal and they had no effect yet. */
  readonly untold: readonly Output[];
}

export interface Rebuilt extends Recalled {
  /** Every closed bar that the journal tells of. */
  readonly bars: KnownBars;
}

export async function rebuild(
  records: AsyncIterable<JournalRecord>,
  calendarOf: (symbol: string) => Calendar,
  watch: Watch = () => {},
  begun: Begun = () => {},
): Promise<Rebuilt> {
  const bars = new KnownBars(calendarOf);
  const see: Watch = (input, outputs) => {
    bars.learn(input, outputs);
    watch(input, outputs);
  };
  return { ...(await recall(records, calendarOf, see, begun)), bars };
}

/** The same without the bars, which grow with the journal. */
export async function recall(
  records: AsyncIterable<JournalRecord>,
  calendarOf: (symbol: string) => Calendar,
  watch: Watch = () => {},
  begun: Begun = () => {},
): Promise<Recalled> {
  const timers = new Map<string, RunningTimer>();
  const see: Watch = (input, outputs) => {
    followTimers(timers, input, outputs);
    watch(input, outputs);
  };
  const run = new Recompute(calendarOf, see, (core, saved) => {
    for (const timer of saved.timers) timers.set(timer.id, timer);
    begun(core, saved);
  });
  for await (const record of records) run.take(record);
  const { header, core, loaded, now, nextN, untold } = run;
  if (header === undefined || core === undefined || now === undefined || loaded === undefined)
    throw new RebuildError("the journal holds no program yet: nothing has run", { code: "empty" });
  const { seq, marketTime, arrivalTime } = now;
  return { core, header, ...loaded, seq, marketTime, arrivalTime, nextN, timers: [...timers.values()], untold };
}

/** What is beside the core there, so that whoever goes on with it does what the run did. */
export function snapshotOfRecalled(run: Recalled): Snapshot | undefined {
  const { core, timers, files, settings, program, nextN, untold } = run;
  const sources = { digest: program.digest, files, settings };
  return snapshotOf(core, { timers, sources, nextN, ...(untold.length === 0 ? {} : { untold }) });
}

/** What of timers runs on after an input. */
export function followTimers(timers: Map<string, RunningTimer>, input: Input, outputs: readonly Output[]): void {
  if (input.kind === "timer") timers.delete(input.id);
  for (const output of outputs) {
    if (output.kind === "timer.cancel") timers.delete(output.id);
    if (output.kind !== "timer.set") continue;
    const { id, clock, at } = output;
    timers.set(id, { id, clock, at });
  }
}

// ---------------------------------------------------------------------------------------------- bars

/** Closed bars by series, each start once; the latest word on it counts. */
export class KnownBars implements History {
  readonly #series = new Map<string, Map<number, Bar>>();
  /** Series of which history was told by session: their bars count from several places. */
  readonly #bySession = new Set<string>();
  readonly #calendarOf: (symbol: string) => Calendar;

  constructor(calendarOf: (symbol: string) => Calendar) {
    this.#calendarOf = calendarOf;
  }

  learn(input: Input, outputs: readonly Output[]): void {
    if (input.kind === "history") this.#addAll(input);
    if (input.kind === "feed") for (const history of input.gap?.history ?? []) this.#addAll(history);
    if (input.kind === "program.loaded") for (const history of input.warmup) this.#addAll(history);
    if (input.kind === "split") this.#split(input);
    if (input.kind === "bar") this.#add(input.symbol, input.size, input);
    for (const output of outputs) if (output.kind === "bar") this.#add(output.symbol, output.size, output.bar);
  }

  /** What is known is told in the shares of now, as any history is. */
  #split(split: SplitInput): void {
    for (const [key, bars] of this.#series)
      if (key.startsWith(`${split.symbol}@`)) for (const [start, bar] of bars) bars.set(start, adjustedBar(bar, split));
  }

  #addAll({ symbol, size, bars, session }: HistoryInput): void {
    if (session !== undefined) this.#bySession.add(`${symbol}@${size}`);
    for (const bar of bars) this.#add(symbol, size, bar);
  }

  #add(symbol: string, size: string, { start, open, high, low, close, volume }: Bar): void {
    const key = `${symbol}@${size}`;
    const bars = this.#series.get(key) ?? new Map<number, Bar>();
    this.#series.set(key, bars.set(start, { start, open, high, low, close, volume }));
  }

  bars(
    symbol: string,
    size: BarSize,
    before: number,
    count: number,
    session: SessionKind = "regular",
  ): Promise<readonly Bar[]> {
    const calendar = this.#calendarOf(symbol);
    const key = `${symbol}@${size.label}`;
    const isOf = (start: number): boolean =>
      !this.#bySession.has(key) || barInterval(calendar, size, start, session)?.start === start;
    const bars = [...(this.#series.get(key)?.values() ?? [])]
      .filter(({ start }) => barEnd(start, size, calendar) <= before && isOf(start))
      .sort((a, b) => a.start - b.start);
    return Promise.resolve(bars.slice(Math.max(0, bars.length - count)));
  }
}
