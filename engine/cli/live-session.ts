/**
 * A running engine and everything around it, started and stopped as one.
 *
 * Owns: wiring broker, feeds, history, journal and engine for `run`. May not: print; callers observe.
 */
import { createAlpacaBroker } from "../adapters/alpaca/broker.ts";
import type { Credentials } from "../adapters/alpaca/credentials.ts";
import type { AlpacaAccount, AlpacaFeedName } from "../adapters/alpaca/endpoints.ts";
import { createAlpacaHistory } from "../adapters/alpaca/history.ts";
import { createAlpacaSplits } from "../adapters/alpaca/splits.ts";
import type { Input, InputBody, Output } from "../core/event.ts";
import type { Program } from "../core/program.ts";
import { isoTime } from "../core/time.ts";
import { calendarOf } from "../market/instruments.ts";
import type { Broker } from "../ports/broker.ts";
import type { Feed } from "../ports/feed.ts";
import type { History } from "../ports/history.ts";
import type { Journal } from "../ports/journal.ts";
import type { Splits } from "../ports/splits.ts";
import { WALL_CLOCK } from "../adapters/wall-clock.ts";
import { Engine } from "../runtime/engine.ts";
import type { LoadedProgram } from "../runtime/engine-options.ts";
import { gapOf } from "../runtime/gap.ts";
import type { Rebuilt } from "../runtime/rebuild.ts";
import type { LoadLimits } from "../runtime/load.ts";
import { SplitRebuild } from "../runtime/split-rebuild.ts";
import { SplitWatch } from "../runtime/split-watch.ts";
import { needsOf, warmupOf } from "../runtime/warmup.ts";
import type { Missing } from "../runtime/warmup.ts";
import type { OpenRun } from "./open-run.ts";

export interface Connection {
  readonly account: string;
  readonly broker: Broker;
  readonly feeds: readonly Feed[];
  readonly history: History;
  /** Without it splits are not heard of. */
  readonly splits?: Splits;
  /** Has it told when the broker's next update happened, before the update. */
  readonly followBroker?: (passed: (time: number) => void) => void;
  readonly marketTime: "wall" | "data";
  /** Bars before this time warm the facts. */
  readonly warmBefore: () => number;
}

export interface AlpacaOptions {
  readonly account: AlpacaAccount;
  readonly credentials: Credentials | undefined;
  readonly symbols: readonly string[];
  /** Which of Alpaca's feeds history is of. */
  readonly feed?: AlpacaFeedName;
  /** The first one is that of prices. */
  readonly feeds: (history: History) => readonly Feed[];
  readonly startAt?: number;
}

/** An account at Alpaca, or at a local venue, with data from anywhere. */
export function connectAlpaca({ account, credentials, symbols, feed, feeds, startAt }: AlpacaOptions): Connection {
  const local = account.kind === "loopback";
  const calendar = calendarOf(symbols[0] ?? "");
  const address = local ? { venueUrl: account.url } : {};
  const budget = local ? { requestsPerMinute: 6_000 } : {};
  const source = feed === undefined ? {} : { feed };
  const history = createAlpacaHistory({ credentials, calendar, ...address, ...source, ...budget });
  let passed: (time: number) => void = () => {};
  return {
    account: local ? "local" : `alpaca-${account.kind}`,
    broker: createAlpacaBroker({ account, credentials, onTime: (time) => passed(time), ...budget }),
    followBroker: (listener) => {
      passed = listener;
    },
    feeds: feeds(history),
    history,
    splits: createAlpacaSplits({ credentials, calendar, ...address, ...budget }),
    marketTime: local ? "data" : "wall",
    warmBefore: () => startAt ?? WALL_CLOCK.now(),
  };
}

export interface SessionOptions {
  readonly connection: Connection;
  readonly run: Omit<OpenRun, "journal"> & { readonly journal: Journal };
  /** The account outlives this process. */
  readonly lasts: boolean;
  readonly program: Program;
  readonly sources: Readonly<Record<string, string>>;
  readonly load: LoadLimits;
  /** Heard before the broker is connected. */
  readonly first?: readonly InputBody[];
  readonly observe: (input: Input, outputs: readonly Output[]) => void;
  readonly onRefused: (feed: string, reason: string, sample: string, count: number) => void;
  readonly onFatal: (error: Error) => void;
  readonly note: (text: string) => void;
}

export interface Session {
  readonly engine: Engine;
  readonly journalDir: string;
  /** What runs: of a run that is gone on with, the program that it had. */
  readonly program: Program;
  readonly isGoneOnWith: boolean;
  readonly notes: readonly string[];
  /** Bars that a new program needs, up to now. */
  warm(program: Program): Promise<LoadedProgram["warmup"]>;
}

