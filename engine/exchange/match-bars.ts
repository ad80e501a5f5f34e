/**
 * Matching of one bar against one book: fill model `next_bar` (docs/concepts/fill-models.md).
 *
 * Owns: who sees the bar, in which order, and how much of its volume is left. First everything that trades at the open,
 * then inside the bar stops before limits, last the closing auction. May not: know other symbols or the account.
 */
import { decimal, Decimal, ZERO } from "../core/decimal.ts";
import type { Bar } from "../core/event.ts";
import { endImmediate, execute, expire, turnIntoShares } from "./lifecycle.ts";
import { portionOf } from "./portion.ts";
import { meetAt, meetWithin, slipped, trailLevel, type Touch } from "./price-rules.ts";
import type { Phase } from "./schedule.ts";
import { change, isWorking, remaining, siblingsOf, type Book, type Entry, type State } from "./state.ts";
import { fillAtClose } from "./time-passes.ts";

/** The part of a session a bar covers. */
export interface Window {
  readonly start: number;
  readonly end: number;
  readonly phase: Phase;
  /** The regular close lies at the bar's end. */
  readonly atClose: boolean;
}

/** What one pass over a bar shares between orders. */
interface Pass {
  readonly state: State;
  readonly book: Book;
  readonly bar: Bar;
  readonly window: Window;
  /** Shares the bar may still fill; undefined without a limit. */
  budget: Decimal | undefined;
  /** Stop limits that were elected inside the bar and did not fill: their siblings may not profit from it. */
  readonly elected: Set<Entry>;
}

/** What trades at the open alone. What it takes of the bar's volume is remembered for `matchBar`. */
export function matchOpening(state: State, book: Book, bar: Bar, window: Window): void {
  const pass = startPass(state, book, bar, window);
  const before = pass.budget;
  atOpen(pass, sees(book, window));
  const took = before === undefined || pass.budget === undefined ? ZERO : before.minus(pass.budget);
  book.openingTook = book.openedAt === window.start ? book.openingTook.plus(took) : took;
  book.openedAt = window.start;
}

export function matchBar(state: State, book: Book, bar: Bar, window: Window): void {
  const pass = startPass(state, book, bar, window);
  const reached = atOpen(pass, sees(book, window));
  // Divided before either half acts: a stop limit that is elected inside the bar gets no second look as a limit.
  const stops = reached.filter(isStopLike);
  const limits = reached.filter((entry) => !isStopLike(entry));
  within(
    pass,
    nearestFirst(stops, bar.open, (entry) => entry.stop),
  );
  within(
    pass,
    nearestFirst(limits, bar.open, (entry) => entry.limit),
  );
  for (const entry of reached) if (isWorking(entry)) trail(pass, entry, entry.buy ? bar.low : bar.high);
  if (window.atClose) closingAuction(pass);
}

function startPass(state: State, book: Book, bar: Bar, window: Window): Pass {
  const whole = budgetOf(state, bar);
  const budget = book.openedAt === window.start ? whole?.minus(book.openingTook) : whole;
  return { state, book, bar, window, budget, elected: new Set() };
}

/** Orders submitted at or before the bar's start; before the regular open and after its close only extended ones. */
function sees(book: Book, window: Window): Entry[] {
  return book.open.filter((entry) => takesPart(entry, window));
}

function takesPart(entry: Entry, window: Window): boolean {
  const { order } = entry;
  return (
    isWorking(entry) &&
    order.timeInForce !== "cls" &&
    order.submittedAt <= window.start &&
    entry.activeFrom <= window.start &&
    (window.phase === "regular" || (window.phase === "extended" && order.extendedHours))
  );
}

/** The price has to pass the near order to reach the far one; equally near ones go in the order of submission. */
function nearestFirst(entries: Entry[], open: number, priceOf: (entry: Entry) => number): Entry[] {
  if (entries.length < 2) return entries;
  const distance = (entry: Entry): number => {
    const price = priceOf(entry);
    return Number.isNaN(price) ? Infinity : Math.abs(price - open);
  };
  return entries.sort((a, b) => {
    const near = distance(a);
    const far = distance(b);
    return near === far ? a.seq - b.seq : near < far ? -1 : 1;
  });
}

function isStopLike(entry: Entry): boolean {
  const { type } = entry.order;
  return type === "stop" || type === "trailing_stop" || (type === "stop_limit" && !entry.triggered);
}

export function terms(entry: Entry): Parameters<typeof meetAt>[0] {
  return {
    buy: entry.buy,
    type: entry.order.type,
    limit: entry.limit,
    stop: entry.stop,
    triggered: entry.triggered,
  };
}

