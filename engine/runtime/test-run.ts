/**
 * Runs one test: real bars, the real engine through backtest(), the exchange that the caller gives, full confirmation.
 *
 * Owns: the order of the bars and when trading starts. May not: judge (see test-judge.ts).
 */
import { knownAt } from "../core/known-at.ts";
import type { BarInput } from "../core/event.ts";
import type { TestCase, TestSeries } from "../lang/test-types.ts";
import type { Calendar } from "../market/calendar.ts";
import type { SimBroker } from "../ports/sim-broker.ts";
import { backtest } from "./backtest.ts";
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
  const items = itemsOf([...test.history, ...test.series], calendarOf);
  const symbols = [...new Set(items.map(({ input }) => input.symbol))];
  const watch = new TestWatch(test, calendarOf);
  function* told(): Generator<BarInput> {
    for (const { time, input } of items) {
      watch.item(time);
      yield input;
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
    tradeFrom: startOf(test) + 1,
    observe: (input, outputs) => watch.observe(input, outputs),
  });
  return watch.end();
}

function startOf({ series }: TestCase): number {
  return Math.min(...series.map(({ bars }) => bars[0]?.start ?? Number.POSITIVE_INFINITY));
}

/** Everything in the order in which a market would have told it; at the same moment larger bars first, as history has it. */
function itemsOf(
  all: readonly TestSeries[],
  calendarOf: (symbol: string) => Calendar,
): { readonly time: number; readonly input: BarInput }[] {
  const items = all.flatMap(({ symbol, size, bars }) =>
    bars.flatMap(({ bar }) => {
      if (bar === null) return [];
      const input: BarInput = { kind: "bar", symbol, size: size.label, revised: false, ...bar };
      return [{ time: knownAt(input, calendarOf) ?? bar.start, ms: size.ms, input }];
    }),
  );
  return items.sort((a, b) => a.time - b.time || b.ms - a.ms);
}
