/**
 * The watch over limits that stop a scope by themselves, without an order that asks.
 *
 * Owns: comparing what is remembered with the limits of every scope, at each input that can change it, and ending what ends
 * by itself. May not: be needed for the way out: a halt and what reduces never pass through here.
 */
import type { Program } from "../program.ts";
import type { RiskLimits } from "../risk-limits.ts";
import { cancelOpening } from "./exits.ts";
import type { Order } from "./orders.ts";
import type { Position } from "./portfolio.ts";
import { EXTERNAL } from "./portfolio.ts";
import { SLOW_ANSWERS } from "./risk/breakers.ts";
import { namedIn } from "./risk/controls/reduce-only.ts";
import { DEFAULT_LIMITS, limitsOf, tightest } from "./risk/limits.ts";
import type { DeskState } from "./state.ts";
import { ACCOUNT, strategyScope, symbolScope } from "./states.ts";
import type { ScopeName } from "./states.ts";
import { trip } from "./stops.ts";
import { allValues, dayLossOf, drawdownOf, valueOf } from "./valued.ts";

interface Watched {
  readonly scope: ScopeName;
  readonly limits: RiskLimits;
}

interface Watchlist {
  readonly all: readonly Watched[];
  /** Those that a price can breach. */
  readonly losses: readonly Watched[];
}

const NOTHING: Watchlist = { all: [], losses: [] };
const QUIET_MS = 300_000;
const LEAST_CASH = 0.005;
const SLOW_MS = 60_000;

/** Of programs, which never change. */
const known = new WeakMap<Program, Watchlist>();

/** The scopes that have limits, each with its own. */
function watchlist({ program }: DeskState): Watchlist {
  if (program === undefined) return NOTHING;
  for (const _ of watchAhead(program));
  return known.get(program) ?? NOTHING;
}

/** Merges the limits of a program that will be loaded, strategy by strategy: a hundred of them take longer than the load. */
export function* watchAhead(program: Program): Generator<undefined, void> {
  if (known.has(program)) return;
  const all: Watched[] = [];
  for (const one of watchedOf(program)) {
    if (Object.keys(one.limits).length > 0) all.push(one);
    yield;
  }
  known.set(program, { all, losses: all.filter(watchesLoss) });
}

export function watchedIn(desk: DeskState): readonly Watched[] {
  return watchlist(desk).all;
}

function* watchedOf({ risk, strategies }: Program): Generator<Watched, void> {
  const { strategies: ofStrategies = {}, symbols = {}, ...account } = risk;
  yield { scope: ACCOUNT, limits: { ...DEFAULT_LIMITS, ...account } };
  for (const { name, risk: own } of strategies)
    yield { scope: strategyScope(name), limits: tightest(ofStrategies[name], own) };
  for (const [symbol, limits] of Object.entries(symbols)) yield { scope: symbolScope(symbol), limits };
}

export function scopesOf({ origin, symbol }: Order): readonly ScopeName[] {
  return [ACCOUNT, strategyScope(origin.strategy), symbolScope(symbol)];
}

/** Another program may be tighter: what it lets only be closed has no working entries, and what is breached by now stops. */
export function watchProgram(desk: DeskState): void {
  const isClosing = (strategy: string, symbol: string): boolean =>
    namedIn(limitsOf(desk.program, strategy, symbol).tightest, strategy, symbol) !== undefined;
  for (const order of desk.orders.openEntries) if (isClosing(order.origin.strategy, order.symbol)) desk.cancel(order);
  for (const book of desk.books.all)
    if (isClosing(book.strategy, book.symbol)) cancelOpening(desk, book, "it may only be closed");
  watchLosses(desk);
}

/** Whether a price can breach something: asked at every one. */
export function watchesLosses(desk: DeskState): boolean {
  return watchlist(desk).losses.length > 0;
}

function watchesLoss({ limits }: Watched): boolean {
  return limits.maxDailyLossRatio !== undefined || limits.maxDrawdownRatio !== undefined;
}

/** Nothing is measured before the first day has begun. */
export function watchLosses(desk: DeskState): void {
  if (desk.account.dayEnds === Number.NEGATIVE_INFINITY) return;
  for (const { scope, limits } of watchlist(desk).losses) {
    const { maxDailyLossRatio: day, maxDrawdownRatio: drawdown } = limits;
    if (day !== undefined && !(dayLossOf(desk, scope) < day))
      trip(desk, scope, "max_daily_loss", "the daily loss limit is reached");
    if (drawdown === undefined) continue;
    desk.memory.losses.raise(scope, valueOf(desk, scope));
    if (!(drawdownOf(desk, scope) < drawdown))
      trip(desk, scope, "max_drawdown", "the drawdown limit is reached; a person must resume it");
  }
}

/** Money at the broker that no trade explains: a deposit, a withdrawal, a dividend, a fee that was booked later. */
export function cashMoved(desk: DeskState, amount: number): void {
  // Executions that a look-up told have a mean price, which is rounded.
  if (Math.abs(amount) < LEAST_CASH) return;
  const { account, memory, now } = desk;
  memory.losses.shift(ACCOUNT, amount);
  if (now.marketTime < account.dayEnds) account.moveBase(amount);
  const what = amount > 0 ? "came to" : "left";
  desk.alert(
    "info",
    "account/cash-moved",
    `${Math.abs(amount).toFixed(2)} ${what} the account without a trade: no gain and no loss`,
  );
}

