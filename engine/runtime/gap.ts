/**
 * The bars that closed while nobody ran.
 *
 * Owns: which bars a core that goes on has not seen, and fetching them. Facts follow them; nothing fires. May not: judge
 * whether a series without history may be used.
 */
import type { Bar, HistoryInput } from "../core/event.ts";
import { barEnd } from "../core/known-at.ts";
import type { SessionKind } from "../core/program.ts";
import type { CoreState } from "../core/step.ts";
import type { Calendar } from "../market/calendar.ts";
import { isOfTime } from "../market/bar-size.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { History } from "../ports/history.ts";
import { bySymbolAndSession, sessionTold } from "./history-session.ts";

interface Of {
  readonly symbol: string;
  readonly size: BarSize;
  readonly session: SessionKind;
}

export interface Gap {
  readonly history: readonly HistoryInput[];
  /** Series whose missing bars nobody had: their facts go on with a hole. */
  readonly unfilled: readonly string[];
}

/** Bars of every series that ended after what the core has seen and by `now`, in the order in which they became known. */
export async function gapOf(
  core: CoreState,
  history: History,
  now: number,
  calendarOf: (symbol: string) => Calendar,
): Promise<Gap> {
  const found: (Of & { readonly end: number; readonly bar: Bar })[] = [];
  const unfilled: string[] = [];
  const asked = new Set<string>();
  for (const { symbol, size, session: kind, lastEnd } of core.signals.graph.series.values()) {
    const name = `${symbol} ${size.label}`;
    const session = size.kind === "session" ? "regular" : kind;
    if (!Number.isFinite(lastEnd) || asked.has(`${name}/${session}`)) continue;
    asked.add(`${name}/${session}`);
    // No history has bars of activity; their open bar is given up when the feed is live again.
    if (!isOfTime(size)) {
      unfilled.push(name);
      continue;
    }
    const calendar = calendarOf(symbol);
    const count = mostBars(size, lastEnd, now, calendar);
    if (count === 0) continue;
    const bars = (await history.bars(symbol, size, now, count, session)).filter(({ start }) => start >= lastEnd);
    if (bars.length === 0) unfilled.push(name);
    for (const bar of bars) found.push({ symbol, size, session, end: barEnd(bar.start, size, calendar), bar });
  }
  found.sort((a, b) => a.end - b.end || b.size.ms - a.size.ms || bySymbolAndSession(a, b));
  const told = sessionTold(core.signals.graph.series.values());
  return {
    history: found.map((one) => {
      return { kind: "history", symbol: one.symbol, size: one.size.label, bars: [one.bar], ...told(one) };
    }),
    unfilled,
  };
}

/** No more bars than this can have ended between the two; extended hours counted. */
function mostBars(size: BarSize, since: number, now: number, calendar: Calendar): number {
  let bars = 0;
  let until = now;
  for (let session = calendar.sessionAtOrBefore(now); session !== undefined && until > since;) {
    const from = Math.max(session.extendedOpen, since);
    const to = Math.min(session.extendedClose, until);
    if (to > from) bars += size.kind === "session" ? 1 : Math.ceil((to - from) / size.ms);
    until = session.extendedOpen;
    session = calendar.sessionAtOrBefore(session.extendedOpen - 1);
  }
  return bars;
}
