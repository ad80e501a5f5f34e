/**
 * How much history a program needs, and fetching it.
 *
 * Owns: which bars of which series warm the facts before anything may fire. May not: evaluate.
 */
import type { Bar, HistoryInput } from "../core/event.ts";
import { neededBars } from "../core/canonical.ts";
import type { Program, SessionKind } from "../core/program.ts";
import { anchorOf } from "../core/signals/specs.ts";
import { isOfTime } from "../market/bar-size.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { Calendar } from "../market/calendar.ts";
import { ANCHORS, periodStart } from "../market/periods.ts";
import type { Anchor } from "../market/periods.ts";
import type { History } from "../ports/history.ts";
import { barEnd } from "../core/known-at.ts";
import { bySymbolAndSession, sessionTold } from "./history-session.ts";

export interface Need {
  readonly symbol: string;
  readonly size: BarSize;
  /** A day is the same in every session. */
  readonly session: SessionKind;
  readonly bars: number;
  /** A fact begins anew with each of these: the one in progress is needed from its start. */
  readonly since: Anchor | undefined;
}

/** Evaluations that conditions look back on are warmed too. */
const EXTRA_BARS = 20;
const FACTS_A_STEP = 50;

/** Of programs, which never change. */
const known = new WeakMap<Program, readonly Need[]>();

export function needsOf(program: Program): readonly Need[] {
  for (const _ of needsAhead(program));
  return known.get(program) ?? [];
}

/** Finds out in steps what `needsOf` says: a thousand rules take a millisecond or two. */
export function* needsAhead(program: Program): Generator<undefined, void> {
  if (known.has(program)) return;
  const needs = new Map<string, Need>();
  for (const strategy of program.strategies) {
    const needed = neededBars(strategy.facts);
    for (const symbol of strategy.symbols) {
      for (const [index, { spec }] of strategy.facts.entries()) {
        const { size } = spec.series;
        // No history has bars of activity: facts on them warm up from the stream.
        if (!isOfTime(size)) continue;
        const of = spec.series.symbol ?? symbol;
        const session = size.kind === "session" ? "regular" : strategy.session;
        const key = `${of}@${size.label}/${session}`;
        const known = needs.get(key);
        const bars = Math.max((needed[index] ?? 0) + EXTRA_BARS, known?.bars ?? 0);
        const since = longer(known?.since, anchorOf(spec));
        needs.set(key, { symbol: of, size, session, bars, since });
        if (index % FACTS_A_STEP === 0) yield;
      }
    }
  }
  known.set(program, [...needs.values()]);
}

function longer(a: Anchor | undefined, b: Anchor | undefined): Anchor | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return ANCHORS.indexOf(a) > ANCHORS.indexOf(b) ? a : b;
}

/** Bars from the start of the period in progress (extended hours included) up to now. */
function barsSince(anchor: Anchor, size: BarSize, before: number, calendar: Calendar): number {
  let session = calendar.sessionAtOrBefore(before);
  if (session === undefined) return 0;
  const first = periodStart(session.day, anchor);
  let bars = 0;
  for (let until = before; session !== undefined && session.day >= first; until = session?.extendedClose ?? until) {
    bars += Math.ceil((until - session.extendedOpen) / size.ms);
    session = calendar.sessionAtOrBefore(session.extendedOpen - 1);
  }
  return bars;
}

/** A series of which history has less than needed. */
export interface Missing {
  readonly need: Need;
  readonly found: number;
}

/** All bars that are needed, in the order in which they became known. `missing` names series with less than needed. */
export async function warmupOf(
  program: Program,
  history: History,
  before: number,
  calendarOf: (symbol: string) => Calendar,
): Promise<{
  readonly warmup: readonly HistoryInput[];
  readonly missing: readonly Missing[];
}> {
  const needs = needsOf(program);
  const missing: Missing[] = [];
  const items: { readonly end: number; readonly need: Need; readonly bar: Bar }[] = [];
  for (const need of needs) {
    const { symbol, size, session, since } = need;
    const begun = since === undefined ? 0 : barsSince(since, size, before, calendarOf(symbol));
    const bars = await history.bars(symbol, size, before, Math.max(need.bars, begun), session);
    if (bars.length < need.bars - EXTRA_BARS) missing.push({ need, found: bars.length });
    for (const bar of bars) items.push({ end: barEnd(bar.start, need.size, calendarOf(need.symbol)), need, bar });
  }
  items.sort((a, b) => a.end - b.end || b.need.size.ms - a.need.size.ms || bySymbolAndSession(a.need, b.need));
  return { warmup: grouped(items, sessionTold(needs)), missing };
}

function grouped(
  items: readonly { readonly need: Need; readonly bar: Bar }[],
  told: ReturnType<typeof sessionTold>,
): HistoryInput[] {
  const groups: { readonly need: Need; readonly bars: Bar[] }[] = [];
  for (const { need, bar } of items) {
    const last = groups.at(-1);
    if (last !== undefined && last.need === need) last.bars.push(bar);
    else groups.push({ need, bars: [bar] });
  }
  return groups.map(({ need, bars }) => {
    return { kind: "history", symbol: need.symbol, size: need.size.label, bars, ...told(need) };
  });
}
