/**
 * A backtest in a test: simulated exchange, statement, and the records of the run.
 *
 * Owns: the wiring. May not: know strategies.
 */
import { createSimBroker } from "../../engine/adapters/sim/broker.ts";
import type { Input, MarketInput, Output } from "../../engine/core/event.ts";
import type { Program } from "../../engine/core/program.ts";
import { createCore, step } from "../../engine/core/step.ts";
import { createExchange } from "../../engine/exchange/exchange.ts";
import { perShareFees } from "../../engine/exchange/fees.ts";
import type { ExchangeOptions } from "../../engine/exchange/types.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { backtest } from "../../engine/runtime/backtest.ts";
import type { BacktestResult } from "../../engine/runtime/backtest.ts";
import type { ConfirmMode } from "../../engine/runtime/confirm.ts";
import { StatementWriter } from "../../engine/runtime/statement.ts";

export interface RunOptions {
  readonly program: Program;
  readonly items: Iterable<MarketInput>;
  readonly symbols: readonly string[];
  readonly cash?: string;
  readonly confirm?: ConfirmMode;
  readonly exchange?: Partial<ExchangeOptions>;
  /** Keeps inputs and outputs as JSON lines; off for very long tapes. */
  readonly record?: boolean;
}

export interface Run {
  readonly result: BacktestResult;
  readonly statement: StatementWriter;
  readonly inputs: readonly Input[];
  readonly outputs: readonly (readonly Output[])[];
}

export async function run(options: RunOptions): Promise<Run> {
  const inputs: Input[] = [];
  const outputs: (readonly Output[])[] = [];
  const statement = new StatementWriter();
  const exchange = createExchange({
    cash: options.cash ?? "100000",
    multiplier: 2,
    shorting: true,
    instruments: options.symbols.map((symbol) => ({
      symbol,
      name: symbol,
      assetClass: symbol.includes("/") ? "crypto" : "us_equity",
      tradable: true,
      shortable: true,
      fractionable: true,
    })),
    calendarOf,
    fees: perShareFees("0.005", "1", "0.005"),
    slippageRatio: 0.0001,
    seed: "test",
    ...options.exchange,
  });
  const result = await backtest({
    program: options.program,
    sources: {},
    items: options.items,
    broker: createSimBroker(exchange),
    calendarOf,
    account: "test",
    journalId: "j",
    confirm: options.confirm ?? { mode: "full" },
    observe: (input, out) => {
      statement.observe(input, out);
      if (options.record === false) return;
      inputs.push({ ...input });
      outputs.push(out);
    },
  });
  return { result, statement, inputs, outputs };
}

/** Plays recorded inputs into a fresh core; the outputs of each, as JSON text. */
export function replay(inputs: readonly Input[]): string[] {
  const core = createCore({ account: "test", journal: "j", calendarOf });
  return inputs.map((input) => JSON.stringify(step(core, JSON.parse(JSON.stringify(input)) as Input)));
}