/** Everything but the feeds is up when it resolves; `engine.startFeeds` lets the data in. */
export async function startSession(options: SessionOptions): Promise<Session> {
  const { connection, run } = options;
  const { account, broker, history, marketTime, warmBefore } = connection;
  const { recovered } = run;
  const now = Math.max(warmBefore(), recovered?.marketTime ?? Number.NEGATIVE_INFINITY);
  const timeOfNow = (): number => (Number.isFinite(engine.marketTime) ? engine.marketTime : warmBefore());
  const warm = async (program: Program) => {
    const { warmup, missing } = await warmupOf(program, history, timeOfNow(), calendarOf);
    for (const note of missingNotes(missing, program === engine.program ? undefined : engine.program))
      options.note(note);
    return warmup;
  };
  const engine: Engine = new Engine({
    account,
    journalId: run.id,
    calendarOf,
    journal: run.journal,
    broker,
    feeds: watched(connection, now, () => ({ engine, rebuild })),
    clock: WALL_CLOCK,
    marketTime,
    load: options.load,
    lasts: options.lasts,
    ...(options.first === undefined ? {} : { first: options.first }),
    observe: (input, outputs) => {
      options.observe(input, outputs);
      if (input.kind === "split") rebuild.follow();
    },
    onRefused: options.onRefused,
    onFatal: options.onFatal,
    ...(recovered === undefined ? {} : { recovered }),
  });
  const rebuild = new SplitRebuild({ engine, clock: WALL_CLOCK, warm, tell: options.note });
  try {
    const notes =
      recovered === undefined
        ? await begin(engine, options)
        : await goOn({ engine, rebuild, recovered, connection, now });
    return {
      engine,
      journalDir: run.dir,
      program: recovered?.program ?? options.program,
      isGoneOnWith: recovered !== undefined,
      notes,
      warm,
    };
  } catch (error) {
    rebuild.stop();
    await engine.stop();
    throw error;
  }
}

/** The feed of prices, as far as anybody can say what splits; other feeds tell of other things. */
function watched(
  { feeds, splits, marketTime, followBroker }: Connection,
  since: number,
  parts: () => { readonly engine: Engine; readonly rebuild: SplitRebuild },
): readonly Feed[] {
  const [prices, ...others] = feeds;
  if (prices === undefined || splits === undefined) return feeds;
  const isBusy = (): boolean => {
    const { signals, desk } = parts().engine.core;
    return signals.awaitingHistory.size > 0 || desk.state.splits.unsettled.length > 0;
  };
  const watch = new SplitWatch(prices, {
    splits,
    symbols: () => symbolsThatMatter(parts().engine),
    calendarOf,
    clock: WALL_CLOCK,
    wall: marketTime === "wall",
    since,
    isBusy,
    onStop: () => parts().rebuild.stop(),
  });
  followBroker?.((time) => watch.passed(time));
  return [watch, ...others];
}

/** What is judged, and what is held though nothing judges it any more. */
function symbolsThatMatter({ core }: Engine): readonly string[] {
  const read = [...core.signals.graph.series.values()].map(({ symbol }) => symbol);
  return [...new Set([...read, ...core.desk.state.portfolio.open.map(({ symbol }) => symbol)])].sort();
}

async function begin(engine: Engine, { connection, program, sources }: SessionOptions): Promise<string[]> {
  const { history, warmBefore } = connection;
  const { warmup, missing } = await warmupOf(program, history, warmBefore(), calendarOf);
  await engine.begin({ program, sources, warmup });
  return missingNotes(missing);
}

/** `running` has got what it needs, or has been told of. */
function missingNotes(missing: readonly Missing[], running?: Program): string[] {
  const known = new Map(
    (running === undefined ? [] : needsOf(running)).map(({ symbol, size, bars }) => [`${symbol} ${size.label}`, bars]),
  );
  return missing.flatMap(({ need: { symbol, size, bars }, found }) => {
    const series = `${symbol} ${size.label}`;
    if (bars <= (known.get(series) ?? 0)) return [];
    return [`${series}: ${found} bars of history, ${bars} wanted; facts stay unknown until they have enough`];
  });
}

interface GoingOn {
  readonly engine: Engine;
  readonly rebuild: SplitRebuild;
  readonly recovered: Rebuilt;
  readonly connection: Connection;
  readonly now: number;
}

/** What split meanwhile comes before the bars of the time between: those are in prices of today. */
async function goOn({ engine, rebuild, recovered, connection, now }: GoingOn): Promise<string[]> {
  const { history, splits } = connection;
  const split = (await splits?.between(symbolsThatMatter(engine), recovered.marketTime, now)) ?? [];
  const gap = await gapOf(engine.core, history, now, calendarOf);
  await engine.resume([...split, ...gap.history], now);
  await rebuild.rebuild();
  rebuild.follow();
  const bars = gap.history.length;
  return [
    `gone on after input ${recovered.seq} of ${isoTime(recovered.marketTime)}; ${bars} bars came meanwhile`,
    ...split.map(({ symbol, newShares, oldShares }) => `${symbol} split ${newShares} for ${oldShares} meanwhile`),
    ...gap.unfilled.map((series) => `${series}: no bars of the time between; its facts go on without them`),
  ];
}

/** Feeds that keep no history: facts warm up from what they bring. */
export const NO_HISTORY: History = { bars: () => Promise.resolve([]) };
