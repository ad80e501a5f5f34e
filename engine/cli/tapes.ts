/**
 * Which data a command plays: the tapes that come with barwise, or files.
 *
 * Owns: names of built-in tapes and reading of `--data`. May not: play anything.
 */
import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { CsvError } from "../adapters/csv/types.ts";
import type { BarFile } from "../adapters/csv/types.ts";
import { readBars, symbolOfFile } from "../adapters/csv/bars.ts";
import { readFactors } from "../adapters/csv/factors.ts";
import type { FactorFile } from "../adapters/csv/factors.ts";
import { adjusted } from "../adapters/tape/adjusted.ts";
import type { Adjusting } from "../adapters/tape/adjusted.ts";
import { leanTickFiles, readLeanTicks } from "../adapters/csv/ticks.ts";
import { barTape, sp500Tape, tickTape } from "../adapters/tape/file-tapes.ts";
import { syntheticTape } from "../adapters/tape/synthetic.ts";
import { mergeTapes } from "../adapters/tape/tape.ts";
import type { Tape } from "../adapters/tape/tape.ts";
import { filesOf } from "../adapters/csv/source.ts";
import { parseBarSize } from "../market/bar-size.ts";
import { CliError } from "./io.ts";

export const BUILT_IN_TAPES = ["sp500", "synthetic"] as const;

export interface DataOptions {
  /** Replaces the symbol found in the file or its name. */
  readonly symbol?: string | undefined;
  readonly timeZone?: string | undefined;
  /** Size of the file's bars where it cannot be found. */
  readonly barSize?: string | undefined;
  /** Leaves out rows that cannot be believed instead of stopping; they are counted. */
  readonly skipBadRows?: boolean;
  readonly seed?: number | undefined;
  /** Factor files, or folders of them; `SYMBOL=FILE` where the name of the file does not say it. */
  readonly factors?: readonly string[] | undefined;
  /** What is adjusted by them: `splits` (the default) or `all`. */
  readonly adjust?: string | undefined;
  /** Where the source was named, for messages. Default `--data`. */
  readonly flag?: string;
}

export interface OpenedTape {
  readonly tape: Tape;
  readonly notes: readonly string[];
}

export async function openTape(sources: readonly string[], options: DataOptions = {}): Promise<OpenedTape> {
  const { factors = [], adjust } = options;
  const adjusting = adjustingOf(adjust);
  if (adjust !== undefined && factors.length === 0) throw new CliError("--adjust needs --factors");
  const opened = await openRaw(sources, options);
  if (factors.length === 0) return opened;
  try {
    const files = (await Promise.all(factors.map((source) => factorsOf(source, opened.tape.symbols)))).flat();
    const { tape, notes } = adjusted(opened.tape, files, adjusting);
    return { tape, notes: [...opened.notes, ...notes] };
  } catch (error) {
    if (error instanceof CsvError) throw new CliError(`--factors ${error.message}`, 1, { cause: error });
    throw error;
  }
}

function adjustingOf(adjust = "splits"): Adjusting {
  if (adjust !== "splits" && adjust !== "all") throw new CliError(`--adjust ${adjust}: expected splits or all`);
  return adjust;
}

/** A folder holds the factors of many symbols: those of the data are taken. */
async function factorsOf(source: string, symbols: readonly string[]): Promise<readonly FactorFile[]> {
  const named = /^([A-Z][A-Z0-9.]*)=(.+)$/.exec(source);
  if (named !== null) return [await readFactors(named[2] as string, named[1])];
  if (statSync(source, { throwIfNoEntry: false })?.isDirectory() !== true) return [await readFactors(source)];
  const files = readdirSync(source).filter((name) => name.endsWith(".csv") && symbols.includes(symbolOfFile(name)));
  if (files.length === 0) throw new CsvError(`${source}: no factor file of ${symbols.join(", ")} in this folder`);
  return Promise.all(files.map((name) => readFactors(join(source, name))));
}

async function openRaw(sources: readonly string[], options: DataOptions): Promise<OpenedTape> {
  const [only] = sources;
  if (only === "sp500" && sources.length === 1)
    return { tape: await sp500Tape(), notes: ["real: S&P 500 daily bars 2000-2020"] };
  if (only === "synthetic" && sources.length === 1) {
    return {
      tape: syntheticTape(options.seed === undefined ? {} : { seed: options.seed }),
      notes: ["SYNTHETIC: made by a seeded generator, no real market"],
    };
  }
  const tapes: Tape[] = [];
  const notes: string[] = [];
  for (const source of sources) {
    const opened = await openFiles(source, options);
    tapes.push(opened.tape);
    notes.push(...opened.notes);
  }
  return {
    tape:
      tapes.length === 1
        ? (tapes[0] as Tape)
        : mergeTapes(sources.map((source) => basename(source)).join(" + "), tapes),
    notes,
  };
}

async function openFiles(source: string, options: DataOptions): Promise<OpenedTape> {
  try {
    const ticks = await leanTickFiles(source);
    if (ticks !== undefined) return await openTicks(source, ticks, options);
    if (statSync(source, { throwIfNoEntry: false }) === undefined)
      throw new CliError(
        `${options.flag ?? "--data"} ${source}: no such file or folder (built-in tapes: ${BUILT_IN_TAPES.join(", ")})`,
      );
    return await openBars(source, options);
  } catch (error) {
    if (error instanceof CsvError) throw new CliError(error.message, 1, { cause: error });
    throw error;
  }
}

async function openTicks(source: string, files: readonly string[], options: DataOptions): Promise<OpenedTape> {
  const { symbol, timeZone } = options;
  const file = await readLeanTicks(files, {
    ...(symbol === undefined ? {} : { symbol }),
    ...(timeZone === undefined ? {} : { timeZone }),
    policy: policyOf(options),
  });
  return { tape: tickTape(basename(source), file), notes: leftOut(source, file) };
}

async function openBars(source: string, options: DataOptions): Promise<OpenedTape> {
  const files = await filesOf(source);
  const size = options.barSize === undefined ? undefined : parseBarSize(options.barSize);
  const file = await readBars(files, {
    symbol: options.symbol ?? symbolOf(source, files),
    ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
    ...(size === undefined ? {} : { size }),
    policy: policyOf(options),
  });
  return { tape: barTape(basename(source), file), notes: leftOut(source, file) };
}

function policyOf({ skipBadRows }: DataOptions): "skip" | "strict" {
  return skipBadRows === true ? "skip" : "strict";
}

function leftOut(source: string, { refused, refusedCount }: Pick<BarFile, "refused" | "refusedCount">): string[] {
  const [first] = refused;
  if (first === undefined) return [];
  return [`${source}: ${refusedCount} rows left out, first: ${first.file}:${first.line}: ${first.reason}`];
}

/** A folder of daily files is named after its symbol; else the file says it. */
function symbolOf(source: string, files: readonly string[]): string {
  if (statSync(source).isDirectory()) return basename(source).toUpperCase();
  return symbolOfFile(files[0] ?? source);
}
