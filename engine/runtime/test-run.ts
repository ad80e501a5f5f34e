/**
 * Runs one test: its bars, trades and quotes, the real engine through backtest(), the exchange that the caller gives, full confirmation.
 *
 * Owns: the order of what is played, when trading starts and how long time passes. May not: judge (see test-judge.ts).
 */
import { knownAt } from "../core/known-at.ts";
import type { BarInput, QuoteInput, TradeInput } from "../core/event.ts";
import type { TestCase, TestDecision, TestSeries } from "../lang/test-types.ts";
import { isOfTime } from "../market/bar-size.ts";
import type { Calendar } from "../market/calendar.ts";
import { barInterval } from "../market/sessions.ts";
import type { SimBroker } from "../ports/sim-broker.ts";
import { backtest } from "./backtest.ts";
import type { BacktestItem } from "./backtest.ts";
import { TestWatch } from "./test-watch.ts";
import type { Recording } from "./test-watch.ts";

export interface TestVenue {
  readonly calendarOf: (symbol: string) => Calendar;
  readonly broker: (options: {
    readonly symbols: readonly string[];
    readonly cash: string;
    readonly leverage: number;
  }) => SimBroker;
}

export async function runTest(test: TestCase, venue: TestVenue): Promise<Recording> {
  const { calendarOf } = venue;
  const items = itemsOf(test, calendarOf);
  const first = items.find(({ isPlayed }) => isPlayed);
  const symbols = [...new Set(items.map(({ input }) => input.symbol))];
  const watch = new TestWatch(test, calendarOf);
  function* told(): Generator<BacktestItem> {
    for (const [i, item] of items.entries()) {
      watch.item(item.time, item.input);
      yield item.input;
      for (const said of decisionsAfter(test, item, items[i + 1])) {
        const decision = watch.decide(said);
        if (decision !== undefined) yield decision;
      }
    }
  }
  await backtest({
    program: test.program,
    sources: {},
    items: told(),
    broker: venue.broker({ symbols, cash: String(test.cash), leverage: test.leverage }),
    calendarOf,
    account: "test",
    journalId: "test",
    confirm: { mode: "full" },
    approvals: test.approvals,
    ...(first === undefined ? {} : { tradeFrom: first.input }),
    until: lastEnd(test, calendarOf),
    observe: (input, outputs) => watch.observe(input, outputs),
  });
  return watch.end();
}

/** After the very tick, or after the last of what is known by the end of the bar. */
function decisionsAfter({ decisions }: TestCase, item: Item, next: Item | undefined): TestDecision[] {
  const isLastBy = (time: number): boolean => item.time <= time && (next === undefined || next.time > time);
  return decisions.filter(({ when }) =>
    when.kind === "tick" ? when.tick === item.input : when.kind === "bar" && isLastBy(when.end),
  );
}

interface Item {
  readonly time: number;
  /** At the same moment the smaller goes first. */
  readonly rank: number;
  readonly isPlayed: boolean;
  readonly input: BarInput | TradeInput | QuoteInput;
}

/**
 * Everything in the order in which a market would have told it. At the same moment larger bars come first, as history has
 * it, then quotes and then the trades that they explain.
 */
function itemsOf({ history, series, ticks }: TestCase, calendarOf: (symbol: string) => Calendar): Item[] {
  const barsOf = (all: readonly TestSeries[], isPlayed: boolean): Item[] =>
    all.flatMap(({ symbol, size, bars }) =>
      bars.flatMap(({ bar }) => {
        if (bar === null) return [];
        const input: BarInput = { kind: "bar", symbol, size: size.label, revised: false, ...bar };
        return [{ time: knownAt(input, calendarOf) ?? bar.start, rank: -size.ms, isPlayed, input }];
      }),
    );
  const tickItems = ticks.flatMap(({ kind, ticks: own }) =>
    own.flatMap((input): Item[] =>
      input === null ? [] : [{ time: input.time, rank: kind === "quote" ? 0 : 1, isPlayed: true, input }],
    ),
  );
  const items = [...barsOf(history, false), ...barsOf(series, true), ...tickItems];
  return items.sort((a, b) => a.time - b.time || a.rank - b.rank);
}

/** Until the bar of the last trade or quote is closed, whatever its strategy calls a bar. */
function lastEnd({ program, ticks }: TestCase, calendarOf: (symbol: string) => Calendar): number {
  let end = Number.NEGATIVE_INFINITY;
  for (const { symbol, ticks: own } of ticks) {
    const last = own.findLast((tick) => tick !== null);
    for (const { on, session, symbols } of program.strategies) {
      if (last === undefined || !symbols.includes(symbol)) continue;
      // A bar of activity that is not full would close with the session, hours later: a test ends before.
      const bar = isOfTime(on) ? barInterval(calendarOf(symbol), on, last.time, session) : { end: last.time };
      if (bar !== undefined) end = Math.max(end, bar.end);
    }
  }
  return end + (program.graceMs ?? 0);
}
