/**
 * Inputs that tell about market data instead of being it.
 *
 * Owns: their shapes, plain data as in `event.ts`. May not: hold prices that facts read.
 */
import type { DecimalText } from "./decimal.ts";
import type { HistoryInput } from "./event.ts";

export type AsideInput = FeedInput | HaltInput | NoticeInput | SplitInput | SplitsInput;

export interface FeedInput {
  readonly kind: "feed";
  readonly feed: string;
  readonly status: "live" | "down" | "ended";
  readonly detail: string;
  /** Of `live`: what a feed of bars has missed since it was down, from history. With it its bars are complete from then on. */
  readonly gap?: { readonly since: number; readonly history: readonly HistoryInput[] };
}

/**
 * The engine does not keep up with its data: entries pause until it does. `skewed`: data comes from the future, so one of
 * two clocks is wrong.
 */
export interface LoadInput {
  readonly kind: "load";
  readonly state: "behind" | "current" | "skewed";
  /** How old the newest data was when it was taken; negative when it is dated in the future. */
  readonly lagMs: number;
  readonly waiting: number;
}

/** A symbol is halted, or trades again. */
export interface HaltInput {
  readonly kind: "halt";
  readonly symbol: string;
  readonly time: number;
  readonly halted: boolean;
  readonly reason: string;
}

/** What a feed told that nothing is judged by: it is in the journal for later, and some of it is shown. */
export interface NoticeInput {
  readonly kind: "notice";
  readonly feed: string;
  /** `band`: the prices between which a symbol may trade (limit up, limit down). `feed`: one that is not in use. */
  readonly topic: "news" | "band" | "correction" | "feed";
  readonly time: number;
  readonly symbols: readonly string[];
  /** Sentences for `feed`, otherwise JSON. */
  readonly text: string;
}

/** The shares of a symbol are counted anew. From `time` on, with which its ex-date begins, prices are those of the new shares. */
export interface SplitInput {
  readonly kind: "split";
  readonly symbol: string;
  readonly time: number;
  /** So many new ones are held for so many old ones: 4 for 1, or 1 for 20. */
  readonly newShares: DecimalText;
  readonly oldShares: DecimalText;
}

/** Whether anybody could say what splits today. While nobody can, entries pause. */
export interface SplitsInput {
  readonly kind: "splits";
  readonly known: boolean;
  readonly detail: string;
}
