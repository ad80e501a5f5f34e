/**
 * Parameters and output docs that many entries share.
 *
 * Owns: the usual `period` parameter and number ranges. May not hold formulas.
 */
import type { Indicator, ParamDoc } from "./kernel.ts";

/** Longer windows are refused: they cost memory for every symbol, and no trader means them. */
export const MAX_PERIOD = 10_000;

export const ANY: readonly [number, number] = [-Infinity, Infinity];
export const NOT_NEGATIVE: readonly [number, number] = [0, Infinity];
export const PERCENT: readonly [number, number] = [0, 100];

/** A whole number of bars. Without `fallback` it must be given. */
export function bars(name: string, doc: string, min: number, fallback?: number): ParamDoc {
  const param: ParamDoc = { name, doc, integer: true, min, max: MAX_PERIOD };
  return fallback === undefined ? param : { ...param, default: fallback };
}

/** One of several words; the first is the default. */
export function choice(name: string, doc: string, choices: readonly string[]): ParamDoc {
  return { name, doc, integer: true, min: 0, max: choices.length - 1, default: 0, choices, option: true };
}

/** How a parameter is written, with its default. */
function signature({ name, default: usual, choices }: ParamDoc): string {
  if (usual === undefined) return name;
  return choices === undefined ? `${name} = ${usual}` : `${name}: ${choices[usual] ?? ""}`;
}

/** How an entry is written, with defaults. */
export function usageOf({ name, params, inputs }: Indicator): string {
  const words = [...params.map((doc) => signature(doc)), ...(inputs.includes("other") ? ["with: x"] : [])];
  return `${name}(${words.join(", ")})`;
}

/** Which word of a choice was given: its place, 0 when it was left out. */
export function chosen(params: readonly number[], index: number): number {
  return params[index] ?? 0;
}

export function param(params: readonly number[], index: number): number {
  const value = params[index];
  if (value === undefined) throw new RangeError(`parameter ${index} is missing`);
  return value;
}

/** Why these parameters cannot be used, as a sentence for a person, or undefined when they are fine. */
export function paramProblem(
  entry: Pick<Indicator, "name" | "params" | "check">,
  params: readonly number[],
): string | undefined {
  if (params.length !== entry.params.length) {
    return `${entry.name} takes ${entry.params.length} parameters, not ${params.length}.`;
  }
  for (const [i, doc] of entry.params.entries()) {
    const value = params[i] as number;
    if (!Number.isFinite(value)) return `${doc.name} must be a number.`;
    if (doc.integer && !Number.isInteger(value)) return `${doc.name} must be a whole number, not ${value}.`;
    if (value < doc.min || value > doc.max) {
      return `${doc.name} must be between ${doc.min} and ${doc.max}, not ${value}.`;
    }
  }
  return entry.check?.(params);
}
