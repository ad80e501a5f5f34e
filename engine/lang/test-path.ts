/**
 * The price-path notation: a series of numbers in one line.
 *
 * Owns: `100x210 100-1x12 88+0.5x10 _x3` to numbers, and the place of every mistake.
 * May not: know bars or ticks. `axn` is n times a; `a+bxn` is n values a, a+b, … a+(n-1)b; `_` is missing. The number
 * behind x is how many there will be, so that people can count them (promtool makes one more).
 */
import { decimal } from "../core/decimal.ts";

export interface PathProblem {
  /** Offsets in the text. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly help: string;
}

/** Most values of one series: about half a year of minutes. */
export const MAX_VALUES = 50_000;

const NUMBER = /-?\d+(?:\.\d+)?/y;
const STEP = /[+-]\d+(?:\.\d+)?/y;
const COUNT = /x(\d+)/y;
const HELP = "Write 100x20 (20 times 100), 100+0.5x20 (20 values from 100 up by 0.5), 100 or _ (none).";

export function parsePricePath(text: string): { readonly values: readonly (number | null)[] } | PathProblem {
  const values: (number | null)[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    while (/\s/.test(text[at] ?? "")) at++;
    if (at >= text.length) break;
    const from = at;
    let first: string | null = null;
    if (text[at] === "_") at++;
    else {
      first = match(NUMBER)?.[0] ?? null;
      if (first === null) return unexpected(text, at);
    }
    const step = first === null ? undefined : match(STEP)?.[0];
    const count = match(COUNT)?.[1];
    if (at < text.length && !/\s/.test(text[at] as string)) return unexpected(text, at);
    if (step !== undefined && count === undefined)
      return { start: from, end: at, message: `"${text.slice(from, at)}" does not say how many`, help: HELP };
    const many = count === undefined ? 1 : Number(count);
    if (many === 0) return { start: from, end: at, message: `"${text.slice(from, at)}" makes nothing`, help: HELP };
    if (values.length + many > MAX_VALUES)
      return {
        start: from,
        end: at,
        message: `More than ${MAX_VALUES} values`,
        help: "Use a CSV file: {file: data.csv}.",
      };
    append(values, first, step, many);
  }
  if (values.length === 0) return { start: 0, end: text.length, message: "A path without a price", help: HELP };
  return { values };
}

/** Decimal steps: 88+0.1x3 is 88, 88.1, 88.2 and not 88.19999999999999. */
function append(values: (number | null)[], first: string | null, step: string | undefined, count: number): void {
  if (first === null || step === undefined) {
    for (let i = 0; i < count; i++) values.push(first === null ? null : Number(first));
    return;
  }
  const by = decimal(step.replace(/^\+/, ""));
  let value = decimal(first);
  for (let i = 0; i < count; i++) {
    values.push(value.toNumber());
    value = value.plus(by);
  }
}

function unexpected(text: string, at: number): PathProblem {
  return { start: at, end: at + 1, message: `Unexpected "${text[at] ?? "end"}" in a price path`, help: HELP };
}
