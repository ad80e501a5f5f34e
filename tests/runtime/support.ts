/**
 * An engine with everything around it made by hand: clock, broker, journal, feed.
 *
 * Owns: fakes that do nothing on their own. A test says when time passes, when the disk is done and what a broker answers.
 */
import type {
  ApprovedOrder,
  BrokerInput,
  Input,
  InputBody,
  OrderView,
  Output,
  ReconciledInput,
} from "../../engine/core/event.ts";
import type { Program } from "../../engine/core/program.ts";
import { compile } from "../../engine/lang/compile.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import type { Broker, BrokerSink, LastLook } from "../../engine/ports/broker.ts";
import type { Feed, FeedSink } from "../../engine/ports/feed.ts";
import type { Journal, JournalRecord, Snapshot } from "../../engine/ports/journal.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import { Engine } from "../../engine/runtime/engine.ts";
import type { Rebuilt } from "../../engine/runtime/rebuild.ts";
import type { LoadLimits } from "../../engine/runtime/load.ts";
import { reconciled } from "../support/core-driver.ts";

/** A Monday; the symbols of these tests trade around the clock. */
export const START = Date.parse("2024-01-08T12:00:00Z");

export class FakeClock implements Clock {
  time = START;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.time + Math.max(0, ms), callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get pending(): number {
    return this.#timers.length;
  }

  async pass(ms: number): Promise<void> {
    const until = this.time + ms;
    for (let turn = 0; turn < 10_000; turn++) {
      const next = this.#timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.time = Math.max(this.time, next.at);
      next.callback();
      await turns();
    }
    this.time = until;
    await turns();
  }
}

/** Lets everything that waits for nothing but its turn go on. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}

export class FakeBroker implements Broker {
  readonly name = "fake";
  readonly live = false;
  feesInCoins = false;
  readonly submitted: ApprovedOrder[] = [];
  readonly calls: string[] = [];
  /** Symbols that `instruments` was asked for. */
  readonly asked: (readonly string[])[] = [];
  /** Answers of `reconcile`, the last one for ever. */
  pictures: (() => Promise<ReconciledInput>)[] = [() => Promise.resolve(reconciled())];
  #sink: BrokerSink | undefined;

  /** What `start` was told of an earlier process. */
  open: readonly OrderView[] = [];

  start(sink: BrokerSink, open: readonly OrderView[] = []): Promise<void> {
    this.calls.push("start");
    this.open = open;
    this.#sink = sink;
    sink.broker({ kind: "broker", status: "connected", detail: "" });
    return Promise.resolve();
  }

  reconcile(): Promise<ReconciledInput> {
    this.calls.push("reconcile");
    const next = this.pictures.length > 1 ? this.pictures.shift() : this.pictures[0];
    return (next as () => Promise<ReconciledInput>)();
  }

  submit(order: ApprovedOrder, lastLook: LastLook): void {
    this.calls.push("submit");
    const reason = lastLook();
    if (reason === undefined) this.submitted.push(order);
    else this.say({ kind: "order.rejected", clientOrderId: order.clientOrderId, code: "not_sent", reason });
  }

  cancel(): void {
    this.calls.push("cancel");
  }

  lookup(): void {
    this.calls.push("lookup");
  }

  instruments(symbols: readonly string[]): void {
    this.asked.push(symbols);
  }

  stop(): Promise<void> {
    this.calls.push("stop");
    return Promise.resolve();
  }

  say(input: BrokerInput): void {
    this.#sink?.broker(input);
  }
}

/** A disk that is as fast or as broken as the test says. */
export class FakeJournal implements Journal {
  readonly records: JournalRecord[] = [];
  failure: Error | undefined;
  /** While true, `sync` waits for `release`. */
  isSlow = false;
  #waiting: (() => void)[] = [];
  syncs = 0;
  /** How many records there were each time that a sync was announced. */
  readonly announced: number[] = [];

