/**
 * Tells the core of a split before the first price of the new shares.
 *
 * Owns: when it is asked what splits, and holding back data while that is not known. On real markets it is asked before the
 * first data of each day and every half an hour, because some are announced late; a tape is asked once for a month of its time,
 * and waits until the split is dealt with. When nobody answers, data goes on, entries pause, and it is asked again.
 * May not: decide what a split means.
 */
import type { MarketInput } from "../core/event.ts";
import type { SplitInput } from "../core/feed-event.ts";
import { knownAt } from "../core/known-at.ts";
import type { Calendar } from "../market/calendar.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed } from "../ports/feed.ts";
import type { Splits } from "../ports/splits.ts";
import { Relay } from "./relay.ts";

export interface SplitWatchOptions {
  readonly splits: Splits;
  /** Of which symbols splits matter now. */
  readonly symbols: () => readonly string[];
  readonly calendarOf: (symbol: string) => Calendar;
  readonly clock: Clock;
  /** Time is the wall's; otherwise that of the data. */
  readonly wall: boolean;
  /** What took effect up to here is in positions and history already. */
  readonly since: number;
  /** Whether a split is still being dealt with. */
  readonly isBusy: () => boolean;
  /** No more data comes. */
  readonly onStop?: () => void;
}

const DAY_MS = 86_400_000;
/** How far ahead it is asked: what is announced is told on time, whoever answers then. */
const WALL_AHEAD_MS = 7 * DAY_MS;
const TAPE_AHEAD_MS = 30 * DAY_MS;
const LOOK_MS = 1_800_000;
/** How far back it is asked again: some splits are announced after their day has begun. */
const BACK_MS = 3 * DAY_MS;
const RETRY_MS = [1_000, 3_000, 6_000, 10_000];
const LATER_MS = 60_000;
/** Data is held back no longer than this on real markets, though a question may still be open. */
const MOST_HELD_MS = 20_000;
const BUSY_MS = 20;
const MOST_BUSY_MS = 20_000;

type Wait = "held" | "look" | "next" | "wait";

export class SplitWatch extends Relay {
  readonly #options: SplitWatchOptions;
  #held: MarketInput[] | undefined;
  /** What has been announced and has not come yet, the next one first. */
  #ahead: readonly SplitInput[] = [];
  readonly #told = new Set<string>();
  /** A split was told that the tape has not waited for yet. */
  #isNew = false;
  /** Up to here it is known what splits. */
  #goodUntil = Number.NEGATIVE_INFINITY;
  #isUnknown = false;
  #isAsking = false;
  readonly #cancels = new Map<Wait, () => void>();

  constructor(feed: Feed, options: SplitWatchOptions) {
    super(feed);
    this.#options = options;
  }

