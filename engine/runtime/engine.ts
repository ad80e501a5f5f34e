/**
 * The live engine: one mailbox in front of one core.
 *
 * Owns: stamping and journaling every input before `step` sees it, timers, and letting effects out only after the
 * entry that justifies them is durable. One event at a time, run to completion.
 * May not: decide anything about trading. When the core asserts or the journal fails, it stops everything.
 */
import { invariant } from "../core/assert.ts";
import { lastLook } from "../core/desk/last-look.ts";
import { createCore, step } from "../core/step.ts";
import type { CoreState } from "../core/step.ts";
import type { BrokerInput, HistoryInput, InputBody, Output, PlainCommandInput } from "../core/event.ts";
import type { SplitInput } from "../core/feed-event.ts";
import type { Program } from "../core/program.ts";
import { ordersToFollow } from "../core/view.ts";
import { Effects, isEffect } from "./effects.ts";
import type { EngineOptions, LoadedProgram } from "./engine-options.ts";
import { knownAt } from "../core/known-at.ts";
import { Stamper } from "../core/stamp.ts";
import { Intake } from "./intake.ts";
import { DEFAULT_LOAD } from "./load.ts";
import type { Load } from "./load.ts";
import { isMarket } from "./mailbox.ts";
import type { Rebuilt } from "./rebuild.ts";
import { Reconciliation } from "./reconcile.ts";
import { Recorder } from "./recorder.ts";
import { snapshotOf } from "./saved-run.ts";
import { Swap } from "./swap.ts";
import { ArrivalTimers, TimerQueue } from "./timers.ts";
import type { RunningTimer } from "./timers.ts";

/** What has no effect is on disk after this time too, and a disk that fails is noticed while nothing trades. */
const SYNC_MS = 1_000;
/** How long stopping waits for answers that are on their way. */
const LAST_ANSWERS_MS = 1_000;