/** What lasts for a day ends with it. */
export function watchDay(desk: DeskState): void {
  desk.memory.losses.rollDay(allValues(desk));
  for (const scope of desk.states.scopes) desk.lift(scope, "daily_loss", "a new trading day");
  endRests(desk, true);
  watchLosses(desk);
}

/** A fill changed a position. */
export function watchTrips(desk: DeskState, before: Position, after: Position): void {
  if (after.strategy === EXTERNAL || !desk.memory.streaks.note(before, after)) return;
  for (const { scope, limits } of watchedIn(desk)) {
    const { maxLossStreak: most, lossCooldownMs: cooldown } = limits;
    const { streaks } = desk.memory;
    if (most === undefined || streaks.lost(scope) < most || desk.states.has(scope, STREAK)) continue;
    const until = cooldown === undefined ? Number.POSITIVE_INFINITY : desk.now.marketTime + cooldown;
    streaks.rest(scope, until);
    trip(desk, scope, "max_loss_streak", `${streaks.lost(scope)} round trips in a row have lost`);
    if (cooldown !== undefined)
      desk.output({ kind: "timer.set", id: "risk:max_loss_streak", clock: "market", at: until });
  }
}

const STREAK = "control:max_loss_streak";

function endRests(desk: DeskState, day: boolean): void {
  for (const scope of desk.memory.streaks.over(desk.now.marketTime, day)) {
    desk.memory.streaks.forgive(scope);
    desk.lift(scope, STREAK, "the rest after losses is over");
  }
}

/** The broker rejected an order. */
export function watchRejection(desk: DeskState, order: Order): void {
  const { breakers } = desk.memory;
  const now = desk.now.arrivalTime;
  breakers.rejected(scopesOf(order), now);
  for (const { scope, limits } of watchedIn(desk)) {
    const count = breakers.rejections(scope, now);
    if (limits.maxRejections !== undefined && count >= limits.maxRejections)
      trip(desk, scope, "max_rejections", `the broker rejected ${count} orders; a person must resume it`);
  }
}

/** The broker said what it thinks of an order, or nobody knows whether it heard of it. */
export function watchAnswer(desk: DeskState, order: Order, answer: "accepted" | "rejected" | "none"): void {
  const { breakers } = desk.memory;
  const scopes = scopesOf(order);
  if (answer === "accepted") breakers.accepted(scopes);
  // After a second request nobody knows which one is answered.
  if (order.sentAt === null || order.resends > 0) return;
  const tookMs = desk.now.arrivalTime - order.sentAt;
  for (const { scope, limits } of watchedIn(desk)) {
    if (limits.maxAckLatencyMs === undefined || !scopes.includes(scope)) continue;
    const isLate = answer === "none" || tookMs > limits.maxAckLatencyMs;
    breakers.answered(scope, isLate);
    if (!isLate) desk.lift(scope, SLOW, "the broker answers in time again");
    if (breakers.slow(scope) < SLOW_ANSWERS) continue;
    setTimer(desk, SLOW_TIMER, SLOW_MS);
    trip(desk, scope, "max_ack_latency", `${breakers.slow(scope)} answers of the broker in a row took too long`);
  }
}

const SLOW = "control:max_ack_latency";
const SLOW_TIMER = "risk:max_ack_latency";

/** A connection to the broker or to a feed broke. */
export function watchConnection(desk: DeskState): void {
  const { breakers } = desk.memory;
  const now = desk.now.arrivalTime;
  breakers.broke(now);
  let isTripped = false;
  for (const { scope, limits } of watchedIn(desk)) {
    const count = breakers.reconnects(now);
    if (limits.maxReconnects === undefined || count < limits.maxReconnects) continue;
    isTripped = true;
    trip(desk, scope, "max_reconnects", `connections broke ${count} times within 10 minutes`);
  }
  if (isTripped) setTimer(desk, QUIET_TIMER, QUIET_MS);
}

const RECONNECTS = "control:max_reconnects";
const QUIET_TIMER = "risk:max_reconnects";

/** The newest one counts: a timer that is set again replaces the one before. */
function setTimer(desk: DeskState, id: string, afterMs: number): void {
  desk.output({ kind: "timer.set", id, clock: "arrival", at: desk.now.arrivalTime + afterMs });
}

/** What ends by itself when time has passed. */
export function onRiskTimer(desk: DeskState, id: string): void {
  const { breakers } = desk.memory;
  if (id === "risk:max_loss_streak") return endRests(desk, false);
  for (const scope of desk.states.scopes) {
    // The next answers decide: one more that is late stops the scope again.
    if (id === SLOW_TIMER && desk.states.has(scope, SLOW)) {
      breakers.tryAgain(scope);
      desk.lift(scope, SLOW, "the next orders show how long the broker takes");
    }
    if (id === QUIET_TIMER) desk.lift(scope, RECONNECTS, "connections have held for 5 minutes");
  }
  if (id === QUIET_TIMER) breakers.forgiveReconnects();
}