  protected override started(): void {
    if (this.#options.wall) this.#look();
  }

  protected stopped(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#held = undefined;
    this.#options.onStop?.();
  }

  protected hear(input: MarketInput): void {
    if (this.#held !== undefined) {
      this.#held.push(input);
      return;
    }
    const time = this.#timeOf(input);
    if (time > this.#goodUntil) {
      this.#held = [input];
      if (this.#options.wall)
        this.#later("held", MOST_HELD_MS, () => this.#giveUp(`no answer within ${MOST_HELD_MS / 1_000} s`));
      // One that is asked already is the answer to this, too.
      if (!this.#isAsking) void this.#ask(time, 0);
    } else if (this.#tellUntil(time) || this.#isNew) {
      this.#held = [input];
      this.#waitWhileBusy(0);
    } else this.tell(input);
  }

  /** Something else has happened at a time: what a broker tells of orders after a split must not be heard before it. */
  passed(time: number): void {
    if (this.#held === undefined) this.#tellUntil(time);
  }

  /** What has no time of its own comes whenever it comes. */
  #timeOf(input: MarketInput): number {
    const { wall, clock, calendarOf } = this.#options;
    return wall ? clock.now() : (knownAt(input, calendarOf) ?? Number.NEGATIVE_INFINITY);
  }

  /** Splits that have taken effect by now. True when there was one for which a tape waits. */
  #tellUntil(time: number): boolean {
    // Asked at every input: nothing is allocated while nothing is due.
    if (!((this.#ahead[0]?.time ?? Number.POSITIVE_INFINITY) <= time)) return false;
    const due = this.#ahead.filter((split) => split.time <= time);
    this.#ahead = this.#ahead.filter((split) => split.time > time);
    for (const split of due) {
      this.#told.add(nameOf(split));
      this.tell(split);
    }
    this.#isNew = !this.#options.wall;
    return this.#isNew;
  }

  async #ask(time: number, attempt: number): Promise<void> {
    const { splits, symbols, since, wall } = this.#options;
    this.#isAsking = true;
    try {
      const until = time + (wall ? WALL_AHEAD_MS : TAPE_AHEAD_MS);
      const found = await splits.between(symbols(), wall ? Math.max(since, time - BACK_MS) : since, until);
      if (this.isStopped) return;
      this.#isAsking = false;
      this.#ahead = found.filter((split) => split.time > since && !this.#told.has(nameOf(split)));
      this.#goodUntil = wall ? this.#endOfDay(time) : until;
      this.#know(true, "");
      this.#tellUntil(time);
      this.#awaitNext();
      if (wall) this.#release();
      else this.#waitWhileBusy(0);
    } catch (error) {
      this.#isAsking = false;
      this.#askAgain(time, attempt, error instanceof Error ? error.message : String(error));
    }
  }

  #askAgain(time: number, attempt: number, why: string): void {
    if (this.isStopped) return;
    const delay = RETRY_MS[attempt];
    if (delay === undefined) this.#giveUp(why);
    this.#later("look", delay ?? LATER_MS, () => {
      void this.#ask(this.#options.wall ? this.#options.clock.now() : time, attempt + 1);
    });
  }

  /** Data waits no longer: exits may need it. What splits is asked until somebody answers. */
  #giveUp(why: string): void {
    this.#goodUntil = Number.POSITIVE_INFINITY;
    this.#know(false, why);
    this.#release();
  }

  #know(known: boolean, detail: string): void {
    if (this.#isUnknown !== known) return;
    this.#isUnknown = !known;
    this.tell({ kind: "splits", known, detail });
  }

  /** Asked between days too, and without any data. */
  #look(): void {
    this.#later("look", LOOK_MS, () => {
      if (!this.#isAsking && this.#held === undefined) void this.#ask(this.#options.clock.now(), 0);
      this.#look();
    });
  }

  /** On real markets a split is told when it takes effect, though nobody trades at midnight. */
  #awaitNext(): void {
    const { wall, clock } = this.#options;
    const [next] = this.#ahead;
    if (!wall) return;
    this.#look();
    if (next === undefined) return;
    this.#later("next", next.time - clock.now(), () => {
      this.#tellUntil(clock.now());
      this.#awaitNext();
    });
  }

  /** A tape waits until facts are rebuilt and the broker has followed; not for ever. */
  #waitWhileBusy(waited: number): void {
    if (!this.#options.isBusy() || waited >= MOST_BUSY_MS) return this.#release();
    this.#later("wait", BUSY_MS, () => this.#waitWhileBusy(waited + BUSY_MS));
  }

  /** Each of them may be the first of another day. */
  #release(): void {
    const held = this.#held ?? [];
    this.#cancels.get("held")?.();
    this.#held = undefined;
    this.#isNew = false;
    for (const input of held) this.hear(input);
  }

  #later(what: Wait, ms: number, act: () => void): void {
    this.#cancels.get(what)?.();
    this.#cancels.set(what, this.#options.clock.after(ms, act));
  }

  /** The midnight that follows, where the ex-date of another day may begin. */
  #endOfDay(time: number): number {
    const [symbol = ""] = this.#options.symbols();
    const { minutes } = this.#options.calendarOf(symbol).localTime(time);
    return time + DAY_MS - minutes * 60_000 - 1;
  }
}

function nameOf({ symbol, time }: SplitInput): string {
  return `${symbol}@${time}`;
}
