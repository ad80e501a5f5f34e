/**
 * The real engine with its real journal, a simulated exchange behind it, and weeks of market data in minutes.
 *
 * Owns: what happens when, drawn from one seed: data, bursts, broken lines, feeds that are down, saved files, halts, nights. May
 * not: measure memory, or judge more than whether both sides have the same books in the end.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { compact, planCompaction } from "../../engine/adapters/journal/compact.ts";
import { encode } from "../../engine/adapters/journal/encode.ts";
import { openJournal } from "../../engine/adapters/journal/open.ts";
import { readJournal } from "../../engine/adapters/journal/read.ts";
import type { ThreadJournal } from "../../engine/adapters/journal/thread-journal.ts";
import { createSimBroker } from "../../engine/adapters/sim/broker.ts";
import { PaperBroker } from "../../engine/adapters/sim/paper-broker.ts";
import { PAPER_REMEMBERS_MS, createSimExchange } from "../../engine/cli/local-venue.ts";
import type { HistoryInput, Input, MarketInput, Output } from "../../engine/core/event.ts";
import { knownAt } from "../../engine/core/known-at.ts";
import type { Program } from "../../engine/core/program.ts";
import { ACCOUNT } from "../../engine/core/desk/states.ts";
import { saveCore } from "../../engine/core/save.ts";
import type { Exchange } from "../../engine/exchange/types.ts";
import { compile } from "../../engine/lang/compile.ts";
import type { Session } from "../../engine/market/calendar.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { NYSE } from "../../engine/market/nyse.ts";
import type { Feed, FeedSink } from "../../engine/ports/feed.ts";
import { Engine } from "../../engine/runtime/engine.ts";
import { followTimers, rebuild } from "../../engine/runtime/rebuild.ts";
import { Reloader } from "../../engine/runtime/reload.ts";
import { snapshotOf } from "../../engine/runtime/saved-run.ts";
import type { RunningTimer } from "../../engine/runtime/timers.ts";
import { warmupOf } from "../../engine/runtime/warmup.ts";
import { random } from "../program.ts";
import { SoakClock } from "./clock.ts";
import { SoakHistory } from "./history.ts";
import { bookDifferences } from "./ledger.ts";
import { Link } from "./link.ts";
import { MOMENT_MS, SoakMarket } from "./market.ts";
import { SYMBOLS, filesOf } from "./project.ts";

export interface SoakOptions {
  /** An empty folder for the journal. */
  readonly folder: string;
  /** Where `strategies/` is. */
  readonly root: string;
  readonly seed: number;
  /** How much of each day there is data for: its last minutes. */
  readonly minutesPerDay: number;
  /** Trading days between two snapshots with a compaction. */
  readonly snapshotEvery: number;
  readonly segmentBytes: number;
}

/** What a run holds at a moment of quiet, and what it has done until then. */
export interface Counts {
  /** Market data that the core has taken. */
  readonly events: number;
  readonly days: number;
  readonly sent: number;
  readonly executions: number;
  readonly reloads: number;
  readonly breaks: number;
  readonly conflated: number;
  /** What the desk remembers, and of that what is not over. */
  readonly orders: number;
  readonly open: number;
  readonly knownExecutions: number;
  readonly attempts: number;
  readonly timers: number;
  readonly alarms: number;
  readonly waiting: number;
  readonly exchangeOrders: number;
  /** The whole state of the core as text. */
  readonly stateBytes: number;
  /** On the disk, and ever written there. */
  readonly journalBytes: number;
  readonly writtenBytes: number;
}

/** How often each thing happens on a day. */
const PER_DAY = { breaks: 1, downs: 0.5, saves: 2, halts: 0.5, bursts: 40 };
/** How long a disturbance lasts at most, in moments. */
const LONGEST = 12;
/** Moments of data in a burst, and what passes while one item of it is taken. */
const BURST = 3;
const BURST_ITEM_MS = 1;

/** Sizes of bars that strategies of the soak read. */
const PAST = [
  ["1m", 60_000],
  ["5m", 300_000],
] as const;

const HEADER = { kind: "header", format: 1, barwise: "soak", node: process.version, v8: "", tz: "", icu: "" } as const;
const NAMES = { id: "soak", account: "soak", seed: "", createdAt: 0 };

/**
 * That both sides differ is only a warning to the desk, which believes the broker. A line that is down says so, and while it is, or
 * trading is halted, no protection is put back until it goes on: those are what the disturbances bring.
 */
function isWrong({ level, code }: Extract<Output, { kind: "alert" }>, isStopped: boolean): boolean {
  if (code === "broker/disconnected" || (code === "protection/refused" && isStopped)) return false;
  return level === "critical" || code.startsWith("reconcile/");
}

