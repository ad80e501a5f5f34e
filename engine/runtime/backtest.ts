/**
 * The backtest: the same core over a tape, with a broker that answers at once.
 *
 * Owns: the order of a backtest: timers that are due, then the exchange, then the strategies, then what follows from
 * their orders, and the confirmation before the next market event. May not: decide anything.
 */
import { Stamper } from "../core/stamp.ts";
import { createCore, step } from "../core/step.ts";
import type { CoreState } from "../core/step.ts";
import { invariant } from "../core/assert.ts";
import type {
  BrokerInput,
  CommandInput,
  Firing,
  HistoryInput,
  Input,
  InputBody,
  MarketInput,
  Output,
  ProgramLoadedInput,
} from "../core/event.ts";
import type { ApprovalState, ApprovalView, DecisionInput } from "../core/approval.ts";
import type { Program } from "../core/program.ts";
import type { Calendar } from "../market/calendar.ts";
import type { Journal } from "../ports/journal.ts";
import type { SimBroker } from "../ports/sim-broker.ts";
import { confirm, isSampled, notSampled } from "./confirm.ts";
import type { ConfirmMode } from "./confirm.ts";
import { KnownAt } from "../core/known-at.ts";
import { answerTo } from "./stand-in.ts";
import type { ApprovalMode } from "./stand-in.ts";
import { TimerQueue } from "./timers.ts";

/** An item without a moment of its own comes right after the one before it. */
export type BacktestItem = MarketInput | CommandInput | DecisionInput | ProgramLoadedInput;

export interface BacktestOptions {
  readonly program: Program;
  /** Source texts by path, for the journal. */
  readonly sources: Readonly<Record<string, string>>;
  readonly items: Iterable<BacktestItem>;
  /** Bars from before the first item. */
  readonly warmup?: readonly HistoryInput[];
  readonly broker: SimBroker;
  readonly calendarOf: (symbol: string) => Calendar;
  readonly account: string;
  readonly journalId: string;
  readonly confirm: ConfirmMode;
  /** What becomes of orders that a person must approve; default `auto`. */
  readonly approvals?: ApprovalMode;
  readonly journal?: Journal;
  /** Nothing fires before this time, or before this item; what comes earlier only warms facts. */
  readonly tradeFrom?: number | MarketInput;
  /** Time passes until then when no item is left. */
  readonly until?: number;
  /**
   * Sees every input with its outputs and the core after it, e.g. to write a statement. The input is good within the call:
   * copy what is kept.
   */
  readonly observe?: (input: Input, outputs: readonly Output[], core: CoreState) => void;
  /** Called about every 20,000 items with the number done. */
  readonly progress?: (items: number, time: number) => void;
}

export interface BacktestResult {
  readonly core: CoreState;
  readonly items: number;
  readonly firings: number;
  readonly confirmed: number;
  /** Requests for approval by how they ended; `pending` at the end of the data. */
  readonly approvals: Readonly<Partial<Record<ApprovalState, number>>>;
  readonly firstTime: number;
  readonly lastTime: number;
}

const PROGRESS_EVERY = 20_000;

export async function backtest(options: BacktestOptions): Promise<BacktestResult> {
  const run = new BacktestRun(options);
  await run.all();
  return run.result();
}

class BacktestRun {
  readonly #options: BacktestOptions;
  readonly #core: CoreState;
  readonly #timers = new TimerQueue();
  readonly #stamper = new Stamper();
  #seq = 0;
  #n = 0;
  #now = Number.NEGATIVE_INFINITY;
  /** Time of the last item. */
  #last = Number.NEGATIVE_INFINITY;
  #first = Number.NaN;
  #items = 0;
  #firings = 0;
  #confirmed = 0;
  #asked: Firing[] = [];
  #requests: ApprovalView[] = [];
  readonly #approvals = new Map<string, ApprovalState>();
  /** Timers of arrival time among the others: here both clocks show the same. */
  readonly #arrivals = new Set<string>();
  #trading = false;

  constructor(options: BacktestOptions) {
    this.#options = options;
    const { account, journalId: journal, calendarOf } = options;
    this.#core = createCore({ account, journal, calendarOf });
  }

