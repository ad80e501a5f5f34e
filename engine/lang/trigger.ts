/**
 * What evaluates the rules: the close of a bar, or every trade and quote.
 *
 * Owns: `on:` and `bars:`, and what follows from them for the reader.
 */
import { DAY, parseBarSize, parseSeriesSize } from "../market/bar-size.ts";
import type { SeriesSize } from "../market/bar-size.ts";
import type { Fact } from "../core/program.ts";
import type { FactTable } from "./fact-table.ts";
import { sizeProblem } from "./bar-sizes.ts";
import { placeOf } from "./yaml-file.ts";
import type { YamlFile } from "./yaml-file.ts";

export interface Trigger {
  /** The strategy's own bars. */
  readonly on: SeriesSize;
  readonly ticks: boolean;
}

/** Bars that facts of a strategy on ticks see when it does not say. */
const USUAL_BARS = "1m";

/** `override` replaces the bars, and a strategy on ticks becomes one on bars. */
export function readTrigger(file: YamlFile, override: SeriesSize | undefined): Trigger {
  const ticks = file.data?.["on"] === "tick";
  const on = sizeAt(file, ticks ? "bars" : "on", ticks ? USUAL_BARS : undefined);
  if (!ticks && file.data?.["bars"] !== undefined) {
    const help = "Remove bars:, or write on: tick.";
    file.findings.report("schema/value", placeOf(file, ["bars"]), "on: says already which bars there are", help);
  }
  return override === undefined ? { on, ticks } : { on: override, ticks: false };
}

function sizeAt(file: YamlFile, key: string, usual: string | undefined): SeriesSize {
  const value = file.data?.[key];
  const source = typeof value === "string" ? value : value === undefined ? usual : undefined;
  if (source === undefined) return DAY;
  const size = key === "on" ? parseSeriesSize(source) : parseBarSize(source);
  if (size !== undefined) return size;
  const { message, help } = sizeProblem(source, key === "on" ? "rules" : "ticks");
  file.findings.report("time/bar-size", placeOf(file, [key]), message, help);
  return DAY;
}

/** A strategy on ticks that reads its bars reads one that is not finished. */
export function checkRepaints(file: YamlFile, table: FactTable, facts: readonly Fact[]): void {
  if (!table.ticks || !facts.some((_, index) => table.isForming(index))) return;
  const message = `Rules on ticks see the ${table.own.size.label} bar that is still being built: what they say can change until it closes`;
  const help = "Use on: with a bar size, or forming: false for facts that should hold still.";
  file.findings.report("time/repaints", placeOf(file, ["on"]), message, help);
}
