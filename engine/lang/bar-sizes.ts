/**
 * Bar sizes in sentences, and what to say of one that is none.
 *
 * Owns: the words; which spellings can mean one thing only is in fix-spelling.ts.
 */
import { MOST_ACTIVITY, parseActivity } from "../market/bar-size.ts";
import { grouped, isBarSize, isSeriesSize, respeltActivity, spelt } from "./fix-spelling.ts";
import type { Help } from "./fix.ts";

/** Where it stands: what judges the rules, the bars of rules on ticks, a fact, or the bars of a test. */
export type SizePlace = "rules" | "ticks" | "facts" | "test";

const TIMES = "Write 1m, 5m, 15m, 1h or 1d.";
const USUAL: Readonly<Record<SizePlace, string>> = {
  rules: "Write 1m, 5m, 15m, 1h, 1d, tick, or an amount such as 500 ticks.",
  ticks: TIMES,
  facts: "Write 1m, 5m, 15m, 1h, 1d, or an amount such as 500 ticks.",
  test: TIMES,
};

/** `5m bars`, `bars of 500 ticks`. */
export function barsWords(label: string): string {
  return parseActivity(label) === undefined ? `${label} bars` : `bars of ${label}`;
}

/** As the beginning of a sentence. */
export function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `5m bar`, `bar of 500 ticks`. */
export function barWords(label: string): string {
  return barsWords(label).replace("bars", "bar");
}

export function sizeProblem(source: string, place: SizePlace): { readonly message: string; readonly help: Help } {
  const message = `"${source}" is no bar size`;
  if (place === "facts" && source === "tick")
    return { message: "A fact is computed on bars, not on ticks", help: USUAL.facts };
  if (place === "ticks" || place === "test") {
    if (parseActivity(source) === undefined) return { message, help: spelt(TIMES, isBarSize) };
    const where = place === "ticks" ? "Rules on ticks see bars of time" : "The bars of a test are bars of time";
    return { message: `${where}, not of ${source}`, help: TIMES };
  }
  const activity = respeltActivity(source);
  if (activity === undefined) return { message, help: spelt(USUAL[place], isSeriesSize) };
  if (isSeriesSize(activity)) return { message, help: spelt(`Did you mean "${activity}"?`, isSeriesSize) };
  const kind = activity.slice(activity.indexOf(" ") + 1);
  return { message, help: `Write a whole number from 1 to ${grouped(MOST_ACTIVITY)}, e.g. ${EXAMPLES[kind] ?? ""}.` };
}

const EXAMPLES: Readonly<Record<string, string>> = {
  ticks: "500 ticks",
  volume: "50_000 volume",
  dollars: "2_000_000 dollars",
};
