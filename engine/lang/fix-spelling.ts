/**
 * Corrections of small values that people spell in other ways: `30 min`, `1D`, `3 per day`.
 *
 * Owns: which spellings can mean one thing only. `M` is left alone: a minute to some, a month to others.
 */
import { parseBarSize } from "../market/bar-size.ts";
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
  const lower = source.toLowerCase();
  if (Object.hasOwn(WHOLE, lower)) return WHOLE[lower];
  const found = /^(\d+(?:\.\d+)?)[ \t]*([A-Za-z]+)$/.exec(source);
  const [, number = "", word = ""] = found ?? [];
  if (found === null || word === "M") return undefined;
  const unit = unitOf(word.toLowerCase()) ?? (/^[smhd]$/i.test(word) ? word.toLowerCase() : undefined);
  return unit === undefined ? undefined : number + unit;
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
