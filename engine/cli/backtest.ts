/**
 * `barwise backtest`: the same engine over recorded data.
 *
 * Owns: options, progress and printing. May not: decide anything the live engine would decide differently.
 */
import { readdir } from "node:fs/promises";
import type { Command } from "commander";
import { openFileJournal } from "../adapters/journal/open.ts";
import { createSimBroker } from "../adapters/sim/broker.ts";
import type { Tape } from "../adapters/tape/tape.ts";
import type { Program } from "../core/program.ts";
import { isoTime } from "../core/time.ts";
import { lengthOf, parseSeriesSize } from "../market/bar-size.ts";
import { calendarOf } from "../market/instruments.ts";
import { backtest } from "../runtime/backtest.ts";
import type { BacktestResult } from "../runtime/backtest.ts";
import type { ConfirmMode } from "../runtime/confirm.ts";
import type { ApprovalMode } from "../runtime/stand-in.ts";
import { StatementWriter } from "../runtime/statement.ts";
import { needsOf } from "../runtime/warmup.ts";
import { withoutTrades } from "./counted.ts";
import { approvalLine, approvalMode } from "./approval-mode.ts";
import { CliError, painter, print, progressLine, say } from "./io.ts";
import { createSimExchange } from "./local-venue.ts";
import { loadProgram } from "./program.ts";
import type { Override } from "./try-compile.ts";
import { fillsText, statementText, tradesText } from "./statement-text.ts";
import { openTape } from "./tapes.ts";
import { builtWith, VERSION } from "./version.ts";

interface Flags {
  readonly data: readonly string[];
  readonly symbol?: string;
  readonly factors?: readonly string[];
  readonly adjust?: string;
  readonly on?: string;
  readonly cash: string;
  readonly fees: string;
  readonly slippage: string;
  readonly leverage: string;
  readonly from?: string;
  readonly to?: string;
  readonly confirm: string;
  readonly approvals: string;
  readonly param: readonly string[];
  readonly journal?: string;
  readonly format: string;
  readonly fills: boolean;
  readonly trades: boolean;
  readonly barSize?: string;
  readonly timeZone?: string;
  readonly skipBadRows: boolean;
  readonly seed?: string;
}

/** What every command over recorded data asks for first: strategies, and the data that `openTape` and `overrideOf` read. */
export function overData(command: Command): Command {
  return command
    .argument("<strategies...>", "strategy files or folders")
    .requiredOption(
      "--data <source...>",
      "CSV files or LEAN tick files, or folders (a folder is one symbol), or a built-in tape: sp500, synthetic",
    )
    .option(
      "--factors <file...>",
      "LEAN factor files of the symbols, or a folder of them: adjusts prices (SYMBOL=FILE)",
    )
    .option("--adjust <what>", "what the factors adjust: splits, or all (dividends too); default: splits")
    .option("--symbol <name>", "symbol of the data, where the file does not say it")
    .option("--on <size>", "evaluate every strategy on bars of this size instead of its own");
}

export function addBacktest(program: Command): void {
  const backtest = program
    .command("backtest")
    .description("run strategies over recorded data with the engine that trades live");
  overData(backtest)
    .option("--cash <amount>", "starting cash", "100000")
    .option("--fees <model>", "none, alpaca, ib, or a percentage such as 0.1%", "none")
    .option("--slippage <percent>", "against you on market and stop fills, e.g. 0.02%", "0%")
    .option("--leverage <n>", "1 (cash account), 2 or 4 (margin, shorting)", "1")
    .option("--from <date>", "trade from this date on; earlier bars only warm up facts")
    .option("--to <date>", "stop before this date")
    .option("--param <name=value...>", "replace a param of the strategies", collect, [])
    .option("--confirm <mode>", "json-rules-engine confirms every firing (full) or one in N (sampled:N)", "full")
    .option(
      "--approvals <mode>",
      "orders that a person must approve: approved at once (auto), refused at once (none), or left until they expire (expire)",
      "auto",
    )
    .option("--journal <dir>", "keep the journal of the run there")
    .option("--fills", "print every fill", false)
    .option("--trades", "print every closed trade", false)
    .option("--bar-size <size>", "size of the file's bars, where it cannot be found")
    .option("--time-zone <zone>", "zone of the file's wall-clock times")
    .option("--skip-bad-rows", "leave out rows that cannot be believed instead of stopping", false)
    .option("--seed <n>", "seed of the synthetic tape")
    .option("--format <format>", "pretty or json", "pretty")
    .action(async (paths: string[], flags: Flags) => runBacktest(paths, flags));
}

