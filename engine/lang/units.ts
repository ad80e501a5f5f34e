/**
 * Units of numbers, roughly: enough to catch a percentage beside a price and a time beside a number.
 *
 * Owns: which units may be compared and what arithmetic makes of them. Where it is not sure it says nothing.
 */
import type { FactUnit } from "../catalog/facts.ts";
import { advice, editing } from "./fix.ts";
import type { Help, Proposal } from "./fix.ts";
import type { LiteralForm } from "./syntax.ts";

/** `any`: a plain literal or something computed; it goes with everything. */
export type UnitName = FactUnit | "any";

export interface Quality {
  readonly unit: UnitName;
  /** Closed range of possible values. */
  readonly range: readonly [number, number];
  /** Set on literals: how they were written. */
  readonly form?: LiteralForm;
}

export const UNBOUNDED: readonly [number, number] = [-Infinity, Infinity];

export function literalUnit(form: LiteralForm): UnitName {
  if (form === "percent") return "ratio";
  if (form === "clock") return "clock";
  return form === "duration" ? "seconds" : "any";
}

const PHRASES: Readonly<Record<UnitName, string>> = {
  any: "a number",
  number: "a number",
  price: "a price",
  ratio: "a ratio",
  percent: "a number in percent",
  volume: "a volume",
  count: "a number of shares",
  seconds: "a duration",
  bars: "a number of bars",
  money: "an amount of money",
  minutes: "minutes",
  clock: "a time of day",
  weekday: "a day of the week",
  flag: "1 or 0",
  side: "1, 0 or -1",
  origin: "1, 2, 3 or 4",
  rank: "a rank",
};

function phraseOf(unit: UnitName): string {
  return PHRASES[unit];
}

export interface UnitProblem {
  readonly code: "types/percent" | "types/time" | "types/unit";
  readonly message: string;
  readonly help: Help;
}

/** What is wrong with comparing (or adding) these two, if anything. */
export function mismatch(a: Quality, b: Quality, verb: "compares" | "adds"): UnitProblem | undefined {
  if (a.form !== undefined && b.form === undefined) return mismatch(b, a, verb);
  if (a.unit === b.unit) return undefined;
  if (b.form === "percent") return percentProblem(a, verb);
  if (b.form === "clock" || b.form === "duration") return timeProblem(a.unit, b.form, verb);
  if (a.unit === "clock" && b.form === "number" && verb === "compares") return clockProblem(b.range[0]);
  if (a.unit === "any" || b.unit === "any") return undefined;
  if (a.unit === "number" || b.unit === "number") return undefined;
  const message = `This ${verb} ${phraseOf(a.unit)} and ${phraseOf(b.unit)}`;
  if (a.unit === "clock" || b.unit === "clock") {
    return { code: "types/time", message, help: "Compare time with a time of day such as 09:45." };
  }
  return { code: "types/unit", message, help: "Bring both to one unit." };
}

function percentProblem(a: Quality, verb: string): UnitProblem | undefined {
  const other = a.unit;
  if (other === "any" || other === "ratio") return undefined;
  const message = `This ${verb} ${phraseOf(other)} and a percentage`;
  const help =
    other === "percent" || other === "number"
      ? advice("This value is not a ratio: write the number without the percent sign.", withoutPercent(a))
      : "A percentage needs something to be a part of: write close * 1.02 or close * 2%.";
  return { code: "types/percent", message, help };
}

/** Values up to 100 are percentages already: 30% can only mean 30. Of other numbers that is not certain. */
function withoutPercent({ unit, range }: Quality): Proposal {
  return editing("Remove the percent sign", unit === "percent" || range[1] === 100, ({ place, source }) => {
    const signs = [...source(place).matchAll(/%/g)];
    const at = signs.length === 1 ? place.start + (signs[0]?.index ?? 0) : -1;
    return at < 0 ? undefined : [{ start: at, end: at + 1, text: "" }];
  });
}

function timeProblem(other: UnitName, form: "clock" | "duration", verb: string): UnitProblem | undefined {
  if (form === "duration" && (other === "seconds" || other === "minutes")) return undefined;
  const message = `This ${verb} ${phraseOf(other)} and ${form === "clock" ? "a time of day" : "a duration"}`;
  const help =
    form === "clock"
      ? "A time such as 09:45 can only be compared with time."
      : "A duration can only be compared with position.age or with minutes of the session.";
  return { code: "types/time", message, help };
}

/** `time > 945` would be 15:45: minutes after midnight are nothing that people write. */
function clockProblem(value: number): UnitProblem {
  const [hours, minutes] = [Math.floor(value / 100), value % 100];
  const isClock = Number.isInteger(value) && hours <= 24 && minutes < 60;
  const example = isClock ? `${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}` : "09:45";
  const help = `Write a time of day such as ${example}.`;
  return { code: "types/time", message: `This compares a time of day and the number ${value}`, help };
}

type Part = { readonly quality: Quality } & (
  | { readonly kind: "fact" }
  | { readonly kind: "const"; readonly value: number }
);

/** The unit of a product or quotient. */
export function productUnit(one: Part, other: Part, operator: "*" | "/"): UnitName {
  const [a, b] = [one.quality.unit, other.quality.unit];
  // `close / sma(50) * 100` is in percent, and `rsi(14) / 100` a ratio.
  if (a === "percent" && isHundred(other) && operator === "/") return "ratio";
  if (operator === "*" && ((a === "ratio" && isHundred(other)) || (b === "ratio" && isHundred(one)))) return "percent";
  if (operator === "*") {
    if (isScale(a)) return b;
    return isScale(b) ? a : "any";
  }
  if (isScale(b)) return a;
  return a === b ? "ratio" : "any";
}

function isHundred(part: Part): boolean {
  return part.kind === "const" && part.value === 100 && part.quality.unit === "any";
}

/** A plain factor leaves the other unit as it is. */
function isScale(unit: UnitName): boolean {
  return unit === "any" || unit === "ratio" || unit === "number";
}

export function sumUnit(a: UnitName, b: UnitName): UnitName {
  if (a === b) return a;
  if (a === "any") return b;
  return b === "any" ? a : "any";
}