  async all(): Promise<void> {
    const { items, calendarOf, progress } = this.#options;
    const knownAt = new KnownAt(calendarOf);
    for (const item of items) {
      if (item.kind === "command" || item.kind === "decision" || item.kind === "program.loaded") {
        this.#feed(item);
        this.#decideAll();
        continue;
      }
      const time = knownAt.of(item);
      if (Number.isNaN(time)) {
        this.#feed(item);
        continue;
      }
      if (Number.isNaN(this.#first)) this.#begin(time);
      if (!this.#trading && this.#isTraded(item, time)) this.#startTrading(time);
      // As over a wire: the exchange is ahead of what is told about it, and time is known to have passed when data says so.
      this.#answers(this.#options.broker.market(item, time));
      this.#decideAll();
      if (this.#timers.next <= time) await this.#passTime(time);
      this.#now = Math.max(this.#now, time);
      this.#feed(item);
      if (this.#asked.length > 0) await this.#confirmAll();
      this.#items++;
      if (progress !== undefined && this.#items % PROGRESS_EVERY === 0) {
        progress(this.#items, time);
        await new Promise(setImmediate);
      }
    }
    this.#last = this.#now;
    const end = this.#now + (this.#options.program.graceMs ?? 0);
    await this.#passTime(Math.max(end, this.#options.until ?? end));
  }

  result(): BacktestResult {
    return {
      core: this.#core,
      items: this.#items,
      firings: this.#firings,
      confirmed: this.#confirmed,
      approvals: countsOf(this.#approvals.values()),
      firstTime: this.#first,
      lastTime: this.#last,
    };
  }

  #begin(time: number): void {
    this.#first = time;
    this.#now = time;
    this.#feed({ kind: "program.loaded", program: this.#options.program, warmup: this.#options.warmup ?? [] });
    this.#feed(this.#options.broker.reconcile());
    // The tape is complete from its first item on, so nothing is left out for missing data.
    this.#feed({ kind: "feed", feed: "tape", status: "live", detail: "" }, Number.NEGATIVE_INFINITY);
  }

  #isTraded(item: MarketInput, time: number): boolean {
    const { tradeFrom = Number.NEGATIVE_INFINITY } = this.#options;
    return typeof tradeFrom === "number" ? time >= tradeFrom : item === tradeFrom;
  }

  #startTrading(time: number): void {
    this.#trading = true;
    this.#now = Math.max(this.#now, time);
    this.#feed({ kind: "trading.started" });
  }

  /** Fires what is due before `time`, each at its own time. */
  async #passTime(time: number): Promise<void> {
    for (let timer = this.#timers.take(time); timer !== undefined; timer = this.#timers.take(time)) {
      this.#now = Math.max(this.#now, timer.at);
      const clock = this.#arrivals.delete(timer.id) ? "arrival" : "market";
      this.#feed({ kind: "timer", id: timer.id, clock, at: timer.at });
      this.#decideAll();
      if (this.#asked.length > 0) await this.#confirmAll();
    }
  }

  async #confirmAll(): Promise<void> {
    while (this.#asked.length > 0) {
      const firings = this.#asked;
      this.#asked = [];
      for (const firing of firings) {
        const asked = isSampled(this.#options.confirm, firing.id);
        if (asked) this.#confirmed++;
        this.#feed(asked ? await confirm(firing) : notSampled(firing.id));
        this.#decideAll();
      }
    }
  }

  /** Answers what was asked, and what is asked again because of the answer. */
  #decideAll(): void {
    for (let request = this.#requests.shift(); request !== undefined; request = this.#requests.shift()) {
      // Only its last word counts: an older one may be over.
      if (this.#requests.some(({ id }) => id === request?.id)) continue;
      const answer = answerTo(request, this.#options.approvals ?? "auto");
      if (answer !== undefined) this.#feed(answer);
    }
  }

  #answers(inputs: readonly BrokerInput[]): void {
    for (const input of inputs) this.#feed(input);
  }

  #feed(body: InputBody, marketTime = this.#now): void {
    const input = this.#stamper.stamp(body, ++this.#seq, marketTime, marketTime);
    this.#record(input);
    const outputs = step(this.#core, input);
    if (outputs.length > 0) this.#options.journal?.append({ kind: "out", n: this.#n++, seq: input.seq, outputs });
    this.#options.observe?.(input, outputs, this.#core);
    for (const output of outputs) this.#effect(output);
  }

  #record(input: Input): void {
    const { journal, program, sources } = this.#options;
    if (journal === undefined) return;
    if (input.kind === "program.loaded") {
      const { program: loaded, ...rest } = input;
      invariant(loaded === program, "the journal of a backtest holds one program");
      journal.append({
        kind: "in",
        n: this.#n++,
        input: { ...rest, sources: { digest: program.digest, files: sources, settings: program.settings ?? null } },
      });
    } else journal.append({ kind: "in", n: this.#n++, input });
  }

  #effect(output: Output): void {
    const { broker } = this.#options;
    switch (output.kind) {
      case "timer.set":
        // Brokers answer at once here: on the arrival clock only what waits for a person can ever be due.
        if (output.clock === "arrival" && !output.id.startsWith("approval:")) break;
        if (output.clock === "arrival") this.#arrivals.add(output.id);
        this.#timers.set(output.id, output.at);
        break;
      case "approval":
        this.#approvals.set(output.approval.id, output.approval.state);
        this.#requests.push(output.approval);
        break;
      case "timer.cancel":
        this.#timers.cancel(output.id);
        break;
      case "confirm":
        this.#firings++;
        this.#asked.push(output.firing);
        break;
      case "submit":
        this.#answers(broker.submit(output.order, this.#now));
        break;
      case "cancel":
        this.#answers(broker.cancel(output.clientOrderId, this.#now));
        break;
      case "lookup":
        this.#answers(broker.lookup(output.clientOrderId, this.#now));
        break;
      default:
        break;
    }
  }
}

function countsOf(states: Iterable<ApprovalState>): Partial<Record<ApprovalState, number>> {
  const counts: Partial<Record<ApprovalState, number>> = {};
  for (const state of states) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