export function collect(value: string, all: readonly string[]): string[] {
  return [...all, value];
}

async function runBacktest(paths: readonly string[], flags: Flags): Promise<void> {
  if (flags.format !== "json" && flags.format !== "pretty")
    throw new CliError(`--format ${flags.format}: expected pretty or json`);
  const confirm = confirmMode(flags.confirm);
  const approvals = approvalMode(flags.approvals);
  const period = periodOf(flags);
  if (flags.journal !== undefined) await mustBeNew(flags.journal);
  const { tape, notes } = await openTape(flags.data, {
    symbol: flags.symbol,
    factors: flags.factors,
    adjust: flags.adjust,
    timeZone: flags.timeZone,
    barSize: flags.barSize,
    skipBadRows: flags.skipBadRows,
    seed: flags.seed === undefined ? undefined : wholeNumber("--seed", flags.seed),
  });
  const loaded = await loadProgram(paths, overrideOf(flags, tape));
  const { program, sources } = loaded;
  for (const note of [...notes, ...loaded.notes, ...checkData(program, tape)]) say(note);
  const writer = new StatementWriter();
  const result = await run(program, sources, tape, { flags, period, confirm, approvals }, writer);
  if (flags.format === "json") {
    print(JSON.stringify(report(program, tape, result, writer, { confirm, approvals }), undefined, 2));
    return;
  }
  pretty(program, tape, result, writer, { confirm, approvals }, flags);
}

async function run(
  program: Program,
  sources: Readonly<Record<string, string>>,
  tape: Tape,
  { flags, period: { from, to }, confirm, approvals }: Wanted,
  writer: StatementWriter,
): Promise<BacktestResult> {
  const exchange = createSimExchange({
    symbols: tape.symbols,
    cash: amount("--cash", flags.cash),
    fees: flags.fees,
    slippage: ratioOf("--slippage", flags.slippage),
    leverage: leverageOf(flags.leverage),
    seed: "backtest",
  });
  const journal = flags.journal === undefined ? undefined : await openFileJournal(flags.journal, header());
  const line = progressLine("backtest");
  try {
    const result = await backtest({
      program,
      sources,
      items: to === undefined ? tape.items() : before(tape, to),
      broker: createSimBroker(exchange),
      calendarOf,
      account: "backtest",
      journalId: "backtest",
      confirm,
      approvals,
      ...(journal === undefined ? {} : { journal }),
      ...(from === undefined ? {} : { tradeFrom: from }),
      observe: (input, outputs) => writer.observe(input, outputs),
      progress: (items, time) => line.update(items, `items, ${isoTime(time)}`),
    });
    await journal?.close();
    if (result.items === 0) throw new CliError("the data holds nothing in this period", 1);
    if (from !== undefined && result.lastTime < from)
      throw new CliError(`--from ${flags.from}: the data ends at ${isoTime(result.lastTime)}`, 1);
    return result;
  } finally {
    line.end();
  }
}

interface Wanted {
  readonly flags: Flags;
  readonly period: Period;
  readonly confirm: ConfirmMode;
  readonly approvals: ApprovalMode;
}

interface Period {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

function periodOf(flags: Flags): Period {
  const from = flags.from === undefined ? undefined : dateOf("--from", flags.from);
  const to = flags.to === undefined ? undefined : dateOf("--to", flags.to);
  if (from !== undefined && to !== undefined && from >= to)
    throw new CliError(`--from ${flags.from} is not before --to ${flags.to}`);
  return { from, to };
}

/** A backtest's journal is one run: another in the same folder would repeat its numbers. */
async function mustBeNew(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw new CliError(`--journal ${folder}: ${(error as Error).message}`, 2, { cause: error });
  }
  if (names.length > 0) throw new CliError(`--journal ${folder}: the folder is not empty; name a new one`);
}

