/**
 * `npm run bench`: what the engine costs beside a plain loop, in the same run on the same machine.
 *
 * Owns: measuring and printing. Numbers depend on the machine; the ratio is the figure to compare.
 * `--json` prints one JSON object, `--bars N` and `--ticks N` change the amount of work.
 */
import { createSimBroker } from "../engine/adapters/sim/broker.ts";
import type { BarInput, InputBody } from "../engine/core/event.ts";
import { stamped } from "../engine/core/stamp.ts";
import { createCore, step } from "../engine/core/step.ts";
import { createExchange } from "../engine/exchange/exchange.ts";
import { noFees } from "../engine/exchange/fees.ts";
import { calendarOf } from "../engine/market/instruments.ts";
import { NYSE } from "../engine/market/nyse.ts";
import { backtest } from "../engine/runtime/backtest.ts";
import type { ConfirmMode } from "../engine/runtime/confirm.ts";
import { StatementWriter } from "../engine/runtime/statement.ts";
import { TimerQueue } from "../engine/runtime/timers.ts";
import { PlainTicks, plainBacktest } from "./baseline.ts";
import { dips, minutes, random, watchers } from "./program.ts";

interface Row {
  readonly what: string;
  readonly unit: "bars/s" | "ns/tick";
  readonly engine: number;
  readonly plain: number;
  /** How many times longer the engine takes. */
  readonly ratio: number;
  readonly detail: string;
}

function seconds(since: bigint): number {
  return Number(process.hrtime.bigint() - since) / 1e9;
}

async function backtestRow(bars: readonly BarInput[], confirm: ConfirmMode, plain: number): Promise<Row> {
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
  const started = process.hrtime.bigint();
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
  const engine = bars.length / seconds(started);
  const { orders, difference } = statement.statement();
  const detail = `${orders} orders, ${result.confirmed} of ${result.firings} firings confirmed, books off by ${difference}`;
  return { what: `backtest, confirm: ${confirm.mode}`, unit: "bars/s", engine, plain, ratio: plain / engine, detail };
}

async function backtests(count: number): Promise<Row[]> {
  const bars = minutes("SYN", count, 7);
  plainBacktest(bars.slice(0, 50_000));
  const started = process.hrtime.bigint();
  plainBacktest(bars);
  const plain = bars.length / seconds(started);
  await backtestRow(bars.slice(0, 20_000), { mode: "sampled", every: 100 }, plain);
  return [
    await backtestRow(bars, { mode: "sampled", every: 100 }, plain),
    await backtestRow(bars, { mode: "full" }, plain),
  ];
}

/** Trades of all symbols in turn through the core, with its bar timer; nothing fires. */
function tickRow(symbolCount: number, count: number): Row {
  const names = Array.from({ length: symbolCount }, (_, i) => `S${i}`);
  const open = NYSE.sessionOn("2024-03-05")?.open ?? 0;
  const next = random(11);
  const spacing = (380 * 60_000) / count;
  const prices = Float64Array.from({ length: count }, () => 100 + Math.round(next() * 1_000) / 100);
  const core = createCore({ account: "bench", journal: "bench", calendarOf });
  const timers = new TimerQueue();
  let seq = 0;
  const feed = (body: InputBody, marketTime: number): void => {
    const outputs = step(core, stamped(body, ++seq, marketTime, marketTime));
    for (const output of outputs) if (output.kind === "timer.set") timers.set(output.id, output.at);
  };
  feed({ kind: "program.loaded", program: watchers(names), warmup: [] }, open);
  feed({ kind: "trading.started" }, open);
  const started = process.hrtime.bigint();
  for (let i = 0; i < count; i++) {
    const time = open + Math.floor(i * spacing);
    for (let timer = timers.take(time); timer !== undefined; timer = timers.take(time))
      feed({ kind: "timer", id: timer.id, clock: "market", at: timer.at }, timer.at);
    const symbol = names[i % symbolCount] as string;
    feed({ kind: "trade", symbol, time, price: prices[i] as number, size: 100, setsPrice: true }, time);
  }
  const engine = (seconds(started) * 1e9) / count;
  const plainStarted = process.hrtime.bigint();
  const loop = new PlainTicks(symbolCount);
  for (let i = 0; i < count; i++) loop.trade(i % symbolCount, open + Math.floor(i * spacing), prices[i] as number);
  const plain = (seconds(plainStarted) * 1e9) / count;
  const detail = `${core.signals.graph.nodeCount} fact nodes, ${loop.fired} fired`;
  return {
    what: `tick, ${symbolCount} symbol${symbolCount === 1 ? "" : "s"}`,
    unit: "ns/tick",
    engine,
    plain,
    ratio: engine / plain,
    detail,
  };
}

function print(rows: readonly Row[]): void {
  const number = (value: number): string => Math.round(value).toLocaleString("en-US");
  console.log(`Node ${process.version}, ${process.arch}; engine beside a plain loop with the same indicators\n`);
  for (const { what, unit, engine, plain, ratio, detail } of rows) {
    const figures = `${number(engine).padStart(12)} ${unit.padEnd(8)} plain ${number(plain).padStart(12)}  x${ratio.toFixed(1)}`;
    console.log(`${what.padEnd(28)}${figures}   ${detail}`);
  }
}

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? fallback : Number(process.argv[at + 1]);
  if (!Number.isInteger(value) || value < 1_000) throw new Error(`--${name} needs a whole number of at least 1000`);
  return value;
}

const ticks = option("ticks", 2_000_000);
tickRow(10, 100_000);
const rows = [...(await backtests(option("bars", 1_000_000))), tickRow(1, ticks), tickRow(1_000, ticks)];
if (process.argv.includes("--json")) console.log(JSON.stringify({ node: process.version, rows }, null, 2));
else print(rows);
