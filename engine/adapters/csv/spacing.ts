/**
 * How far apart rows stand, and what bar size that means.
 *
 * Owns: the decision between daily and intraday rows, and the detection of an intraday size. May not read bytes.
 */
import { type BarSize, parseBarSize } from "../../market/bar-size.ts";
import { MS_PER_DAY } from "../../market/civil.ts";
import { CsvError } from "./types.ts";

/** The first stamps of a file, as written. */
export interface Sample {
  readonly day: number;
  readonly msOfDay: number;
}

/**
 * Daily when no row has a time of day, or all rows have the same one and no day has two rows. Weekly and monthly rows
 * are refused: a bar of a week is no size of ours, and taken for days they would be wrong without a sound.
 */
export function isDaily(file: string, samples: readonly Sample[]): boolean {
  const first = samples[0];
  if (first === undefined) return false;
  const dateOnly = samples.every((sample) => Number.isNaN(sample.msOfDay));
  const midnight = samples.every((sample) => sample.msOfDay === first.msOfDay && sample.msOfDay % 3_600_000 === 0);
  const oneADay = samples.every((sample, i) => i === 0 || sample.day !== samples[i - 1]?.day);
  if (!dateOnly && !(midnight && oneADay && (samples.length > 1 || first.msOfDay === 0))) return false;
  if (samples.length >= 4) {
    const gaps = samples.slice(1).map((sample, i) => sample.day - (samples[i] as Sample).day);
    if (gaps.every((gap) => gap >= 6)) {
      throw new CsvError(`${file}: rows stand ${Math.min(...gaps)} days or more apart; weekly bars are not supported`);
    }
  }
  return true;
}

/** The smallest distance between rows, when all distances inside a day are multiples of it and it is a bar size. */
export function intradaySize(file: string, start: Float64Array, length: number): BarSize {
  let smallest = Infinity;
  for (let i = 1; i < length; i++) smallest = Math.min(smallest, (start[i] as number) - (start[i - 1] as number));
  if (smallest === Infinity) throw new CsvError(`${file}: one row tells no bar size; give it, e.g. size: 1m`);
  const size = smallest % 1000 === 0 ? parseBarSize(`${smallest / 1000}s`) : undefined;
  let odd = 0;
  for (let i = 1; i < length; i++) {
    const gap = (start[i] as number) - (start[i - 1] as number);
    if (gap < MS_PER_DAY / 4 && gap % smallest !== 0) odd++;
  }
  if (size === undefined || odd > 0) {
    const what = size === undefined ? `${smallest} ms apart` : `${size.label} apart, but ${odd} distances do not fit`;
    throw new CsvError(`${file}: rows are ${what}; give the bar size, e.g. size: 1m`);
  }
  return size;
}
