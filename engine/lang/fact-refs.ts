/**
 * What the fact table is asked for, and how references are written.
 *
 * Owns: shapes and spelling only. May not: know which facts there are.
 */
import type { FactRef, ParamValue, SeriesRef } from "../core/program.ts";
import type { Indicator } from "../catalog/kernel.ts";
import type { Quality } from "./units.ts";

export type Params = { readonly [key: string]: ParamValue };

/** A number known at compile time, or a fact. */
export type Operand =
  | { readonly kind: "const"; readonly value: number; readonly quality: Quality }
  | { readonly kind: "fact"; readonly index: number; readonly quality: Quality };

export interface IndicatorUse {
  readonly entry: Indicator;
  readonly series: SeriesRef;
  readonly inputs: readonly number[];
  readonly params: readonly number[];
  readonly output: number;
  /** Index of the input that replaces the close, when one was given. */
  readonly of?: number;
  /** Index of the second input, where there is one. */
  readonly with?: number;
  /** Who computes it instead of our own kernel. */
  readonly source?: string;
  readonly quality: Quality;
  /** Peeks at the bar that is being built. */
  readonly forming: boolean;
}

export function sameSeries(a: SeriesRef, b: SeriesRef): boolean {
  return a.symbol === b.symbol && a.size.label === b.size.label;
}

/** Words stand for themselves; an option that has its default is not said. */
export function namedParams(entry: Indicator, params: readonly number[]): Params {
  const named = entry.params.flatMap(({ name, choices, option, default: usual }, i): [string, ParamValue][] => {
    const value = params[i] as number;
    return option === true && value === usual ? [] : [[name, choices?.[value] ?? value]];
  });
  return Object.fromEntries(named);
}

/** Only what a firing uses up belongs to its rule. */
export function ownerOf(before: boolean, rule: string | undefined): { readonly rule?: string } {
  return before && rule !== undefined ? { rule } : {};
}

export function refOf(fact: string, params: Params): FactRef {
  return Object.keys(params).length === 0 ? { fact } : { fact, params };
}

export function paramOf(ref: FactRef): { readonly fact: string; readonly params: Params } | { readonly fact: string } {
  return ref.params === undefined ? { fact: ref.fact } : { fact: ref.fact, params: ref.params };
}
