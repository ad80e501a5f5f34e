/**
 * A market, an exchange, a machine whose processes die, and the real engine on the real adapter between them.
 *
 * Owns: what happens when, all of it drawn from one seed. May not: judge.
 */
import { GuardedBroker } from "../../engine/adapters/control/guarded-broker.ts";
import { decode, encode } from "../../engine/adapters/journal/encode.ts";
import { createAlpacaBroker } from "../../engine/adapters/alpaca/broker.ts";
import type { Bar, HistoryInput } from "../../engine/core/event.ts";
import { createExchange } from "../../engine/exchange/exchange.ts";
import { perShareFees } from "../../engine/exchange/fees.ts";
import type { Exchange } from "../../engine/exchange/types.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import type { FeedSink } from "../../engine/ports/feed.ts";
import type { History } from "../../engine/ports/history.ts";
import type { JournalRecord } from "../../engine/ports/journal.ts";
import { Engine } from "../../engine/runtime/engine.ts";
import { gapOf } from "../../engine/runtime/gap.ts";
import { recall, rebuild, snapshotOfRecalled } from "../../engine/runtime/rebuild.ts";
import type { Rebuilt } from "../../engine/runtime/rebuild.ts";
import { warmupOf } from "../../engine/runtime/warmup.ts";
import { HEADER } from "../e2e/support.ts";
import { one, picker } from "../support/runs.ts";
import type { Pick } from "../support/runs.ts";
import { CrashJournal, Disk } from "./crash-journal.ts";
import { Hands } from "./hands.ts";
import { Judge } from "./judge.ts";
import { People } from "./people.ts";
import type { Reached } from "./people.ts";
import { ADDING, MAX_ENTRIES, MAX_NOTIONAL, MAX_POSITION, SHORTING, SYMBOLS, drawProject } from "./programs.ts";
import type { Loaded } from "./programs.ts";
import { Life, WorldClock } from "./time.ts";
import { LINKS, Wire } from "./wire.ts";
import type { Weather } from "./wire.ts";

const MINUTE = 60_000;
const TICK_MS = 5_000;
/** Ten in the morning of a trading day in New York, and a quarter to four, when the session ends in the world. */
const MORNING = Date.parse("2024-01-08T15:00:00Z");
const EVENING = Date.parse("2024-01-08T20:43:00Z");
const MINUTES = 25;

export interface Outcome {
  readonly violations: readonly string[];
  /** Everything that is on the disk, as text. */
  readonly journal: string;
  /** What happened, oldest first. */
  readonly log: readonly string[];
  readonly orders: number;
  readonly executions: number;
  readonly processes: number;
  /** Words of people, and requests that they approved. */
  readonly words: number;
  readonly approved: number;
}

interface Process {
  readonly life: Life;
  readonly engine: Engine;
  readonly journal: CrashJournal;
  /** Undefined until its feed is started. */
  feed: FeedSink | undefined;
}

export class World {
  readonly #pick: Pick;
  readonly #start: number;
  readonly #clock: WorldClock;
  readonly #disk = new Disk();
  readonly #exchange: Exchange;
  readonly #judge: Judge;
  readonly #wire: Wire;
  readonly #people: People;
  readonly #hands: Hands;
  readonly #log: string[] = [];
  readonly #bars = new Map<string, Bar[]>(SYMBOLS.map((symbol) => [symbol, []]));
  readonly #cents = new Map(SYMBOLS.map((symbol) => [symbol, 10_000]));
  #loaded: Loaded;
  #process: Process | undefined;
  #processes = 0;
  #isCalm = false;
  #skewMs = 0;
  #isClosed = false;
  readonly #problems: string[] = [];

  readonly #killAt: number | undefined;

