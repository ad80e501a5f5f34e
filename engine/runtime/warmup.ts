/**
 * How much history a program needs, and fetching it.
 *
 * Owns: which bars of which series warm the facts before anything may fire. May not: evaluate.
 */
import type { Bar, HistoryInput } from "../core/event.ts";
import type { Program } from "../core/program.ts";
import { beginsAtOpen } from "../core/signals/specs.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { Calendar } from "../market/calendar.ts";
import type { History } from "../ports/history.ts";
import { barEnd } from "../core/known-at.ts";

export interface Need {
  readonly symbol: string;
  readonly size: BarSize;
  readonly bars: number;
  /** A fact begins anew at each open: the session in progress is needed from its start. */
  readonly sinceOpen: boolean;
}

/** Evaluations that conditions look back on are warmed too. */
const EXTRA_BARS = 20;

export function needsOf(program: Program): readonly Need[] {
  const needs = new Map<string, Need>();
  for (const strategy of program.strategies) {
    for (const symbol of strategy.symbols) {
      for (const { spec, warmup } of strategy.facts) {
        const of = spec.series.symbol ?? symbol;
        const key = `${of}@${spec.series.size.label}`;
        const known = needs.get(key);
        const bars = Math.max(warmup + EXTRA_BARS, known?.bars ?? 0);
        const sinceOpen = known?.sinceOpen === true || beginsAtOpen(spec);
        needs.set(key, { symbol: of, size: spec.series.size, bars, sinceOpen });
      }
    }
  }
  return [...needs.values()];
}

/** Bars from the start of the session in progress (extended hours included) up to now. */
function barsSinceOpen({ size }: Need, before: number, calendar: Calendar): number {
  const open = calendar.sessionAtOrBefore(before)?.extendedOpen ?? before;
  return Math.ceil((before - open) / size.ms);
}

/** All bars that are needed, in the order in which they became known. `missing` names series with less than needed. */
export async function warmupOf(
  program: Program,
  history: History,
  before: number,
  calendarOf: (symbol: string) => Calendar,
): Promise<{
  readonly warmup: readonly HistoryInput[];
  readonly missing: readonly { readonly need: Need; readonly found: number }[];
}> {
  const needs = needsOf(program);
  const missing: { readonly need: Need; readonly found: number }[] = [];
  const items: { readonly end: number; readonly need: Need; readonly bar: Bar }[] = [];
  for (const need of needs) {
    const today = need.sinceOpen ? barsSinceOpen(need, before, calendarOf(need.symbol)) : 0;
    const bars = await history.bars(need.symbol, need.size, before, Math.max(need.bars, today));
    if (bars.length < need.bars - EXTRA_BARS) missing.push({ need, found: bars.length });
    for (const bar of bars) items.push({ end: barEnd(bar.start, need.size, calendarOf(need.symbol)), need, bar });
  }
  items.sort((a, b) => a.end - b.end || b.need.size.ms - a.need.size.ms || (a.need.symbol < b.need.symbol ? -1 : 1));
  return { warmup: grouped(items), missing };
}

function grouped(items: readonly { readonly need: Need; readonly bar: Bar }[]): HistoryInput[] {
  const groups: { readonly need: Need; readonly bars: Bar[] }[] = [];
  for (const { need, bar } of items) {
    const last = groups.at(-1);
    if (last !== undefined && last.need === need) last.bars.push(bar);
    else groups.push({ need, bars: [bar] });
  }
  return groups.map(({ need, bars }) => ({ kind: "history", symbol: need.symbol, size: need.size.label, bars }));
}
