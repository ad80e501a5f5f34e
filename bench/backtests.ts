/**
 * A backtest of one-minute bars through RSI and two averages, with orders, risk, portfolio, exchange and statement.
 *
 * Owns: its time with sampled and with full confirmation, beside a bare loop. Making the bars is not counted.
 */
import { createSimBroker } from "../engine/adapters/sim/broker.ts";
import type { BarInput } from "../engine/core/event.ts";
import { createExchange } from "../engine/exchange/exchange.ts";
import { noFees } from "../engine/exchange/fees.ts";
import { calendarOf } from "../engine/market/instruments.ts";
import { backtest } from "../engine/runtime/backtest.ts";
import type { ConfirmMode } from "../engine/runtime/confirm.ts";
import { StatementWriter } from "../engine/runtime/statement.ts";
import { plainBacktest } from "./baseline.ts";
import { dips, minutes } from "./program.ts";
import { fastest, stopwatch } from "./row.ts";
import type { Row } from "./row.ts";

interface Run {
  readonly seconds: number;
  readonly detail: string;
}

async function run(bars: readonly BarInput[], confirm: ConfirmMode): Promise<Run> {
  const statement = new StatementWriter();
  const instrument = {
    name: "",
    assetClass: "us_equity",
    tradable: true,
    shortable: true,
    fractionable: true,
  } as const;
  const exchange = createExchange({
    cash: "100000",
    multiplier: 1,
    shorting: false,
    instruments: [{ symbol: "SYN", ...instrument }],
    calendarOf,
    fees: noFees,
    slippageRatio: 0,
    seed: "bench",
  });
  const elapsed = stopwatch();
  const result = await backtest({
    program: dips("SYN"),
    sources: {},
    items: bars,
    broker: createSimBroker(exchange),
    calendarOf,
    account: "bench",
    journalId: "bench",
    confirm,
    observe: (input, outputs) => statement.observe(input, outputs),
  });
  const seconds = elapsed();
  const { orders, difference } = statement.statement();
  const detail = `${orders} orders, ${result.confirmed} of ${result.firings} firings confirmed, books off by ${difference}`;
  return { seconds, detail };
}

export async function backtestRows(count: number, rounds: number): Promise<Row[]> {
  const bars = minutes("SYN", count, 7);
  const details = { sampled: "", full: "" };
  const timed = async (confirm: ConfirmMode): Promise<number> => {
    const { seconds, detail } = await run(bars, confirm);
    details[confirm.mode] = detail;
    return seconds;
  };
  await run(bars.slice(0, 20_000), { mode: "full" });
  const least = await fastest(rounds, {
    plain: () => {
      const elapsed = stopwatch();
      plainBacktest(bars);
      return elapsed();
    },
    sampled: () => timed({ mode: "sampled", every: 100 }),
    full: () => timed({ mode: "full" }),
  });
  const per = 1_000_000 / bars.length;
  return (["sampled", "full"] as const).map((mode) => ({
    what: `backtest of 1M bars, confirm: ${mode}`,
    unit: "s",
    target: mode === "sampled" ? { value: 0.5 } : null,
    measured: least[mode] * per,
    baseline: { what: "bare loop", value: least.plain * per },
    detail: details[mode],
  }));
}
