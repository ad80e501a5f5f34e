/**
 * What a test file names: strategies, and CSV files with bars or ticks.
 *
 * Owns: reading them until nothing is wanted any more. May not: judge them; a file that cannot be read is a finding.
 */
import { readFile, stat } from "node:fs/promises";
import { readBars } from "../adapters/csv/bars.ts";
import { readTicks } from "../adapters/csv/tick-rows.ts";
import { barsOf, CsvError } from "../adapters/csv/types.ts";
import { csvKey, readTests } from "../lang/test-file.ts";
import type { TestEnv } from "../lang/test-file.ts";
import type { CsvTable, CsvWanted } from "../lang/test-market.ts";
import { parseBarSize } from "../market/bar-size.ts";
import { CliError } from "./io.ts";

/** Everything that `readTests` wants of a file. Texts that were not there are added to `texts`. */
export async function testEnvOf(path: string, text: string, texts: Record<string, string>): Promise<TestEnv> {
  const absent = new Set<string>();
  const csv = new Map<string, CsvTable>();
  const env = { files: texts, absent, csv };
  for (;;) {
    const { wanted } = readTests(path, text, env);
    if (wanted.files.length === 0 && wanted.csv.length === 0) return env;
    for (const file of wanted.files) {
      try {
        texts[file] = await readText(file);
      } catch {
        absent.add(file);
      }
    }
    for (const one of wanted.csv) csv.set(csvKey(one), await csvTable(one));
  }
}

export async function csvTable({ path, symbol, size, ticks }: CsvWanted): Promise<CsvTable> {
  try {
    if (ticks !== undefined) return { ticks: await readTicks(path, symbol, ticks) };
    const barSize = size === undefined ? undefined : parseBarSize(size);
    const file = await readBars(path, { symbol, ...(barSize === undefined ? {} : { size: barSize }) });
    return { size: file.size, bars: barsOf(file) };
  } catch (error) {
    if (error instanceof CsvError) return { problem: error.message };
    if ((error as NodeJS.ErrnoException).code !== undefined) return { problem: `The file ${path} cannot be read` };
    throw error;
  }
}

const MAX_READ = 1024 * 1024;

export async function readText(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > MAX_READ) throw new CliError(`${path}: larger than 1 MiB, not read`);
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${path}: ${(error as Error).message}`, 2, { cause: error });
  }
}
