import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { sp500Tape } from "../../engine/adapters/tape/file-tapes.ts";
import { syntheticTape } from "../../engine/adapters/tape/synthetic.ts";
import type { BarInput, MarketInput, QuoteInput, TradeInput } from "../../engine/core/event.ts";
import type { Program } from "../../engine/core/program.ts";
import { DAY, parseBarSize } from "../../engine/market/bar-size.ts";
import type { BarSize } from "../../engine/market/bar-size.ts";
import { compile } from "../../engine/lang/compile.ts";
import { SHARED_DATA_MISSING, haveSharedData, leanMinuteBars, leanTicks } from "../support/reference-data.ts";
import type { LeanQuote, LeanTrade } from "../support/reference-data.ts";
import { runBacktest, runOverSockets } from "./support.ts";
import type { TestTape } from "./support.ts";

const FILES = ["rsi-dip", "sma-cross", "band-breakout"].map((name) => `strategies/${name}.strategy.yaml`);

async function shipped(symbols: readonly string[], on: BarSize): Promise<Program> {
  const files = Object.fromEntries(
    await Promise.all(FILES.map(async (path) => [path, await readFile(path, "utf8")] as const)),
  );
  const { program, diagnostics } = compile(files, { override: { on, symbols: () => symbols } });
  if (program === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return program;
}

function fromYaml(text: string): Program {
  const { program, diagnostics } = compile({ "strategies/test.strategy.yaml": text }, {});
  if (program === null) throw new Error(diagnostics.map(({ line, message }) => `${line}: ${message}`).join("\n"));
  return program;
}

function size(label: string): BarSize {
  const parsed = parseBarSize(label);
  if (parsed === undefined) throw new Error(label);
  return parsed;
}

async function compare(program: Program, tape: TestTape, leastFills: number): Promise<void> {
  const direct = await runBacktest(program, tape);
  const sockets = await runOverSockets(program, tape);
  expect(direct.fills.length).toBeGreaterThanOrEqual(leastFills);
  expect(sockets.orders).toEqual(direct.orders);
  expect(sockets.fills).toEqual(direct.fills);
}

describe("a run over sockets with the official SDK gives the orders and fills of a backtest", () => {
  it("on real daily bars with the shipped strategies", async () => {
    const tape = await sp500Tape();
    const items = [...tape.items()].slice(0, 700);
    await compare(await shipped(["SPX"], DAY), { symbols: ["SPX"], data: "daily", items }, 20);
  }, 60_000);

  it("on synthetic minutes of two symbols with the shipped strategies", async () => {
    const tape = syntheticTape({ sessions: 3 });
    await compare(
      await shipped(tape.symbols, size("5m")),
      { symbols: tape.symbols, data: "minute", items: [...tape.items()] },
      10,
    );
  }, 60_000);

  it("with bars that their provider corrects a minute later, which change what is decided after it", async () => {
    const tape = syntheticTape({ sessions: 4 });
    const [symbol = ""] = tape.symbols;
    const bars = [...tape.items()].filter((item): item is BarInput => item.kind === "bar" && item.symbol === symbol);
    const items = bars.flatMap((bar, i) => {
      const before = bars[i - 1];
      if (before === undefined || i % 3 !== 0) return [bar];
      const close = before.close * (i % 2 === 0 ? 1.002 : 0.998);
      const { open, high, low } = before;
      const corrected = { high: Math.max(open, high, close), low: Math.min(open, low, close), close, revised: true };
      return [bar, { ...before, ...corrected }];
    });
    const program = await shipped([symbol], size("5m"));
    await compare(program, { symbols: [symbol], data: "minute", items }, 4);
    const plain = await runBacktest(program, { symbols: [symbol], data: "minute", items: bars });
    const corrected = await runBacktest(program, { symbols: [symbol], data: "minute", items });
    expect(corrected.orders).not.toEqual(plain.orders);
  }, 60_000);

  it("with targets, reversals and two orders of which one cancels the other", async () => {
    const tape = syntheticTape({ sessions: 3 });
    const [symbol = ""] = tape.symbols;
    const items = [...tape.items()].filter((item) => "symbol" in item && item.symbol === symbol);
    const program = fromYaml(`barwise: 1
name: turns
symbols: [${symbol}]
on: 5m
rules:
  - {name: up, when: rsi(7) crosses above 60, then: {target: {weight: 30%, short: true}}}
  - {name: down, when: rsi(7) crosses below 40, then: {target: {weight: -20%, short: true, limit: close}}}
  - {name: turn, when: rsi(7) crosses above 75, then: {sell: {size: {equity: 10%}, short: true, reverse: true, oto: {stop_loss: close * 1.01}}}}
  - name: guard
    when: position.bars_held >= 3
    then: {reduce: {by: 50%, oco: {stop_loss: close - position.side * 2 * atr(14), take_profit: close + position.side * 3 * atr(14)}}}
`);
    await compare(program, { symbols: [symbol], data: "minute", items, margin: true }, 30);
  }, 60_000);

  it.skipIf(!haveSharedData())(
    `on SPY minutes of 2013-10-07 and 08 ${haveSharedData() ? "" : SHARED_DATA_MISSING}`,
    async () => {
      const bars = [...leanMinuteBars("spy", "20131007"), ...leanMinuteBars("spy", "20131008")];
      const items = bars.map((bar): BarInput => ({ kind: "bar", symbol: "SPY", size: "1m", revised: false, ...bar }));
      await compare(await shipped(["SPY"], size("5m")), { symbols: ["SPY"], data: "minute", items }, 4);
    },
    60_000,
  );

  it.skipIf(!haveSharedData()).each(["1m", "50 ticks"])(
    `on the first minutes of IBM's ticks, in bars of %s ${haveSharedData() ? "" : SHARED_DATA_MISSING}`,
    async (on) => {
      const open = Date.parse("2013-10-07T13:30:00Z");
      const { trades, quotes } = leanTicks("ibm", "20131007");
      const items = merged(trades, quotes).filter(
        (item) => "time" in item && item.time >= open && item.time < open + 20 * 60_000,
      );
      const program = fromYaml(`barwise: 1
name: ticks
symbols: [IBM]
on: ${on}
rules:
  - name: enter
    when: close > sma(3)
    then: {buy: {size: {qty: 100}}}
  - name: leave
    when: close < sma(3)
    then: {close: {}}
`);
      await compare(program, { symbols: ["IBM"], data: "ticks", items }, 2);
    },
    120_000,
  );
});

function merged(trades: readonly LeanTrade[], quotes: readonly LeanQuote[]): MarketInput[] {
  const inputs: (TradeInput | QuoteInput)[] = [];
  let bid = Number.NaN;
  let ask = Number.NaN;
  for (const quote of quotes) {
    // Each row has one side; the other keeps what it was.
    if (quote.bid > 0) bid = quote.bid;
    if (quote.ask > 0) ask = quote.ask;
    if (!(bid > 0 && ask > bid)) continue;
    inputs.push({
      kind: "quote",
      symbol: "IBM",
      time: quote.time,
      bid,
      bidSize: quote.bidSize || 100,
      ask,
      askSize: quote.askSize || 100,
    });
  }
  for (const { time, price, size, condition, suspicious } of trades) {
    if (!suspicious) inputs.push({ kind: "trade", symbol: "IBM", time, price, size, setsPrice: (condition & 1) === 1 });
  }
  return inputs.sort((a, b) => a.time - b.time);
}