function header(): Parameters<typeof openFileJournal>[1] {
  // A backtest's journal holds nothing of the moment it ran: the same run gives the same bytes.
  return {
    kind: "header",
    format: 1,
    ...builtWith(),
    id: "backtest",
    account: "backtest",
    seed: "",
    createdAt: 0,
  };
}

function* before(tape: Tape, to: number): Generator<ReturnType<Tape["items"]> extends Iterable<infer T> ? T : never> {
  for (const item of tape.items()) {
    if ("start" in item ? item.start >= to : "time" in item && item.time >= to) return;
    yield item;
  }
}

/** Data of one symbol plays for strategies that name others: said aloud. */
export function overrideOf(flags: Pick<Flags, "on" | "param">, tape: Tape): Override {
  const on = flags.on === undefined ? undefined : parseSeriesSize(flags.on);
  if (flags.on !== undefined && on === undefined)
    throw new CliError(`--on ${flags.on}: expected a bar size such as 5m, 1d or "500 ticks"`);
  const params = Object.fromEntries(
    flags.param.map((pair) => {
      const match = /^([A-Za-z_]\w*)=(-?\d+(?:\.\d+)?)(%?)$/.exec(pair);
      if (match === null) throw new CliError(`--param ${pair}: expected name=number, e.g. oversold=35`);
      return [match[1] as string, Number(match[2]) / (match[3] === "%" ? 100 : 1)];
    }),
  );
  return { available: tape.symbols, ...(on === undefined ? {} : { on }), params };
}

export function checkData(program: Program, tape: Tape): string[] {
  const { size } = tape;
  if (size === "ticks") return [];
  const onTicks = program.strategies.find(({ ticks }) => ticks === true);
  if (onTicks !== undefined)
    throw new CliError(
      `${onTicks.name} is judged at trades and quotes; the data has ${size.label} bars: give ticks, or --on ${size.ms > lengthOf(onTicks.on) ? size.label : onTicks.on.label} to judge it at the close of bars`,
      1,
    );
  const uncounted = withoutTrades(program, size);
  if (uncounted !== undefined) throw new CliError(`${uncounted.message}: ${uncounted.help}`, 1);
  const counts = new Map<string, { bars: number; sessions: number; day: number }>();
  for (const item of tape.items()) {
    if (item.kind !== "bar") continue;
    const count = counts.get(item.symbol) ?? { bars: 0, sessions: 0, day: Number.NaN };
    count.bars++;
    const day = calendarOf(item.symbol).sessionAtOrBefore(item.start)?.day ?? 0;
    if (day !== count.day) Object.assign(count, { day, sessions: count.sessions + 1 });
    counts.set(item.symbol, count);
  }
  const notes: string[] = [];
  for (const need of needsOf(program)) {
    if (need.size.ms < size.ms)
      throw new CliError(
        `the data has ${size.label} bars; a strategy needs ${need.size.label} bars of ${need.symbol}: give finer data, or --on ${size.label}`,
        1,
      );
    const count = counts.get(need.symbol);
    const warmup = Math.max(0, need.bars - 20);
    const bars =
      count === undefined
        ? 0
        : need.size.kind === "session"
          ? count.sessions
          : Math.floor((count.bars * size.ms) / need.size.ms);
    if (bars < warmup)
      notes.push(
        `${need.symbol}: the data makes about ${bars} bars of ${need.size.label}, ${warmup} are needed before every fact is known${need.size.kind === "session" && size.kind !== "session" ? " (--on 5m would evaluate on shorter bars)" : ""}`,
      );
  }
  return notes;
}

function confirmMode(source: string): ConfirmMode {
  if (source === "full") return { mode: "full" };
  const match = /^sampled:([1-9]\d{0,6})$/.exec(source);
  if (match === null) throw new CliError(`--confirm ${source}: expected full or sampled:N`);
  return { mode: "sampled", every: Number(match[1]) };
}