/** The open is the one price of a bar whose moment is known. Legs that wake there see the whole bar. */
function atOpen(pass: Pass, seers: readonly Entry[]): Entry[] {
  const { bar, window, state } = pass;
  const queue = [...seers];
  const reached: Entry[] = [];
  for (let i = 0; i < queue.length; i++) {
    const entry = queue[i] as Entry;
    if (!isWorking(entry)) continue;
    reached.push(entry);
    trail(pass, entry, bar.open);
    const { elected, touch } = meetAt(terms(entry), bar.open);
    entry.triggered = elected;
    if (touch !== undefined) queue.push(...take(pass, entry, touch, window.start));
    const { timeInForce } = entry.order;
    if (timeInForce === "ioc" || timeInForce === "fok") endImmediate(state, entry, window.start);
    if (timeInForce === "opg" && isWorking(entry)) expire(state, entry, window.start, "not filled at the open");
  }
  return reached;
}

/** Inside the bar. A leg that wakes here can only be stopped out: whether its target came later is not known. */
function within(pass: Pass, entries: readonly Entry[]): void {
  const { bar, window, state } = pass;
  for (const entry of entries) {
    if (!isWorking(entry) || (pass.elected.size > 0 && siblingsOf(state, entry).some((one) => pass.elected.has(one)))) {
      continue;
    }
    const { elected, touch } = meetWithin(terms(entry), bar);
    if (touch === undefined && elected && !entry.triggered) pass.elected.add(entry);
    entry.triggered = elected || entry.triggered;
    if (touch === undefined) continue;
    const time = Math.max(window.start, window.end - 1);
    for (const leg of take(pass, entry, touch, time)) {
      if (leg.order.role !== "stop_loss") continue;
      const atWaking = meetAt(terms(leg), touch.price);
      const met = atWaking.elected ? atWaking : meetWithin(terms(leg), bar);
      leg.triggered = met.elected;
      if (met.touch !== undefined) take(pass, leg, met.touch, time);
    }
  }
}

/** Fills what the bar's volume still gives. Returns the legs that woke by it. */
function take(pass: Pass, entry: Entry, touch: Touch, time: number): readonly Entry[] {
  const { state } = pass;
  const price = slipped(touch, entry.buy, state.options.slippageRatio, entry.limit);
  if (entry.order.qty === null && !turnIntoShares(state, entry, price, time)) return [];
  const left = remaining(entry);
  const cap = capOf(pass, entry);
  if (cap !== undefined && (cap.isZero() || (cap.lt(left) && entry.order.timeInForce === "fok"))) return [];
  const qty = portionOf(state, entry, cap !== undefined && cap.lt(left) ? cap : left);
  if (pass.budget !== undefined) pass.budget = pass.budget.minus(qty);
  return execute(state, entry, qty, price, time);
}

function budgetOf(state: State, bar: Bar): Decimal | undefined {
  const { volumeShare } = state.options;
  if (volumeShare === undefined) return undefined;
  return bar.volume > 0 ? decimal(volumeShare).times(decimal(bar.volume)) : decimal(0);
}

function capOf(pass: Pass, entry: Entry): Decimal | undefined {
  return pass.budget === undefined || entry.fractional
    ? pass.budget?.dp(9, Decimal.ROUND_DOWN)
    : pass.budget.dp(0, Decimal.ROUND_DOWN);
}

/** A trailing stop's mark follows the best price; its stop follows the mark. */
function trail(pass: Pass, entry: Entry, price: number): void {
  if (entry.order.type === "trailing_stop") followMark(pass.book, entry, price);
}

export function followMark(book: Book, entry: Entry, price: number): void {
  const { highWaterMark, trailPrice, trailPercent } = entry.order;
  if (highWaterMark !== null && (entry.buy ? highWaterMark.lte(price) : highWaterMark.gte(price))) return;
  const mark = decimal(price);
  const level = trailLevel(entry.buy, mark, { price: trailPrice, percent: trailPercent }, book.instrument.assetClass);
  change(entry, { highWaterMark: mark, stopPrice: level });
  entry.stop = level.toNumber();
}

function closingAuction(pass: Pass): void {
  const { book, bar, window, state } = pass;
  for (const entry of book.open.slice()) {
    const { timeInForce, submittedAt } = entry.order;
    if (timeInForce !== "cls" || !isWorking(entry) || submittedAt >= window.end) continue;
    const took = fillAtClose(state, entry, bar.close, capOf(pass, entry), window.end);
    if (pass.budget !== undefined) pass.budget = pass.budget.minus(took);
  }
}