export class Engine {
  readonly core: CoreState;
  readonly #options: EngineOptions;
  readonly #stamper = new Stamper();
  readonly #intake: Intake;
  readonly #marketTimers = new TimerQueue();
  readonly #arrivalTimers: ArrivalTimers;
  #cancelMarketAlarm: (() => void) | undefined;
  #alarmAt = Number.POSITIVE_INFINITY;
  #cancelSync: (() => void) | undefined;
  readonly #reconciliation: Reconciliation;
  readonly #recorder: Recorder;
  readonly #effects: Effects;
  readonly #swaps = new Set<Swap>();
  #loaded: Program | undefined;
  #seq = 0;
  #marketTime = Number.NEGATIVE_INFINITY;
  #dead: Error | undefined;
  #stopping = false;
  #stopped = false;
  readonly #idleWaiters: (() => void)[] = [];

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#recorder = new Recorder(options.journal);
    const { account, journalId: journal, calendarOf, broker, clock } = options;
    this.core = options.recovered?.core ?? createCore({ account, journal, calendarOf });
    this.#intake = new Intake({
      limits: options.load ?? DEFAULT_LOAD,
      clock,
      wall: options.marketTime === "wall",
      take: (body, at, now) => this.#take(body, at, now),
      fail: (error) => this.#die(error),
      rest: () => this.#rest(),
    });
    this.#effects = new Effects({
      journal: options.journal,
      broker,
      post: (input) => this.post(input),
      lastLook: (id, decidedAt) => lastLook(this.core.desk.state, id, clock.now() - decidedAt),
      isOver: () => this.#dead !== undefined || this.#stopped,
      onError: (error) => this.#die(error),
      onMove: () => this.#wakeIdle(),
    });
    this.#arrivalTimers = new ArrivalTimers(clock, ({ id, at }) =>
      this.post({ kind: "timer", id, clock: "arrival", at }),
    );
    this.#reconciliation = new Reconciliation({
      broker,
      clock,
      post: (input) => this.post(input),
      isReady: () => this.core.desk.state.ready,
      program: () => this.core.signals.program,
    });
    if (options.recovered !== undefined) this.#takeOver(options.recovered);
  }

  #takeOver({ seq, nextN, marketTime, timers, program, files }: Rebuilt): void {
    this.#recorder.keep(program, files);
    this.#recorder.nextN = nextN;
    this.#seq = seq;
    this.#marketTime = marketTime;
    for (const timer of timers) {
      if (timer.clock === "market") this.#marketTimers.set(timer.id, timer.at);
      else this.#arrivalTimers.hold(timer);
    }
  }

  get journalId(): string {
    return this.#options.journalId;
  }

  /** What was loaded last. It may still wait for its turn, and what runs is the one before. */
  get program(): Program | undefined {
    return this.#loaded ?? this.core.signals.program;
  }

  get marketTime(): number {
    return this.#marketTime;
  }

  /** How far behind its data it is. */
  get lag(): Load {
    return this.#intake.load;
  }

  /** `begin`, then the feeds. Rejects when one of them refuses. */
  async start(loaded: LoadedProgram): Promise<void> {
    await this.begin(loaded);
    await this.startFeeds();
  }

  /** Loads the program, connects the broker and reconciles. */
  async begin(loaded: LoadedProgram): Promise<void> {
    this.load(loaded);
    await this.#connect();
  }

  /**
   * Goes on where an earlier process ended: the gap in the data is told and filled, the broker is asked what became of
   * everything that was open, and what timers waited for happens. Feeds are started apart, when the files were looked at.
   */
  async resume(gap: readonly (HistoryInput | SplitInput)[], gapEnd: number): Promise<void> {
    const { recovered, clock } = this.#options;
    invariant(recovered !== undefined, "nothing was recovered");
    this.#recorder.outputs(recovered.seq, recovered.untold);
    // Before any timer: one that closes a bar must not find it incomplete when its history is at hand.
    const arrival = clock.now();
    this.#marketTime = Math.max(this.#marketTime, gapEnd);
    const detail = "the process was started again";
    const told: readonly InputBody[] = [
      { kind: "broker", status: "disconnected", detail },
      { kind: "feed", feed: "all feeds", status: "down", detail },
      ...gap,
    ];
    for (const body of told) this.#intake.guard(() => this.#step(body, arrival));
    if (this.#dead !== undefined) throw this.#dead;
    await this.#connect();
    this.#arrivalTimers.release(clock.now());
  }

  async #connect(): Promise<void> {
    for (const body of this.#options.first ?? []) this.post(body);
    await this.#options.broker.start({ broker: (input) => this.#fromBroker(input) }, ordersToFollow(this.core));
    await this.#reconciliation.first();
    this.post({ kind: "trading.started" });
  }

  async startFeeds(): Promise<void> {
    for (const feed of this.#options.feeds) {
      if (this.#stopped) return;
      await feed.start({
        market: (input) => this.#intake.fromFeed(input, feed.delayMs ?? 0),
        refused: (name, reason, sample, count = 1) => this.#options.onRefused?.(name, reason, sample, count),
      });
    }
  }

  /** A program that is to be loaded later, with what `prepare` makes ready and `warmup` then says. */
  swap(program: Program, sources = this.#recorder.sourcesOf(program).files): Swap {
    const swap = new Swap(this.core, program, (warmup) => this.#recorder.ahead(sources, warmup));
    this.#swaps.add(swap);
    return swap;
  }

  /** It is not loaded after all. */
  forget(swap: Swap): void {
    this.#swaps.delete(swap);
  }

  lookAtBroker(): void {
    this.#reconciliation.look();
  }

  /** Swaps the program between two events. */
  load({ program, sources, warmup, accepted }: LoadedProgram): void {
    this.#recorder.keep(program, sources);
    this.#loaded = program;
    this.post({ kind: "program.loaded", program, warmup, ...(accepted === undefined ? {} : { accepted }) });
    this.#reconciliation.symbolsChanged();
    // Whoever reads the journal to see what runs, as `plan` does, must not see the program before.
    void this.#sync();
  }

  command(command: Exclude<PlainCommandInput["command"], "not-sent">, by: string, reason: string): void {
    this.post({ kind: "command", command, by, reason });
  }

  post(body: InputBody): void {
    this.#intake.post(body);
  }

  /** Resolves when nothing is queued, being confirmed or unanswered. */
  async idle(): Promise<void> {
    while (!this.#isIdle()) await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Stops for good, whatever fails on the way. Rejects only when the journal's end could not be written. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const { feeds, broker, journal } = this.#options;
    this.#reconciliation.stop();
    await Promise.allSettled(feeds.map((feed) => feed.stop()));
    await this.#lastAnswers();
    this.#stopped = true;
    this.#intake.close();
    const timers = this.#runningTimers();
    this.#cancelTimers();
    this.#wakeIdle();
    await Promise.allSettled([broker.stop()]);
    try {
      try {
        await this.#leaveSnapshot(timers);
      } finally {
        await journal.close();
      }
    } catch (error) {
      // A dead engine has told its reason already.
      if (this.#dead === undefined) throw error;
    }
  }

  /** After a clean end the next process needs nothing of what is before. */
  async #leaveSnapshot(timers: readonly RunningTimer[]): Promise<void> {
    const { journal, lasts } = this.#options;
    const { program } = this.core.signals;
    if (lasts !== true || this.#dead !== undefined || program === undefined) return;
    const { nextN } = this.#recorder;
    const snapshot = snapshotOf(this.core, { timers, sources: this.#recorder.sourcesOf(program), nextN });
    if (snapshot !== undefined) await journal.snapshot(snapshot);
  }

  #runningTimers(): RunningTimer[] {
    const market = this.#marketTimers.all.map((timer) => ({ ...timer, clock: "market" as const }));
    return [...market, ...this.#arrivalTimers.all.map((timer) => ({ ...timer, clock: "arrival" as const }))];
  }

  async #lastAnswers(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_ANSWERS_MS);
    });
    await Promise.race([this.idle(), late]);
    clearTimeout(timer);
  }

  #cancelTimers(): void {
    this.#cancelMarketAlarm?.();
    this.#cancelSync?.();
    this.#arrivalTimers.clear();
  }

  #isIdle(): boolean {
    return this.#dead !== undefined || this.#stopped || (this.#intake.waiting === 0 && this.#effects.areDone);
  }

  #wakeIdle(): void {
    if (this.#idleWaiters.length === 0 || !this.#isIdle()) return;
    for (const wake of this.#idleWaiters.splice(0)) wake();
  }

  /** The core has had its turn: its effects leave. */
  #rest(): void {
    this.#effects.leave();
    this.#wakeIdle();
  }

  #take(body: InputBody, at: number, arrival: number): void {
    const time = this.#timeOf(body, at, arrival);
    this.#fireTimers(time, arrival);
    this.#marketTime = Math.max(this.#marketTime, time);
    this.#step(body, arrival);
    if (this.#options.marketTime === "wall") this.#setAlarm(arrival);
  }

  /** What waited is judged as of when it came: bars close as they would have without the wait. */
  #timeOf(body: InputBody, at: number, arrival: number): number {
    if (this.#options.marketTime === "wall") return isMarket(body) ? at : (this.#intake.oldest ?? arrival);
    return isMarket(body) ? (knownAt(body, this.#options.calendarOf) ?? this.#marketTime) : this.#marketTime;
  }

  /** What is due by the new time fires first, each at its own time. */
  #fireTimers(time: number, arrival: number): void {
    for (let timer = this.#marketTimers.take(time); timer !== undefined; timer = this.#marketTimers.take(time)) {
      this.#marketTime = Math.max(this.#marketTime, timer.at);
      this.#step({ kind: "timer", id: timer.id, clock: "market", at: timer.at }, arrival);
    }
  }

  #setAlarm(now: number): void {
    const { next } = this.#marketTimers;
    if (next === this.#alarmAt) return;
    this.#cancelMarketAlarm?.();
    this.#cancelMarketAlarm = undefined;
    this.#alarmAt = next;
    if (next === Number.POSITIVE_INFINITY) return;
    this.#cancelMarketAlarm = this.#options.clock.after(next - now, () => {
      this.#alarmAt = Number.POSITIVE_INFINITY;
      this.#onAlarm();
    });
  }

  #onAlarm(): void {
    // While data waits, market time is that of the data: what is due rings when that is taken.
    this.#intake.alone((now) => {
      this.#fireTimers(now, now);
      this.#setAlarm(now);
    });
  }

  #step(body: InputBody, arrivalTime: number): void {
    if (body.kind === "program.loaded") this.#endSwap(body.warmup);
    const input = this.#stamper.stamp(body, ++this.#seq, this.#marketTime, arrivalTime);
    this.#recorder.input(input);
    this.#cancelSync ??= this.#options.clock.after(SYNC_MS, () => void this.#sync());
    const outputs = step(this.core, input);
    this.#recorder.outputs(input.seq, outputs);
    for (const output of outputs) this.#effect(output, arrivalTime);
    for (const swap of this.#swaps) swap.follow(input, outputs);
    this.#options.observe?.(input, outputs);
  }

  /** Now, and not when it was posted: what waited before it may have closed bars. */
  #endSwap(warmup: readonly HistoryInput[]): void {
    for (const swap of this.#swaps) if (swap.warmup === warmup && this.#swaps.delete(swap)) swap.finish();
  }

  #effect(output: Output, now: number): void {
    if (isEffect(output)) return this.#effects.add(output, now);
    if (output.kind === "timer.cancel") {
      this.#marketTimers.cancel(output.id);
      this.#arrivalTimers.cancel(output.id);
    } else if (output.kind === "timer.set") {
      if (output.clock === "market") this.#marketTimers.set(output.id, output.at);
      else this.#arrivalTimers.set(output.id, output.at, now);
    }
  }

  async #sync(): Promise<void> {
    this.#cancelSync?.();
    this.#cancelSync = undefined;
    try {
      await this.#options.journal.sync();
    } catch (error) {
      if (!this.#stopped) this.#die(error);
    }
  }

  #fromBroker(input: BrokerInput): void {
    if ("clientOrderId" in input) this.#effects.answered(input.clientOrderId);
    this.post(input);
    this.#reconciliation.follow(input);
    this.#wakeIdle();
  }

  #die(error: unknown): void {
    if (this.#dead !== undefined) return;
    this.#dead = error instanceof Error ? error : new Error(String(error));
    this.#intake.close();
    this.#effects.clear();
    this.#reconciliation.stop();
    this.#cancelTimers();
    this.#options.onFatal(this.#dead);
    this.#wakeIdle();
  }
}