function report(
  program: Program,
  tape: Tape,
  result: BacktestResult,
  writer: StatementWriter,
  { confirm, approvals }: Pick<Wanted, "confirm" | "approvals">,
): object {
  return {
    format_version: 1,
    barwise: VERSION,
    program: program.digest,
    strategies: program.strategies.map(({ name, symbols, on, ticks }) => ({
      name,
      symbols,
      on: ticks === true ? "tick" : on.label,
    })),
    data: {
      name: tape.name,
      label: tape.label,
      items: result.items,
      from: isoTime(result.firstTime),
      to: isoTime(result.lastTime),
    },
    confirmation: { ...confirm, firings: result.firings, confirmed: result.confirmed },
    approvals: { mode: approvals, ...result.approvals },
    statement: writer.statement(),
    fills: writer.fills,
    trades: writer.trades,
    alerts: writer.alerts,
  };
}

function pretty(
  program: Program,
  tape: Tape,
  result: BacktestResult,
  writer: StatementWriter,
  { confirm, approvals }: Pick<Wanted, "confirm" | "approvals">,
  flags: Flags,
): void {
  const paint = painter(process.stdout);
  const names = program.strategies.map(
    ({ name, symbols, on, ticks }) => `${name} (${symbols.join(", ")}, ${ticks === true ? "ticks" : on.label})`,
  );
  print(paint("bold", names.join("; ")));
  print(
    `${tape.name}${tape.label === "synthetic" ? paint("yellow", " SYNTHETIC") : ""}: ${result.items.toLocaleString("en-US")} items, ${isoTime(result.firstTime)} to ${isoTime(result.lastTime)}`,
  );
  const mode = confirm.mode === "full" ? "full" : `sampled, one in ${confirm.every}`;
  print(`${result.firings} firings, ${result.confirmed} confirmed by json-rules-engine (${mode})`);
  const line = approvalLine(approvals, result);
  if (line !== undefined) print(line);
  if (flags.fills && writer.fills.length > 0) print(`${fillsText(writer.fills)}\n`);
  if (flags.trades && writer.trades.length > 0) print(`${tradesText(writer.trades)}\n`);
  print(statementText(writer.statement(), paint));
  const serious = writer.alerts.filter(({ level }) => level === "critical");
  if (serious.length > 0) {
    print("");
    for (const { time, code, message } of serious.slice(0, 10))
      print(paint("red", `${isoTime(time)} ${code}: ${message}`));
    if (serious.length > 10) print(paint("red", `… and ${serious.length - 10} more`));
  }
}

export function dateOf(flag: string, source: string): number {
  const match = /^\d{4}-\d{2}-\d{2}$/.test(source);
  const time = match ? Date.parse(`${source}T00:00:00Z`) : Date.parse(source);
  if (Number.isNaN(time))
    throw new CliError(`${flag} ${source}: expected a date such as 2013-10-07 or a time such as 2013-10-07T13:30:00Z`);
  // A date means its session: New York's day begins four or five hours after UTC's.
  return match ? time + 4 * 3_600_000 : time;
}

export function amount(flag: string, source: string): string {
  if (!/^\d+(\.\d+)?$/.test(source) || Number(source) <= 0)
    throw new CliError(`${flag} ${source}: expected an amount above 0`);
  return source;
}

export function ratioOf(flag: string, source: string): number {
  const match = /^(\d+(?:\.\d+)?)%?$/.exec(source);
  if (match === null || Number(match[1]) >= 100)
    throw new CliError(`${flag} ${source}: expected a percentage such as 0.02%`);
  return Number(match[1]) / 100;
}

export function leverageOf(source: string): number {
  if (!["1", "2", "4"].includes(source)) throw new CliError(`--leverage ${source}: expected 1, 2 or 4`);
  return Number(source);
}

function wholeNumber(flag: string, source: string): number {
  if (!/^\d{1,9}$/.test(source)) throw new CliError(`${flag} ${source}: expected a whole number`);
  return Number(source);
}
