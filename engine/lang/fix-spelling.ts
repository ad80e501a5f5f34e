/**
 * Corrections of small values that people spell in other ways: `30 min`, `1D`, `3 per day`.
 *
 * Owns: which spellings can mean one thing only. `M` is left alone: a minute to some, a month to others.
 */
import { parseBarSize, parseSeriesSize } from "../market/bar-size.ts";
import type { ActivitySize } from "../market/bar-size.ts";
import { advice, becomes } from "./fix.ts";
import type { Help, Proposal } from "./fix.ts";

/** Words that people write for a unit, and nothing else. */
const UNITS: Readonly<Record<string, string>> = {
  ...{ sec: "s", secs: "s", second: "s", seconds: "s", min: "m", mins: "m", minute: "m", minutes: "m" },
  ...{ hr: "h", hrs: "h", hour: "h", hours: "h", day: "d", days: "d", bar: " bars", bars: " bars" },
};

/** The unit as the language writes it. */
export function unitOf(word: string): string | undefined {
  return Object.hasOwn(UNITS, word) ? UNITS[word] : undefined;
}

const WHOLE: Readonly<Record<string, string>> = { daily: "1d", hourly: "1h", day: "1d", hour: "1h" };

/** A duration, a bar size or a number of bars; `isRight` says whether the language reads it so at this place. */
export function spelt(help: string, isRight: (text: string) => boolean): Help {
  return advice(
    help,
    inQuotes((source) => {
      const text = respelt(source);
      return text !== undefined && isRight(text) ? text : undefined;
    }),
  );
}

function respelt(source: string): string | undefined {
  const activity = respeltActivity(source);
  if (activity !== undefined) return activity;
  const lower = source.toLowerCase();
  if (Object.hasOwn(WHOLE, lower)) return WHOLE[lower];
  const found = /^(\d+(?:\.\d+)?)[ \t]*([A-Za-z]+)$/.exec(source);
  const [, number = "", word = ""] = found ?? [];
  if (found === null || word === "M") return undefined;
  const unit = unitOf(word.toLowerCase()) ?? (/^[smhd]$/i.test(word) ? word.toLowerCase() : undefined);
  return unit === undefined ? undefined : number + unit;
}

/** What people call trades, shares and dollars. */
const ACTIVITY: Readonly<Record<string, ActivitySize["kind"]>> = {
  ...{ t: "ticks", tick: "ticks", ticks: "ticks", trade: "ticks", trades: "ticks", print: "ticks", prints: "ticks" },
  ...{ v: "volume", vol: "volume", volume: "volume", volumes: "volume", share: "volume", shares: "volume" },
  ...{ contract: "volume", contracts: "volume" },
  ...{ dollar: "dollars", dollars: "dollars", usd: "dollars", $: "dollars" },
};
const MULTIPLES: Readonly<Record<string, number>> = { "": 1, k: 1_000, m: 1_000_000, b: 1_000_000_000 };

/** `500t`, `1 tick`, `50k shares`, `$2M`: as the language writes it; undefined when it is no amount of activity. */
export function respeltActivity(source: string): string | undefined {
  // Hostile files bring long numbers.
  if (source.length > 40) return undefined;
  const dollars = /^\$(.*)$/.exec(source.trim())?.[1];
  const text = dollars === undefined ? source.trim() : `${dollars.replace(/ *(?:dollars?|usd)$/i, "")} dollars`;
  const found = /^(-?[\d_,]*\.?\d+) *([kmb])?(?:(?<=\d) *|(?<=[kmb]) +)([a-z]+|\$)$/i.exec(text);
  const [, number = "", multiple = "", word = ""] = found ?? [];
  const key = word.toLowerCase();
  if (found === null || !Object.hasOwn(ACTIVITY, key)) return undefined;
  const value = Number(number.replaceAll(/[_,]/g, "")) * (MULTIPLES[multiple.toLowerCase()] as number);
  return `${grouped(value)} ${ACTIVITY[key]}`;
}

/** `2_000_000`, as people write it; short numbers stay as they are. */
export function grouped(value: number): string {
  const text = String(value);
  return /^\d{5,}$/.test(text) ? text.replaceAll(/\B(?=(?:\d{3})+$)/g, "_") : text;
}

export function isSeriesSize(text: string): boolean {
  return parseSeriesSize(text) !== undefined;
}

export function isBarSize(text: string): boolean {
  return parseBarSize(text) !== undefined;
}

/** `3 per day`, `3 / day`, `3 a day`: `3/day`. */
export function speltLimit(help: string): Help {
  return advice(
    help,
    inQuotes((source) => {
      const found = /^(\d+)[ \t]*(?:\/|per\b|an?\b)[ \t]*(bar|hour|day|session|week)s?$/i.exec(source);
      return found === null ? undefined : `${found[1]}/${(found[2] as string).toLowerCase()}`;
    }),
  );
}

/** The quotes around a value stay. */
function inQuotes(correct: (source: string) => string | undefined): Proposal {
  return becomes(
    (source) => {
      const [, quote = "", inner = ""] = /^(["']?)(.*)\1$/.exec(source) ?? [];
      const text = correct(inner.trim());
      return text === undefined ? undefined : quote + text + quote;
    },
    { safe: true },
  );
}