export class SoakWorld {
  readonly engine: Engine;
  readonly #options: SoakOptions;
  readonly #journal: ThreadJournal;
  readonly #clock: SoakClock;
  readonly #next: () => number;
  readonly #market: SoakMarket;
  readonly #exchange: Exchange;
  readonly #link: Link;
  readonly #history = new SoakHistory();
  readonly #timers = new Map<string, RunningTimer>();
  readonly #problems: string[] = [];
  readonly #momentsPerDay: number;
  #reloader: Reloader<unknown> | undefined;
  #feed: FeedSink | undefined;
  #session: Session;
  /** Ends of disturbances, by moments that are left. */
  readonly #ends = new Map<() => void, number>();
  #files: Readonly<Record<string, string>>;
  #did = { events: 0, days: 0, sent: 0, executions: 0, saves: 0, reloads: 0, breaks: 0 };

  static async open(options: SoakOptions): Promise<SoakWorld> {
    const { folder, segmentBytes } = options;
    const journal = await openJournal(join(folder, "run"), { ...HEADER, ...NAMES }, { segmentBytes });
    const world = new SoakWorld(options, journal);
    await world.#start();
    return world;
  }

  private constructor(options: SoakOptions, journal: ThreadJournal) {
    const session = NYSE.sessionOn("2024-01-08");
    if (session === undefined) throw new Error("a Monday without trading");
    const { seed } = options;
    this.#options = options;
    this.#journal = journal;
    this.#session = session;
    this.#momentsPerDay = (options.minutesPerDay * 60_000) / MOMENT_MS;
    this.#clock = new SoakClock(session.open - 60_000);
    this.#next = random(seed + 1);
    this.#market = new SoakMarket(SYMBOLS, seed);
    const before = NYSE.sessionAtOrBefore(session.extendedOpen - 1);
    for (const [size, ms] of PAST)
      for (const history of this.#market.past(size, ms, before?.close ?? session.open)) this.#history.begin(history);
    this.#files = filesOf(0, options.root);
    const sim = { symbols: SYMBOLS, cash: "1000000", fees: "none", slippage: 0, leverage: 2, partialFills: 0.1 };
    this.#exchange = createSimExchange({ ...sim, seed: String(seed), rememberMs: PAPER_REMEMBERS_MS });
    const paper = new PaperBroker(createSimBroker(this.#exchange), (input) => knownAt(input, calendarOf));
    this.#link = new Link(paper);
    const feed: Feed = {
      name: "market",
      start: (sink) => {
        this.#feed = sink;
        sink.market({ kind: "feed", feed: "market", status: "live", detail: "" });
        return Promise.resolve();
      },
      stop: () => Promise.resolve(),
    };
    this.engine = new Engine({
      ...{ account: NAMES.account, journalId: NAMES.id, calendarOf, journal, clock: this.#clock, marketTime: "wall" },
      broker: this.#link,
      feeds: [paper.watching(feed)],
      observe: (input, outputs) => this.#observe(input, outputs),
      onFatal: (error) => this.#problems.push(`the engine stopped: ${error.stack ?? error.message}`),
    });
  }

  async #start(): Promise<void> {
    const { engine } = this;
    const { program, diagnostics } = compile(this.#files);
    if (program === null) throw new Error(JSON.stringify(diagnostics, null, 2));
    await engine.start({ program, sources: this.#files, warmup: await this.#warm(program) });
    this.#reloader = new Reloader<unknown>(program, {
      engine,
      clock: this.#clock,
      files: {
        read: () => Promise.resolve({ files: this.#files, refused: [] }),
        watch: () => Promise.resolve({ close: () => Promise.resolve() }),
      },
      compile: (files) => Promise.resolve(compile(files)),
      warm: (next) => this.#warm(next),
      onResult: (result) => {
        if (result.kind === "loaded") this.#did.reloads++;
        else this.#problems.push(`a saved file is ${result.kind}: ${JSON.stringify(result)}`);
      },
      live: false,
      acceptances: { read: () => Promise.resolve([]), retire: () => Promise.resolve() },
    });
  }

  async #warm(program: Program): Promise<readonly HistoryInput[]> {
    return (await warmupOf(program, this.#history, this.#clock.now(), calendarOf)).warmup;
  }

  #observe(input: Input, outputs: readonly Output[]): void {
    followTimers(this.#timers, input, outputs);
    if (input.kind === "trade" || input.kind === "quote" || input.kind === "bar") this.#did.events++;
    if (input.kind === "execution") this.#did.executions++;
    for (const output of outputs) {
      this.#history.learn(output);
      if (output.kind === "submit") this.#did.sent++;
      const { states, ready } = this.engine.core.desk.state;
      if (output.kind === "alert" && isWrong(output, !ready || states.has(ACCOUNT, "operator")))
        this.#problems.push(`input ${input.seq}: ${output.code}: ${output.message}`);
    }
  }

  /** Plays until the core has taken `events`, and says so many times how things stand. */
  async *play(events: number, points: number): AsyncGenerator<Counts> {
    let due = events / points;
    while (this.#did.events < events) {
      const { close } = this.#session;
      let at = close - this.#options.minutesPerDay * 60_000;
      await this.#pass(at);
      while (at < close && this.#did.events < events && this.#problems.length === 0) {
        at += (await this.#moment(at)) * MOMENT_MS;
        if (this.#did.events < due) continue;
        due += events / points;
        yield await this.#counts();
      }
      if (this.#problems.length > 0) return;
      if (at >= close) await this.#night();
    }
  }

  /** Gives what came since `from` and returns how many moments that were. */
  async #moment(from: number): Promise<number> {
    const moments = this.#happens(PER_DAY.bursts) ? BURST : 1;
    await this.#pass(from + moments * MOMENT_MS - (moments > 1 ? 1_000 : 0));
    for (let i = 1; i <= moments; i++) {
      for (const input of this.#market.moment(from + i * MOMENT_MS)) {
        // Nothing else gets a turn in a burst, so that most of it waits.
        if (moments > 1) this.#clock.creep(BURST_ITEM_MS);
        this.#give(input);
      }
    }
    await this.#quiet();
    for (const [end, left] of this.#ends) {
      if (left > moments) this.#ends.set(end, left - moments);
      else if (this.#ends.delete(end)) end();
    }
    await this.#quiet();
    await this.#disturb();
    return moments;
  }

  #give(input: MarketInput): void {
    this.#feed?.market(input);
  }

  #pass(until: number): Promise<void> {
    return this.#clock.passTo(until, () => this.#quiet());
  }

  /** The disk and the broker answer before time goes on. While the line is down nobody answers. */
  async #quiet(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (!this.#link.isCut) await this.engine.idle();
  }

  #happens(perDay: number): boolean {
    return this.#next() < perDay / this.#momentsPerDay;
  }

  async #disturb(): Promise<void> {
    const { engine } = this;
    const later = (end: () => void): unknown => this.#ends.set(end, 1 + Math.floor(this.#next() * LONGEST));
    if (this.#happens(PER_DAY.breaks) && !this.#link.isCut) {
      this.#did.breaks++;
      this.#link.cut();
      later(() => this.#link.mend());
    }
    if (this.#happens(PER_DAY.downs)) {
      const feed = { kind: "feed", feed: "market", detail: "soak" } as const;
      this.#give({ ...feed, status: "down" });
      later(() => this.#give({ ...feed, status: "live" }));
    }
    if (this.#happens(PER_DAY.halts)) {
      engine.command("halt", "ann", "soak");
      later(() => engine.command("resume", "ann", "soak"));
    }
    if (this.#happens(PER_DAY.saves)) {
      this.#files = filesOf(++this.#did.saves, this.#options.root);
      await this.#reloader?.reload();
    }
  }

  async #night(): Promise<void> {
    this.#endAll();
    this.#did.days++;
    const next = NYSE.sessionAtOrAfter(this.#session.extendedClose);
    if (next === undefined) throw new Error("the calendar is over");
    await this.#pass(this.#session.extendedClose);
    await this.#quiet();
    if (this.#did.days % this.#options.snapshotEvery === 0) await this.#snapshot();
    this.#session = next;
  }

  #endAll(): void {
    for (const end of this.#ends.keys()) end();
    this.#ends.clear();
  }

  async #snapshot(): Promise<void> {
    const { core } = this.engine;
    const { program } = core.signals;
    if (program === undefined) return;
    const { digest, settings = null } = program;
    const sources = { digest, files: this.#files, settings };
    const beside = { timers: [...this.#timers.values()], sources, nextN: this.#journal.nextN };
    const snapshot = snapshotOf(core, beside);
    if (snapshot === undefined) throw new Error("a fact of the soak cannot be saved");
    await this.#journal.snapshot(snapshot);
    await compact(this.#journal.dir, await planCompaction(this.#journal.dir));
  }

  async #counts(): Promise<Counts> {
    this.#endAll();
    await this.#quiet();
    await this.#journal.sync();
    const { core, lag } = this.engine;
    const { orders } = core.desk.state;
    const saved = saveCore(core);
    const { events, days, sent, executions, reloads, breaks } = this.#did;
    return {
      ...{ events, days, sent, executions, reloads, breaks },
      conflated: lag.conflated,
      orders: [...orders.all].length,
      open: orders.open().length,
      knownExecutions: saved.desk.state.orders.executions.length,
      attempts: Object.keys(saved.desk.state.counts.attempts).length,
      timers: this.#timers.size,
      alarms: this.#clock.pending,
      waiting: lag.waiting,
      exchangeOrders: this.#exchange.orders().length,
      stateBytes: encode(saved).length,
      journalBytes: await bytesIn(this.#journal.dir),
      writtenBytes: this.#journal.stats.bytes,
    };
  }

  /** Ends the run; returns everything that is not as it should be. */
  async end(): Promise<readonly string[]> {
    if (this.#problems.length > 0) {
      await this.engine.stop();
      return this.#problems;
    }
    this.#endAll();
    await this.#pass(this.#session.extendedClose);
    await this.#quiet();
    const { core } = this.engine;
    this.#problems.push(...bookDifferences(core, this.#exchange));
    const ran = encode(saveCore(core));
    await this.engine.stop();
    const again = await rebuild(readJournal(this.#journal.dir, { from: "snapshot" }), calendarOf);
    if (encode(saveCore(again.core)) !== ran) this.#problems.push("the journal does not give the core that ran");
    return this.#problems;
  }
}

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