  /** `killAt`: all is well but for one thing: the first process is killed at this write or message. */
  constructor(seed: number, killAt?: number) {
    this.#killAt = killAt;
    this.#pick = picker(seed);
    const pick = this.#pick;
    this.#start = killAt === undefined && pick(6) === 0 ? EVENING : MORNING;
    this.#clock = new WorldClock(this.#start);
    this.#exchange = createExchange({
      cash: "100000",
      multiplier: 2,
      shorting: true,
      instruments: SYMBOLS.map((symbol) => ({
        symbol,
        name: symbol,
        assetClass: "us_equity",
        tradable: true,
        shortable: true,
        fractionable: true,
      })),
      calendarOf,
      fees: perShareFees("0", "0", "0"),
      slippageRatio: 0,
      partialFills: pick(3) * 0.35,
      seed: String(seed),
    });
    this.#disk.begin(HEADER);
    const log = (line: string): void => this.#note(line);
    const limits = {
      ...{ maxPosition: MAX_POSITION, maxEntries: MAX_ENTRIES, maxNotional: MAX_NOTIONAL },
      ...{ shorting: SHORTING, adding: ADDING },
    };
    const priceOf = (symbol: string): number => (this.#cents.get(symbol) ?? 0) / 100;
    this.#judge = new Judge({ exchange: this.#exchange, disk: this.#disk, limits, priceOf, log });
    this.#people = new People({
      ...{ pick, clock: this.#clock, log },
      running: () => this.#reached(),
      onKill: (isKilled) => (this.#judge.isKilled = isKilled),
    });
    this.#wire = new Wire({ exchange: this.#exchange, world: this.#clock, pick, witness: this.#judge, log });
    this.#hands = new Hands({
      ...{ pick, exchange: this.#exchange, symbols: SYMBOLS, log },
      now: () => this.#clock.now(),
      flush: () => this.#wire.flush(),
    });
    this.#loaded = drawProject(pick);
  }

  #note(line: string): void {
    this.#log.push(`${((this.#clock.now() - this.#start) / 1_000).toFixed(3)} ${line}`);
  }

  async run(): Promise<Outcome> {
    if (this.#killAt === undefined) this.#wire.weather = this.#drawWeather();
    void this.#launch();
    this.#people.begin();
    if (this.#killAt === undefined) this.#plan();
    this.#tick();
    await this.#clock.passTo(this.#start + MINUTES * MINUTE);
    await this.#settle();
    const { violations, orders, executions, approved } = this.#judge;
    const journal = this.#disk.lines.join("\n");
    const problems = [...this.#problems, ...violations];
    const counts = { orders, executions, approved, words: this.#people.words, processes: this.#processes };
    return { violations: problems, journal, log: this.#log, ...counts };
  }

  #drawWeather(): Weather {
    const pick = this.#pick;
    // Some worlds are fair in one thing and foul in another.
    const chance = (worst: number): number => (pick(2) === 0 ? 0 : pick(worst));
    return {
      lostRequest: chance(150),
      lostAnswer: chance(150),
      refused: chance(100),
      slow: chance(200),
      lostUpdate: chance(100),
      doubledUpdate: chance(200),
      strayUpdate: chance(150),
      deafStream: chance(200),
      shortStream: chance(300),
      outage: chance(60),
    };
  }

  // ------------------------------------------------------------------------------------------------ the market

  #tick(): void {
    if (this.#isClosed) return;
    const pick = this.#pick;
    const now = this.#clock.now();
    for (const symbol of SYMBOLS) {
      const cents = Math.max(5_000, (this.#cents.get(symbol) ?? 0) + pick(25) - 12);
      this.#cents.set(symbol, cents);
      this.#exchange.quote(symbol, (cents - 1) / 100, 100, (cents + 1) / 100, 100, now);
      this.#exchange.trade(symbol, cents / 100, 100, now);
      this.#grow(symbol, cents / 100, now);
    }
    this.#exchange.advance(now);
    this.#wire.flush();
    this.#clock.after(TICK_MS, () => this.#tick());
  }

  #grow(symbol: string, price: number, now: number): void {
    const bars = this.#bars.get(symbol) as Bar[];
    const start = Math.floor(now / MINUTE) * MINUTE;
    const last = bars.at(-1);
    if (last?.start === start) {
      const { open, high, low, volume } = last;
      const grown = { start, open, high: Math.max(high, price), low: Math.min(low, price), close: price };
      bars[bars.length - 1] = { ...grown, volume: volume + 100 };
      return;
    }
    if (last !== undefined) this.#send(symbol, last);
    bars.push({ start, open: price, high: price, low: price, close: price, volume: 100 });
  }

  #send(symbol: string, bar: Bar): void {
    const pick = this.#pick;
    if (!this.#isCalm && pick(60) === 0) return;
    this.#clock.after(20 + pick(1_500), () => {
      const { life, feed } = this.#process ?? {};
      if (life?.goesOn() === true) feed?.market({ kind: "bar", symbol, size: "1m", revised: false, ...bar });
    });
  }

  readonly #history: History = {
    bars: (symbol, _size, before, count) => {
      const closed = (this.#bars.get(symbol) ?? []).filter(({ start }) => start + MINUTE <= before);
      return Promise.resolve(closed.slice(Math.max(0, closed.length - count)));
    },
  };

  // ------------------------------------------------------------------------------------------------ processes

  /** Starts a process on what the disk holds; when it cannot, another one is started later. */
  async #launch(): Promise<void> {
    const pick = this.#pick;
    const left = this.#writesLeft();
    const life: Life = new Life(this.#clock, pick(1e9), left, () => this.#died(life));
    life.skewMs = this.#skewMs;
    const isWell = this.#isCalm || this.#killAt !== undefined;
    const fullAfter = isWell || pick(12) > 0 ? Number.POSITIVE_INFINITY : pick(1_500);
    const faults = { slowestMs: pick(2) === 0 ? 5 : 3_000, fullAfter };
    const journal = new CrashJournal(this.#disk, life, this.#clock, pick, faults);
    const { records } = this.#disk;
    this.#processes++;
    this.#note(`process ${this.#processes} starts`);
    const key = `${this.#processes}`;
    LINKS.set(key, this.#wire.link(life));
    try {
      const recovered = await recover(await shortened(records, pick));
      if (life.isOver) return;
      const engine = this.#engine(life, journal, key, recovered);
      const process: Process = { life, engine, journal, feed: undefined };
      this.#process = process;
      await this.#connect(process, recovered);
    } catch (error) {
      this.#failed(life, error);
    }
  }

  #writesLeft(): number {
    const pick = this.#pick;
    if (this.#killAt !== undefined) return this.#processes === 0 ? this.#killAt : Number.POSITIVE_INFINITY;
    return this.#isCalm || pick(3) > 0 ? Number.POSITIVE_INFINITY : 1 + pick(pick(2) === 0 ? 60 : 1_500);
  }

  #engine(life: Life, journal: CrashJournal, key: string, recovered: Rebuilt | undefined): Engine {
    const credentials = { keyId: key, secret: "s" };
    const account = { kind: "loopback", url: "http://127.0.0.1:1" } as const;
    const engine: Engine = new Engine({
      account: HEADER.account,
      journalId: HEADER.id,
      calendarOf,
      journal,
      broker: new GuardedBroker(createAlpacaBroker({ account, credentials, timers: life }), {
        isHalted: () => this.#people.isKilled,
        onSend: () => {},
      }),
      first: this.#people.first,
      feeds: [
        {
          name: "market",
          start: (sink) => {
            if (this.#process?.engine === engine) this.#process.feed = sink;
            sink.market({ kind: "feed", feed: "market", status: "live", detail: "" });
            return Promise.resolve();
          },
          stop: () => Promise.resolve(),
        },
      ],
      clock: life,
      marketTime: "wall",
      observe: (input, outputs) => {
        if (life.isOver) return;
        this.#judge.decided(engine.core, input, outputs, LINKS.get(key)?.isLive() === true);
        this.#people.follow(reach(engine, journal), input, outputs);
        for (const output of outputs)
          if (output.kind === "alert") this.#note(`  ${output.level} ${output.code}: ${output.message}`);
      },
      onFatal: (error) => this.#failed(life, error),
      ...(recovered === undefined ? {} : { recovered }),
    });
    return engine;
  }

  async #connect({ engine, life }: Process, recovered: Rebuilt | undefined): Promise<void> {
    const now = life.now();
    if (recovered === undefined) {
      const { program, sources } = this.#loaded;
      await engine.begin({ program, sources, warmup: await this.#warmup(this.#loaded) });
    } else {
      const { history } = await gapOf(engine.core, this.#history, Math.max(now, recovered.marketTime), calendarOf);
      if (life.isOver) return;
      await engine.resume(history, now);
    }
    if (life.isOver) return;
    await engine.startFeeds();
    this.#note("the process trades");
    this.#people.notice();
  }

  get #core(): Engine["core"] | undefined {
    return this.#process?.engine.core;
  }

  #reached(): Reached | undefined {
    const process = this.#process;
    return process?.feed === undefined ? undefined : reach(process.engine, process.journal);
  }

  async #warmup({ program }: Loaded): Promise<readonly HistoryInput[]> {
    return (await warmupOf(program, this.#history, this.#clock.now(), calendarOf)).warmup;
  }

  /** A start that was refused, a full disk: the process ends by itself. Anything else is a bug. */
  #failed(life: Life, error: unknown): void {
    if (life.isOver) return;
    const { name, message } = error as Error;
    this.#note(`the process ends: ${name}: ${message}`);
    if (name !== "BrokerError" && name !== "JournalError")
      this.#problems.push(`${name}: ${message} ${(error as Error).stack ?? ""}`);
    life.end();
  }

  #died(life: Life): void {
    if (this.#process?.life === life) {
      this.#process.journal.crash();
      this.#process = undefined;
    }
    this.#note("the process is gone");
    this.#clock.after(this.#isCalm ? 10 : 500 + this.#pick(90_000), () => void this.#launch());
  }

  // ------------------------------------------------------------------------------------------------ what happens

  /** Breaks of connections, kills, reloads and commands at drawn moments. */
  #plan(): void {
    const pick = this.#pick;
    const often = (most: number, act: () => void): void => {
      for (let i = pick(most + 1); i > 0; i--) {
        this.#clock.after(pick(MINUTES * MINUTE), () => {
          if (!this.#isCalm) act();
        });
      }
    };
    often(5, () => this.#wire.cut());
    often(2, () => this.#process?.life.end());
    often(2, () => void this.#reload());
    if (pick(4) === 0) often(3, () => this.#setClock());
    if (pick(3) === 0) often(6, () => this.#command());
    if (pick(3) === 0) {
      often(2, () => this.#people.kill());
      often(4, () => this.#people.resume());
    }
    if (pick(4) === 0) often(6, () => this.#hands.cancel());
    if (pick(4) === 0) {
      this.#judge.isShared = true;
      often(4, () => this.#hands.trade());
      often(2, () => this.#hands.close());
      often(2, () => this.#hands.change());
    }
  }

  async #reload(): Promise<void> {
    const loaded = drawProject(this.#pick);
    const process = this.#process;
    if (process?.feed === undefined) return;
    const warmup = await this.#warmup(loaded);
    if (process.life.isOver) return;
    this.#note("the program is loaded anew");
    process.engine.load({ ...loaded, warmup });
  }

  /** The machine's clock is set, forwards or back. */
  #setClock(): void {
    this.#skewMs = this.#pick(10_001) - 5_000;
    this.#note(`the clock is ${this.#skewMs} ms off`);
    if (this.#process !== undefined) this.#process.life.skewMs = this.#skewMs;
  }

  #command(): void {
    const command = one(this.#pick, ["halt", "reduce", "resume", "resume", "cancel-all", "flatten"] as const);
    this.#note(`command ${command}`);
    if (this.#process?.feed !== undefined) this.#process.engine.command(command, "ann", "drawn");
  }

  // ------------------------------------------------------------------------------------------------ the end

  /** Nothing fails any more; whoever is gone comes back, and all that is unclear becomes clear. */
  async #settle(): Promise<void> {
    this.#note("all is calm");
    this.#isCalm = true;
    this.#wire.clear();
    // What a person says must not go with a process that ends right then.
    this.#process?.life.spare();
    this.#process?.journal.spare();
    await this.#pass(4 * MINUTE);
    const lingering = this.#core === undefined ? [] : this.#judge.lingering(this.#core);
    await this.#pass(10_000);
    if (this.#core !== undefined) this.#judge.linger(this.#core, lingering);
    this.#people.leave();
    // Nothing is decided any more, so that the two can be compared.
    this.#process?.engine.command("halt", "ann", "the end");
    await this.#pass(MINUTE);
    this.#isClosed = true;
    this.#wire.cut();
    await this.#pass(MINUTE);
    this.#decideUnknown();
    await this.#pass(MINUTE);
    const process = this.#process;
    if (process?.feed === undefined) {
      this.#problems.push("no process trades at the end");
      return;
    }
    // Nothing is appended any more; the sync that every second brings has passed.
    this.#judge.end(process.engine.core);
    for (const [id, state] of this.#people.told) this.#judge.told(process.engine.core, id, state);
    await this.#recompute(process.engine);
  }

  async #pass(ms: number): Promise<void> {
    await this.#clock.passTo(this.#clock.now() + ms);
  }

  /** A person has looked: what is not at the exchange never will be. */
  #decideUnknown(): void {
    const { engine } = this.#process ?? {};
    for (const { clientOrderId, unresolved, state } of engine?.core.desk.state.orders.open() ?? []) {
      if (!unresolved || state !== "unknown" || this.#exchange.orderByClientId(clientOrderId) !== undefined) continue;
      engine?.post({ kind: "command", command: "not-sent", clientOrderId, by: "ann", reason: "looked" });
    }
  }

  /** What all processes wrote is one journal that says the same again. */
  async #recompute(engine: Engine): Promise<void> {
    try {
      const again = await rebuild(all(this.#disk.records), calendarOf);
      if (again.untold.length > 0) this.#problems.push("the journal lacks outputs");
      const told = ({ core }: { readonly core: Engine["core"] }): string =>
        JSON.stringify(core.desk.state.portfolio.save());
      if (told(again) !== told(engine)) this.#problems.push(`rebuilt: ${told(again)}, ran: ${told(engine)}`);
    } catch (error) {
      this.#problems.push(String(error));
    }
  }
}

function reach(engine: Engine, journal: CrashJournal): Reached {
  return { core: engine.core, post: (body) => engine.post(body), sync: () => journal.sync() };
}

async function* all(records: readonly JournalRecord[]): AsyncGenerator<JournalRecord> {
  for (const record of records) yield await Promise.resolve(record);
}

/** A snapshot that was made at some record, in the place of what is before it; now and then, and where one can be made. */
async function shortened(records: readonly JournalRecord[], pick: Pick): Promise<readonly JournalRecord[]> {
  const [header] = records;
  const end = 1 + pick(records.length);
  const before = records.slice(0, end);
  if (header === undefined || pick(2) === 0 || !hasBegun(before)) return records;
  const snapshot = snapshotOfRecalled(await recall(all(before), calendarOf));
  if (snapshot === undefined) return records;
  const record = decode(encode({ kind: "snapshot", ...snapshot })) as JournalRecord;
  return [header, record, ...records.slice(end)];
}

function hasBegun(records: readonly JournalRecord[]): boolean {
  return records.some((record) => record.kind === "in" && record.input.kind === "program.loaded");
}

async function recover(records: readonly JournalRecord[]): Promise<Rebuilt | undefined> {
  if (!hasBegun(records) && !records.some(({ kind }) => kind === "snapshot")) return undefined;
  return rebuild(all(records), calendarOf);
}