  append(record: JournalRecord): void {
    if (this.failure !== undefined) throw this.failure;
    this.records.push(record.kind === "in" ? { ...record, input: { ...record.input } } : record);
  }

  announce(): void {
    this.announced.push(this.records.length);
  }

  async sync(): Promise<void> {
    this.syncs++;
    if (this.isSlow) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.failure !== undefined) throw this.failure;
  }

  snapshot(snapshot: Snapshot): Promise<void> {
    this.records.push({ kind: "snapshot", ...snapshot });
    return this.sync();
  }

  release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  close(): Promise<void> {
    return this.failure === undefined ? Promise.resolve() : Promise.reject(this.failure);
  }

  get inputs(): string[] {
    return this.records.flatMap((record) => (record.kind === "in" ? [record.input.kind] : []));
  }
}

export class FakeFeed implements Feed {
  readonly name = "fake";
  isStopped = false;
  #sink: FeedSink | undefined;

  start(sink: FeedSink): Promise<void> {
    this.#sink = sink;
    sink.market({ kind: "feed", feed: "fake", status: "live", detail: "" });
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.isStopped = true;
    return Promise.resolve();
  }

  send(input: Parameters<FeedSink["market"]>[0]): void {
    this.#sink?.market(input);
  }

  trade(symbol: string, time: number, price: number): void {
    this.send({ kind: "trade", symbol, time, price, size: 1, setsPrice: true });
  }

  bar(symbol: string, start: number, close: number): void {
    const prices = { open: close, high: close, low: close, close };
    this.send({ kind: "bar", symbol, size: "1m", revised: false, start, ...prices, volume: 1 });
  }
}

export interface Rig {
  readonly engine: Engine;
  readonly clock: FakeClock;
  readonly broker: FakeBroker;
  readonly journal: FakeJournal;
  readonly feed: FakeFeed;
  readonly outputs: Output[];
  readonly fatal: Error[];
  start(): Promise<void>;
  post(input: InputBody): void;
}

export function rig(
  program: Program,
  marketTime: "wall" | "data" = "data",
  sources: Readonly<Record<string, string>> = { "a.strategy.yaml": "text" },
  recovered?: Rebuilt,
  load?: LoadLimits,
  lasts = false,
  watch: (input: Input, outputs: readonly Output[]) => void = () => {},
): Rig {
  const clock = new FakeClock();
  const broker = new FakeBroker();
  const journal = new FakeJournal();
  const feed = new FakeFeed();
  const outputs: Output[] = [];
  const fatal: Error[] = [];
  const engine = new Engine({
    account: "t",
    journalId: "t",
    calendarOf,
    journal,
    broker,
    feeds: [feed],
    clock,
    marketTime,
    ...(load === undefined ? {} : { load }),
    lasts,
    observe: (input, all) => {
      outputs.push(...all);
      watch(input, all);
    },
    onFatal: (error) => fatal.push(error),
    ...(recovered === undefined ? {} : { recovered }),
  });
  const start = (): Promise<void> => engine.start({ program, sources, warmup: [] });
  return { engine, clock, broker, journal, feed, outputs, fatal, start, post: (input) => engine.post(input) };
}

export function programOf(yaml: string, project = ""): Program {
  const files = {
    "strategies/a.strategy.yaml": yaml,
    ...(project === "" ? {} : { "barwise.yaml": project }),
  };
  const { program, diagnostics } = compile(files);
  if (program === null) throw new Error(diagnostics.map(({ line, message }) => `${line}: ${message}`).join("\n"));
  return program;
}

/** Buys one when the close is above `line`, sells when it is below. */
export function threshold(line: number, on = "1m"): string {
  return `barwise: 1
name: a
symbols: [ACME/USD]
on: ${on}
rules:
  - name: enter
    when: close > ${line}
    then: {buy: {size: {qty: 1}, time_in_force: gtc}}
  - name: leave
    when: close < ${line}
    then: {close: {time_in_force: gtc}}
`;
}
