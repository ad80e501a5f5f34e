/**
 * Fills what a feed of bars missed while it was down, from history, before the core hears that it is live again.
 *
 * Owns: asking, and holding back what comes meanwhile. The bars go to the core with `live`: facts follow, nothing fires. A
 * connection is silent for a while before anybody knows that it is gone: what is asked for begins after the last bar that was told.
 * May not: fill what trades build (a bar of half its trades looks like any other), or wait for ever: what cannot be
 * filled stays a gap, and that is said.
 */
import type { HistoryInput, MarketInput } from "../core/event.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed } from "../ports/feed.ts";
import type { History } from "../ports/history.ts";
import { Relay } from "./relay.ts";

export interface GapFillOptions {
  readonly history: History;
  readonly symbols: readonly string[];
  /** Of the bars that the feed tells. */
  readonly size: BarSize;
  readonly clock: Clock;
  /** History knows a bar a moment after the stream has told it. */
  readonly settleMs?: number;
  readonly mostMs?: number;
}

const SETTLE_MS = 2_000;
const MOST_MS = 20_000;
/** What may be held back; more than that is not held back for history's sake. */
const HELD_MAX = 100_000;
/** A longer gap than this many bars is a new warm-up, at the next start. */
const BARS_MAX = 5_000;
/** No feed is silent for longer than this before it is known to be down. */
const UNNOTICED_MS = 600_000;

export class GapFill extends Relay {
  readonly #options: GapFillOptions;
  #downSince: number | undefined;
  /** Nothing is missing from here on, up to the last gap; undefined before the feed is first live. */
  #completeSince: number | undefined;
  /** End of the last bar that was told, by symbol. */
  readonly #told = new Map<string, number>();
  #held: MarketInput[] | undefined;
  /** Answers to a question of an earlier gap are not heard. */
  #question = 0;
  #cancel: (() => void)[] = [];

  constructor(feed: Feed, options: GapFillOptions) {
    super(feed);
    this.#options = options;
  }

  protected stopped(): void {
    this.#drop();
  }

  protected hear(input: MarketInput): void {
    if (input.kind === "feed" && input.status === "down") {
      this.#downSince ??= this.#options.clock.now();
      const wasTold = this.#held === undefined;
      this.#drop();
      // It was never said to be live again.
      if (wasTold) this.tell(input);
    } else if (input.kind === "feed" && input.status === "live" && this.#downSince !== undefined) {
      this.#hold(input, Math.max(this.#downSince - UNNOTICED_MS, this.#completeSince ?? this.#downSince));
    } else if (this.#held === undefined) this.#pass(input);
    else if (this.#held.push(input) > HELD_MAX) this.#release("too much came meanwhile");
  }

  #pass(input: MarketInput): void {
    const { size, clock } = this.#options;
    if (input.kind === "bar" && input.size === size.label && !input.revised)
      this.#told.set(input.symbol, input.start + size.ms);
    else if (input.kind === "feed" && input.status === "live") this.#completeSince ??= clock.now();
    this.tell(input);
  }

  #hold(live: MarketInput, since: number): void {
    this.#drop();
    this.#held = [live];
    const question = this.#question;
    const { clock, settleMs = SETTLE_MS, mostMs = MOST_MS } = this.#options;
    const late = clock.after(settleMs + mostMs, () => this.#release(`no answer within ${mostMs / 1_000} s`));
    const ask = clock.after(settleMs, () => {
      this.#ask(since).then(
        (found) => {
          if (question === this.#question) this.#fill(found, since);
        },
        (error: unknown) => {
          if (question === this.#question) this.#release(error instanceof Error ? error.message : String(error));
        },
      );
    });
    this.#cancel = [late, ask];
  }

  async #ask(since: number): Promise<readonly HistoryInput[]> {
    const { history, symbols, size, clock } = this.#options;
    const now = clock.now();
    const count = Math.ceil((now - since) / size.ms) + 2;
    if (count > BARS_MAX) throw new Error(`the gap is longer than ${BARS_MAX} bars`);
    const asked = symbols.map(async (symbol): Promise<HistoryInput> => {
      const bars = await history.bars(symbol, size, now, count, "always");
      const told = this.#told.get(symbol) ?? Number.NEGATIVE_INFINITY;
      // The bar during which data ended is part of the gap: it was not told.
      const missed = bars.filter(({ start }) => start >= told && start + size.ms > since);
      return { kind: "history", symbol, size: size.label, bars: missed };
    });
    return Promise.all(asked);
  }

  #fill(history: readonly HistoryInput[], since: number): void {
    const [live, ...rest] = this.#held ?? [];
    this.#end();
    if (live?.kind !== "feed") return;
    const bars = history.reduce((sum, input) => sum + input.bars.length, 0);
    const detail = `${live.detail}; ${bars} bars of the gap came from history`;
    this.tell({ ...live, detail, gap: { since, history } });
    for (const input of rest) this.#pass(input);
  }

  #release(why: string): void {
    const [live, ...rest] = this.#held ?? [];
    this.#end();
    if (live?.kind !== "feed") return;
    this.#completeSince = this.#options.clock.now();
    this.tell({ ...live, detail: `${live.detail}; the gap was not filled: ${why}` });
    for (const input of rest) this.#pass(input);
  }

  #end(): void {
    this.#downSince = undefined;
    this.#drop();
  }

  #drop(): void {
    this.#question++;
    for (const cancel of this.#cancel.splice(0)) cancel();
    this.#held = undefined;
  }
}
