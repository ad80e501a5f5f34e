/**
 * Tapes of recorded data: the S&P 500 that comes with an npm package, CSV files, and LEAN ticks.
 *
 * Owns: the three makers. Everything here is labelled real. May not change a value.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { readBars } from "../csv/bars.ts";
import type { TickFile } from "../csv/ticks.ts";
import type { BarFile, CsvOptions } from "../csv/types.ts";
import { barInputs, mergeInOrder, mergeTapes, type Tape } from "./tape.ts";

/** S&P 500 index, daily, 2000-01-03 to 2020-04-17, symbol `SPX`. An index: it can be simulated, not bought. */
export async function sp500Tape(): Promise<Tape> {
  const entry = createRequire(import.meta.url).resolve("vega-datasets");
  const file = await readBars(join(entry, "..", "..", "data", "sp500-2000.csv"), { symbol: "SPX" });
  return barTape("S&P 500 daily 2000-2020 (vega-datasets)", file);
}

export function barTape(name: string, file: BarFile): Tape {
  return {
    name,
    label: "real",
    symbols: [file.symbol],
    size: file.size,
    items: () => barInputs(file.symbol, file.size, file.columns),
  };
}

/** One tape from several CSV sources, one symbol each; at the same moment they play in the order given. */
export async function csvTape(
  name: string,
  sources: readonly { readonly path: string | readonly string[]; readonly options?: CsvOptions }[],
): Promise<Tape> {
  const tapes: Tape[] = [];
  for (const source of sources) tapes.push(barTape(name, await readBars(source.path, source.options)));
  return mergeTapes(name, tapes);
}

/** Trades and quotes in time order; at the same millisecond quotes come first. */
export function tickTape(name: string, file: TickFile): Tape {
  return {
    name,
    label: "real",
    symbols: [file.symbol],
    size: "ticks",
    items: () => mergeInOrder([file.quotes, file.trades]),
  };
}
