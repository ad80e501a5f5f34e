/**
 * What a journal tells of the market, as a tape for a backtest.
 *
 * Owns: which inputs are of the market and of people, and not answers of a broker or timers, which follow from rules. May
 * not: run anything. All of it is told in the shares of its end, as the data of any backtest is.
 */
import { adjustedBar, sharesOf } from "../core/adjusted.ts";
import type { AccountInput, HistoryInput } from "../core/event.ts";
import type { SplitInput } from "../core/feed-event.ts";
import { knownAt } from "../core/known-at.ts";
import type { Calendar } from "../market/calendar.ts";
import { RestoreError } from "../core/saved.ts";
import type { JournaledInput, JournalRecord, SnapshotRecord } from "../ports/journal.ts";
import type { BacktestItem } from "./backtest.ts";
import { KnownBars } from "./rebuild.ts";
import { RebuildError, programFrom } from "./recompute.ts";
import type { LoadedSources } from "./recompute.ts";
import { savedRunOf } from "./saved-run.ts";
import type { SavedRun } from "./saved-run.ts";

export interface RecordedMarket {
  /** Market data and commands in their order, with the programs that were loaded on the way. */
  readonly items: readonly BacktestItem[];
  /** The program that was loaded first. */
  readonly loaded: LoadedSources;
  /** Bars from before the first item. */
  readonly bars: KnownBars;
  readonly symbols: readonly string[];
  /** When the first item could be known. */
  readonly from: number;
  /** As it was before the first item, or null when nobody told. */
  readonly account: Pick<AccountInput, "cash" | "multiplier"> | null;
  /** Symbols that the account held before the run. */
  readonly held: readonly string[];
}

const PROGRESS_EVERY = 10_000;

export async function recordedMarket(
  records: AsyncIterable<JournalRecord>,
  calendarOf: (symbol: string) => Calendar,
  progress: (inputs: number, marketTime: number) => void = () => {},
): Promise<RecordedMarket> {
  const taker = new Taker(calendarOf);
  let inputs = 0;
  for await (const record of records) {
    if (record.kind === "snapshot") taker.begin(record);
    if (record.kind !== "in") continue;
    taker.take(record.input);
    if (++inputs % PROGRESS_EVERY === 0) progress(inputs, record.input.marketTime);
  }
  return taker.result();
}

class Taker {
  readonly #calendarOf: (symbol: string) => Calendar;
  readonly #items: BacktestItem[] = [];
  readonly #bars: KnownBars;
  readonly #symbols = new Set<string>();
  #loaded: LoadedSources | undefined;
  #from = Number.NaN;
  /** The account as the first reconciliation, or the snapshot that the journal begins with, has it. */
  #before: Pick<RecordedMarket, "account" | "held"> | undefined;

  constructor(calendarOf: (symbol: string) => Calendar) {
    this.#calendarOf = calendarOf;
    this.#bars = new KnownBars(calendarOf);
  }

  /** Of a journal that was made shorter, what was before: the program that ran, and the account. Later ones say nothing new. */
  begin(record: SnapshotRecord): void {
    if (this.#loaded !== undefined) return;
    const { core, sources } = beginningOf(record);
    this.#loaded = programFrom(sources);
    const { portfolio, account } = core.desk.state;
    const held = portfolio.positions.filter(({ qty }) => Number(qty) !== 0).map(({ symbol }) => symbol);
    this.#before = { account: { cash: portfolio.cash, multiplier: account.multiplier }, held: [...new Set(held)] };
  }

  take(input: JournaledInput): void {
    switch (input.kind) {
      case "program.loaded":
        this.#program(input);
        break;
      case "reconciled":
        this.#before ??= { account: input.account, held: input.positions.map(({ symbol }) => symbol) };
        break;
      case "trade":
      case "quote":
      case "bar":
        this.#symbols.add(input.symbol);
        if (Number.isNaN(this.#from)) this.#from = knownAt(input, this.#calendarOf) ?? Number.NaN;
        this.#items.push(input);
        break;
      case "history":
        this.#bars.learn(input, []);
        this.#later(input);
        break;
      case "split":
        this.#split(input);
        break;
      case "feed":
      case "command":
        this.#later(input);
        break;
      default:
        break;
    }
  }

  result(): RecordedMarket {
    const loaded = this.#loaded;
    if (loaded === undefined || this.#items.length === 0)
      throw new RebuildError("the journal holds no program or no market data: there is nothing to play");
    return {
      items: this.#items,
      loaded,
      bars: this.#bars,
      symbols: [...this.#symbols].sort(),
      from: this.#from,
      account: this.#before?.account ?? null,
      held: this.#before?.held ?? [],
    };
  }

  #split(split: SplitInput): void {
    this.#bars.learn({ ...split, seq: 0, marketTime: split.time, arrivalTime: split.time }, []);
    for (const [i, item] of this.#items.entries()) this.#items[i] = adjusted(item, split);
  }

  #program({ sources, ...rest }: Extract<JournaledInput, { kind: "program.loaded" }>): void {
    for (const history of rest.warmup) this.#bars.learn({ ...rest, ...history }, []);
    const loaded = programFrom(sources);
    if (this.#loaded === undefined) this.#loaded = loaded;
    else this.#later({ ...rest, program: loaded.program });
  }

  /** What came before the first data has no moment on a tape; the start of a backtest stands for it. */
  #later(input: BacktestItem): void {
    if (this.#items.length > 0) this.#items.push(input);
  }
}

function beginningOf(record: SnapshotRecord): SavedRun {
  try {
    return savedRunOf(record);
  } catch (error) {
    if (!(error instanceof RestoreError)) throw error;
    throw new RebuildError(`nobody can go on from its snapshot after input ${record.seq}: ${error.message}`);
  }
}

/** An item of before a split in the shares of after it. */
function adjusted(item: BacktestItem, split: SplitInput): BacktestItem {
  const past = (all: readonly HistoryInput[]): HistoryInput[] =>
    all.map((one) =>
      one.symbol === split.symbol ? { ...one, bars: one.bars.map((bar) => adjustedBar(bar, split)) } : one,
    );
  if (item.kind === "program.loaded") return { ...item, warmup: past(item.warmup) };
  if (item.kind === "feed" && item.gap !== undefined)
    return { ...item, gap: { ...item.gap, history: past(item.gap.history) } };
  if (!("symbol" in item) || item.symbol !== split.symbol) return item;
  const shares = sharesOf(split);
  switch (item.kind) {
    case "bar":
      return adjustedBar(item, split);
    case "history":
      return past([item])[0] ?? item;
    case "trade":
      return item.time < split.time ? { ...item, price: item.price / shares, size: item.size * shares } : item;
    case "quote": {
      if (item.time >= split.time) return item;
      const sizes = { bidSize: item.bidSize * shares, askSize: item.askSize * shares };
      return { ...item, bid: item.bid / shares, ask: item.ask / shares, ...sizes };
    }
    default:
      return item;
  }
}
